"""The command line as a user runs it: real processes, and a model that is really trained."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from . import client
from .client import command

run = partial(client.run, timeout=60)
TINY = ("--from", "none", "--hidden", "8", "--steps", "3", "--device", "cpu")
TEXT = "It was the best of times, it was the worst of times.\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Make texts, and return the data folder beside them."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "Mes Écrits").mkdir()
    for i in range(20):
        (folder / "Mes Écrits" / f"{i}.txt").write_text(f"{i}: {TEXT * 20}password = 'hunter{i}'\n")
    (folder / "Mes Écrits" / "picture.png").write_bytes(b"\x89PNG\0")
    return folder / "home"


@pytest.fixture(scope="module")
def trained(home):
    """Train a model, named after the folder; return the finished process."""
    return run(home, "train", "Mes Écrits", *TINY)


def test_training_prints_next_steps(trained):
    """`train` prints the texts read, the result and the commands to use the model."""
    assert "20 texts" in trained.stderr
    assert "1 not UTF-8 text" in trained.stderr
    assert "bits per character" in trained.stdout
    assert "foretype generate --model mes-ecrits" in trained.stdout
    assert "foretype models use mes-ecrits" in trained.stdout


def test_default_model_shows_card(trained, home):
    """`models show --card` prints the default model's card; a model trained here has no card."""
    shown = " ".join(run(home, "models", "show", "default", "--card").stdout.split())
    assert "CC BY 4.0" in shown
    assert "must not be used" in shown
    assert "card" not in json.loads(run(home, "models", "show", "mes-ecrits", "--json").stdout)
    refused = run(home, "models", "show", "mes-ecrits", "--card", status=1).stderr
    assert "only the default model has one" in refused


def test_trained_model_is_private(trained, home):
    """A trained model is readable by its user alone, and no other file is left."""
    models = home / "models"
    assert {path.name for path in models.iterdir()} == {
        "mes-ecrits.onnx",
        "mes-ecrits.trained-on.json",
    }
    assert (models / "mes-ecrits.onnx").stat().st_mode & 0o777 == 0o600
    assert models.stat().st_mode & 0o777 == home.stat().st_mode & 0o777 == 0o700


def test_model_is_used_exported_imported(trained, home):
    """A model is used, exported, imported under another name, shown and removed."""
    run(home, "models", "use", "mes-ecrits")
    run(home, "models", "export", "mes-ecrits", "mine.onnx", "--yes")
    run(home, "models", "import", "mine.onnx", "--name", "copy")
    run(home, "models", "import", "mine.onnx", "--name", "copy", status=1)
    models = {
        model["name"]: model for model in json.loads(run(home, "models", "list", "--json").stdout)
    }
    assert [name for name, model in models.items() if model["in_use"]] == ["mes-ecrits"]
    assert models["copy"]["metadata"] == models["mes-ecrits"]["metadata"]
    shown = json.loads(run(home, "models", "show", "copy", "--json").stdout)
    assert (shown["cell"], shown["hidden"], shown["layers"]) == ("gru", 8, 1)
    table = run(home, "models").stdout
    assert "gru 8" in table
    run(home, "models", "remove", "copy")
    assert "copy" not in run(home, "models").stdout


def test_export_lists_contents_first(trained, home):
    """Export lists the content and the training texts, and writes the file only after a yes."""
    given = home.parent / "given.onnx"
    for answer in ("", "n\n", "\n"):
        refused = run(home, "models", "export", "mes-ecrits", str(given), status=1, stdin=answer)
        assert "nothing is written" in refused.stderr
        assert not given.exists()
    assert f"{home.parent / 'Mes Écrits'}: 20 texts, " in refused.stdout
    assert "without 20 keys and passwords" in refused.stdout
    assert "memorizes" in refused.stdout
    output = run(home, "models", "export", "mes-ecrits", str(given), stdin="y\n").stdout
    assert output.startswith(refused.stdout)
    assert given.stat().st_mode & 0o777 == 0o600
    assert str(home.parent).encode() not in given.read_bytes()


def test_export_of_foreign_models(trained, home):
    """Export says whether the training texts are unknown, or those of the default model."""
    run(home, "models", "export", "mes-ecrits", "strange.onnx", "--yes")
    run(home, "models", "import", "strange.onnx")
    assert (
        "are not known here"
        in run(home, "models", "export", "strange", "again.onnx", "--yes").stdout
    )
    output = run(home, "models", "export", "default", "default.onnx", "--yes").stdout
    assert "It has no text of yours" in output
    assert "trained bytes" in output
    assert "see MODEL_CARD.md" in output
    run(home, "models", "remove", "strange")


