"""What is offered at a cursor: warm states, mixture and candidates of one open document."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from foretype_model import candidates
from foretype_model.candidates import Candidate, Options
from foretype_model.mixture import Mixture, PredictorFailed
from foretype_model.predictor import Predictor
from foretype_model.search import Found, Superseded, never
from foretype_model.warm import WarmStates

__all__ = ["Completer", "Superseded"]

REMEMBERED: Final = 32
"""Searches kept: the list and the ghost text of one place share theirs, and backspace finds the last ones again."""

T = TypeVar("T")


class Completer:
    """Completes one document. Not for use by two threads at once.

    `before` is the document's text up to the cursor, `after` what follows it (a few lines are enough), in UTF-8.
    A predictor that raises is dropped, for this document and for good, after one call of `on_drop` with its name.
    """

    def __init__(self, predictors: Mapping[str, Predictor], on_drop: Callable[[str, Exception], None]) -> None:
        self._on_drop = on_drop
        self._searches: OrderedDict[tuple[bytes, Options], list[Found]] = OrderedDict()
        self._mixture = Mixture(predictors)
        self._warm: WarmStates | None = None

    def next_words(
        self, before: bytes, after: bytes, options: Options, stale: Callable[[], bool] = never
    ) -> list[Candidate]:
        """Distinct next words, best first. Raises Superseded once `stale()` is true."""

        def words() -> list[Candidate]:
            found = self._find_words(before, options, stale)
            return self._with_shares(before, candidates.next_words(self._mixture, found))

        return self._guarded(words, [])

    def next_characters(self, before: bytes, options: Options) -> list[Candidate]:
        """The next code points, best first."""

        def characters() -> list[Candidate]:
            state = self._states().at(unix(before))
            return self._with_shares(before, candidates.next_characters(self._mixture, state, before, options))

        return self._guarded(characters, [])

    def ghost_text(
        self, before: bytes, after: bytes, options: Options, stale: Callable[[], bool] = never
    ) -> Candidate | None:
        """The text that goes on after the cursor, where that is sure enough. Raises Superseded as `next_words` does."""

        def ghost() -> Candidate | None:
            found = self._find_words(before, options, stale)
            offered = candidates.ghost_text(self._mixture, found, before, after, options)
            return self._with_shares(before, [offered])[0] if offered else None

        return self._guarded(ghost, None)

    def _find_words(self, before: bytes, options: Options, stale: Callable[[], bool]) -> list[Found]:
        key = (before, options)
        if key not in self._searches:
            state = self._states().at(unix(before))
            self._searches[key] = candidates.find_words(self._mixture, state, before, options, stale)
        self._searches.move_to_end(key)
        while len(self._searches) > REMEMBERED:
            self._searches.popitem(last=False)
        return self._searches[key]

    def _with_shares(self, before: bytes, offered: list[Candidate]) -> list[Candidate]:
        """Each predictor's part, at the first byte of each candidate: its probability there over the sum of all."""
        names = list(self._mixture.members)
        parts = np.exp(self._mixture.parts([self._states().at(unix(before))])[:, 0])
        parts /= np.maximum(parts.sum(0), 1e-30)
        shares = [parts[:, one.text.encode()[0]] for one in offered]
        return [
            replace(one, shares=dict(zip(names, map(float, share), strict=True)))
            for one, share in zip(offered, shares, strict=True)
        ]

    def _states(self) -> WarmStates:
        if self._warm is None:
            self._warm = WarmStates(self._mixture)
        return self._warm

    def _guarded(self, offer: Callable[[], T], nothing: T) -> T:
        """Whatever `offer` returns, with the predictors that raise in it dropped one after the other."""
        while self._mixture.members:
            try:
                return offer()
            except PredictorFailed as failure:
                members = {name: one for name, one in self._mixture.members.items() if name != failure.name}
                self._mixture, self._warm = Mixture(members), None
                self._searches.clear()
                self._on_drop(failure.name, failure.cause)
        return nothing


def unix(text: bytes) -> bytes:
    """With LF line ends, the only ones that predictors see."""
    return text.replace(b"\r\n", b"\n")
