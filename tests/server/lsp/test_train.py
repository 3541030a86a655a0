"""The progress and the end of a training, from the lines of its process."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from foretype_server.lsp import train
from foretype_server.lsp.train import TrainingProcess

HALF = {
    "progress": {
        "stage": "training", "fraction": 0.5, "step": 9, "bytesPerSecond": 1.0, "secondsLeft": 61.4,
        "trainingBits": 2.0, "heldOutBits": 2.25,
    }
}  # fmt: skip
FIRST = {"progress": {**HALF["progress"], "stage": "reading", "fraction": 0.0, "heldOutBits": None}}
LATER = {
    "progress": {
        **HALF["progress"], "stage": "comparing", "fraction": 1.0, "secondsLeft": None,
        "heldOutBits": None,
    }
}  # fmt: skip


def shown(
    monkeypatch: pytest.MonkeyPatch, lines: list[str], result: str = "", status: int = 0
) -> list[tuple]:
    """All that the user is shown of a training that writes `lines` to stderr, then `result`."""
    script = (
        "import sys; sys.stderr.write(sys.argv[1]); sys.stdout.write(sys.argv[2]); sys.exit({})"
    )
    written = "".join(f"{line}\n" for line in lines)
    monkeypatch.setattr(
        train, "COMMAND", (sys.executable, "-c", script.format(status), written, result)
    )
    log = list[tuple]()

    async def session() -> None:
        training = TrainingProcess(
            lambda text: log.append(("warning", text)),
            lambda text: log.append(("message", text)),
            lambda *_: lambda *report: log.append(report),
        )
        await training.start([Path("/somewhere")])
        await training._reporting

    asyncio.run(session())
    return log


def test_progress_is_read_from_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each progress line is a report with its stage and the time left; the last held-out score
    stays; the summary is a message.
    """
    written = ({"corpus": {}}, FIRST, {"message": "100%"}, HALF, LATER)
    lines = [json.dumps(one) for one in written]
    result = json.dumps({"name": "notes", "summary": "notes is trained."}, indent=2)
    assert shown(monkeypatch, ["a warning of a library", *lines], result) == [
        (0, 100),
        (0, 100, "reading, 0:01:01 left"),
        (50, 100, "training, 0:01:01 left, held-out 2.250 bits/char"),
        (99, 100, "comparing, held-out 2.250 bits/char"),
        (100, 100),
        ("message", "notes is trained."),
    ]


def test_failed_training_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last message or error line of a process that fails is the warning."""
    lines = ["foretype: cannot read /nowhere"]
    assert shown(monkeypatch, lines, status=1)[-1] == ("warning", "cannot read /nowhere")
    stopped = [json.dumps({"message": "Stopped; go on with --resume"})]
    assert shown(monkeypatch, stopped, status=130)[-1] == (
        "warning",
        "Stopped; go on with --resume",
    )


def test_crashed_training_hides_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message of a foreign error may contain the user's text and is not shown."""
    lines = ["Traceback (most recent call last):", "KeyError: 'my secret'"]
    *_, (kind, warning) = shown(monkeypatch, lines, status=1)
    assert kind == "warning"
    assert "status 1" in warning
    assert "secret" not in warning
