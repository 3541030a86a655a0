"""The steps of a network in native code: kernel.c, compiled at installation by a C compiler.

The kernel supports the default kind of network, a GRU of one layer with n-grams in int8. A step
takes little longer than reading the weights. ONNX Runtime runs other networks, and serves
installations without a C compiler.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from foretype_model import native_library
from foretype_model.predictor import VOCABULARY
from foretype_model.predictors.network.kernel import tables, word_contexts

FOLDER: Final = Path(__file__).parent
C_SOURCES: Final = ("kernel.c", "step.h")
LIBRARY: Final = "libforetype.so"


class IsaLevel(IntEnum):
    """Instruction-set levels of the kernel, the slowest first, numbered as in kernel.c.

    Eight rows at 768 units took 244 us with AVX2, 176 us with AVX-VNNI and 128 us with AVX-512
    VNNI; one row took 60, 58 and 57 us. All levels compute identical numbers.
    """

    NONE = -1
    """No kernel: ONNX Runtime serves."""

    PLAIN = 0
    """Portable C."""

    AVX2 = 1
    AVX_VNNI = 2
    AVX512_VNNI = 3


PANEL_COLUMNS, GROUP_ROWS = 16, 4
"""Columns of a panel of a matrix, and rows of a group within it."""

MAX_WEIGHT: Final = 63
"""The largest weight: 255 x 63 x 2, a pair of products, fits 16 bits."""

MAX_UNITS: Final = 16_384
"""The most units and embedding dimensions: a sum of so many products fits 32 bits."""

MAX_NGRAMS, MAX_MULTIPLIER = 64, 1 << 18
"""Limits of the n-gram hash: a sum of so many products with a byte fits 32 bits."""

WORD_BYTES: Final = 4 * word_contexts.ORDERS
"""Bytes of the hashes of a text's last words."""

STATE_SCALE: Final = np.float32(1 / 127)

MATRIX_NAMES: Final = (
    "recurrent.weight_ih_l0",
    "recurrent.weight_hh_l0",
    "output.weight",
    "skip.weight",
)
ARRAY_TYPES: Final[Mapping[str, type[np.generic]]] = {
    "multipliers": np.int64,
    "embedding.weight": np.float16,
    **{f"{name}.int8": np.int8 for name in MATRIX_NAMES},
    **{f"{name}.scale": np.float32 for name in MATRIX_NAMES},
    **{name.replace("weight", "bias"): np.float32 for name in MATRIX_NAMES},
}
"""The arrays that a model file must hold, and their types; its tables besides."""

NGRAM_TABLE, WORD_TABLE = "ngrams.weight", "words.weight"
"""The tables of a model file; one without word contexts has the first only."""

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float32]


class _Matrix(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("weights", ctypes.c_void_p),
        ("zero", ctypes.c_void_p),
        ("scale", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
    )


class _Table(ctypes.Structure):
    _fields_ = (
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("entries", ctypes.c_void_p),
        ("row_scale", ctypes.c_void_p),
        ("scale", ctypes.c_void_p),
    )


class _Network(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("units", "hidden", "ngrams", "word_shift")),
        *((name, ctypes.c_void_p) for name in ("bytes", "multipliers")),
        *((name, _Table) for name in ("embedding", "words")),
        *((name, _Matrix) for name in ("input", "recurrent", "output", "skip")),
    )


@cache
def library(path: Path = FOLDER / LIBRARY) -> ctypes.CDLL | None:
    """Return the compiled kernel, or None if it is missing or was built from other sources."""
    sources = [FOLDER / name for name in C_SOURCES]
    return native_library.load(path, sources, "foretype_source", _declare)


def _declare(kernel: ctypes.CDLL) -> None:
    kernel.foretype_run.argtypes = [
        ctypes.c_void_p,
        *[ctypes.c_int] * 3,
        *[ctypes.c_char_p] * 3,
        ctypes.c_void_p,
    ]


class Sizes(NamedTuple):
    """Sizes of a network: its units, embedding dimensions, bytes of the longest n-gram, and
    dimensions and rows of the word contexts' embeddings.
    """

    hidden: int
    embedding: int
    ngrams: int
    words: int
    word_rows: int


