"""Scores of held-out text, and the comparison of two of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from tests.model.conftest import make_network

from foretype_model.training import heldout
from foretype_model.training.heldout import (
    MIN_PIECES,
    PIECE_BYTES,
    Comparison,
    Score,
    compare,
    score,
    single_thread,
)
from foretype_model.training.network import Shape

CPU = torch.device("cpu")
SHAPE = Shape("gru", 16, 1, 8, 1)
TEXT = b"The gardener waters the orchids. " * 60


def compared(gains: list[float]) -> Comparison:
    """Compare two scores whose pieces differ by `gains` bits."""
    pieces = np.linspace(100, 200, len(gains))
    characters = PIECE_BYTES * len(gains)
    rival = Score(float(pieces.sum()), characters, pieces, 1)
    better = pieces - np.array(gains)
    return compare(Score(float(better.sum()), characters, better, 1), rival)


def test_steady_gain_is_beyond_chance() -> None:
    """A small gain in every piece counts, however much the pieces differ among themselves."""
    comparison = compared([0.5, 0.7] * 20)
    assert comparison.is_beyond_chance
    assert comparison.gain == pytest.approx(0.6 / PIECE_BYTES)


def test_noise_is_no_gain() -> None:
    """A mean gain within two standard errors is chance, and a loss is never a gain."""
    noise = [10.0, -9.5] * 20
    assert compared(noise).gain > 0
    assert not compared(noise).is_beyond_chance
    assert not compared([0.0] * 40).is_beyond_chance
    assert not compared([-0.5, -0.7] * 20).is_beyond_chance


def test_two_standard_errors_decide() -> None:
    """The border lies at two standard errors of the mean of the paired differences."""
    spread = np.tile([1.0, -1.0], 20)
    error = spread.std(ddof=1) / np.sqrt(len(spread))
    assert compared(list(spread + 2.1 * error)).is_beyond_chance
    assert not compared(list(spread + 1.9 * error)).is_beyond_chance


def test_tiny_gain_does_not_count() -> None:
    """A gain of less than 0.005 bits a character does not count, however sure it is."""
    tiny, enough = (compared([gain * PIECE_BYTES] * 40) for gain in (0.004, 0.006))
    assert tiny.is_beyond_chance
    assert not tiny.counts
    assert enough.counts


def test_few_pieces_cannot_tell() -> None:
    """Too few pieces are never a gain, however large it is."""
    few, enough = (compared([9.0] * count) for count in (MIN_PIECES - 1, MIN_PIECES))
    assert (few.has_enough_text, few.is_beyond_chance) == (False, False)
    assert (enough.has_enough_text, enough.is_beyond_chance) == (True, True)
    assert not compared([]).is_beyond_chance


def test_pieces_add_up() -> None:
    """The pieces hold the bits of all whole pieces, and each is positive."""
    scored = score(make_network(SHAPE), [TEXT], CPU)
    assert scored is not None
    assert len(scored.pieces) == 7 * 4  # seven rows of 282 bytes
    assert (scored.pieces > 0).all()
    share = len(scored.pieces) * PIECE_BYTES / scored.characters
    assert scored.pieces.sum() == pytest.approx(scored.bits * share, rel=0.02)


def test_scoring_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scoring ends after its seconds; the next one scores the same windows."""
    network, text = make_network(SHAPE), [TEXT * 20]
    clock = itertools.count()
    monkeypatch.setattr(heldout, "monotonic", lambda: float(next(clock)))
    cut = score(network, text, CPU, seconds=2.0)
    assert cut is not None
    assert cut.windows == 2
    again = score(network, text, CPU, windows=cut.windows)
    assert again is not None
    assert (again.bits, again.characters) == (cut.bits, cut.characters)
    assert (again.pieces == cut.pieces).all()


def test_threads_are_restored() -> None:
    """torch has its threads back after a scoring of few rows, also after an error."""
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), single_thread():
        assert torch.get_num_threads() == 1
        _ = 1 / 0
    assert torch.get_num_threads() == before
