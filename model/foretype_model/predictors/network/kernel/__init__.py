"""A network's steps in native code: kernel.c, which is compiled when Foretype is installed where
there is a C compiler.

It knows the default kind of network, a GRU of one layer with n-grams in int8, and takes little
longer for a step than it takes to read the weights. Other networks, and other installations, are
left to ONNX Runtime.
"""

from __future__ import annotations

import ctypes
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import VOCABULARY

FOLDER: Final = Path(__file__).parent
C_SOURCES: Final = ("kernel.c", "step.h")
LIBRARY: Final = "libforetype.so"

NONE, PLAIN, MOST_WAYS = -1, 0, 4
"""Ways of computing: not at all, in C that suits every processor; those above suit some, and are
the faster the later they come: AVX2, AVX-VNNI, and AVX-512 with VNNI. Eight rows at 768 units took
244, 176 and 128 us, one row 60, 58, 57. All of them compute the same numbers.
"""

PANEL_COLUMNS, GROUP_ROWS = 16, 4
"""A panel of a matrix has so many columns, and is read in groups of so many rows."""

MAX_WEIGHT: Final = 63
"""Of the weights: 255 x 63 x 2 is the most that fits 16 bits."""

MAX_UNITS: Final = 16_384
"""Units and embeddings at most: no sum of so many products overflows 32 bits."""

MAX_NGRAMS, MAX_MULTIPLIER = 64, 1 << 18
"""No sum of so many products with a byte overflows 32 bits."""

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
    "ngrams.weight.int8": np.int8,
    "ngrams.weight.scale": np.float32,
    **{f"{name}.int8": np.int8 for name in MATRIX_NAMES},
    **{f"{name}.scale": np.float32 for name in MATRIX_NAMES},
    **{name.replace("weight", "bias"): np.float32 for name in MATRIX_NAMES},
}
"""What a model file has to hold, of which type."""

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


class _Network(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("units", "hidden", "embedding", "ngrams", "buckets")),
        *((name, ctypes.c_void_p) for name in ("table", "table_scale", "bytes", "multipliers")),
        *((name, _Matrix) for name in ("input", "recurrent", "output", "skip")),
    )


def source_checksum() -> int:
    """Of the C sources beside this file: what was compiled from others is not used."""
    return zlib.crc32(b"".join((FOLDER / name).read_bytes() for name in C_SOURCES))


@cache
def library(path: Path = FOLDER / LIBRARY) -> ctypes.CDLL | None:
    """The compiled kernel; None where there is none, or it is that of another release."""
    try:
        found = ctypes.CDLL(str(path))
        found.foretype_source.restype = ctypes.c_uint32
        if found.foretype_source() != source_checksum():
            return None
        found.foretype_run.argtypes = [
            ctypes.c_void_p,
            *[ctypes.c_int] * 3,
            *[ctypes.c_char_p] * 2,
            ctypes.c_void_p,
        ]
    except (OSError, AttributeError):
        return None
    return found


def sizes(arrays: Arrays) -> tuple[int, int, int]:
    """Units, embedding and the bytes of the longest n-gram."""
    return (
        len(arrays["recurrent.weight_hh_l0.int8"]),
        len(arrays["recurrent.weight_ih_l0.int8"]),
        len(arrays["multipliers"]),
    )


def is_supported(arrays: Arrays) -> bool:
    """Whether these are the numbers of a network that the kernel knows, of sizes that fit
    together.
    """
    if any(
        name not in arrays or arrays[name].dtype != dtype or not arrays[name].ndim
        for name, dtype in ARRAY_TYPES.items()
    ):
        return False
    hidden, embedding, ngrams = sizes(arrays)
    buckets = len(arrays["ngrams.weight.int8"])
    shapes: dict[str, tuple[int, ...]] = {
        "multipliers": (ngrams, ngrams - 1),
        "embedding.weight": (VOCABULARY, embedding),
        "ngrams.weight.int8": (buckets, embedding),
        "ngrams.weight.scale": (embedding,),
    }
    inputs, outputs = (
        (embedding, hidden, hidden, embedding),
        (3 * hidden, 3 * hidden, VOCABULARY, VOCABULARY),
    )
    for name, rows, columns in zip(MATRIX_NAMES, inputs, outputs, strict=True):
        shapes[f"{name}.int8"] = rows, columns
        shapes[f"{name}.scale"] = shapes[name.replace("weight", "bias")] = (columns,)
    return (
        all(arrays[name].shape == shape and arrays[name].size for name, shape in shapes.items())
        and max(hidden, embedding) <= MAX_UNITS
        and ngrams <= MAX_NGRAMS
        and _between(arrays["multipliers"], 0, MAX_MULTIPLIER)
        and all(_between(arrays[f"{name}.int8"], -MAX_WEIGHT, MAX_WEIGHT) for name in MATRIX_NAMES)
    )


