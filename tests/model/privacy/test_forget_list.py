"""The forget list above the indexes of all workspaces: its entries come back in none of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.errors import ForetypeError, WorkspaceError
from foretype_model.predictor import PredictorConfig
from foretype_model.predictors.copy.index.manifest import Manifest
from foretype_model.predictors.copy.index.registry import IndexRegistry
from foretype_model.predictors.copy.predictor import CopyPredictor, create
from foretype_model.privacy.forget_list import FORGET_LIST_FILE, ForgetList, LiveForgetList

TEXT = "Yours sincerely, Philippa Wainwright\n" * 2
NAME = b"sincerely, Philippa "
LETTERS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=4)


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder of texts, in a folder that is a workspace too."""
    folder = tmp_path / "texts" / "letters"
    folder.mkdir(parents=True)
    (folder / "anne.txt").write_text(TEXT)
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def learnt(state: Path, *folders: Path) -> CopyPredictor:
    predictor = create(PredictorConfig(workspace=folders, state_folder=state))
    predictor.refresh()
    return predictor


def follows(predictor: CopyPredictor, text: bytes = NAME) -> bytes:
    """Return the most probable byte after a text, or nothing if none is known."""
    row = predictor.predict([predictor.feed(predictor.start(), text)])[0]
    return bytes([row.argmax()]) if row.max() > -2 else b""


def on_disk(state: Path) -> bytes:
    return b"".join(
        path.read_bytes()
        for path in state.rglob("*")
        if path.is_file() and path.name != FORGET_LIST_FILE
    )


# In any workspace


def test_word_stays_forgotten_elsewhere(letters, state):
    """A forgotten word is not offered in a workspace of other folders."""
    assert follows(learnt(state, letters)) == b"W"
    learnt(state, letters).forget(None, "Wainwright")
    for folders in ((letters.parent,), (letters.parent, letters)):
        other = learnt(state, *folders)
        assert follows(other, b"Yours sincerely") == b","
        assert follows(other) == b""
        assert b"Wainwright" not in b"".join(segment.text.tobytes() for segment in other.segments)


def test_file_stays_forgotten_elsewhere(letters, state):
    """A forgotten file is not offered in a workspace of other folders."""
    learnt(state, letters).forget(letters / "anne.txt", None)
    assert follows(learnt(state, letters.parent), b"Yours sincerely") == b""


def test_typed_word_without_folder(letters, state):
    """Without an open folder, a forgotten word is not offered from typed text."""
    learnt(state, letters).forget(None, "Wainwright")
    alone = create(PredictorConfig(state_folder=state))
    alone.observe("untitled:1", TEXT.encode(), b"")
    assert follows(alone, b"Yours sincerely") == b","
    assert follows(alone) == b""


def test_forgetting_without_folder(letters, state):
    """A word forgotten without an open folder is not offered in a folder."""
    create(PredictorConfig(state_folder=state)).forget(None, "Wainwright")
    assert follows(learnt(state, letters)) == b""


def test_running_predictor_follows(letters, state):
    """A running predictor follows the list at its next update."""
    running = learnt(state, letters.parent)
    assert follows(running) == b"W"
    learnt(state, letters).forget(None, "Wainwright")
    running.update([])
    assert follows(running) == b""


def test_closed_indexes_forget_too(letters, state):
    """A forgotten word leaves the indexes that no predictor has open."""
    for folder in (letters, letters.parent):
        learnt(state, folder)
    assert on_disk(state).count(b"Wainwright") == 4
    indexes = IndexRegistry(state)
    indexes.forget(None, "Wainwright")
    indexes.update([])
    assert on_disk(state).count(b"sincerely") == 4
    assert b"Wainwright" not in on_disk(state)
    manifests = {path: path.stat().st_mtime_ns for path in state.glob("*/manifest.json")}
    IndexRegistry(state).update([])
    assert {path: path.stat().st_mtime_ns for path in manifests} == manifests


def test_unfinished_index_is_purged(letters, state):
    """A forgotten file leaves an index without a manifest."""
    learnt(state, letters)
    (manifest,) = state.glob("*/manifest.json")
    manifest.unlink()
    indexes = IndexRegistry(state)
    indexes.forget(letters, None)
    indexes.update([])
    assert b"Wainwright" not in on_disk(state)


