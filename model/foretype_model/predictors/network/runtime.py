"""Inference of the trained network without torch: one ONNX file, run by the kernel or ONNX Runtime.

The file's graph is a Scan over bytes (`foretype_model.training.onnx_file` writes it), so one
session can step one byte, step many continuations at once, and read long texts. The kernel does the
same, faster, for networks of the default kind. For these, ONNX Runtime is not imported: that takes
longer than the rest of a server's start.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from foretype_model.errors import ModelError
from foretype_model.files.regular import read_regular
from foretype_model.predictor import END_OF_TEXT, VOCABULARY
from foretype_model.predictors.network import kernel, model_file
from foretype_model.predictors.network.kernel import word_contexts
from foretype_model.predictors.network.valid_metadata import STATE_PARTS, is_valid

if TYPE_CHECKING:
    import onnxruntime as ort

MODEL_FORMAT: Final = 2
"""The version of the file's layout that this runtime reads."""

METADATA_KEY: Final = "foretype"
"""Key of the metadata entry that holds `Metadata`."""

WORD_ADVICE: Final = (
    'and a word-level one in the setting "predictors", as {"words": {"model": NAME}}'
)

OUTPUTS: Final = ("h_last", "log_probabilities")

MAX_BYTES_PER_RUN: Final = 128
"""Most bytes read in one call: bounds the memory of the cell's inputs (128 x 12 x hidden bytes),
and costs under 1 %.
"""


@dataclass(frozen=True)
class Metadata:
    """The description of a model in its file.

    Attributes:
        parameters: number of trained parameters.
        trained_bytes: bytes of text it has read in training, repetitions counted.
        bits_per_character: on held-out text; None if no text was held out.
        created: ISO date.
        unit: of reading and prediction, ``byte`` or ``word``.
        vocabulary: number of different units.
        ngrams, words, word_rows: see `foretype_model.training.network.Shape`.
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
    words: int = 0
    word_rows: int = word_contexts.ROWS
    format: int = MODEL_FORMAT

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Read JSON; ignore unknown entries, which later releases of the format may add.

        Of another format, only the entry `format` is checked.

        Raises:
            ValueError: it is not JSON, or an entry has another type or lies out of its range.
            TypeError: it is no object, or an entry is missing.
        """
        try:
            record = json.loads(text)
        except RecursionError as error:
            raise ValueError from error
        if not isinstance(record, dict):
            raise TypeError
        known = {field.name: record[field.name] for field in fields(cls) if field.name in record}
        metadata = cls(**known)
        is_ours = metadata.format == MODEL_FORMAT
        if type(metadata.format) is not int or (is_ours and not is_valid(vars(metadata))):
            raise ValueError
        return metadata


class NetworkState(NamedTuple):
    """The state of a network at one point of a text.

    Attributes:
        h: the recurrent state, shape (state,).
        log_probabilities: of the next byte, shape (256,).
        tail: the last ngrams - 1 bytes of the text, the beginning of the next byte's n-grams.
        words: the hashes of the last words, three uint32 (`word_contexts`).
    """

    h: NDArray[np.float32]
    log_probabilities: NDArray[np.float32]
    tail: bytes
    words: bytes


Floats = NDArray[np.float32]

INT64, FLOAT = "tensor(int64)", "tensor(float)"

Input = tuple[str, str, list[int | None]]
"""An input of a graph: its name, type and shape, with None for a size that varies."""


class Backend(Protocol):
    """An implementation of the network's steps."""

    name: str
    """Shown to the user."""

    state_size: int

    def run(
        self,
        states: Sequence[Floats],
        texts: Sequence[bytes],
        words: Sequence[bytes],
        length: int,
    ) -> list[tuple[Floats, Floats, bytes]]:
        """Return, for each text, the state after it, the next byte's log-probabilities, and the
        hashes of the last words.

        Args:
            states: before each text, shape (state,) each.
            texts: the last ngrams - 1 bytes already read, then `length` more, each.
            words: the hashes of the last words before each text.
            length: at least 1.
        """
        ...


