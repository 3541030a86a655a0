"""A word-level model, from its training to the editor."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .client import command, run, server

TEXT = "The gardener waters the orchids. The gardener waters the lilies. Then the gardener rests.\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with a small word-level model, ``garden``, and its text beside it."""
    folder = tmp_path_factory.mktemp("words")
    (folder / "garden.txt").write_text(TEXT * 40)
    trained = run(
        folder / "home", "train", "garden.txt", "--unit", "word", "--hidden", "32", "--steps", "150"
    )
    assert "garden is trained" in trained.stdout
    assert '"words": {"model": "garden"}' in trained.stdout
    return folder / "home"


def error(home: Path, *arguments: str, status: int = 1) -> str:
    """Return the last line that a failing command prints to stderr."""
    return run(home, *arguments, status=status).stderr.splitlines()[-1]


def test_word_model_is_trained(home: Path) -> None:
    """A word-level model is trained and shows its figures."""
    written = run(
        home,
        "generate",
        "The gardener",
        "--model",
        "garden",
        "--temperature",
        "0",
        "--length",
        "20",
    )
    assert written.stdout.startswith("The gardener waters the ")
    about = json.loads(run(home, "models", "show", "garden", "--json").stdout)
    assert (about["unit"], about["cell"], about["hidden"]) == ("word", "gru", 32)
    assert "gru 32, " in run(home, "models").stdout


@pytest.mark.parametrize(
    "predictors", [["network", "words", "copy"], {"words": {"model": "garden"}}]
)
def test_word_model_serves(home: Path, predictors: object) -> None:
    """A word-level model completes in the server."""
    with server(home) as (client, _):
        client.initialize({"predictors": predictors})
        client.open("file:///a.txt", "The gard")
        assert any(
            item["label"].startswith("gardener")
            for item in client.completions("file:///a.txt", 0, 8)["items"]
        )
        assert client.warnings() == []


def test_word_model_joins_the_network(home: Path) -> None:
    """A word-level model works beside the network."""
    (home.parent / "new.txt").write_text("The gardener waters the lil")
    place = f"{home.parent / 'new.txt'}:1:28"
    chosen = ("--predictor", "network", "--predictor", "words")
    alone = json.loads(run(home, "complete", place, "--predictor", "network", "--json").stdout)
    together = json.loads(run(home, "complete", place, *chosen, "--json").stdout)
    assert probability("ies", together) > max(0.5, 2 * probability("ies", alone))


def probability(start: str, offered: dict) -> float:
    """Return the highest probability of an offered word that begins with `start`."""
    return max(
        (one["probability"] for one in offered["words"] if one["text"].startswith(start)),
        default=0.0,
    )


def test_wrong_unit_has_advice(home: Path) -> None:
    """A model of the wrong unit is refused with advice."""
    assert 'setting "predictors"' in error(home, "models", "use", "garden")
    assert "byte-level one here" in error(home, "complete", "garden.txt:1:5", "--model", "garden")
    assert "--unit word" in error(
        home, "train", "garden.txt", "--from", "garden", "--steps", "1", "--name", "more"
    )
    with server(home) as (client, _):
        client.initialize({"predictors": {"network": {}, "words": {"model": "default"}}})
        client.open("file:///a.txt", "The gard")
        client.completions("file:///a.txt", 0, 8)
        (warning,) = client.warnings()
        assert (
            "byte-level model: make one of words with 'foretype train PATH --unit word'" in warning
        )


@pytest.mark.timeout(300)  # four processes import torch, one after the other
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a POSIX signal")
def test_word_training_resumes(home: Path) -> None:
    """A training of a word-level model can be stopped and resumed."""
    arguments = (
        "train",
        "garden.txt",
        "--name",
        "stopped",
        "--unit",
        "word",
        "--hidden",
        "8",
        "--minutes",
        "0.05",
    )
    with subprocess.Popen(
        **command(home, *arguments), stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as training:
        assert training.stderr
        while "held-out" not in training.stderr.readline():
            assert training.poll() is None
        training.send_signal(signal.SIGINT)
        _, stderr = training.communicate(timeout=60)
    assert training.returncode == 130
    assert "foretype train garden.txt --name stopped --resume" in stderr
    assert "--unit" in error(
        home, "train", "garden.txt", "--name", "stopped", "--resume", "--unit", "word", status=2
    )
    assert (
        "stopped is trained"
        in run(home, "train", "garden.txt", "--name", "stopped", "--resume").stdout
    )
    assert json.loads(run(home, "models", "show", "stopped", "--json").stdout)["unit"] == "word"


def test_doctor_needs_no_word_model(tmp_path: Path, home: Path) -> None:
    """`foretype doctor` is content without a word-level model."""
    for folder, option in ((home, "per step"), (tmp_path / "home", "--unit word")):
        (line,) = [
            line for line in run(folder, "doctor").stdout.splitlines() if "predictor words" in line
        ]
        assert line.startswith("ok")
        assert option in line
