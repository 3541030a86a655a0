"""The words proposed for a search."""

from __future__ import annotations

import math

import pytest

from foretype_model.completion.proposals import Proposals
from foretype_model.predictors.mixture import Proposal


def test_word_counts_only_once() -> None:
    """A word that is proposed with the space before it and after that space counts once."""
    proposals = Proposals()
    proposals.add(b"", [Proposal(b" zebra", math.log(0.3), 0.0)])
    assert proposals.log_best_end(b" z") == 0
    proposals.add(b" ", [Proposal(b"zebra", math.log(0.6), 0.0)])
    assert proposals.log_best_end(b" z") == 0
    assert len(proposals) == 1


def test_best_end_is_its_share() -> None:
    """The estimate of a prefix is the part that its best word has of all words with it."""
    proposals = Proposals()
    some = {b"and": 0.3, b"ant": 0.1, b"bee": 0.2}
    proposals.add(b"", [Proposal(word, math.log(p), 0.0) for word, p in some.items()])
    assert proposals.log_best_end(b"an") == pytest.approx(math.log(0.75))
    assert proposals.log_best_end(b"b") == pytest.approx(0)
    assert proposals.log_best_end(b"") == pytest.approx(math.log(0.5))
    assert not proposals.has_prefix(b"c")
