"""The JSON lines of a training."""

from __future__ import annotations

import json
import math
import time

import pytest

from foretype_model.training.corpus import Corpus
from foretype_model.training.trainer import Progress
from foretype_server.console import training_lines
from foretype_server.console.training_lines import TrainingLines


def test_every_line_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """Messages, the corpus and each scored report are one JSON object a line on standard error."""
    lines = TrainingLines()
    lines.print_line('first\n"line"')
    lines.print_corpus(Corpus([b"one", b"three"], ["a.txt", "b.txt"], {"binary": 2}))
    lines.report(Progress(7, 0.25, 1000.0, math.inf, 2.5, 3.5, "a sample", "comparing"))
    written = capsys.readouterr()
    assert written.out == ""
    message, corpus, progress = map(json.loads, written.err.splitlines())
    assert message == {"message": 'first\n"line"'}
    assert corpus == {"corpus": {"texts": 2, "bytes": 8, "skipped": {"binary": 2}}}
    assert progress == {
        "progress": {
            "stage": "comparing",
            "fraction": 0.25,
            "step": 7,
            "bytesPerSecond": 1000.0,
            "secondsLeft": None,
            "trainingBits": 2.5,
            "heldOutBits": 3.5,
        }
    }


def test_unscored_reports_wait_a_second(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report without a score is a line only if it begins a stage, or if the last line is older
    than the interval.
    """
    lines, unscored = TrainingLines(), Progress(1, 0.1, 1.0, 1.0, 1.0)
    lines.report(unscored)
    assert json.loads(capsys.readouterr().err)["progress"]["stage"] == "training"
    lines.report(unscored)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(training_lines, "MAX_LINE_INTERVAL", -1.0)
    lines.report(unscored)
    assert json.loads(capsys.readouterr().err)["progress"]["heldOutBits"] is None


def test_stage_is_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A stage is a line with the time left, before the network has learnt anything."""
    lines = TrainingLines(seconds=60)
    lines.show_stage("reading")
    progress = json.loads(capsys.readouterr().err)["progress"]
    assert progress["stage"] == "reading"
    assert progress["fraction"] == pytest.approx(0, abs=0.5)
    assert progress["secondsLeft"] == pytest.approx(60, abs=30)
    assert (progress["step"], progress["trainingBits"]) == (0, None)


def test_time_moves_without_reports(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing is reported, lines with ever less time left are written, until the end."""
    monkeypatch.setattr(training_lines, "MAX_LINE_INTERVAL", 0.05)
    with TrainingLines(seconds=60) as lines:
        lines.show_stage("preparing")
        written, deadline = "", time.monotonic() + 30
        while written.count("\n") < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
            written += capsys.readouterr().err
    capsys.readouterr()
    reports = [json.loads(line)["progress"] for line in written.splitlines()]
    assert len(reports) >= 4
    left, done = ([one[name] for one in reports] for name in ("secondsLeft", "fraction"))
    assert left == sorted(left, reverse=True)
    assert left[0] > left[-1]
    assert done == sorted(done)
    assert done[-1] > done[0] >= 0
    time.sleep(0.2)
    assert capsys.readouterr().err == ""