def _between(array: NDArray[Any], least: int, most: int) -> bool:
    return bool(array.min() >= least and array.max() <= most)


def supported_isas() -> list[int]:
    """Those that this processor knows."""
    native = library()
    return [isa for isa in range(MOST_WAYS) if native.foretype_knows(isa)] if native else []


def best_isa() -> int:
    """The way that serves on this processor.

    NONE where ONNX Runtime is sooner done, or may be: plain C, which took 570 us where AVX2 took
    48, has not been timed on processors of another kind.
    """
    return max((isa for isa in supported_isas() if isa != PLAIN), default=NONE)


class Kernel:
    """A network's weights, packed in the order in which they are read."""

    name = "native code"

    def __init__(self, arrays: Arrays, isa: int) -> None:
        """`arrays` are `is_supported` ones, of a model file; `isa` is `best_isa()`, or PLAIN where
        there is a library.
        """
        native = library()
        assert native and isa != NONE
        self._native, self._isa = native, isa
        self._arrays: list[NDArray[Any]] = []
        self.state_size, embedding, ngrams = sizes(arrays)
        self._row = self.state_size + VOCABULARY
        units, gates = -self.state_size % PANEL_COLUMNS, 3
        self._network = _Network(
            self.state_size + units,
            self.state_size,
            embedding,
            ngrams,
            len(arrays["ngrams.weight.int8"]),
            self._copy_aligned(arrays["ngrams.weight.int8"]),
            self._copy_aligned(arrays["ngrams.weight.scale"]),
            self._copy_aligned(arrays["embedding.weight"].astype(np.float32)),
            self._copy_aligned(arrays["multipliers"].T.astype(np.uint32)),
            self._matrix(arrays, "recurrent.{}_ih_l0", gates, 0),
            self._matrix(arrays, "recurrent.{}_hh_l0", gates, units),
            self._matrix(arrays, "output.{}", 1, units),
            self._matrix(arrays, "skip.{}", 1, 0),
        )
        self._address = ctypes.addressof(self._network)

    def run(
        self, states: Sequence[Floats], texts: Sequence[bytes], length: int
    ) -> list[tuple[Floats, Floats]]:
        """What each text leads to: the state, shape (hidden,), and the next byte's
        log-probabilities, shape (256,).

        Each text has the ngrams - 1 bytes that came before it, and `length` more, 1 at least.
        """
        rows, size = len(texts), self._row
        after: Any = (ctypes.c_float * size * rows)()
        # bytes.join is the quickest way to have the numbers of arrays in one place that ctypes
        # takes as it is.
        text, before = b"".join(texts), b"".join(cast(Sequence[Any], states))
        if (
            length < 1
            or len(text) != rows * (self._network.ngrams - 1 + length)
            or len(before) != 4 * rows * self.state_size
        ):
            raise ValueError("texts or states are not of the sizes that they should be")
        if self._native.foretype_run(self._address, self._isa, rows, length, text, before, after):
            raise MemoryError
        numbers, hidden = np.frombuffer(after, np.float32), self.state_size
        # Copies: a state that is kept would keep those beside it, of which most are not, as 1,000
        # snapshots of 20 kB.
        each = (
            [numbers]
            if rows == 1
            else [numbers[i : i + size].copy() for i in range(0, rows * size, size)]
        )
        return [(row[:hidden], row[hidden:]) for row in each]

    def _matrix(self, arrays: Arrays, name: str, gates: int, more: int) -> _Matrix:
        """A matrix whose columns are those of so many gates, each padded to whole panels, and so
        many more inputs.
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
        """The address of a copy that lives as long as this object does, at the start of a cache
        line.
        """
        place = np.empty(array.nbytes + 64, np.uint8)
        place = place[-place.ctypes.data % 64 :][: array.nbytes]
        place.view(array.dtype).reshape(array.shape)[...] = array
        self._arrays.append(place)
        return int(place.ctypes.data)


def _packed(weight: NDArray[np.int8], isa: int) -> NDArray[np.int8]:
    """Panels of columns, each of groups of rows, a group's columns beside each other; or in plain
    code, each column.
    """
    groups = weight.reshape(len(weight) // GROUP_ROWS, GROUP_ROWS, -1, PANEL_COLUMNS)
    return groups.transpose(2, 3, 0, 1) if isa == PLAIN else groups.transpose(2, 0, 3, 1)
