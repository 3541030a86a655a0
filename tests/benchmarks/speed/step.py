"""A step of the network, by each of the two that can run it, beside what reading its weights takes,
torch and numpy.
"""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch

from foretype_model.predictors.network.kernel import Kernel
from foretype_model.predictors.network.runtime import (
    OUTPUTS,
    Metadata,
    Network,
    NetworkState,
    OnnxBackend,
    open_session,
)
from foretype_model.training import onnx_file
from foretype_model.training.network import ByteNetwork, Shape

from .clock import best_times, table

HIDDEN = (512, 768, 1024)
EMBEDDING, NGRAMS, BATCH = 128, 5, 8


def run() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    header = (
        "hidden",
        "weights",
        "reading them",
        "run by",
        "a step",
        "of the bound",
        "without Python",
        "torch.nn.GRU",
        "numpy",
        "8 rows",
        "a byte read",
    )
    rows = (row for hidden in HIDDEN for row in _rows(hidden))
    table("A step of the network, microseconds on one core", header, rows)


def _rows(hidden: int) -> Iterator[list[str]]:
    network = ByteNetwork(Shape("gru", hidden, 1, EMBEDDING, NGRAMS)).eval()
    size = 3 * hidden * (hidden + EMBEDDING) + 256 * (hidden + EMBEDDING)
    ways = _served(network)
    calls = [
        *_reads(size),
        _torch_step(network),
        _numpy_step(hidden),
        *(call for way in ways for call in _calls(way)),
    ]
    times = best_times(calls)
    *reads, peer, plain = times[: -4 * len(ways)]
    bound = min(reads)
    for i, way in enumerate(ways):
        step, alone, rows, read = times[len(times) - 4 * (len(ways) - i) :][:4]
        yield [
            f"{hidden}",
            f"{size / 1e6:.1f} MB",
            f"{bound * 1e6:.0f}",
            way.backend_name,
            f"**{step * 1e6:.0f}**",
            f"{step / bound:.1f} x",
            f"{alone * 1e6:.0f} ({alone / bound:.1f} x)",
            f"{peer * 1e6:.0f} ({peer / step:.1f} x)",
            f"{plain * 1e6:.0f} ({plain / step:.1f} x)",
            f"{rows * 1e6:.0f}",
            f"{read / 128 * 1e6:.0f}",
        ]


def _calls(ours: Network) -> list[Callable[[], object]]:
    """A step, the call that does its work, a step of several rows, and the reading of 128 bytes."""
    state = ours.start()
    eight, text = [state] * BATCH, bytes(range(97, 97 + 26)) * 5
    return [
        lambda: ours.step([state], [101]),
        _call_alone(ours, state),
        lambda: ours.step(eight, [101] * BATCH),
        lambda: ours.feed(state, text[:128]),
    ]


def _call_alone(ours: Network, state: NetworkState) -> Callable[[], object]:
    """What a step calls, with all that it is given made before."""
    cell, text = ours._backend, state.tail + b"e"
    if isinstance(cell, Kernel):
        after = (ctypes.c_float * (cell.state_size + 256))()
        return partial(
            cell._native.foretype_run,
            cell._address,
            cell._isa,
            1,
            1,
            text,
            state.h.tobytes(),
            after,
        )
    assert isinstance(cell, OnnxBackend)
    given = {
        "text": np.frombuffer(text, np.uint8).astype(np.int64).reshape(1, 1, -1),
        "h": state.h.reshape(1, -1),
    }
    return partial(cell._session.run, OUTPUTS, given)


def _served(network: ByteNetwork) -> list[Network]:
    """The network run by what serves here, and by ONNX Runtime."""
    shape = network.shape
    about = Metadata("speed", "gru", shape.hidden, 1, EMBEDDING, 0, 0, None, "", ngrams=NGRAMS)
    with tempfile.TemporaryDirectory() as folder:
        onnx_file.write(network, about, Path(folder) / "speed.onnx")
        session, metadata = open_session(Path(folder) / "speed.onnx")
        return [Network.open(Path(folder) / "speed.onnx"), Network(OnnxBackend(session), metadata)]


def _reads(size: int) -> list[Callable[[], object]]:
    """Ways to read so many bytes from wherever the processor keeps them by then; the fastest is the
    bound.
    """
    numbers = np.ones(size // 8, np.int64)
    return [
        lambda: np.bitwise_or.reduce(numbers),
        numbers.max,
        lambda: np.bitwise_and.reduce(numbers),
    ]


def _torch_step(network: ByteNetwork) -> Callable[[], object]:
    gru = torch.nn.GRU(EMBEDDING, network.shape.hidden)
    x, h = torch.randn(1, 1, EMBEDDING), torch.zeros(1, 1, network.shape.hidden)

    def step() -> object:
        with torch.inference_mode():
            return torch.log_softmax(network.output(gru(x, h)[0]), -1)

    return step


def _numpy_step(hidden: int) -> Callable[[], object]:
    draw = np.random.default_rng(0)
    w_ih, w_hh = (draw.normal(size=(n, 3 * hidden)).astype(np.float32) for n in (EMBEDDING, hidden))
    out = draw.normal(size=(hidden, 256)).astype(np.float32)
    x, h = np.ones(EMBEDDING, np.float32), np.zeros(hidden, np.float32)

    def step() -> object:
        gx, gh = x @ w_ih, h @ w_hh
        r, z = np.split(1 / (1 + np.exp(-(gx + gh)[: 2 * hidden])), 2)
        n = np.tanh(gx[2 * hidden :] + r * gh[2 * hidden :])
        logits = (n + z * (h - n)) @ out
        return logits - np.log(np.exp(logits).sum())

    return step
