"""The JSON lines of a training."""

from __future__ import annotations

import json
import math

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
    lines.report(Progress(7, 0.25, 1000.0, math.inf, 2.5, 3.5, "a sample"))
    written = capsys.readouterr()
    assert written.out == ""
    message, corpus, progress = map(json.loads, written.err.splitlines())
    assert message == {"message": 'first\n"line"'}
    assert corpus == {"corpus": {"texts": 2, "bytes": 8, "skipped": {"binary": 2}}}
    assert progress == {
        "progress": {
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
    """A report without a score is a line only if the last line is older than the interval."""
    lines, unscored = TrainingLines(), Progress(1, 0.1, 1.0, 1.0, 1.0)
    lines.report(unscored)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(training_lines, "MAX_LINE_INTERVAL", -1.0)
    lines.report(unscored)
    assert json.loads(capsys.readouterr().err)["progress"]["heldOutBits"] is None
