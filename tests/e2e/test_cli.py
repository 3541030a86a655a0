"""The command line as a user runs it: real processes, a model really trained, by the shortest
way.
"""

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
    """The data folder, and beside it some text in files."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "Mes Écrits").mkdir()
    for i in range(20):
        (folder / "Mes Écrits" / f"{i}.txt").write_text(f"{i}: {TEXT * 20}password = 'hunter{i}'\n")
    (folder / "Mes Écrits" / "picture.png").write_bytes(b"\x89PNG\0")
    return folder / "home"


@pytest.fixture(scope="module")
def trained(home):
    """What `train` said; its model is named after the folder."""
    return run(home, "train", "Mes Écrits", *TINY)


def test_training_tells_its_figures_and_what_to_do_next(trained):
    assert "20 texts" in trained.stderr
    assert "1 not UTF-8 text" in trained.stderr
    assert "bits per character" in trained.stdout
    assert "foretype generate --model mes-ecrits" in trained.stdout
    assert "foretype models use mes-ecrits" in trained.stdout


def test_the_default_model_tells_where_it_comes_from_and_what_it_is_not_for(trained, home):
    shown = " ".join(run(home, "models", "show", "default").stdout.split())
    assert "CC BY 4.0" in shown
    assert "must not be used" in shown
    assert "card" not in json.loads(run(home, "models", "show", "mes-ecrits", "--json").stdout)


def test_a_trained_model_is_private_and_nothing_else_is_left(trained, home):
    models = home / "models"
    assert {path.name for path in models.iterdir()} == {
        "mes-ecrits.onnx",
        "mes-ecrits.trained-on.json",
    }
    assert (models / "mes-ecrits.onnx").stat().st_mode & 0o777 == 0o600
    assert models.stat().st_mode & 0o777 == home.stat().st_mode & 0o777 == 0o700


def test_a_model_goes_all_the_way_round(trained, home):
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


def test_what_leaves_with_a_model_is_told_and_asked_before_it_is_written(trained, home):
    given = home.parent / "given.onnx"
    for answer in ("", "n\n", "\n"):
        refused = run(home, "models", "export", "mes-ecrits", str(given), status=1, stdin=answer)
        assert "nothing is written" in refused.stderr
        assert not given.exists()
    assert f"{home.parent / 'Mes Écrits'}: 20 texts, " in refused.stdout
    assert "less 20 keys and passwords" in refused.stdout
    assert "remembers" in refused.stdout
    told = run(home, "models", "export", "mes-ecrits", str(given), stdin="y\n").stdout
    assert told.startswith(refused.stdout)
    assert given.stat().st_mode & 0o777 == 0o600
    assert str(home.parent).encode() not in given.read_bytes()


def test_what_is_known_of_models_that_were_not_trained_here_is_told(trained, home):
    run(home, "models", "export", "mes-ecrits", "strange.onnx", "--yes")
    run(home, "models", "import", "strange.onnx")
    assert (
        "is not known here"
        in run(home, "models", "export", "strange", "again.onnx", "--yes").stdout
    )
    told = run(home, "models", "export", "default", "default.onnx", "--yes").stdout
    assert "No text of yours" in told
    assert "trained bytes" in told
    assert "see MODEL_CARD.md" in told
    run(home, "models", "remove", "strange")


def test_a_truncated_model_is_told_and_can_be_removed(trained, home):
    whole = (home / "models" / "mes-ecrits.onnx").read_bytes()
    (home / "models" / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    for arguments in (("generate", "a"), ("complete", "-:1:1")):
        (line,) = run(home, *arguments, "--model", "cut", status=1).stderr.splitlines()
        assert "cut.onnx" in line
    assert "cut can't be used" in run(home, "models").stdout
    run(home, "models", "remove", "cut")


def test_a_model_writes_and_completes(trained, home):
    arguments = ("generate", "It was", "--model", "mes-ecrits", "--length", "30")
    first, second = run(home, *arguments), run(home, *arguments)
    assert first.stdout == second.stdout
    assert first.stdout.startswith("It was")
    offers = json.loads(
        run(home, "complete", "-:1:7", "--json", "--model", "mes-ecrits", stdin="It was").stdout
    )
    assert offers["characters"]
    assert offers["characters"][0]["shares"] == {"network": 1.0, "copy": 0.0}, (
        "nothing has been typed yet"
    )


def program(path, says):
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


def test_a_reader_that_leaves_is_no_reason_for_a_traceback(trained, home):
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
def test_what_the_encoding_of_a_pipe_has_not_got_is_replaced(home, monkeypatch, encoding):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    offered = run(home, "complete", "-:1:13", "--model", "default", stdin="Thank you ve").stdout
    assert "???" in offered, "of a bar"


def test_figures_for_programs_have_every_letter_in_any_encoding(home, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    assert run(
        home, "generate", "\u65e5\u672c", "--length", "1", "--model", "default"
    ).stdout.startswith("??")
    asked = ("complete", "-:1:3", "--json", "--model", "default")
    offers = json.loads(run(home, *asked, stdin="\u65e5\u672c\n\u65e5").stdout)
    assert any(not offer["text"].isascii() for offer in offers["characters"])


@pytest.mark.parametrize("arguments", [("generate", "It was"), ("complete", "-:1:1"), ("try",)])
def test_without_a_standard_output_there_is_one_line(home, arguments):
    closed = command(home, *arguments)
    closed["args"] = ["sh", "-c", '"$@" >&-', "sh", *closed["args"]]
    ran = subprocess.run(**closed, input="", stderr=subprocess.PIPE, timeout=60, check=False)
    (line,) = ran.stderr.splitlines()
    assert ran.returncode
    assert line.startswith("foretype: ")


def test_doctor_finds_all_well(trained, home, tmp_path, monkeypatch):
    program(tmp_path / "nvim", "NVIM v0.7.2")
    program(tmp_path / "hx", "helix 25.07.1 (abc)")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    run(home, "models", "use", "mes-ecrits")
    told = subprocess.run(
        **command(home, "doctor", "--json"), capture_output=True, timeout=60, check=False
    )
    checks = {check["name"]: check for check in json.loads(told.stdout)}
    assert "too old" in checks["editor neovim"]["found"]
    assert "foretype setup helix" in checks["editor helix"]["found"]
    timed = [checks.pop(what)["found"] for what in ("predictor network", "latency of ghost text")]
    assert [found for found in timed if not re.search(r"\d ms\b", found)] == []
    assert [
        check for check in checks.values() if not check["ok"]
    ] == []  # how fast it is depends on the machine


def test_try_without_a_terminal_says_what_else_there_is(home):
    (line,) = run(home, "try", status=2).stderr.splitlines()
    assert "foretype complete" in line


@pytest.mark.timeout(300)  # four processes import torch, one after the other
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a POSIX signal")
def test_training_can_be_stopped_and_resumed(home):
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
        told = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in told
    assert "foretype train 'Mes Écrits' --name stopped --resume" in told
    assert (
        "stopped is trained"
        in run(home, "train", "Mes Écrits", "--name", "stopped", "--resume").stdout
    )
    assert (
        "checkpoint"
        in run(home, "train", "Mes Écrits", "--name", "stopped", "--resume", status=1).stderr
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_try_on_a_terminal_saves_what_is_typed(trained, home):
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
            with contextlib.suppress(OSError):  # Linux says so when the other side has been closed
                os.read(ours, 10_000)
    os.close(ours)
    assert process.returncode == 0
    assert (home.parent / "typed.txt").read_text() == "hello"
