"""The trained network at work, without torch: one ONNX file, run by the native kernel or by ONNX
Runtime.

The file's graph is a Scan over bytes (see `foretype_model.training.onnx_file`, which writes it), so
one session does everything: a step of one byte, a step of many continuations at once, and the
reading of a long text. The kernel does the same, sooner, for networks of the default kind; for
these ONNX Runtime is not even imported, which takes longer than all the rest of a server's start.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from foretype_model.errors import ModelError
from foretype_model.predictor import END_OF_TEXT
from foretype_model.predictors.network import kernel, model_file

if TYPE_CHECKING:
    import onnxruntime as ort

MODEL_FORMAT: Final = 2
"""The version of the file's layout that this runtime reads."""

METADATA_KEY: Final = "foretype"
"""The entry of the file's metadata that holds ours."""

WORD_ADVICE: Final = (
    'and a word-level one in the setting "predictors", as {"words": {"model": NAME}}'
)

OUTPUTS: Final = ("h_last", "log_probabilities")

MAX_BYTES_PER_RUN: Final = 128
"""Bytes read in one call: bounds the memory of what enters the cell (128 x 12 x hidden bytes),
costs under 1 %.
"""


@dataclass(frozen=True)
class Metadata:
    """What a model file says of itself.

    Attributes:
        parameters: trained numbers in the network.
        trained_bytes: bytes of text it has read in training, repetitions counted.
        bits_per_character: on text held back from training; None where there was none.
        created: ISO date.
        unit: what is read and predicted, ``byte`` or ``word``.
        vocabulary: how many different units there are.
    """

    name: str
    cell: str
    hidden: int
    layers: int
    embedding: int
    parameters: int
    trained_bytes: int
    bits_per_character: float | None
    created: str
    description: str = ""
    unit: str = "byte"
    vocabulary: int = 256
    ngrams: int = 1
    format: int = MODEL_FORMAT

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Unknown entries are left out, so that files of later releases of the same format can be
        read.
        """
        record: dict[str, Any] = json.loads(text)
        return cls(
            **{field.name: record[field.name] for field in fields(cls) if field.name in record}
        )


class NetworkState(NamedTuple):
    """At one point of a text.

    Attributes:
        h: the recurrent state, shape (state,).
        log_probabilities: of the next byte, shape (256,).
        tail: the last ngrams - 1 bytes of the text, which the next byte's n-grams begin with.
    """

    h: NDArray[np.float32]
    log_probabilities: NDArray[np.float32]
    tail: bytes


Floats = NDArray[np.float32]


class Backend(Protocol):
    """What computes a network's steps."""

    name: str
    """As people know it."""

    state_size: int

    def run(
        self, states: Sequence[Floats], texts: Sequence[bytes], length: int
    ) -> list[tuple[Floats, Floats]]:
        """What each text leads to from a state: the state there, and the next byte's
        log-probabilities.

        Each text has the ngrams - 1 bytes that came before it, and `length` more, 1 at least.
        """
        ...


class OnnxBackend:
    """ONNX Runtime, which knows every kind of network."""

    name = "ONNX Runtime"

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self.state_size: int = session.get_inputs()[1].shape[1]

    def run(
        self, states: Sequence[Floats], texts: Sequence[bytes], length: int
    ) -> list[tuple[Floats, Floats]]:
        rows = np.frombuffer(b"".join(texts), np.uint8).reshape(len(texts), -1).astype(np.int64)
        ngrams = rows.shape[1] + 1 - length
        # Shape (T, B, ngrams). The view takes 15 us, a tenth of a step, to be set up: it is spared
        # where T is 1.
        text = (
            rows[np.newaxis] if length == 1 else sliding_window_view(rows, ngrams, 1).swapaxes(0, 1)
        )
        # np.stack takes 15 us, a tenth of a step, to put its arguments in order.
        h = np.concatenate(states).reshape(len(texts), -1)
        h_last, log_probabilities = self._session.run(OUTPUTS, {"text": text, "h": h})
        # Copies: a state that is kept would keep those beside it, of which most are not, as 1,000
        # snapshots of 20 kB.
        return [(h.copy(), p.copy()) for h, p in zip(h_last, log_probabilities, strict=True)]


