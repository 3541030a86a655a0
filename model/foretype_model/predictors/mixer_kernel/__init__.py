"""The arithmetic of the mixture in native code: mixer.c, compiled at installation by a C compiler.

`log_mixer` has the same in numpy, for installations without a C compiler, and for learning.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foretype_model import native_library
from foretype_model.predictor import VOCABULARY

FOLDER: Final = Path(__file__).parent
C_SOURCES: Final = ("mixer.c",)
LIBRARY: Final = "libforetypemixer.so"

MAX_MEMBERS: Final = 8
"""Members of a mixture that the kernel has room for."""

Floats = NDArray[np.float32]
Borders = NDArray[np.float64]


class Constants(ctypes.Structure):
    """The constants of `log_mixer` that are single numbers."""

    _fields_ = tuple(
        (name, ctypes.c_float)
        for name in ("full_mass", "nearly_full_mass", "prior_claim", "min_log_p")
    )


class Mixer(ctypes.Structure):
    """The constants and weights of a mixer, as mixer.c has them."""

    _fields_ = (
        *(
            (name, ctypes.c_int32)
            for name in ("members", "confidence_borders_size", "probability_borders_size")
        ),
        ("constants", Constants),
        *(
            (name, ctypes.c_void_p)
            for name in ("confidence_borders", "probability_borders", "claims", "exponents")
        ),
    )


class NativeMixer:
    """Mixes rows with the kernel, and with weights that go on learning meanwhile."""

    def __init__(
        self,
        native: ctypes.CDLL,
        constants: Constants,
        borders: tuple[Borders, Borders],
        claims: Sequence[Floats],
        exponents: Sequence[Floats],
    ) -> None:
        """`borders` are those of the confidence and of the base's probability; `exponents` are
        those of all weighted members by the first selecting one, and so on: last by the text's end.
        """
        self._native = native
        pointers = [
            (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
            for arrays in (claims, exponents)
        ]
        # The mixer holds addresses: the arrays have to live as long as it does.
        self._arrays = constants, borders, tuple(claims), tuple(exponents), pointers
        self._mixer = Mixer(
            len(claims), *map(len, borders), constants,
            *(some.ctypes.data for some in borders), *map(ctypes.addressof, pointers),
        )  # fmt: skip
        self._address = ctypes.addressof(self._mixer)

    def log_p(self, predictions: Floats, contexts: Sequence[int]) -> Floats:
        """Return the mixture of `predictions`, shape (members, rows, 256), as log-probabilities,
        shape (rows, 256).
        """
        predictions = np.ascontiguousarray(predictions, np.float32)
        mixed = np.empty((len(contexts), VOCABULARY), np.float32)
        if self._native.foretype_mixer_mix(
            self._address, len(contexts), predictions.ctypes.data,
            (ctypes.c_int32 * len(contexts))(*contexts), mixed.ctypes.data,
        ):  # fmt: skip
            raise ValueError("the mixture has too many members")
        return mixed


@cache
def library(path: Path = FOLDER / LIBRARY) -> ctypes.CDLL | None:
    """Return the compiled kernel, or None if it is missing or was built from other sources."""
    sources = [FOLDER / name for name in C_SOURCES]
    return native_library.load(path, sources, "foretype_mixer_source", _declare)


def _declare(kernel: ctypes.CDLL) -> None:
    kernel.foretype_mixer_mix.argtypes = [ctypes.c_void_p, ctypes.c_int, *[ctypes.c_void_p] * 3]
