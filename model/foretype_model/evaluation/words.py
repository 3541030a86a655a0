"""Completes the word being typed from the words of the text, as editors do without a model."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Final, NoReturn, Self

import regex

from foretype_model.completion.candidates import Candidate

MAX_ITEMS: Final = 20

_WORDS: Final = regex.compile(r"\w{2,}")
_TYPED: Final = regex.compile(r"\w*\Z")


class WordsSystem:
    """A system that offers the words of the document and of `workspace`, most frequent first; on a
    tie, the nearest above the cursor first.
    """

    name = "words"
    predicts = False

    def __init__(self, workspace: Iterable[str]) -> None:
        self._counts = Counter(word for text in workspace for word in _WORDS.findall(text))
        self._sorted = sorted(self._counts)

    def start(self) -> Self:
        return self

    def open(self, _name: str = "", /) -> _WordsDocument:
        return _WordsDocument(self)

    def mixture(self) -> NoReturn:
        raise NotImplementedError("words have no probabilities")

    def beginning_with(self, prefix: str) -> dict[str, int]:
        """Return the workspace's words that begin with `prefix`, with their counts."""
        first = last = bisect_left(self._sorted, prefix)
        while last < len(self._sorted) and self._sorted[last].startswith(prefix):
            last += 1
        return {word: self._counts[word] for word in self._sorted[first:last]}


class _WordsDocument:
    def __init__(self, system: WordsSystem) -> None:
        self._system = system
        self._before, self._after = "", ""

    def set_text(self, before: str, after: str) -> None:
        self._before, self._after = before, after

    def menu(self) -> list[str]:
        prefix = _TYPED.search(self._before)[0]
        if not prefix:
            return []
        # Without the word being typed, which would offer itself.
        elsewhere = self._before[: len(self._before) - len(prefix)] + " " + self._after
        counts = Counter(word for word in _WORDS.findall(elsewhere) if word.startswith(prefix))
        counts.update(self._system.beginning_with(prefix))
        words = [word for word in counts if word != prefix]
        words.sort(key=lambda word: (-counts[word], -self._before.rfind(word)))
        return [word[len(prefix) :] for word in words[:MAX_ITEMS]]

    def next_words(self) -> list[Candidate]:
        return []

    def ghost_text(self) -> None:
        return None