class Network:
    """A trained network, loaded. Safe to use from several threads."""

    def __init__(self, backend: Backend, metadata: Metadata) -> None:
        self._backend = backend
        self.metadata = metadata
        self.state_size = backend.state_size
        self.backend_name = backend.name

    @classmethod
    def open(cls, path: Path) -> Network:
        """Load a model file; ModelError where it is missing, damaged, foreign or of another
        format.
        """
        isa = kernel.best_isa()
        if isa != kernel.IsaLevel.NONE and (found := _read_for_kernel(path)):
            metadata, arrays = found
            return cls(kernel.Kernel(arrays, isa), metadata)
        session, metadata = open_session(path)
        if metadata.unit != "byte":
            raise ModelError(
                f"{path} is a {metadata.unit}-level model: name a byte-level one here, "
                f"{WORD_ADVICE}"
            )
        return cls(OnnxBackend(session), metadata)

    def start(self) -> NetworkState:
        """Before the first byte: what a network that has just read END_OF_TEXT expects.

        In training one text follows another with END_OF_TEXT between them, so this, and not a state
        of zeros, is what the network knows as the start of a text.
        """
        zeros = np.zeros(self.state_size, np.float32)
        return self._run([zeros], [bytes([END_OF_TEXT]) * self.metadata.ngrams], 1)[0]

    def feed(self, state: NetworkState, text: bytes) -> NetworkState:
        """The state after reading `text`."""
        for first in range(0, len(text), MAX_BYTES_PER_RUN):
            more = text[first : first + MAX_BYTES_PER_RUN]
            state = self._run([state.h], [state.tail + more], len(more))[0]
        return state

    def step(self, states: Sequence[NetworkState], following: Sequence[int]) -> list[NetworkState]:
        """Each state after one more byte, all in one call."""
        texts = [state.tail + bytes((byte,)) for state, byte in zip(states, following, strict=True)]
        return self._run([state.h for state in states], texts, 1)

    def last_hidden(self, state: NetworkState) -> NDArray[np.float32]:
        """What the output layer sees of a state: the h of the last layer, shape (hidden,)."""
        hidden = self.metadata.hidden
        return state.h[-2 * hidden : -hidden] if self.metadata.cell == "lstm" else state.h[-hidden:]

    def _run(self, states: list[Floats], texts: list[bytes], length: int) -> list[NetworkState]:
        """After `length` bytes more; the texts begin with the tails of the states."""
        after = self._backend.run(states, texts, length)
        return [
            NetworkState(h, p, text[length:]) for (h, p), text in zip(after, texts, strict=True)
        ]


def read_metadata(path: Path) -> Metadata:
    """What a model file says of itself, whatever its unit; ModelError as for `Network.open`."""
    found = _read_for_kernel(path)
    return found[0] if found else open_session(path)[1]


def _read_for_kernel(path: Path) -> tuple[Metadata, kernel.Arrays] | None:
    """What a file of the kind that the kernel knows holds; None of any other, or one that has
    anything wrong.
    """
    try:
        content = model_file.read(path)
        metadata = Metadata.from_json(content.metadata[METADATA_KEY])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    kind = metadata.format, metadata.unit, metadata.cell, metadata.layers
    arrays = content.arrays
    if kind != (MODEL_FORMAT, "byte", "gru", 1) or not kernel.is_supported(arrays):
        return None
    fits = kernel.sizes(arrays) == (metadata.hidden, metadata.embedding, metadata.ngrams)
    return (metadata, arrays) if fits else None


def open_session(path: Path) -> tuple[ort.InferenceSession, Metadata]:
    """A model file of any unit, loaded; ModelError where it is missing, damaged, foreign or of
    another format.
    """
    session = _session(path)
    return session, _metadata(session, path)


def _session(path: Path) -> ort.InferenceSession:
    if not path.is_file():
        raise ModelError(f"no model at {path}: see what there is with 'foretype models list'")
    try:  # of a file that may not be read, ONNX Runtime does not say why
        damaged = model_file.is_damaged(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if damaged:
        raise ModelError(f"{path} is damaged: {_advice(path)}")
    import onnxruntime as ort  # noqa: PLC0415 (half a second, which a server with the kernel does without)

    options = ort.SessionOptions()
    # One step is too short to share among threads, and threads that spin while they wait would
    # never let a laptop idle.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    # Pre-allocation doubles what is resident: 9 MB more for a network of 512, for no time that can
    # be measured.
    options.enable_cpu_mem_arena = False
    try:
        # From its path: a session that was given the file's content would keep it, beside what it
        # makes of it.
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a class of its own for each kind of fault
        raise ModelError(f"{path} is not a whole model file: {_advice(path)}") from error


def _advice(path: Path) -> str:
    """What to do about a model that is broken; the one that came with Foretype lies below this
    module.
    """
    return (
        "install Foretype anew"
        if path.is_relative_to(Path(__file__).parents[2])
        else "import or train it again"
    )


def _metadata(session: ort.InferenceSession, path: Path) -> Metadata:
    foreign = ModelError(
        f"{path} is an ONNX file, but not a Foretype model: make one with 'foretype train'"
    )
    try:
        metadata = Metadata.from_json(session.get_modelmeta().custom_metadata_map[METADATA_KEY])
    except (KeyError, ValueError, TypeError) as error:
        raise foreign from error
    if metadata.format != MODEL_FORMAT:
        hint = "update Foretype" if metadata.format > MODEL_FORMAT else "train it again"
        raise ModelError(
            f"{path} has format {metadata.format}, this release reads {MODEL_FORMAT}: {hint}"
        )
    return metadata
