"""How the trust suite is run: a part that breaks costs itself alone, and what there is is told in
any case.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from tests.trust import __main__ as suite
from tests.trust.outcome import Outcome, without_torch


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


def untried(_scale: float) -> Iterator[Outcome]:
    yield without_torch("training") or Outcome("training", 1, 1)


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


def test_kept_promises_are_status_0(monkeypatch, capsys):
    """If every promise held every time, the status is 0."""
    assert run(monkeypatch, good, scale=0.5) == 0
    assert "good · kept · 5 · 5" in capsys.readouterr().err


def test_broken_promise_is_status_1(monkeypatch, capsys):
    """If one did not, the status is 1."""
    assert run(monkeypatch, failing, good) == 1
    assert "not kept" in capsys.readouterr().out


def test_missing_torch_is_not_a_broken_promise(monkeypatch, capsys):
    """Without torch a claim about trainings is a row that says so, and the status stays 0."""
    monkeypatch.setattr("tests.trust.outcome.find_spec", lambda name: None)
    assert run(monkeypatch, good, untried) == 0
    shown = capsys.readouterr().out
    assert "not tried: torch is missing: pip install -e '.[train]'" in shown
    assert "1 claim was not tried: see the notes" in shown


def test_broken_part_is_a_row(monkeypatch, capsys):
    """A part that breaks is a row, and the others go on."""
    assert run(monkeypatch, bad, good) == 1
    shown = capsys.readouterr().out
    for row in ("kept at first", "broke", "RuntimeError: no more", "good"):
        assert row in shown


def test_interruption_leaves_the_rows(monkeypatch, capsys):
    """An interruption leaves the rows so far."""
    assert run(monkeypatch, interrupted, good) == 130
    shown = capsys.readouterr().out
    assert "kept at first" in shown
    assert "interrupted" in shown
    assert "good" not in shown


def test_unknown_part_lists_the_parts(monkeypatch, capsys):
    """An unknown part is an error that lists the parts."""
    monkeypatch.setattr(sys, "argv", ["trust", "nothing"])
    with pytest.raises(SystemExit, match="2"):
        suite.main()
    assert "privacy" in capsys.readouterr().err
