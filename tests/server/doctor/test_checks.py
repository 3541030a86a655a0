"""`foretype doctor` finds changed files of its own, and errors in ignore files."""

from __future__ import annotations

import base64
import hashlib
import os
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from foretype_server.doctor import checks

CONTENT = {"foretype_server/a.py": b"a = 1\n", "foretype_model/data/default.onnx": bytes(1000)}

SCRIPT = "../../../bin/foretype,sha256=AAAA,352\n"
"""A script that an installer has changed, in a record of files."""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with an unpacked wheel and its record of files."""
    rows = ["foretype-1.dist-info/RECORD,,", "foretype_server/__pycache__/a.cpython-311.pyc,,"]
    for name, content in CONTENT.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(content)}")
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    info = tmp_path / "foretype-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("\n".join(rows) + "\n", "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: foretype\nVersion: 1\n", "utf-8")
    monkeypatch.setattr(checks, "distribution", lambda _name: Distribution.at(info))
    return tmp_path


def test_unchanged_files_are_ok(installed):
    """An installation with all files unchanged is ok."""
    (check,) = checks._files("files")
    assert check.ok
    assert check.found == "2, unchanged"


@pytest.mark.parametrize("name", CONTENT)
def test_changed_byte_is_found(installed, name):
    """A file with one changed byte is a problem, and is named."""
    path = installed / name
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    (check,) = checks._files("files")
    assert not check.ok
    assert name in check.found
    assert "Install again" in check.remedy


def test_rewritten_scripts_do_not_count(installed):
    """Installers change the first line of a script, which lies outside the packages' folder."""
    record = installed / "foretype-1.dist-info" / "RECORD"
    record.write_text(record.read_text("utf-8") + SCRIPT, "utf-8")
    (check,) = checks._files("files")
    assert check.ok


@pytest.mark.parametrize("name", CONTENT)
def test_missing_file_is_found(installed, name):
    """A missing file is a problem, and is named."""
    (installed / name).unlink()
    (check,) = checks._files("files")
    assert not check.ok
    assert name in check.found


def ignore_faults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[checks.Check]:
    monkeypatch.chdir(folder)
    return list(checks._ignore_files("ignore files"))


def test_faulty_lines_are_named(tmp_path, monkeypatch):
    """A line that git skips is named by file and line, with its fault."""
    (tmp_path / "sub").mkdir()
    (tmp_path / ".gitignore").write_text("# [\n*.log\n[a-Z]*.tmp\nsub/[b\r\n")
    (tmp_path / "sub" / ".gitignore").write_text("\n\n[[:letter:]]\n")
    found = ignore_faults(tmp_path, monkeypatch)
    assert [check.found for check in found] == [
        f"{tmp_path}/.gitignore:3: its range a-Z is in the wrong order",
        f"{tmp_path}/.gitignore:4: its [ is not closed",
        f"{tmp_path}/sub/.gitignore:3: it has no known class [:letter:]",
    ]
    assert not any(check.ok for check in found)


def test_sound_ignore_files_are_ok(tmp_path, monkeypatch):
    """Ignore files without an error are counted, those of the repository too."""
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("*.[oa]\n")
    (tmp_path / ".gitignore").write_text("*.log\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/nowhere")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")
    (check,) = ignore_faults(tmp_path, monkeypatch)
    assert check.ok
    assert check.found == "2 in this folder, without an error"


def test_faults_are_few_and_printable(tmp_path, monkeypatch):
    """Hostile ignore files give ten printable lines at most."""
    (tmp_path / "a\x1b[2J").mkdir()
    (tmp_path / "a\x1b[2J" / ".gitignore").write_bytes(b"[[:\x1b[2J\xff:]]\n" * 10_000)
    found = ignore_faults(tmp_path, monkeypatch)
    assert len(found) == checks.MAX_FAULTS
    assert all(check.found.isprintable() for check in found)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a POSIX system")
def test_odd_ignore_file_is_named(tmp_path, monkeypatch):
    """An ignore file that is no regular file is named."""
    os.mkfifo(tmp_path / ".gitignore")
    (check,) = ignore_faults(tmp_path, monkeypatch)
    assert check.found == f"{tmp_path}/.gitignore: it is not a regular file"
