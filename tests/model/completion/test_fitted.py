"""Texts fitted to the text after the cursor: their probabilities, and their borders."""

from __future__ import annotations

import math

import pytest
from tests.model.completion.scripted import completer

from foretype_model.cancellation import NO_DEADLINE
from foretype_model.completion.after_cursor import AroundCursor
from foretype_model.completion.alternatives import distinct
from foretype_model.completion.candidates import Candidate, Options, fitted
from foretype_model.completion.continuation import Continuation, Limits, extend_all
from foretype_model.completion.ghost_text import extend
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.search import Hypothesis
from foretype_model.predictors.scripted import ScriptedPredictor


def lookahead(before: str, *texts: str) -> LookaheadCache:
    """Return the predictions after a text, of a predictor that expects `texts`."""
    predictor = ScriptedPredictor(texts)
    return LookaheadCache(predictor, predictor.feed(predictor.start(), before.encode()))


@pytest.mark.parametrize("texts", [(b"x", b"x)"), (b"x)", b"x")])
def test_equal_fits_keep_the_best(texts: tuple[bytes, bytes]) -> None:
    """Of two texts that become equal before a closing mark, the more probable one counts."""
    log_p = dict(zip((b"x", b"x)"), map(math.log, (0.5, 0.25)), strict=True))
    found = fitted({text: log_p[text] for text in texts}, AroundCursor("print(", ")"), "word")
    assert {one.text: one.probability for one in found.values()} == {"x": pytest.approx(0.5)}


def test_beginning_of_repetition_is_left_out() -> None:
    """A text that only goes on to repeat the next line is left out, as nothing else is likely."""
    around = AroundCursor("def f():\n    ", "\n    return x\n")
    texts = {b"return": math.log(0.5), b"return x": math.log(0.5)}
    assert fitted(texts, around, "word") == {}
    texts[b"return x"] = math.log(0.125)
    assert fitted(texts, around, "word")["return"].probability == pytest.approx(0.375)


def test_lines_differ_from_their_neighbours() -> None:
    """A line of a suggestion is compared with the next line by its own text alone."""
    assert AroundCursor("x = ", "\nx = b").fit("a\nb") == ("a\nb", 0)
    assert AroundCursor("x = ", "\nx = a").fit("a\nb") is None


@pytest.mark.parametrize(("factor", "is_offered"), [(1.0, True), (1.001, False)])
def test_least_confidence_is_enough(factor: float, is_offered: bool) -> None:
    """A word that is exactly as probable as the least confidence is offered as ghost text."""
    log_p = math.log(0.5)
    options = Options(min_confidence=math.exp(log_p) * factor)
    ghost = extend(
        lookahead("go on", "unlike"),
        Hypothesis(b"on", log_p, log_p, log_p),
        AroundCursor("go ", ""),
        options,
    )
    assert (ghost is not None and ghost.text == "on") == is_offered


def test_ghost_pays_beyond_first_word() -> None:
    """A continuation half as likely as its first word is worth more, as that can be taken alone."""
    one = completer("go quickly on", "go quickly up")
    ghost = one.ghost_text(b"go ", b"", Options(min_confidence=0.3))
    assert ghost is not None
    assert ghost.text in {"quickly on", "quickly up"}


def test_smart_space_keeps_earlier_ends() -> None:
    """A space takes the place of the end before it, and of no other."""
    run = Continuation(b"on", 0.0)
    limits = Limits(0.1, 1, 60, stop_at_sentence=False, smart_space=True)
    expected = lookahead("go ", "go on and up, so")
    extend_all(expected, [run], limits, lambda _, row: int(row.argmax()), NO_DEADLINE)
    assert list(run.ends) == [b"on ", b"on and ", b"on and up", b"on and up, ", b"on and up, so"]


def test_first_words_are_distinct() -> None:
    """Of the offers that begin with the same word or sign, the first is kept."""
    offers = [Candidate(text, 0.5, "ghost") for text in ("go home", " go away", "(a", "(b", "gone")]
    assert [one.text for one in distinct(offers)] == ["go home", "(a", "gone"]


def test_characters_replace_nothing() -> None:
    """Next characters replace nothing after the cursor."""
    found = completer("see a").next_characters(b"see ", b")", Options(replace_after_cursor=True))
    assert [(one.text, one.replaces_after) for one in found] == [("a", 0)]
