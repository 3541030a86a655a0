"""The bar of a training on a terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from foretype_model.training.trainer import Progress
from foretype_server.console import training_clock
from foretype_server.console.training_clock import TrainingClock
from foretype_server.console.training_progress import TrainingScreen


def shown(output: io.StringIO) -> str:
    """Return all text that a terminal was sent, without its control sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", output.getvalue())


def test_stages_are_shown_first() -> None:
    """The stage and the time left are shown before the first step, then the figures."""
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=120)
    with TrainingScreen(600, console) as screen:
        screen.show_stage("reading")
        assert re.search(r"reading +\d+%  (10:00|9:\d\d) left", shown(output))
        screen.show_stage("preparing")
        assert re.search(r"preparing +\d+%  (10:00|9:\d\d) left", shown(output))
        screen.report(Progress(7, 0.5, 1000.0, 300.0, 2.5, 3.5))
        screen.show_stage("comparing")
    assert re.search(r"comparing +\d+%  (5:00|4:\d\d) left", shown(output))
    assert "2.500 bits/byte  3.500 held out" in shown(output)


def test_time_moves_between_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time left and the share go on between two reports; only a report says it is all done."""
    now = [100.0]
    monkeypatch.setattr(training_clock, "monotonic", lambda: now[0])
    clock = TrainingClock(60)
    now[0] += 15
    assert (clock.seconds_left(), clock.fraction()) == (45, 0.25)
    clock.update(Progress(1, 0.5, 1.0, 20.0, 1.0))
    now[0] += 10
    assert (clock.seconds_left(), clock.fraction()) == (10, 0.75)
    now[0] += 100
    assert (clock.seconds_left(), clock.fraction()) == (0, 0.99)
    clock.update(Progress(2, 1.0, 1.0, 0.0, 1.0))
    assert clock.fraction() == 1


def test_unknown_time_stands_still() -> None:
    """Without a known length, the share is that of the last report."""
    clock = TrainingClock()
    assert clock.fraction() == 0
    assert clock.seconds_left() == float("inf")
