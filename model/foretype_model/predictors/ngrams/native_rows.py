"""The rows of an n-gram model, computed by the kernel."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.predictor import VOCABULARY
from foretype_model.predictors.ngrams import kernel
from foretype_model.predictors.ngrams.model_file import AT_ONCE, NgramArrays
from foretype_model.predictors.ngrams.query import Query
from foretype_model.predictors.ngrams.rows import NumpyRows, unigram_sums

MAX_FREQUENT: Final = 256
"""Words that are considered whatever stands before them."""


class NativeRows:
    """Computes rows with the kernel; see `NumpyRows`."""

    def __init__(self, arrays: NgramArrays, native: ctypes.CDLL) -> None:
        self._native = native
        sizes = arrays.sizes
        whole = sizes.bigrams // kernel.BLOCK * kernel.BLOCK
        codes = arrays.bigrams[:whole, 2].reshape(-1, kernel.BLOCK)
        blocks = np.concatenate(
            [
                arrays.tables[0][codes[first : first + AT_ONCE // kernel.BLOCK] >> 2].sum(1)
                for first in range(0, len(codes) or 1, AT_ONCE // kernel.BLOCK)
            ]
        )
        sums = unigram_sums(arrays)
        frequent = most_frequent(sums, sizes.first_word)
        found = arrays._asdict() | {"unigrams": sums, "blocks": blocks, "frequent": frequent}
        # The model holds addresses: the arrays have to live as long as it does.
        self._arrays: list[NDArray[Any]] = [found[name] for name in kernel.POINTERS]
        self._model = kernel.Model(
            sizes.tokens, sizes.first_word, sizes.contexts2, sizes.outer3, sizes.soft_breaks / 1000,
            *(array.ctypes.data for array in self._arrays), len(frequent),
        )  # fmt: skip
        self._address = ctypes.addressof(self._model)

    def rows(self, queries: Sequence[Query]) -> NDArray[np.float32]:
        """Return the log-probabilities of the next byte, shape (queries, 256)."""
        rows = np.empty((len(queries), VOCABULARY), np.float32)
        contexts = np.array([query[:2] for query in queries], np.int32)
        texts = [text for query in queries for text in query[2:6]]
        sizes, breaks = bytes(map(len, texts)), bytes([query.may_break for query in queries])
        if self._native.foretype_ngrams_rows(
            self._address, len(queries), contexts.tobytes(), b"".join(texts), sizes, breaks,
            rows.ctypes.data,
        ):  # fmt: skip
            raise ValueError("a text is too long")
        return rows

    def mass(self, before: int, last: int, tokens: tuple[int, int]) -> float:
        """Return the probability of the tokens from the first to the second after two tokens."""
        return float(self._native.foretype_ngrams_mass(self._address, before, last, *tokens))

    def best(
        self, before: int, last: int, tokens: tuple[int, int], limit: int
    ) -> list[tuple[int, float]]:
        """Return the most likely of the tokens from the first to the second after two tokens.

        With their probabilities, the best first; `limit` at most, or MAX_FREQUENT.
        """
        limit = min(limit, MAX_FREQUENT)
        found, masses = (ctypes.c_int32 * limit)(), (ctypes.c_double * limit)()
        count = self._native.foretype_ngrams_best(
            self._address, before, last, *tokens, limit, found, masses
        )
        return list(zip(found[:count], masses[:count], strict=True))


def most_frequent(sums: NDArray[np.float64], first_word: int) -> NDArray[np.int32]:
    """Return the most frequent words, MAX_FREQUENT at most, in falling order."""
    masses = np.diff(sums[first_word:])
    order = np.argpartition(-masses, min(MAX_FREQUENT, len(masses) - 1))[:MAX_FREQUENT]
    return (first_word + order[np.argsort(-masses[order])]).astype(np.int32)


Rows = NativeRows | NumpyRows


def open_rows(arrays: NgramArrays) -> Rows:
    """Return the fastest way to compute rows on this machine."""
    native = kernel.library()
    return NativeRows(arrays, native) if native else NumpyRows(arrays)
