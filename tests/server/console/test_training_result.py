"""The words about a trained model."""

from __future__ import annotations

from pathlib import Path

from foretype_model.predictors.network.runtime import Metadata
from foretype_model.training.heldout import Comparison
from foretype_model.training.train import TrainingResult
from foretype_server.console.training_result import format_figures, format_usage

METADATA = Metadata("notes", "gru", 8, 1, 8, 12345, 1000, 2.494, "2026-01-01")


def said(comparison: Comparison | None, *, kept_back: bool = False) -> str:
    """Return all words about a model named notes."""
    trained = TrainingResult(METADATA, comparison)
    usage = format_usage("notes", trained, [Path("my notes")], kept_back=kept_back)
    return f"{format_figures('notes', trained)} {usage}"


def test_gain_beyond_chance_is_stated() -> None:
    """A model that is better says by how much, and where it completes."""
    words = said(Comparison(2.614, 0.1204, 40, is_beyond_chance=True))
    assert "2.494 bits per character on held-out text (the model in use: 2.614)" in words
    assert "better by 0.12 bits a character, beyond chance" in words
    assert "completes the files under 'my notes' from now on" in words


def test_chance_is_not_put_to_use() -> None:
    """A gain within chance says so, with the command that uses the model all the same."""
    words = said(Comparison(2.495, 0.001, 40, is_beyond_chance=False))
    assert "beyond chance" not in words
    assert "no better than chance: not put to use; `foretype models use notes 'my notes'`" in words


def test_tiny_gain_is_not_used() -> None:
    """A gain that is sure but too small to notice does not change the model."""
    words = said(Comparison(2.494, 0.00003, 40, is_beyond_chance=True))
    assert "not noticeably better than the model in use: not put to use" in words


def test_worse_model_says_so() -> None:
    """A loss is not called chance."""
    words = said(Comparison(2.4, -0.094, 40, is_beyond_chance=False))
    assert "It is not better than the model in use: not put to use" in words


def test_too_little_text_is_said() -> None:
    """Without enough held-out text, nothing is claimed."""
    for comparison in (None, Comparison(2.6, 0.1, 3, is_beyond_chance=False)):
        assert "not known to be better than the model in use, for want of text" in said(comparison)


def test_kept_model_is_named() -> None:
    """If an older model of the same name stays, the words say so and how to keep both."""
    words = said(Comparison(2.495, 0.001, 40, is_beyond_chance=False), kept_back=True)
    assert "no better than chance: the notes that completes these files stays" in words
    assert "another --name" in words
