"""A file of the installation that was changed after it was installed, or is gone, is found."""

from __future__ import annotations

import base64
import hashlib
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from foretype_server.doctor import checks

CONTENT = {"foretype_server/a.py": b"a = 1\n", "foretype_model/data/default.onnx": bytes(1000)}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where a wheel was unpacked, with the record of what was in it."""
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


def test_what_is_as_it_was_installed_is_well(installed):
    (check,) = checks._files("files")
    assert check.ok
    assert check.found == "2, unchanged"


@pytest.mark.parametrize("name", CONTENT)
def test_a_byte_that_was_changed_is_found(installed, name):
    path = installed / name
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    (check,) = checks._files("files")
    assert not check.ok
    assert name in check.found
    assert "Install again" in check.remedy


@pytest.mark.parametrize("name", CONTENT)
def test_a_file_that_is_gone_is_found(installed, name):
    (installed / name).unlink()
    (check,) = checks._files("files")
    assert not check.ok
    assert name in check.found
