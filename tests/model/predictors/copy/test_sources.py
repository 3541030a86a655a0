"""Each source of an offered text is a real place, and the longest match comes first."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.completion.completer import Completer
from foretype_model.predictor import Source
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.scripted import ScriptedPredictor

PARTS = ["the mill ", "the hill", "mill", "é", " ", "\n", "x", "on the "]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=30).map("".join)


def over(*texts: str) -> CopyPredictor:
    predictor = CopyPredictor()
    predictor.segments = (
        FMIndex.build([(f"/{number}", text.encode()) for number, text in enumerate(texts)]),
    )
    return predictor


def sources(predictor: CopyPredictor, context: str, text: str, most: int = 3) -> list[Source]:
    return predictor.sources(
        predictor.feed(predictor.start(), context.encode()), text.encode(), most
    )


@given(st.lists(TEXTS, min_size=1, max_size=3), TEXTS, st.sampled_from(PARTS))
def test_sources_match_context_and_text(texts, context, offered):
    """At each source, the text begins after the same bytes of context."""
    for source in sources(over(*texts), context, offered, 10):
        lines = texts[int(source.document[1:])].split("\n")
        before = "\n".join([*lines[: source.line - 1], lines[source.line - 1][: source.column - 1]])
        after = "\n".join([lines[source.line - 1][source.column - 1 :], *lines[source.line :]])
        assert after.encode()[0] == offered.encode()[0]
        assert (b"\xff" + before.encode()).endswith((b"\xff" + context.encode())[-source.order :])
        assert source.excerpt in texts[int(source.document[1:])]


@given(st.lists(TEXTS, min_size=1, max_size=3), TEXTS, st.sampled_from(PARTS))
def test_predictions_have_sources(texts, context, offered):
    """A text that is predicted has sources."""
    predictor = over(*texts)
    row = predictor.predict([predictor.feed(predictor.start(), context.encode())])[0]
    if row[offered.encode()[0]] > -math.inf:
        assert sources(predictor, context, offered)


def test_longest_match_comes_first():
    """The source with the longest match comes first."""
    predictor = over("go to the mill\n", "so, to the mill race\n", "into the mill race\n")
    found = sources(predictor, "go to the ", "mill race")
    assert [(source.document, source.line, source.column) for source in found] == [
        ("/1", 1, 12),
        ("/2", 1, 10),
        ("/0", 1, 11),
    ]
    assert [source.order for source in found] == [8, 7, 11]


def test_each_line_is_named_once():
    """The same line is named once."""
    assert len(sources(over("ho ho ho ho ho ho ho\n"), "ho ho ", "ho")) == 1


def test_typed_sources_name_their_document():
    """A source in recent text names its document."""
    predictor = CopyPredictor()
    predictor.observe("file:///a.txt", "the müller's mill\nand more".encode(), b"")
    (source,) = sources(predictor, "the müller's ", "mill")
    assert source == Source("file:///a.txt", None, None, "the müller's mill", 15)


def test_long_lines_are_shortened():
    """The excerpt of a long line surrounds the match."""
    line = "a" * 300 + " the mill " + "b" * 300
    (source,) = sources(over(f"one\n{line}\n"), "aaa the ", "mill")
    assert "the mill" in source.excerpt
    assert len(source.excerpt) < 130


def test_excerpts_hide_forgotten_words(place):
    """An excerpt shows no forgotten word."""
    place.write("a.txt", "the password of the mill is hunter2, I think\n")
    predictor = CopyPredictor(place.workspace())
    predictor.refresh()
    for _ in ("masked", "gone from the disk"):
        predictor.forget(None, "hunter2")
        (source,) = sources(predictor, "of the mi", "ll is")
        assert source.excerpt == "the password of the mill is …, I think"
        predictor.update([])
    predictor.observe("file:///a", b"the door of the mint is hunter2, too.", b"")
    (source, *_) = sources(predictor, "of the min", "t is")
    assert source.excerpt == "the door of the mint is"


def test_explanation_shares_add_up():
    """The shares of an explanation add up."""
    predictors = {
        "scripted": ScriptedPredictor(["see the mill"]),
        "copy": over("see the mill race\n"),
    }
    completer = Completer(predictors, pytest.fail)
    why = completer.explain(b"see the ", "mill", 3)
    assert sum(why.shares.values()) == pytest.approx(1)
    assert [source.document for source in why.sources] == ["/0"]
    parts = [
        completer.explain(b"see the " + b"mill"[:end], "mill"[end], 3).probability
        for end in range(4)
    ]
    assert why.probability == pytest.approx(math.prod(parts), rel=1e-4)
    assert 0.9 < why.probability < 1


def test_unexplaining_predictors_are_skipped():
    """Predictors that cannot explain leave the sources to others."""
    why = Completer({"scripted": ScriptedPredictor(["see the mill"])}, pytest.fail).explain(
        b"see the ", "mill", 3
    )
    assert list(why.sources) == []
    assert why.shares == {"scripted": 1.0}
