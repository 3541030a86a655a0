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
    """Two workspaces, one within the other, that were learnt from."""
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


def test_a_word_is_forgotten_in_every_index_and_on_the_disk(learnt, home):
    assert on_disk(home).count(b"mill") >= 3
    assert run("mill") == "'mill' is forgotten: it stood in 3 places.\n"
    assert b"mill" not in on_disk(home)
    assert run("mill") == "'mill' is forgotten: it stood in nothing that was learnt.\n"
    assert (learnt / "plan.txt").read_text() == "Sell the mill.\n"


def test_a_file_is_forgotten_in_every_index_and_on_the_disk(learnt, home):
    forgotten = json.loads(run(learnt / "letters" / "anne.txt", "--json"))
    assert forgotten == {
        "files": 2 * [str(learnt / "letters" / "anne.txt")],
        "bytes": 58,
        "occurrences": 0,
    }
    assert b"Anne" not in on_disk(home)
    assert b"Sell" in on_disk(home)


def test_a_folder_is_given_relative_to_where_one_is(learnt, home, monkeypatch):
    monkeypatch.chdir(learnt)
    assert run("letters/") == "letters/ is forgotten: 2 files, 58 B.\n"
    assert run("letters") == "Nothing was learnt from letters, and nothing will be.\n"


def test_a_path_that_was_learnt_from_is_known_when_it_is_gone(learnt, home):
    (learnt / "plan.txt").unlink()
    assert "1 file" in run(learnt / "plan.txt")
    assert "Nothing" in run(learnt / "plan.txt")
    assert b"Sell" not in on_disk(home)


def test_a_word_that_is_a_files_name_too_is_taken_for_the_file(learnt, home, monkeypatch):
    monkeypatch.chdir(learnt)
    (learnt / "mill").mkdir()
    assert run("mill").startswith("Nothing was learnt from mill,")
    assert b"mill" in on_disk(home)
    assert "3 places" in run("mill", "--word")
    assert b"mill" not in on_disk(home)


def test_what_the_network_has_adapted_to_goes_as_well(learnt, home):
    adapted = home / "predictors" / "network" / "adapted-0123456789abcdef.npy"
    adapted.parent.mkdir()
    adapted.write_bytes(b"x")
    run("mill")
    assert not adapted.exists()


def test_what_the_network_has_adapted_to_goes_where_there_is_no_index_too(home):
    adapted = home / "predictors" / "network" / "adapted-0123456789abcdef.npy"
    adapted.parent.mkdir(parents=True)
    adapted.write_bytes(b"x")
    assert run("mill") == "'mill' is forgotten: it stood in nothing that was learnt.\n"
    assert not adapted.exists()


def test_what_is_forgotten_before_anything_was_learnt_stays_so(home, tmp_path):
    assert "Nothing was learnt as yet" in run("mill", status=1)
    (tmp_path / "plan.txt").write_text("Sell the mill.\n")
    create(
        PredictorConfig(workspace=(tmp_path,), state_folder=home / "predictors" / "copy")
    ).refresh()
    assert b"Sell" in on_disk(home)
    assert b"mill" not in on_disk(home)


def test_what_is_forgotten_stays_so_with_another_set_of_folders(learnt, home):
    run("mill")
    run(learnt / "plan.txt")
    folders = (learnt, learnt / "letters")
    create(PredictorConfig(workspace=folders, state_folder=home / "predictors" / "copy")).refresh()
    assert on_disk(home).count(b"Anne") == 3
    assert not [word for word in (b"mill", b"Sell") if word in on_disk(home)]


@pytest.mark.parametrize("word", ["\udcff", "\ud800x"])
def test_a_word_that_can_stand_in_no_text_is_refused_and_nothing_is_forgotten(learnt, home, word):
    adapted = home / "predictors" / "network" / "adapted-0123456789abcdef.npy"
    adapted.parent.mkdir()
    adapted.touch()
    (line,) = run("--word", word, status=2).splitlines()
    assert "can stand in no text" in line
    assert adapted.exists()
    assert not list(home.rglob("forgotten.json"))
    assert "3 places" in run("mill")


@pytest.mark.parametrize("target", ["", " ", "no/such/file"])
def test_what_is_neither_a_path_nor_a_word_is_wrong_usage(learnt, target):
    (line,) = run(target, status=2).splitlines()
    assert "--word" in line or "Name a file" in line


def test_before_anything_was_learnt_there_is_nothing_to_forget():
    assert "Nothing was learnt as yet" in run("mill", status=1)


def test_an_index_that_cannot_say_what_is_forgotten_is_named(learnt, home):
    (index, *_) = sorted((home / "predictors" / "copy").iterdir())
    (index / "forgotten.json").write_text("[")
    (line,) = run("mill", status=1).splitlines()
    assert str(index) in line
    (index / "forgotten.json").unlink()
    (index.parent / "forgotten.json").write_text("[]")
    (line,) = run("mill", status=1).splitlines()
    assert f"mend or remove {index.parent / 'forgotten.json'}" in line
