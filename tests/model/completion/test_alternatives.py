"""Several ghost texts for one place."""

from __future__ import annotations

import math

import pytest
from tests.model.completion.scripted import completer

from foretype_model.completion.alternatives import least_confidences
from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.search import Hypothesis
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.scripted import ScriptedPredictor

TEXTS = ["we go home now", "we go away again", "we go on and on", "we sing a song"]


def texts(one: Completer, before: str, count: int, options: Options | None = None) -> list[str]:
    offered = one.ghost_texts(before.encode(), b"", options or Options(), count)
    return [ghost.text for ghost in offered]


def test_alternatives_begin_with_other_words() -> None:
    """Ghost texts on request differ in their first words, and the first is that of all keys."""
    one = completer(*TEXTS)
    offered = texts(one, "we go ", 3)
    first = one.ghost_text(b"we go ", b"", Options())
    assert first is not None
    assert offered[0] == first.text
    assert {text.split()[0] for text in offered} == {"home", "away", "on"}


def test_alternatives_are_whole() -> None:
    """An alternative goes on for as long as it is sure, given its first word."""
    assert "away again" in texts(completer(*TEXTS), "we go ", 3)


def test_alternatives_are_stable() -> None:
    """Alternatives depend on text, options and seed alone, at any temperature."""
    for options in (Options(), Options(temperature=0.8, seed=3)):
        offered = [texts(completer(*TEXTS), "we go ", 3, options) for _ in range(2)]
        assert offered[0] == offered[1]


def test_request_after_typing_has_all() -> None:
    """While the user types through a ghost text, its rest is the first of the alternatives."""
    one = completer("we harvest wheat", "we harbour a ship", "we hardly know")
    ghost = one.ghost_text(b"we ", b"", Options())
    assert ghost is not None
    assert ghost.text.startswith("har")
    (kept,) = texts(one, "we ha", 1)
    offered = texts(one, "we ha", 3)
    assert offered[0] == kept
    assert len(offered) == 3


def test_request_shows_less_likely_words() -> None:
    """A user who asks is shown words below the least confidence; one who types is not."""
    options = Options(min_confidence=0.6)
    assert texts(completer(*TEXTS), "we go ", 1, options) == []
    assert len(texts(completer(*TEXTS), "we go ", 3, options)) == 3
    assert texts(completer(*TEXTS), "zqzq", 3) == []


def test_confidence_falls_with_probability() -> None:
    """The least confidence of each word falls as its probability does, and starts with the first;
    improbable words are left out.
    """
    words = [Hypothesis(b"", math.log(p), math.log(p), 0.0) for p in (0.5, 0.25, 0.05, 0.01)]
    wanted = [one.min_confidence for _, one in least_confidences(words, Options(), 3)]
    assert wanted == pytest.approx([0.1, 0.05, 0.01])
    assert [one for _, one in least_confidences(words, Options(), 1)] == [Options()] * 4


def test_selected_item_is_not_learnt() -> None:
    """Ghost text beyond a selected item follows that item, and the item is not learnt."""

    def opened() -> Completer:
        scripted = ScriptedPredictor(["the lighthouse keeper slept"])
        one = Completer({"scripted": scripted, "copy": CopyPredictor()}, print)
        one.ghost_text(before, b"", Options())
        return one

    before = b"a cat sat on the mat\nthe "
    one = opened()
    ghost = one.ghost_text_beyond(before + b"lighthouse", b"", Options())
    assert ghost is not None
    assert ghost.text == " keeper slept"
    typed = before + b"l"
    assert one.next_words(typed, b"", Options()) == opened().next_words(typed, b"", Options())