def test_truncated_model_is_named(trained, home):
    """Commands name the file of a truncated model, and the model can be removed."""
    whole = (home / "models" / "mes-ecrits.onnx").read_bytes()
    (home / "models" / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    for arguments in (("generate", "a"), ("complete", "-:1:1")):
        (line,) = run(home, *arguments, "--model", "cut", status=1).stderr.splitlines()
        assert "cut.onnx" in line
    assert "cut cannot be used" in run(home, "models").stdout
    run(home, "models", "remove", "cut")


def test_model_generates_and_completes(trained, home):
    """A trained model generates the same text each time, and completes."""
    arguments = ("generate", "It was", "--model", "mes-ecrits", "--length", "30")
    first, second = run(home, *arguments), run(home, *arguments)
    assert first.stdout == second.stdout
    assert first.stdout.startswith("It was")
    offers = json.loads(
        run(home, "complete", "-:1:7", "--json", "--model", "mes-ecrits", stdin="It was").stdout
    )
    assert offers["characters"]
    shares = offers["characters"][0]["shares"]
    assert shares["copy"] == 0.0, "nothing has been typed yet"
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)


def make_program(path, output):
    """Make a program that prints `output`."""
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)


def test_closed_pipe_is_quiet(trained, home):
    """A closed pipe ends `generate` without a message."""
    arguments = ("generate", "It was", "--model", "mes-ecrits", "--length", "100000")
    with subprocess.Popen(
        **command(home, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(20)
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_unencodable_characters_are_replaced(home, monkeypatch, encoding):
    """Characters that the pipe's encoding lacks are printed as "?"."""
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    offered = run(home, "complete", "-:1:13", "--model", "default", stdin="Thank you ve").stdout
    assert "???" in offered, "of a bar"


def test_json_keeps_every_character(home, monkeypatch):
    """`--json` escapes the characters that the pipe's encoding lacks."""
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    assert run(
        home, "generate", "\u65e5\u672c", "--length", "1", "--model", "default"
    ).stdout.startswith("??")
    arguments = ("complete", "-:1:3", "--json", "--model", "default")
    offers = json.loads(run(home, *arguments, stdin="\u65e5\u672c\n\u65e5").stdout)
    assert any(not offer["text"].isascii() for offer in offers["characters"])


@pytest.mark.parametrize("arguments", [("generate", "It was"), ("complete", "-:1:1"), ("try",)])
def test_closed_stdout_is_one_line(home, arguments):
    """With a closed standard output, a command fails with one line."""
    closed = command(home, *arguments)
    closed["args"] = ["sh", "-c", '"$@" >&-', "sh", *closed["args"]]
    ran = subprocess.run(**closed, input="", stderr=subprocess.PIPE, timeout=60, check=False)
    (line,) = ran.stderr.splitlines()
    assert ran.returncode
    assert line.startswith("foretype: ")


def test_doctor_finds_no_problem(trained, home, tmp_path, monkeypatch):
    """`doctor` finds no problem, and lists the editors with their versions."""
    make_program(tmp_path / "nvim", "NVIM v0.7.2")
    make_program(tmp_path / "hx", "helix 25.07.1 (abc)")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    run(home, "models", "use", "mes-ecrits")
    output = subprocess.run(
        **command(home, "doctor", "--json"), capture_output=True, timeout=60, check=False
    )
    checks = {check["name"]: check for check in json.loads(output.stdout)}
    assert "too old" in checks["editor neovim"]["found"]
    assert "foretype setup helix" in checks["editor helix"]["found"]
    # Whether these are fast enough depends on the machine.
    timed = [checks.pop(name)["found"] for name in ("predictor network", "latency of ghost text")]
    assert [found for found in timed if not re.search(r"\d ms\b", found)] == []
    assert [check for check in checks.values() if not check["ok"]] == []


def test_try_needs_a_terminal(home):
    """Without a terminal, `try` names `foretype complete`."""
    (line,) = run(home, "try", status=2).stderr.splitlines()
    assert "foretype complete" in line


@pytest.mark.timeout(300)  # four processes import torch, one after the other
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a POSIX signal")
def test_training_stops_and_resumes(home):
    """Ctrl-C stops a training and prints the command that resumes it; a finished one cannot be."""
    arguments = (
        "train",
        "Mes Écrits",
        "--name",
        "stopped",
        "--from",
        "none",
        "--hidden",
        "8",
        "--minutes",
        "0.05",
    )
    with subprocess.Popen(
        **command(home, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr
        while "held-out" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        output = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in output
    assert "foretype train 'Mes Écrits' --name stopped --resume" in output
    assert (
        "stopped is trained"
        in run(home, "train", "Mes Écrits", "--name", "stopped", "--resume").stdout
    )
    assert (
        "checkpoint"
        in run(home, "train", "Mes Écrits", "--name", "stopped", "--resume", status=1).stderr
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_try_saves_typed_text(trained, home):
    """`try` on a real terminal saves the text that was typed."""
    import pty

    ours, theirs = pty.openpty()
    arguments = command(home, "try", "typed.txt", "--model", "mes-ecrits")
    with subprocess.Popen(**arguments, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while b"Start typing" not in shown:
            shown += os.read(ours, 10_000)
        os.write(ours, b"hello\x13\x11")
        while process.poll() is None:
            with contextlib.suppress(OSError):  # Linux raises it when the other end is closed
                os.read(ours, 10_000)
    os.close(ours)
    assert process.returncode == 0
    assert (home.parent / "typed.txt").read_text() == "hello"