def sizes(arrays: Arrays) -> Sizes:
    """Return the sizes of a network from its arrays."""
    embedding = arrays["embedding.weight"].shape[-1]
    words = len(arrays["recurrent.weight_ih_l0.int8"]) - embedding
    return Sizes(
        len(arrays["recurrent.weight_hh_l0.int8"]),
        embedding,
        len(arrays["multipliers"]),
        words,
        len(table.entries) if words and (table := tables.find(arrays, WORD_TABLE)) else 0,
    )


def is_supported(arrays: Arrays) -> bool:
    """Return whether the kernel supports these arrays: their types, shapes and ranges."""
    if any(
        name not in arrays or arrays[name].dtype != dtype or not arrays[name].ndim
        for name, dtype in ARRAY_TYPES.items()
    ):
        return False
    hidden, embedding, ngrams, words, word_rows = sizes(arrays)
    of_ngrams = tables.find(arrays, NGRAM_TABLE)
    if of_ngrams is None or (words and not word_rows):
        return False
    shapes: dict[str, tuple[int, ...]] = {
        "multipliers": (ngrams, ngrams - 1),
        "embedding.weight": (VOCABULARY, embedding),
        f"{NGRAM_TABLE}.scale": (embedding,),
    }
    if words:
        shapes[f"{WORD_TABLE}.scale"] = (words,)
    inputs, outputs = (
        (embedding + words, hidden, hidden, embedding + words),
        (3 * hidden, 3 * hidden, VOCABULARY, VOCABULARY),
    )
    for name, rows, columns in zip(MATRIX_NAMES, inputs, outputs, strict=True):
        shapes[f"{name}.int8"] = rows, columns
        shapes[f"{name}.scale"] = shapes[name.replace("weight", "bias")] = (columns,)
    return (
        all(arrays[name].shape == shape and arrays[name].size for name, shape in shapes.items())
        and words >= 0
        and len(of_ngrams.entries) > 0
        and (not words or (word_rows > 1 and word_rows.bit_count() == 1))
        and max(hidden, embedding + words) <= MAX_UNITS
        and ngrams <= MAX_NGRAMS
        and _between(arrays["multipliers"], 0, MAX_MULTIPLIER)
        and all(_between(arrays[f"{name}.int8"], -MAX_WEIGHT, MAX_WEIGHT) for name in MATRIX_NAMES)
    )


def _between(array: NDArray[Any], least: int, most: int) -> bool:
    return bool(array.min() >= least and array.max() <= most)


def supported_isas() -> list[IsaLevel]:
    """Return the levels that this processor and the compiled kernel support, in rising order."""
    native = library()
    if native is None:
        return []
    return [isa for isa in IsaLevel if isa != IsaLevel.NONE and native.foretype_supports(isa)]


def best_isa() -> IsaLevel:
    """Return the fastest supported level that is faster than ONNX Runtime, or NONE.

    PLAIN is not chosen: it took 570 us where AVX2 took 48, and has not been timed on other kinds
    of processor.
    """
    vectorised = [isa for isa in supported_isas() if isa > IsaLevel.PLAIN]
    return max(vectorised, default=IsaLevel.NONE)