@pytest.mark.parametrize("name", ["0123456789abcdef.shard", ".0123456789abcdef.shard.abcdefgh"])
def test_remains_of_update_are_removed(letters, state, name):
    """The files of a killed update are removed when a word is forgotten."""
    learnt(state, letters)
    indexes = IndexRegistry(state)
    indexes.forget(None, "Wainwright")
    indexes.update([])
    (index,) = (path.parent for path in state.glob("*/manifest.json"))
    (index / name).write_text("Philippa Wainwright")
    IndexRegistry(state).update([])
    assert not (index / name).exists()


def test_one_failing_index_alone(letters, state):
    """An index that cannot be written does not keep the others from forgetting."""
    for folder in (letters, letters.parent):
        learnt(state, folder)
    first, second = sorted(path.parent for path in state.glob("*/manifest.json"))
    (first / "lock").unlink()
    (first / "lock").mkdir()
    indexes = IndexRegistry(state)
    indexes.forget(None, "Wainwright")
    with pytest.raises(WorkspaceError, match=first.name):
        indexes.update([])
    assert b"Wainwright" not in on_disk(second)
    indexes.update([])  # the error was reported, and is not at each save


def test_empty_list_reads_no_index(letters, state, monkeypatch):
    """With an empty list, no index is read."""
    learnt(state, letters)
    monkeypatch.setattr(Manifest, "read", lambda _folder: pytest.fail("it was read"))
    IndexRegistry(state).refresh(lambda _done, _total: None)


def test_closed_registry_purges_nothing(letters, state):
    """A closed registry changes no index."""
    learnt(state, letters)
    indexes = IndexRegistry(state)
    indexes.forget(None, "Wainwright")
    indexes.close()
    indexes.update([])
    assert b"Wainwright" in on_disk(state)


# The list


@given(st.lists(st.tuples(LETTERS, LETTERS)))
def test_written_list_is_read(tmp_path_factory, entries):
    """A list is read as it was written."""
    folder = tmp_path_factory.mktemp("state")
    written = ForgetList()
    for path, word in entries:
        if word.encode().strip():
            written = written.with_path(f"/{path}").with_word(word)
    written.write(folder)
    assert ForgetList.read(folder) == written
    assert (written.digest() == "") == (written == ForgetList())


def test_list_is_private(state):
    """Only the user can read the list."""
    ForgetList.change(state, lambda before: before.with_word("hunter2"))
    assert state.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in state.iterdir()} == {
        FORGET_LIST_FILE: 0o600,
        "lock": 0o600,
    }


def test_lists_below_are_merged(state):
    """The lists in single indexes become part of the list."""
    ForgetList(("/a",), ("one", "two")).write(state / "1")
    ForgetList(("/b",), ("two", "three")).write(state / "2")
    ForgetList((), ("zero",)).write(state)
    merged = ForgetList(("/a", "/b"), ("zero", "one", "two", "three"))
    assert ForgetList.read(state) == merged
    assert [path.name for path in state.rglob(FORGET_LIST_FILE)] == [FORGET_LIST_FILE]
    assert ForgetList.read(state) == merged


def test_missing_folder_has_empty_list(tmp_path):
    """Where no folder is, and where a file stands in the place of one, nothing is forgotten."""
    (tmp_path / "file").touch()
    assert ForgetList.read(tmp_path / "nothing") == ForgetList()
    assert ForgetList.read(tmp_path / "file") == ForgetList()


def test_unmerged_lists_count(state, monkeypatch):
    """Lists that cannot be merged on disk are merged at each reading."""
    ForgetList((), ("one",)).write(state / "1")
    monkeypatch.setattr(ForgetList, "write", lambda *_: (_ for _ in ()).throw(OSError("full")))
    for _ in range(2):
        assert ForgetList.read(state).words == ("one",)


