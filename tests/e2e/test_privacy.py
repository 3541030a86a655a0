"""Privacy: no text in the logs, no connection, no readable file, no unconfirmed export."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from tests.trust import leaks, sealed

from foretype_model.files.permissions import make_private
from foretype_model.store.lineage import LINEAGE_SUFFIX, Lineage, TrainingTexts
from foretype_model.store.store import Store


def test_no_text_is_logged(tmp_path: Path) -> None:
    """No text of the user gets into a log, whatever raises or logs it."""
    logs = leaks.session(tmp_path)
    assert len(logs.ways) > 30
    assert logs.leaks() == []
    failed = ("made", "start", "feed", "step", "predict", "sources", "learn", "observe")
    assert [where for where in failed if f"leak{where}" not in logs.messages] == []


def test_debug_log_may_hold_text(tmp_path: Path) -> None:
    """With the setting for it, a log has the text that helps to find a fault."""
    logs = leaks.session(tmp_path, "--log-text")
    # An invalid header line belongs to no message.
    assert set(logs.ways) - set(logs.leaks()) == {"header"}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(sealed.missing() is not None, reason=str(sealed.missing()))
def test_all_works_without_a_network_and_is_kept_for_the_user_alone(tmp_path: Path) -> None:
    """It works without a network, connects to nothing, and keeps what is learnt for the user."""
    seal = sealed.Seal(tmp_path)
    sealed.left_open(seal.home)
    # Three commands: train, list and generate. The trust suite runs the others.
    done = {**dict(sealed.in_an_editor(seal)), **dict(islice(sealed.on_the_command_line(seal), 3))}
    assert len(done) == 10
    assert [what for what, worked in done.items() if not worked] == []
    assert seal.connections() == []
    kept = {path.name for path in seal.home.rglob("*")}
    assert {"manifest.json", "statistics.sqlite", "mine.onnx", "old.bin"} <= kept
    assert sealed.open_to_others(seal.home) == []


@pytest.mark.skipif(sealed.missing() is not None, reason=str(sealed.missing()))
def test_connection_would_be_detected(tmp_path: Path) -> None:
    """The check for connections detects one."""
    seal = sealed.Seal(tmp_path)
    connect = "import socket; socket.create_connection(('127.0.0.1', 9))"
    refused = subprocess.run(
        seal.command(sys.executable, "-c", connect), capture_output=True, check=False
    )
    assert refused.returncode == 1
    assert [call.partition("(")[0] for call in seal.connections()] == ["socket", "connect"]


@pytest.mark.skipif(os.name != "posix", reason="modes are for POSIX")
def test_foreign_files_keep_their_mode(tmp_path: Path) -> None:
    """Files of other programs keep their permissions."""
    elsewhere = tmp_path / "elsewhere.onnx"
    elsewhere.touch()
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    (home / "models" / "link.onnx").symlink_to(elsewhere)
    (home / "notes.txt").touch()
    for path in (elsewhere, home / "notes.txt"):
        path.chmod(0o644)
    for path in (home, home / "models"):
        path.chmod(0o755)
    make_private(home)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home, *home.iterdir(), elsewhere)}
    assert modes == {"home": 0o755, "models": 0o700, "notes.txt": 0o644, "elsewhere.onnx": 0o644}
    (home / "notes.txt").unlink()
    make_private(home)
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name != "posix", reason="modes are for POSIX")
def test_own_files_become_private(
    tmp_path: Path,
) -> None:
    """Only files with one of our names become private, and lose only the permissions of others."""
    kept = {
        "programs/run": 0o755, "models-hf/token": 0o644, "token/notes.txt": 0o644,
        ".predictors/run": 0o755,
        "program.txt": 0o644, ".token.swp": 0o644, "statistics.sqlite-old": 0o644, "models": 0o644,
    }  # fmt: skip
    shut = {
        "home/models/tool": (0o755, 0o700), "home/models/token": (0o644, 0o600),
        "home/models/read": (0o444, 0o400),
        "home/program": (0o666, 0o600), "home/.program.a8_bcdef": (0o644, 0o600),
        "home/playground/1": (0o644, 0o600),
        "home/statistics.sqlite": (0o644, 0o600), "home/statistics.sqlite-journal": (0o644, 0o600),
    }  # fmt: skip
    before = {f"theirs/{name}": mode for name, mode in kept.items()} | {
        name: mode for name, (mode, _) in shut.items()
    }
    for name, mode in before.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.chmod(mode)
    (tmp_path / "home" / "token").touch(0o644)
    (tmp_path / "home" / "predictors").symlink_to(tmp_path / "theirs")
    for home in ("home", "theirs"):
        make_private(tmp_path / home)
    after = {f"theirs/{name}": mode for name, mode in kept.items()} | {
        name: mode for name, (_, mode) in shut.items()
    }
    assert {name: (tmp_path / name).stat().st_mode & 0o777 for name in before} == after
    assert not (tmp_path / "home" / "token").exists()


def test_lineage_passes_to_derived_models(tmp_path: Path) -> None:
    """The list of a model's training texts passes on to the models trained from it."""
    store = Store(tmp_path / "models")
    first = store.extended_lineage("default", TrainingTexts(["/diary"], 1, 10, 0))
    first.write(tmp_path / "models" / f"first{LINEAGE_SUFFIX}")
    second = store.extended_lineage("first", TrainingTexts(["/letters"], 2, 20, 3))
    assert second == Lineage(
        "default", [TrainingTexts(["/diary"], 1, 10, 0), TrainingTexts(["/letters"], 2, 20, 3)]
    )
    assert store.extended_lineage("another", second.trainings[1]).begun_with == "another"
