"""How the trust suite is run: a part that breaks costs itself alone, and what there is is told in
any case.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from tests.trust import __main__ as suite
from tests.trust.outcome import Outcome


def good(scale: float) -> Iterator[Outcome]:
    yield Outcome("kept", round(10 * scale), round(10 * scale))


def bad(_scale: float) -> Iterator[Outcome]:
    yield Outcome("kept at first", 1, 1)
    raise RuntimeError("no more")


def failing(_scale: float) -> Iterator[Outcome]:
    yield Outcome("not kept", 3, 2, "once")


def interrupted(_scale: float) -> Iterator[Outcome]:
    yield Outcome("kept at first", 1, 1)
    raise KeyboardInterrupt


def run(
    monkeypatch: pytest.MonkeyPatch, *parts: Callable[[float], Iterator[Outcome]], scale: float = 1
) -> int:
    monkeypatch.setattr(suite, "PARTS", tuple(part.__name__ for part in parts))
    for part in parts:
        module = ModuleType(part.__name__)
        module.outcomes = part
        monkeypatch.setitem(sys.modules, f"tests.trust.{part.__name__}", module)
    monkeypatch.setattr(sys, "argv", ["trust", "--scale", str(scale)])
    monkeypatch.setenv("COLUMNS", "200")
    return suite.main()


def test_what_holds_every_time_is_status_0(monkeypatch, capsys):
    assert run(monkeypatch, good, scale=0.5) == 0
    assert "good · kept · 5 · 5" in capsys.readouterr().err


def test_what_does_not_is_status_1(monkeypatch, capsys):
    assert run(monkeypatch, failing, good) == 1
    assert "not kept" in capsys.readouterr().out


def test_a_part_that_breaks_is_a_row_and_the_others_go_on(monkeypatch, capsys):
    assert run(monkeypatch, bad, good) == 1
    shown = capsys.readouterr().out
    for row in ("kept at first", "broke", "RuntimeError: no more", "good"):
        assert row in shown


def test_an_interruption_leaves_what_there_is(monkeypatch, capsys):
    assert run(monkeypatch, interrupted, good) == 130
    shown = capsys.readouterr().out
    assert "kept at first" in shown
    assert "interrupted" in shown
    assert "good" not in shown


def test_a_part_that_is_not_there_is_told_with_those_that_are(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["trust", "nothing"])
    with pytest.raises(SystemExit, match="2"):
        suite.main()
    assert "privacy" in capsys.readouterr().err
