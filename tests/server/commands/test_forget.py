"""`foretype forget`, on the indexes of two workspaces."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from foretype_model.predictor import PredictorConfig
from foretype_model.predictors.copy.predictor import create
from foretype_server.commands.app import app


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def learnt(home, tmp_path):
    """Make two workspaces that were learnt from, one inside the other; return the outer one."""
    inner = tmp_path / "texts" / "letters"
    inner.mkdir(parents=True)
    (inner / "anne.txt").write_text("Dear Anne, the mill is sold.\n")
    (inner.parent / "plan.txt").write_text("Sell the mill.\n")
    for folder in (inner, inner.parent):
        create(
            PredictorConfig(workspace=(folder,), state_folder=home / "predictors" / "copy")
        ).refresh()
    return inner.parent


def run(*arguments, status=0):
    result = CliRunner().invoke(app, ["forget", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result.stdout if status == 0 else result.stderr


def on_disk(home) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*.shard"))


def test_word_leaves_every_index(learnt, home):
    """A word is removed from every index, on the disk too; the files themselves stay."""
    assert on_disk(home).count(b"mill") >= 3
    assert run("mill") == "'mill' is forgotten: 3 occurrences removed.\n"
    assert b"mill" not in on_disk(home)
    assert run("mill") == "'mill' is forgotten: no occurrences removed.\n"
    assert (learnt / "plan.txt").read_text() == "Sell the mill.\n"


def test_file_leaves_every_index(learnt, home):
    """A file is removed from every index, on the disk too."""
    forgotten = json.loads(run(learnt / "letters" / "anne.txt", "--json"))
    assert forgotten == {
        "files": 2 * [str(learnt / "letters" / "anne.txt")],
        "bytes": 58,
        "occurrences": 0,
    }
    assert b"Anne" not in on_disk(home)
    assert b"Sell" in on_disk(home)


def test_relative_folder_is_forgotten(learnt, home, monkeypatch):
    """A folder may be given relative to the working directory."""
    monkeypatch.chdir(learnt)
    assert run("letters/") == "letters/ is forgotten: 2 files, 58 B.\n"
    assert run("letters") == "Nothing was learnt from letters, and nothing will be.\n"


def test_deleted_file_is_known(learnt, home):
    """A file that was learnt from can be forgotten after it was deleted."""
    (learnt / "plan.txt").unlink()
    assert "1 file" in run(learnt / "plan.txt")
    assert "Nothing" in run(learnt / "plan.txt")
    assert b"Sell" not in on_disk(home)


def test_existing_path_beats_word(learnt, home, monkeypatch):
    """A target that exists as a path is that path, unless `--word` is given."""
    monkeypatch.chdir(learnt)
    (learnt / "mill").mkdir()
    assert run("mill").startswith("Nothing was learnt from mill,")
    assert b"mill" in on_disk(home)
    assert "3 occurrences" in run("mill", "--word")
    assert b"mill" not in on_disk(home)


def test_adapted_network_is_deleted(learnt, home):
    """Forgetting deletes the adapted copy of the network."""
    adapted = home / "predictors" / "network" / "adapted-0123456789abcdef.npy"
    adapted.parent.mkdir()
    adapted.write_bytes(b"x")
    run("mill")
    assert not adapted.exists()


def test_adapted_network_without_index(home):
    """The adapted copy of the network is deleted even if no index exists."""
    adapted = home / "predictors" / "network" / "adapted-0123456789abcdef.npy"
    adapted.parent.mkdir(parents=True)
    adapted.write_bytes(b"x")
    assert run("mill") == "'mill' is forgotten: no occurrences removed.\n"
    assert not adapted.exists()


def test_forgotten_word_is_never_learnt(home, tmp_path):
    """A word that is forgotten before anything was learnt is not learnt later."""
    assert "Nothing was learnt yet" in run("mill", status=1)
    (tmp_path / "plan.txt").write_text("Sell the mill.\n")
    create(
        PredictorConfig(workspace=(tmp_path,), state_folder=home / "predictors" / "copy")
    ).refresh()
    assert b"Sell" in on_disk(home)
    assert b"mill" not in on_disk(home)


def test_forgotten_stays_in_new_workspace(learnt, home):
    """Forgotten files and words do not return with a workspace of other folders."""
    run("mill")
    run(learnt / "plan.txt")
    folders = (learnt, learnt / "letters")
    create(PredictorConfig(workspace=folders, state_folder=home / "predictors" / "copy")).refresh()
    assert on_disk(home).count(b"Anne") == 3
    assert not [word for word in (b"mill", b"Sell") if word in on_disk(home)]


@pytest.mark.parametrize("word", ["\udcff", "\ud800x"])
def test_invalid_word_is_refused(learnt, home, word):
    """A word that is not valid UTF-8 is wrong usage, and nothing is forgotten."""
    adapted = home / "predictors" / "network" / "adapted-0123456789abcdef.npy"
    adapted.parent.mkdir()
    adapted.touch()
    (line,) = run("--word", word, status=2).splitlines()
    assert "is not valid UTF-8" in line
    assert adapted.exists()
    assert not list(home.rglob("forgotten.json"))
    assert "3 occurrences" in run("mill")


@pytest.mark.parametrize("target", ["", " ", "no/such/file"])
def test_invalid_target_is_usage_error(learnt, target):
    """An empty target, or a path that does not exist and was never learnt from, is wrong usage."""
    (line,) = run(target, status=2).splitlines()
    assert "--word" in line or "Name a file" in line


def test_nothing_learnt_is_an_error():
    """Before anything was learnt, forgetting is an error of one line."""
    assert "Nothing was learnt yet" in run("mill", status=1)


def test_damaged_list_is_named(learnt, home):
    """An error names the damaged list of forgotten items, and the remedy."""
    (index, *_) = sorted((home / "predictors" / "copy").iterdir())
    (index / "forgotten.json").write_text("[")
    (line,) = run("mill", status=1).splitlines()
    assert str(index) in line
    (index / "forgotten.json").unlink()
    (index.parent / "forgotten.json").write_text("[]")
    (line,) = run("mill", status=1).splitlines()
    assert f"mend or remove {index.parent / 'forgotten.json'}" in line
