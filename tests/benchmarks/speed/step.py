"""Time a step of the network in both runtimes, beside reading its weights, torch and numpy."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch

from foretype_model.predictors.network.kernel import Kernel, word_contexts
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
EMBEDDING, NGRAMS, WORDS, BATCH = 128, 5, 40, 8


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
    network = ByteNetwork(Shape("gru", hidden, 1, EMBEDDING, NGRAMS, WORDS)).eval()
    size = (3 * hidden + 256) * (hidden + EMBEDDING + WORDS)
    networks = _served(network)
    calls = [
        *_reads(size),
        _torch_step(network),
        _numpy_step(hidden),
        *(call for one in networks for call in _calls(one)),
    ]
    times = best_times(calls)
    *reads, peer, plain = times[: -4 * len(networks)]
    bound = min(reads)
    for i, one in enumerate(networks):
        step, native, rows, read = times[len(times) - 4 * (len(networks) - i) :][:4]
        yield [
            f"{hidden}",
            f"{size / 1e6:.1f} MB",
            f"{bound * 1e6:.0f}",
            one.backend_name,
            f"**{step * 1e6:.0f}**",
            f"{step / bound:.1f} x",
            f"{native * 1e6:.0f} ({native / bound:.1f} x)",
            f"{peer * 1e6:.0f} ({peer / step:.1f} x)",
            f"{plain * 1e6:.0f} ({plain / step:.1f} x)",
            f"{rows * 1e6:.0f}",
            f"{read / 128 * 1e6:.0f}",
        ]


def _calls(network: Network) -> list[Callable[[], object]]:
    """Return a step, its native part, a step of several rows, and the reading of 128 bytes."""
    state = network.start()
    eight, text = [state] * BATCH, bytes(range(97, 97 + 26)) * 5
    return [
        lambda: network.step([state], [101]),
        _native_call(network, state),
        lambda: network.step(eight, [101] * BATCH),
        lambda: network.feed(state, text[:128]),
    ]


def _native_call(network: Network, state: NetworkState) -> Callable[[], object]:
    """Return the runtime's part of a step, with prepared inputs."""
    backend, text = network._backend, state.tail + b"e"
    if isinstance(backend, Kernel):
        after = (ctypes.c_float * (backend.state_size + 256))()
        hashes = ctypes.create_string_buffer(state.words, len(state.words) + 1)
        return partial(
            backend._native.foretype_run,
            backend._address,
            backend._isa,
            1,
            1,
            text,
            state.h.tobytes(),
            hashes,
            after,
        )
    assert isinstance(backend, OnnxBackend)
    words = np.frombuffer(state.words, np.uint32).reshape(1, -1)
    inputs = {
        "text": np.frombuffer(text, np.uint8).astype(np.int64).reshape(1, 1, -1),
        "h": state.h.reshape(1, -1),
        "words": word_contexts.read(words, np.frombuffer(b"e", np.uint8).reshape(1, 1))[0],
    }
    return partial(backend._session.run, OUTPUTS, inputs)


def _served(network: ByteNetwork) -> list[Network]:
    """Return the network in the runtime used for serving here, and in ONNX Runtime."""
    shape = network.shape
    model_metadata = Metadata(
        "speed", "gru", shape.hidden, 1, EMBEDDING, 0, 0, None, "", ngrams=NGRAMS, words=WORDS
    )
    with tempfile.TemporaryDirectory() as folder:
        onnx_file.write(network, model_metadata, Path(folder) / "speed.onnx")
        session, metadata = open_session(Path(folder) / "speed.onnx")
        return [
            Network.open(Path(folder) / "speed.onnx"),
            Network(OnnxBackend(session, metadata.word_rows), metadata),
        ]


def _reads(size: int) -> list[Callable[[], object]]:
    """Return ways to read `size` bytes of cache or memory; the fastest is the bound."""
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