def test_failed_write_changes_nothing(state, monkeypatch):
    """A failed write is reported, and the list stays as it was."""
    ForgetList.change(state, lambda before: before.with_word("one"))
    monkeypatch.setattr(
        "os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(
        WorkspaceError,
        match=rf"cannot keep the forget list in {state} \(No space left on device\): make room",
    ):
        ForgetList.change(state, lambda before: before.with_word("two"))
    assert ForgetList.read(state).words == ("one",)


def test_two_processes_forget_at_once(state):
    """Of the words that two processes forget at the same time, none is lost."""
    code = (
        "import sys; from pathlib import Path; from foretype_model.privacy.forget_list import "
        "ForgetList\n"
    )
    code += (
        "for n in range(40): ForgetList.change(Path(sys.argv[1]), lambda f: "
        "f.with_word(sys.argv[2] + str(n)))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(state), name]) for name in "ab"]
    assert [process.wait(30) for process in processes] == [0, 0]
    assert set(ForgetList.read(state).words) == {f"{name}{n}" for name in "ab" for n in range(40)}


def test_live_list_follows_changes(state):
    """A live list is the present one, and None while it cannot be read."""
    now = LiveForgetList(state)
    assert now() == ForgetList()
    ForgetList.change(state, lambda before: before.with_word("one"))
    assert now() == ForgetList((), ("one",))
    assert now() is now()
    (state / FORGET_LIST_FILE).write_text("[")
    assert now() is None
    (state / FORGET_LIST_FILE).unlink()
    assert now() == ForgetList()


# Invalid words and lists


@pytest.mark.parametrize("word", ["\ud800x", "x\udcff", "", " \n"])
def test_impossible_word_is_refused(letters, state, word):
    """A word that no text can contain is refused, and no list is written."""
    predictor = learnt(state, letters)
    with pytest.raises(ForetypeError, match="no text can contain the word"):
        predictor.workspace.forget_word(word)
    with pytest.raises(ForetypeError, match="no text can contain the word"):
        IndexRegistry(state).forget(None, word or " ")
    assert not (state / FORGET_LIST_FILE).exists()
    assert follows(predictor) == b"W"


@pytest.mark.parametrize("words", [["\ud800x"], ["\udcff"], [""], [" "], ["\ud800x", "Wainwright"]])
def test_impossible_word_does_no_harm(letters, state, words):
    """A listed word that no text can contain does not affect the others."""
    state.mkdir()
    (state / FORGET_LIST_FILE).write_text(json.dumps({"paths": [], "words": words}))
    predictor = learnt(state, letters)
    predictor.observe("file:///a", TEXT.encode(), b"")
    assert follows(predictor, b"Yours sincerely") == b","
    assert follows(predictor) == (b"" if "Wainwright" in words else b"W")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        "{}",
        '{"paths": [], "words": "one"}',
        '{"paths": {}, "words": []}',
        '{"paths": [1], "words": []}',
    ],
)
def test_broken_list_stops_learning(letters, state, broken):
    """A broken list is reported by its path; until it is mended, nothing is learnt."""
    state.mkdir()
    (state / FORGET_LIST_FILE).write_text(broken)
    predictor = create(PredictorConfig(workspace=(letters,), state_folder=state))
    for call in (
        predictor.refresh,
        lambda: predictor.update([]),
        lambda: predictor.forget(None, "Wainwright"),
    ):
        with pytest.raises(WorkspaceError, match=f"mend or remove {state / FORGET_LIST_FILE}"):
            call()
    predictor.observe("file:///a", b"dear diary, dear", b"")
    assert follows(predictor, b"dear di") == follows(predictor) == b""
    (state / FORGET_LIST_FILE).unlink()
    predictor.update([])
    predictor.observe("file:///a", b"dear diary, dear", b"")
    assert follows(predictor, b"dear di") == b"a"
    assert follows(predictor) == b"W"


def test_list_that_breaks_in_use(letters, state):
    """If the list breaks while it is in use, its last entries still count."""
    predictor = learnt(state, letters)
    predictor.forget(None, "Wainwright")
    (state / FORGET_LIST_FILE).write_text("[")
    with pytest.raises(WorkspaceError):
        predictor.update([])
    assert follows(predictor, b"Yours sincerely") == b","
    assert follows(predictor) == b""
