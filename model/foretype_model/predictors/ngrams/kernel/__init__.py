"""The rows of an n-gram model in native code: ngrams.c, compiled at installation by a C compiler.

`rows` has the same in numpy, for installations without a C compiler.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Final

from foretype_model import native_library

FOLDER: Final = Path(__file__).parent
C_SOURCES: Final = ("ngrams.c",)
LIBRARY: Final = "libforetypengrams.so"

POINTERS: Final = (
    "tables", "starts", "words", "keys2", "starts2", "outer3", "outer_starts3", "bases3",
    "offsets3", "keys3", "bigrams", "trigrams", "text", "unigrams", "blocks",
    "frequent",
)  # fmt: skip
"""The arrays that the kernel reads, in the order of its struct."""

BLOCK: Final = 64
"""Bigrams with one sum."""


class Model(ctypes.Structure):
    """The sizes and arrays of a model, as ngrams.c has them."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("tokens", "first_word", "contexts2", "outer3_size")),
        ("soft_breaks", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in POINTERS),
        ("frequent_count", ctypes.c_int32),
    )


@cache
def library(path: Path = FOLDER / LIBRARY) -> ctypes.CDLL | None:
    """Return the compiled kernel, or None if it is missing or was built from other sources."""
    sources = [FOLDER / name for name in C_SOURCES]
    return native_library.load(path, sources, "foretype_ngrams_source", _declare)


def _declare(kernel: ctypes.CDLL) -> None:
    kernel.foretype_ngrams_rows.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int,
        *[ctypes.c_char_p] * 4,
        ctypes.c_void_p,
    ]
    kernel.foretype_ngrams_mass.argtypes = [ctypes.c_void_p, *[ctypes.c_int32] * 4]
    kernel.foretype_ngrams_mass.restype = ctypes.c_double
    kernel.foretype_ngrams_best.argtypes = [
        ctypes.c_void_p,
        *[ctypes.c_int32] * 4,
        ctypes.c_int,
        *[ctypes.c_void_p] * 2,
    ]
