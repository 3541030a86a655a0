"""Ghost text: its extent, its lines, and typing through it."""

from __future__ import annotations

import pytest
from tests.model.completion.scripted import completer

from foretype_model.completion import word_search
from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("hello wo", "", "rld, my naïve friend"),
        ("print(", "", "x)"),
        ("print(", ")", "x"),
        ("zqzq", "", None),
    ],
)
def test_ghost_text_extends_while_sure(before, after, text) -> None:
    """Ghost text goes on while it is probable, and stops before text that follows the cursor."""
    ghost = completer("hello world, my naïve friend ", "print(x)").ghost_text(
        before.encode(), after.encode(), Options()
    )
    assert (ghost.text if ghost else None) == text


def test_ghost_text_stops_when_unsure() -> None:
    """Ghost text ends before its probability falls below `min_confidence`."""
    unsure = completer("go on and on left", "go on and on right")
    ghost = unsure.ghost_text(b"go ", b"", Options(min_confidence=0.6))
    assert ghost is not None
    assert ghost.text == "on and on"
    assert ghost.probability >= 0.6


def test_ghost_text_respects_max_lines() -> None:
    """Ghost text has at most `max_lines` lines."""
    two = completer("def f():\n    return 1\n    # end")
    one_line, two_lines = (two.ghost_text(b"def f", b"", Options(max_lines=n)) for n in (1, 2))
    assert two.ghost_text(b"def f", b"", Options()) == one_line
    assert one_line is not None
    assert one_line.text == "():"
    assert two_lines is not None
    assert two_lines.text == "():\n    return 1"


def test_mid_line_ghost_has_one_line() -> None:
    """If text follows the cursor in its line, ghost text has no line break."""
    two = completer("def f():\n    return 1\n    # end")
    within, at_end = (
        two.ghost_text(b"def f", after, Options(max_lines=2))
        for after in (b"  # why\n", b" \nx = 1")
    )
    assert within is not None
    assert within.text == "():"
    assert at_end is not None
    assert "\n" in at_end.text


def test_unsure_ghost_is_none() -> None:
    """Without a word above `min_confidence` there is no ghost text."""
    assert completer().ghost_text(b"hel", b"", Options(min_confidence=0.6)) is None


def test_typed_ghost_needs_no_search(network: Network, monkeypatch) -> None:
    """Ghost text that the user types through needs no search, and equals a new one."""
    searched, options = [], Options(min_confidence=0.01)
    find_words = word_search.find_words
    monkeypatch.setattr(
        word_search, "find_words", lambda *args: searched.append(args) or find_words(*args)
    )
    kept = 0
    for make in (lambda: completer("so it goes on, naïvely and well"), lambda: networked(network)):
        one, text = make(), b"so it "
        for _ in range(30):
            searched.clear()
            ghost = one.ghost_text(text, b"", options)
            kept += not searched
            assert shown(ghost) == shown(make().ghost_text(text, b"", options))
            text += ghost.text[:1].encode() if ghost else b"."
    assert kept > 10


def networked(network: Network) -> Completer:
    return Completer({"network": NetworkPredictor(network)}, print)


def shown(ghost: Candidate | None) -> tuple[str, float] | None:
    """Return the visible parts of ghost text."""
    return (ghost.text, round(ghost.probability, 4)) if ghost else None