class OnnxBackend:
    """The backend ONNX Runtime, which supports every kind of network."""

    name = "ONNX Runtime"

    def __init__(self, session: ort.InferenceSession, word_rows: int) -> None:
        self._session, self._word_rows = session, word_rows
        self.state_size: int = session.get_inputs()[1].shape[1]
        self._has_words = len(session.get_inputs()) > 2

    def run(
        self,
        states: Sequence[Floats],
        texts: Sequence[bytes],
        words: Sequence[bytes],
        length: int,
    ) -> list[tuple[Floats, Floats, bytes]]:
        rows = np.frombuffer(b"".join(texts), np.uint8).reshape(len(texts), -1).astype(np.int64)
        ngrams = rows.shape[1] + 1 - length
        # Shape (T, B, ngrams). The view takes 15 us, a tenth of a step, so T = 1 does without it.
        text = (
            rows[np.newaxis] if length == 1 else sliding_window_view(rows, ngrams, 1).swapaxes(0, 1)
        )
        # np.stack would take 15 us, a tenth of a step.
        h = np.concatenate(states).reshape(len(texts), -1)
        inputs = {"text": text, "h": h}
        last_words = words
        if self._has_words:
            before = np.frombuffer(b"".join(words), np.uint32).reshape(-1, word_contexts.ORDERS)
            newest = rows[:, -length:].T.astype(np.uint8)
            inputs["words"], after = word_contexts.read(before, newest, self._word_rows)
            last_words = [row.tobytes() for row in after]
        h_last, log_probabilities = self._session.run(OUTPUTS, inputs)
        # Copies: one kept state would otherwise keep its whole batch, and 1,000 snapshots of 20 kB
        # are kept.
        return [
            (h.copy(), p.copy(), hashes)
            for h, p, hashes in zip(h_last, log_probabilities, last_words, strict=True)
        ]


class Network:
    """A loaded network. Several threads may use it."""

    def __init__(self, backend: Backend, metadata: Metadata) -> None:
        self._backend = backend
        self.metadata = metadata
        self.state_size = backend.state_size
        self.backend_name = backend.name

    @classmethod
    def open(cls, path: Path) -> Network:
        """Load a model file; raise ModelError if it is missing, damaged or of another format."""
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
        return cls(OnnxBackend(session, metadata.word_rows), metadata)

    def start(self) -> NetworkState:
        """Return the state before the first byte: zeros after END_OF_TEXT.

        Texts are separated by END_OF_TEXT in training, so the network knows this state, not zeros,
        as the start of a text.
        """
        zeros = np.zeros(self.state_size, np.float32)
        text, words = bytes([END_OF_TEXT]) * self.metadata.ngrams, bytes(kernel.WORD_BYTES)
        return self._run([zeros], [text], [words], 1)[0]

    def feed(self, state: NetworkState, text: bytes) -> NetworkState:
        """Return the state after reading `text`."""
        for first in range(0, len(text), MAX_BYTES_PER_RUN):
            more = text[first : first + MAX_BYTES_PER_RUN]
            state = self._run([state.h], [state.tail + more], [state.words], len(more))[0]
        return state

    def step(self, states: Sequence[NetworkState], following: Sequence[int]) -> list[NetworkState]:
        """Return each state after one more byte, all in one call."""
        texts = [state.tail + bytes((byte,)) for state, byte in zip(states, following, strict=True)]
        return self._run([state.h for state in states], texts, [one.words for one in states], 1)

    def last_hidden(self, state: NetworkState) -> NDArray[np.float32]:
        """Return the input of the output layer: h of the last layer, shape (hidden,)."""
        hidden = self.metadata.hidden
        return state.h[-2 * hidden : -hidden] if self.metadata.cell == "lstm" else state.h[-hidden:]

    def _run(
        self, states: list[Floats], texts: list[bytes], words: list[bytes], length: int
    ) -> list[NetworkState]:
        """Return the states after `length` more bytes; each text begins with its state's tail."""
        after = self._backend.run(states, texts, words, length)
        return [
            NetworkState(h, p, text[length:], hashes)
            for (h, p, hashes), text in zip(after, texts, strict=True)
        ]


