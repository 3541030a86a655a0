"""Words proposed for a search: they say how probable the best end of a prefix is.

A search by the bytes' probabilities alone spends its steps on short prefixes: a common first letter
is more probable than any whole word. With proposals, a prefix counts as much as the best word that
begins with it, as in A* search (Hart, Nilsson and Raphael 1968). So the search judges words
that a predictor knows, and spells only a word that no predictor proposes.
"""

from __future__ import annotations

import heapq
import math
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
    """A trie of words, each after the white space in front of it."""

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
        self._best: dict[bytes, float] = {}
        self._mass: dict[bytes, float] = {}
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
        for word, log_p, own in words:
            p = max(own, rest * math.exp(log_p))
            proposal = Proposal(word, math.log(p), own)
            earlier = self._words.get(text + word, proposal)
            self._words[text + word] = max(proposal, earlier, key=lambda one: one.log_p)
            # Each prefix of a word: the probability of its best word, and of all its words.
            for end in range(len(text) + 1, len(text) + len(word) + 1):
                prefix = text + word[: end - len(text)]
                self._best[prefix] = max(p, self._best.get(prefix, 0.0))
                self._mass[prefix] = self._mass.get(prefix, 0.0) + p

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
        return text in self._best

    def __len__(self) -> int:
        return len(self._words)

    def log_best_end(self, text: bytes) -> float:
        """Return the estimated log-probability of the best end of a word that begins with `text`:
        0 at the most.
        """
        if text in self._best:
            return math.log(self._best[text] / self._mass[text])
        return UNPROPOSED_LOG_P if self._words and text.strip(WHITE_SPACE) else 0.0
