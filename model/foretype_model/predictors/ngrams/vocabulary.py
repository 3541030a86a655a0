"""The tokens of an n-gram model, found by their text or by a prefix."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from typing import Final

from foretype_model.predictors.ngrams.model_file import TOKEN_MASK, NgramArrays
from foretype_model.predictors.ngrams.tokens import (
    FIRST_SEPARATOR,
    UNKNOWN_SEPARATOR,
    UNKNOWN_WORD,
)

CACHED_NUMBERS: Final = 4096
CACHED_RANGES: Final = 256


class Vocabulary:
    """Tokens in the order of their bytes, separators before words: a prefix has a range of them."""

    def __init__(self, arrays: NgramArrays) -> None:
        sizes = arrays.sizes
        # Slices of the mapped file: a dictionary would take 20 MB.
        self._text, self._starts = arrays.text.data, arrays.starts.data
        self._folded = arrays.words.data
        self.words = range(sizes.first_word, sizes.tokens)
        self.separators = range(FIRST_SEPARATOR, sizes.first_word)
        self.number = lru_cache(CACHED_NUMBERS)(self._number)
        self.with_prefix = lru_cache(CACHED_RANGES)(self._with_prefix)

    def text(self, token: int) -> bytes:
        """Return the bytes of a token."""
        return bytes(self._text[self._starts[token] : self._starts[token + 1]])

    def _with_prefix(self, kind: range, prefix: bytes) -> tuple[int, int]:
        """Return the first of the `words` or `separators` with a prefix, and the first after."""
        low = bisect_left(kind, prefix, key=self.text)
        # No text holds the byte 0xFF.
        high = bisect_left(kind, prefix + b"\xff", lo=low, key=self.text)
        return kind.start + low, kind.start + high

    def find(self, kind: range, text: bytes) -> int | None:
        """Return the one of the `words` or `separators` with this text, or None."""
        place = bisect_left(kind, text, key=self.text)
        return kind[place] if place < len(kind) and self.text(kind[place]) == text else None

    def folded(self, token: int) -> int:
        """Return the number of a token in contexts."""
        return self._folded[token] & TOKEN_MASK

    def _number(self, word: bytes, separator: bytes) -> int:
        """Return the number in contexts of a word or, if `word` is empty, of a separator."""
        if word:
            token = self.find(self.words, word)
            return UNKNOWN_WORD if token is None else self.folded(token)
        token = self.find(self.separators, separator)
        return self.breaks_class(separator) if token is None else self.folded(token)

    def breaks_class(self, separator: bytes) -> int:
        """Return the separator that an unknown one counts as: the same number of line feeds."""
        token = self.find(self.separators, b"\n" * min(separator.count(b"\n"), 2))
        return UNKNOWN_SEPARATOR if token is None else token