def read_metadata(path: Path) -> Metadata:
    """Return the metadata of a model file of any unit; raise ModelError as `Network.open`."""
    found = _read_for_kernel(path)
    return found[0] if found else open_session(path)[1]


def check_model(path: Path) -> None:
    """Raise ModelError unless a model file can be read and, if it is byte-level, run."""
    if read_metadata(path).unit != "byte":
        return
    network = Network.open(path)
    try:
        every = network.step([network.start()] * VOCABULARY, range(VOCABULARY))
        states = [*every, network.feed(every[0], bytes(range(VOCABULARY)))]
    except Exception as error:  # ONNX Runtime has a class for each kind of error
        raise ModelError(f"{path} cannot be run: {_advice(path)}") from error
    if {(s.h.shape, s.log_probabilities.shape) for s in states} != {
        ((network.state_size,), (VOCABULARY,))
    }:
        raise _other_network(path)


def _read_for_kernel(path: Path) -> tuple[Metadata, kernel.Arrays] | None:
    """Return the content of a file that the kernel supports; None for any other file."""
    try:
        content = model_file.read(path)
        metadata = Metadata.from_json(content.metadata[METADATA_KEY])
        kind = metadata.format, metadata.unit, metadata.cell, metadata.layers
        arrays = content.arrays
        if kind != (MODEL_FORMAT, "byte", "gru", 1) or not kernel.is_supported(arrays):
            return None
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None
    fits = kernel.sizes(arrays) == (
        metadata.hidden,
        metadata.embedding,
        metadata.ngrams,
        metadata.words,
        metadata.word_rows if metadata.words else 0,
    )
    return (metadata, arrays) if fits else None


def open_session(path: Path) -> tuple[ort.InferenceSession, Metadata]:
    """Load a model file of any unit by ONNX Runtime; raise ModelError as `Network.open`."""
    session = _session(path)
    metadata = _metadata(session, path)
    if _inputs(session) != _expected_inputs(metadata):
        raise _other_network(path)
    return session, metadata


def _inputs(session: ort.InferenceSession) -> list[Input]:
    return [
        (one.name, one.type, [dim if isinstance(dim, int) else None for dim in one.shape])
        for one in session.get_inputs()
    ]


def _expected_inputs(metadata: Metadata) -> list[Input]:
    """Return the inputs of a network of this description."""
    units: list[int | None] = [None, None]
    h = [None, STATE_PARTS[metadata.cell] * metadata.layers * metadata.hidden]
    if metadata.unit == "word":
        return [("words", INT64, units), ("h", FLOAT, h)]
    expected = [("text", INT64, [*units, metadata.ngrams]), ("h", FLOAT, h)]
    words = ("words", INT64, [*units, word_contexts.ORDERS])
    return [*expected, words] if metadata.words else expected


def _other_network(path: Path) -> ModelError:
    return ModelError(f"{path} does not hold the network that it describes: {_advice(path)}")


def _session(path: Path) -> ort.InferenceSession:
    if not path.is_file():
        raise ModelError(f"no model at {path}: list the models with 'foretype models list'")
    try:  # ONNX Runtime does not report why a file is unreadable
        damaged = model_file.is_damaged(read_regular(path, model_file.MAX_MODEL_BYTES))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if damaged:
        raise ModelError(f"{path} is damaged: {_advice(path)}")
    import onnxruntime as ort  # noqa: PLC0415 (takes half a second, which the kernel saves)

    options = ort.SessionOptions()
    # One step is too short to share among threads, and spinning threads would keep a laptop busy.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    # Pre-allocation doubles the resident memory, 9 MB more for a network of 512, and saves no
    # measurable time.
    options.enable_cpu_mem_arena = False
    try:
        # From the path: a session made from the file's content would keep that in memory, too.
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has a class for each kind of error
        raise ModelError(f"{path} is not a whole model file: {_advice(path)}") from error


def _advice(path: Path) -> str:
    """Return the advice about a damaged model; the bundled one lies in this package."""
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
