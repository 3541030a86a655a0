"""The parts of a training step in native code: gru.c and rows.c, compiled at installation.

Both are optional: without a C compiler, and on processors without AVX-512 for bfloat16, torch does
the same.
"""

from __future__ import annotations

import ctypes
import sys
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Final

from torch import Tensor

from foretype_model import native_library

FOLDER: Final = Path(__file__).parent
SOURCES: Final = ("gru.c", "rows.c")
LIBRARY: Final = "libforetypetraining.so"


@cache
def library() -> ctypes.CDLL | None:
    """The compiled kernel; None if there is none, or if it is that of another release."""
    sources = [FOLDER / name for name in SOURCES]
    return native_library.load(FOLDER / LIBRARY, sources, "foretype_training_source", _declare)


def _declare(kernel: ctypes.CDLL) -> None:
    size, number, pointer_to = ctypes.c_int64, ctypes.c_float, ctypes.c_void_p
    kernel.foretype_training_rows.argtypes = [*[size] * 3, *[pointer_to] * 5, *[number] * 4]


def loaded() -> ctypes.CDLL:
    """The compiled kernel, for those who have asked whether there is one."""
    found = library()
    assert found
    return found


class Products(IntEnum):
    """How the recurrent products of a training step are computed, the slowest first."""

    IN_FLOAT32 = 0
    """By torch, in float32."""
    BY_AVX512 = 1
    """By the dot products of AVX-512, in bfloat16."""
    BY_AMX = 2
    """By the tiles of AMX, in bfloat16."""


@cache
def products() -> Products:
    """Return the fastest products that this processor has and the system lets it use."""
    return choose_products(Products.BY_AMX)


def choose_products(fastest: Products) -> Products:
    """Let the kernel compute its products in the way `fastest`, or else in the next slower one that
    this processor has; return that way.
    """
    found = library()
    return Products(found.foretype_training_products(fastest)) if found else Products.IN_FLOAT32


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, if its C library is glibc.

    A training step allocates and frees some hundred megabytes. Given back, their pages are zeroed
    and mapped anew at the next step: a layer of 1,024 units took 790 ms for 16 kB, and 550 without.
    """
    no_mmap, trim_threshold, never = -4, -1, 2**31 - 1  # M_MMAP_MAX, M_TRIM_THRESHOLD
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(no_mmap, 0)
        libc.mallopt(trim_threshold, never)


def pointer(tensor: Tensor) -> ctypes.c_void_p:
    """The address of a contiguous tensor's numbers."""
    return ctypes.c_void_p(tensor.data_ptr())