class Kernel:
    """The weights of a network, packed in the order in which the C code reads them."""

    name = "native code"

    def __init__(self, arrays: Arrays, isa: IsaLevel) -> None:
        """Pack `arrays` of a model file, which `is_supported`, for one of the `supported_isas`."""
        native = library()
        assert native and isa != IsaLevel.NONE
        self._native, self._isa = native, isa
        self._arrays: list[NDArray[Any]] = []
        self.state_size, _, ngrams, words, word_rows = sizes(arrays)
        self._row = self.state_size + VOCABULARY
        units, gates = -self.state_size % PANEL_COLUMNS, 3
        self._network = _Network(
            self.state_size + units,
            self.state_size,
            ngrams,
            33 - word_rows.bit_length(),
            self._copy_aligned(arrays["embedding.weight"].astype(np.float32)),
            self._copy_aligned(arrays["multipliers"].T.astype(np.uint32)),
            self._table(arrays, NGRAM_TABLE),
            self._table(arrays, WORD_TABLE) if words else _Table(),
            self._matrix(arrays, "recurrent.{}_ih_l0", gates, 0),
            self._matrix(arrays, "recurrent.{}_hh_l0", gates, units),
            self._matrix(arrays, "output.{}", 1, units),
            self._matrix(arrays, "skip.{}", 1, 0),
        )
        self._address = ctypes.addressof(self._network)

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
            states: before each text, shape (hidden,).
            texts: the last ngrams - 1 bytes already read, then `length` more, each.
            words: the hashes of the last words before each text, three uint32 each.
            length: at least 1.

        Returns:
            Shapes (hidden,) and (256,), and three uint32.

        Raises:
            ValueError: the texts or states have other sizes.
            MemoryError: the working memory could not be allocated.
        """
        rows, size = len(texts), self._row
        after: Any = (ctypes.c_float * size * rows)()
        # bytes.join is the fastest way to lay arrays side by side in a form that ctypes accepts.
        text, before = b"".join(texts), b"".join(cast(Sequence[Any], states))
        hashes = ctypes.create_string_buffer(b"".join(words), rows * WORD_BYTES + 1)
        if (
            length < 1
            or len(text) != rows * (self._network.ngrams - 1 + length)
            or len(before) != 4 * rows * self.state_size
            or len(words) != rows
        ):
            raise ValueError("the texts or states have the wrong size")
        if self._native.foretype_run(
            self._address, self._isa, rows, length, text, before, hashes, after
        ):
            raise MemoryError
        numbers, hidden = np.frombuffer(after, np.float32), self.state_size
        # Copies: one kept state would otherwise keep its whole batch, and 1,000 snapshots of 20 kB
        # are kept.
        each = (
            [numbers]
            if rows == 1
            else [numbers[i : i + size].copy() for i in range(0, rows * size, size)]
        )
        last_words = hashes.raw
        return [
            (row[:hidden], row[hidden:], last_words[i * WORD_BYTES : (i + 1) * WORD_BYTES])
            for i, row in enumerate(each)
        ]

    def _table(self, arrays: Arrays, name: str) -> _Table:
        table = tables.find(arrays, name)
        assert table
        entries, row_scale, scale = table
        return _Table(
            len(entries),
            len(scale),
            self._address_of(entries),
            None if row_scale is None else self._address_of(row_scale),
            self._copy_aligned(scale),
        )

    def _address_of(self, array: NDArray[Any]) -> int:
        """Return the address of an array of bytes, which lives as long as this object: the file's
        content itself, 20 MB that need not be there twice while a model is loaded.
        """
        array = np.ascontiguousarray(array)
        self._arrays.append(array)
        return int(array.ctypes.data)

    def _matrix(self, arrays: Arrays, name: str, gates: int, more: int) -> _Matrix:
        """Return a packed matrix: each gate's columns padded to whole panels, `more` inputs added.

        The weight's shape (inputs, columns) becomes (inputs + more, padded columns); inputs are
        rounded up to whole groups.
        """
        weight, bias = arrays[name.format("weight") + ".int8"], arrays[name.format("bias")]
        scale = arrays[name.format("weight") + ".scale"] * STATE_SCALE
        each = len(bias) // gates
        pad = ((0, 0), (0, 0), (0, -each % PANEL_COLUMNS))
        weight, scale, bias = (
            np.pad(array.reshape(-1, gates, each), pad) for array in (weight, scale, bias)
        )
        weight = weight.reshape(len(weight), -1)
        weight = np.pad(weight, ((0, more - (len(weight) + more) % -GROUP_ROWS), (0, 0)))
        zero = weight.sum(0, dtype=np.int32) * -128
        pointers = [
            self._copy_aligned(array) for array in (_packed(weight, self._isa), zero, scale, bias)
        ]
        return _Matrix(*weight.shape, *pointers)

    def _copy_aligned(self, array: NDArray[Any]) -> int:
        """Return the address of a copy on a cache line, which lives as long as this object."""
        place = np.empty(array.nbytes + 64, np.uint8)
        place = place[-place.ctypes.data % 64 :][: array.nbytes]
        place.view(array.dtype).reshape(array.shape)[...] = array
        self._arrays.append(place)
        return int(place.ctypes.data)


def _packed(weight: NDArray[np.int8], isa: IsaLevel) -> NDArray[np.int8]:
    """Return the weights in reading order, from shape (inputs, columns).

    The vector levels read panel by panel, and in it group by group, shape (panel, group, column,
    row); plain C reads column by column, shape (panel, column, group, row).
    """
    groups = weight.reshape(len(weight) // GROUP_ROWS, GROUP_ROWS, -1, PANEL_COLUMNS)
    return groups.transpose(2, 3, 0, 1) if isa == IsaLevel.PLAIN else groups.transpose(2, 0, 3, 1)
