"""Words proposed for a search: they say how probable the best end of a prefix is.

A search by the bytes' probabilities alone spends its steps on short prefixes: a common first letter
is more probable than any whole word. With proposals, a prefix counts as much as the best word that
begins with it, as in A* search (Hart, Nilsson and Raphael 1968). So the search judges words
that a predictor knows, and spells only a word that no predictor proposes.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from foretype_model.predictors.mixture import Proposal
from foretype_model.text import prose

WHITE_SPACE: Final = b" \t\n"

PROPOSAL_WEIGHT: Final = 0.4
"""Weight of a proposal in the rank of its word."""

MIN_OWN: Final = 0.25
"""A word of the user's texts is searched to its end, however improbable its bytes are together, if
it is at least this probable by these texts.
"""

MIN_SIGN_LOG_P: Final = math.log(0.02)
"""Signs that are less probable than this are candidates only where hardly a word is likely."""

MIN_REST: Final = 0.02
"""The least probability that the words of the user's texts leave to other words."""

UNPROPOSED_LOG_P: Final = math.log(0.2)
"""The estimate for the end of a word that is not among the proposals."""


class Proposals:
    """The words that may follow, each after the white space in front of it.

    What is proposed for a prefix is computed when a search asks for it: there are several hundred
    prefixes, of which a search sees some twenty.
    """

    def __init__(self, own: int = 0, *, is_code: bool = False) -> None:
        """Want the `own` most probable words of the user's texts right at the cursor; in texts
        other than code, only those with a probability of `MIN_OWN`.

        In code, other words share the rest that the words of the user's texts leave, as shorter
        contexts do in prediction by partial matching: a word model is as sure of names that its
        training texts had, but those are other people's.
        """
        self._own, self._is_code = own, is_code
        # The beginnings of wanted words, and whether each is a wanted word.
        self._wanted: dict[bytes, bool] = {}
        # All texts and their probabilities, sorted, so that those with a prefix are a range.
        self._sorted: list[tuple[bytes, float]] = []
        self._log_best: dict[bytes, float | None] = {}
        self._words: dict[bytes, Proposal] = {}
        self._roots: set[bytes] = set()

    def is_new_root(self, text: bytes) -> bool:
        """Return whether words may follow `text`, and none have been added yet."""
        return not text.strip(WHITE_SPACE) and text not in self._roots

    def add(self, text: bytes, words: Iterable[Proposal]) -> None:
        """Add the words that may follow `text`."""
        self._roots.add(text)
        words = list(words)
        if not text:
            self._want(words)
        rest = max(1 - sum(one.own for one in words), MIN_REST) if self._is_code else 1.0
        for word, proposed, own in words:
            p = max(own, rest * math.exp(proposed))
            whole, log_p = text + word, math.log(p)
            # A word after a space may be proposed twice: with it, and once the space is there.
            if whole not in self._words or self._words[whole].log_p < log_p:
                self._words[whole] = Proposal(word, log_p, own)
        self._sorted = sorted((whole, math.exp(one.log_p)) for whole, one in self._words.items())
        self._log_best.clear()

    def _want(self, words: Iterable[Proposal]) -> None:
        """Want the words that are the most probable ones by the user's texts."""
        least = 0.0 if self._is_code else MIN_OWN
        own = (one for one in words if one.own > least)
        best = [one.text for one in heapq.nlargest(self._own, own, key=lambda one: one.own)]
        self._wanted = {word[:end]: False for word in best for end in range(1, len(word))}
        self._wanted |= dict.fromkeys(best, True)

    def is_whole(self, text: bytes, log_p: float) -> bool:
        """Return whether `text` is a whole candidate: white space and a proposed word, or anything
        that needs no proposal: signs, and a word that is probable enough.
        """
        if not self._words or text in self._words or log_p > UNPROPOSED_LOG_P:
            return True
        return log_p > MIN_SIGN_LOG_P and not prose.has_word(text.decode(errors="ignore"))

    def is_letter(self, text: bytes) -> bool:
        """Return whether `text` is a letter of ASCII that no predictor proposes as a word: it is
        offered among the next characters.
        """
        letter = text.strip(WHITE_SPACE)
        return (
            bool(self._words) and text not in self._words and len(letter) == 1 and letter.isalpha()
        )

    def score(self, text: bytes, log_p: float) -> float:
        """Return the rank of a word of log-probability `log_p`: between that and its proposal's.

        The product over the bytes trusts the network with the beginnings of words, of which it
        knows less than the words' own model. On held-out prose, 19.0 % of the next words are first
        with the rank halfway between them, 16.5 % with `log_p` alone.
        """
        proposed = self._words.get(text)
        if proposed is None:
            return log_p
        return log_p + PROPOSAL_WEIGHT * (proposed.log_p - log_p)

    def wanted_bytes(self, text: bytes) -> list[int]:
        """Return the bytes after `text` that lead to the wanted words."""
        return [
            prefix[-1]
            for prefix in self._wanted
            if len(prefix) == len(text) + 1 and prefix.startswith(text)
        ]

    def is_wanted(self, text: bytes) -> bool:
        """Return whether `text` is a wanted word or a beginning of one."""
        return text in self._wanted

    def is_wanted_word(self, text: bytes) -> bool:
        """Return whether `text` is a wanted word."""
        return self._wanted.get(text, False)

    def has_prefix(self, text: bytes) -> bool:
        """Return whether a proposed word begins with `text`."""
        return self._log_best_of(text) is not None

    def __len__(self) -> int:
        return len(self._words)

    def log_best_end(self, text: bytes) -> float:
        """Return the estimated log-probability of the best end of a word that begins with `text`:
        0 at the most.
        """
        found = self._log_best_of(text)
        if found is not None:
            return found
        return UNPROPOSED_LOG_P if self._words and text.strip(WHITE_SPACE) else 0.0

    def _log_best_of(self, prefix: bytes) -> float | None:
        """Return the best word's part of all that begin with `prefix`, as a logarithm; None if
        there are none.
        """
        if prefix in self._log_best:
            return self._log_best[prefix]
        # No text holds the byte 0xFF.
        first, end = (bisect_left(self._sorted, (one,)) for one in (prefix, prefix + b"\xff"))
        some = [p for _, p in self._sorted[first:end]]
        found = math.log(max(some) / sum(some)) if some else None
        self._log_best[prefix] = found
        return found
