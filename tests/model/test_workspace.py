from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model import renewal, texts
from foretype_model.errors import WorkspaceError
from foretype_model.renewal import Renewal, Request
from foretype_model.workspace import COMMAND, Workspace

TICKS = count(1_700_000_000_000_000_000, 1_000_000_000)
"""Times of files that are a second apart, however quickly they are written."""


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    tick = next(TICKS)
    os.utime(path, ns=(tick, tick))
    return path


def content(workspace: Workspace) -> dict[str, bytes]:
    """What the index offers from: each file's text."""
    held: dict[str, bytes] = {}
    for shard in workspace.shards:
        for name in shard.names:
            if name not in shard.masked:
                assert name not in held
                held[name] = shard.document(name)
    return held


def shards(index: Path) -> list[str]:
    return sorted(path.name for path in index.glob("*.shard"))


def on_disk(index: Path) -> bytes:
    return b"".join(path.read_bytes() for path in index.rglob("*") if path.is_file() and path.suffix != ".json")


class Place:
    """A folder of texts, where its index is kept, and workspaces over it as if by so many servers."""

    def __init__(self, folder: Path, index: Path) -> None:
        self.folder = folder
        self.index = index
        self.folder.mkdir(exist_ok=True)

    def workspace(self, *exclude: str) -> Workspace:
        return Workspace((self.folder,), self.index, exclude)

    def write(self, name: str, content: str | bytes) -> Path:
        return write(self.folder / name, content)

    def content(self, workspace: Workspace) -> dict[str, bytes]:
        """Likewise, by the path in the folder."""
        return {Path(name).relative_to(self.folder).as_posix(): text for name, text in content(workspace).items()}

    def renew(self, *paths: Path, everything: bool = True, exclude: tuple[str, ...] = ()) -> Workspace:
        """What `refresh` or `update` does, in this process."""
        self.index.mkdir(exist_ok=True)
        changed = None if everything else tuple(map(str, paths))
        Renewal(Request([str(self.folder)], str(self.index), exclude, changed), lambda _done, _total: None).run()
        workspace = self.workspace(*exclude)
        workspace.open()
        return workspace


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "texts", tmp_path / "index")


@pytest.fixture
def tiers(monkeypatch):
    """Shards so small that a few lines fill them."""
    monkeypatch.setattr(renewal, "YOUNG", 100)
    monkeypatch.setattr(renewal, "LARGEST", 1000)


# What is indexed


def test_indexes_the_texts_of_a_folder_and_finds_them_again(place):
    place.write("a.txt", "one\n")
    place.write("deep/b.txt", "\N{BYTE ORDER MARK}two\r\n")
    place.write("c.bin", b"\0\0")
    place.write(".env", "KEY=1")
    workspace = place.workspace()
    assert workspace.open() == ()
    workspace.refresh()
    assert place.content(workspace) == {"a.txt": b"one\n", "deep/b.txt": b"two\n"}
    assert (workspace.summary.files, workspace.summary.size) == (2, 12)
    assert workspace.summary.skipped == {texts.NOT_TEXT: 1, texts.SECRET: 1}
    again = place.workspace()
    again.open()
    assert content(again) == content(workspace)
    assert again.summary == workspace.summary


def test_the_index_is_private(place):
    place.write("a.txt", "one\n")
    place.workspace().refresh()
    assert place.index.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in place.index.iterdir() if path.name != "lock")


def test_no_text_at_all_is_no_shard(place):
    assert place.workspace().refresh() == ()
    assert Workspace((), place.index).refresh() == ()
    assert place.workspace().update([place.folder / "nothing.txt"]) == ()


def test_a_folder_that_is_a_link_gives_the_names_behind_it(place, tmp_path):
    file = place.write("a.txt", "one\n")
    (tmp_path / "link").symlink_to(place.folder, target_is_directory=True)
    workspace = Workspace((tmp_path / "link",), place.index)
    workspace.refresh()
    assert content(workspace) == {str(file): b"one\n"}
    write(tmp_path / "link" / "a.txt", "two\n")
    workspace.update([tmp_path / "link" / "a.txt"])
    assert content(workspace) == {str(file): b"two\n"}
    assert workspace.forget(tmp_path / "link" / "a.txt").names == (str(file),)


def test_folders_within_one_another_give_each_text_once(place):
    file = place.write("inside/a.txt", "one\n")
    workspace = Workspace((place.folder, place.folder / "inside"), place.index)
    workspace.refresh()
    assert content(workspace) == {str(file): b"one\n"}


def test_an_index_within_the_workspace_is_not_indexed(place):
    place.write("a.txt", "one\n")
    workspace = Workspace((place.folder.parent,), place.index)
    workspace.refresh()
    workspace.refresh()
    assert place.content(workspace) == {"a.txt": b"one\n"}


def test_a_name_that_is_no_text_does_no_harm(place):
    name = os.fsdecode(os.fsencode(place.folder) + b"/caf\xe9.txt")
    write(Path(name), "one\n")
    workspace = place.workspace()
    workspace.refresh()
    assert content(workspace) == {name: b"one\n"}


def test_the_newest_come_first_where_there_is_too_much(place, monkeypatch):
    monkeypatch.setattr(renewal, "TOTAL", 100)
    for number in range(10):
        place.write(f"{number}.txt", f"{number} ".ljust(30))
    workspace = place.renew()
    assert sorted(place.content(workspace)) == ["7.txt", "8.txt", "9.txt"]
    assert workspace.summary.skipped == {renewal.OLDER: 7}
    place.write("0.txt", "newer ".ljust(30))
    assert sorted(place.content(place.renew())) == ["0.txt", "8.txt", "9.txt"]


def test_a_large_file_is_left_out_and_pushes_nothing_out(place, tiers):
    place.write("a.txt", "one\n")
    place.write("large.txt", "x " * 1000)
    assert sorted(place.content(place.renew())) == ["a.txt"]


def test_of_duplicates_the_newest_counts_and_the_other_takes_its_place(place):
    place.write("a.txt", "one\n")
    newest = place.write("b.txt", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    assert sorted(place.content(workspace)) == ["b.txt"]
    newest.unlink()
    workspace.update([newest])
    assert sorted(place.content(workspace)) == ["a.txt"]


# What changes


def test_a_touch_builds_nothing_and_a_change_does(place):
    place.write("a.txt", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    before = shards(place.index)
    place.write("a.txt", "one\n")
    workspace.refresh()
    assert shards(place.index) == before
    assert place.content(place.renew()) == {"a.txt": b"one\n"}
    place.write("a.txt", "two\n")
    workspace.refresh()
    assert shards(place.index) != before
    assert place.content(workspace) == {"a.txt": b"two\n"}


def test_what_was_changed_deleted_or_excluded_meanwhile_is_not_offered_when_opened(place):
    for name in ("changed.txt", "deleted.txt", "excluded.txt", "ignored.txt", "same.txt"):
        place.write(name, name)
    place.workspace().refresh()
    place.write("changed.txt", "other")
    (place.folder / "deleted.txt").unlink()
    place.write(".gitignore", "ignored.txt\n")
    workspace = place.workspace("excluded.txt")
    workspace.open()
    assert sorted(place.content(workspace)) == ["same.txt"]
    workspace.refresh()
    assert sorted(place.content(workspace)) == ["changed.txt", "same.txt"]


def test_update_takes_what_was_saved_created_and_removed_and_looks_at_nothing_else(place):
    for name in ("saved.txt", "removed.txt", "folder/a.txt", "folder/b.txt", "other.txt"):
        place.write(name, name)
    workspace = place.workspace("*.secret")
    workspace.refresh()
    place.write("saved.txt", "anew")
    place.write("unseen.txt", "nobody said so")
    place.write("new/c.txt", "created")
    place.write("new/d.secret", "excluded")
    place.write(".hidden/e.txt", "hidden")
    (place.folder / "removed.txt").unlink()
    (place.folder / "folder").rename(place.folder / "moved")
    names = ("saved.txt", "removed.txt", "new", "new/d.secret", ".hidden/e.txt", "folder", "moved")
    workspace.update([place.folder / name for name in names])
    kept = {"saved.txt": b"anew", "other.txt": b"other.txt", "new/c.txt": b"created"}
    assert place.content(workspace) == kept | {"moved/a.txt": b"folder/a.txt", "moved/b.txt": b"folder/b.txt"}


def test_a_file_outside_the_workspace_is_none_of_it(place, tmp_path):
    place.write("a.txt", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    workspace.update([write(tmp_path / "elsewhere.txt", "not asked for")])
    assert sorted(place.content(workspace)) == ["a.txt"]


def test_a_file_that_became_a_link_goes(place, tmp_path):
    file = place.write("a.txt", "one\n")
    place.write("b.txt", "two\n")
    place.renew()
    file.unlink()
    file.symlink_to(write(tmp_path / "elsewhere.txt", "not asked for"))
    assert sorted(place.content(place.renew(file, everything=False))) == ["b.txt"]


def test_a_saved_gitignore_counts_at_once(place):
    place.write("a.log", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    workspace.update([place.write(".gitignore", "*.log\n")])
    assert place.content(workspace) == {}
    assert b"one" not in on_disk(place.index)


def test_what_changes_goes_into_the_young_shard_until_that_outgrows_it(place, tiers):
    for name in ("a.txt", "b.txt", "c.txt"):
        place.write(name, name * 20)
    place.renew()
    (large,) = shards(place.index)
    place.renew(place.write("a.txt", "saved " * 10), everything=False)
    assert large in shards(place.index)
    assert len(shards(place.index)) == 2
    workspace = place.renew(place.write("b.txt", "this too " * 10), everything=False)
    assert large not in shards(place.index)
    assert len(shards(place.index)) == 1
    assert place.content(workspace)["a.txt"] == b"saved " * 10


def test_the_text_of_deleted_and_excluded_files_leaves_the_disk(place, tiers):
    for name in ("keep.txt", "deleted.txt", "excluded.txt"):
        place.write(name, f"the text of {name} " * 5)
    place.renew()
    (place.folder / "deleted.txt").unlink()
    place.renew()
    assert b"text of deleted" not in on_disk(place.index)
    place.renew(exclude=("excluded.txt",))
    assert b"text of excluded" not in on_disk(place.index)
    assert b"text of keep" in on_disk(place.index)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["write", "touch", "delete", "rename", "ignore"]),
        st.sampled_from(["a.txt", "b.txt", "c/d.txt", "c/e.log", "f.txt"]),
        st.text("abc \n\0", max_size=60),
        st.sampled_from(["update", "refresh", "nothing"]),
    ),
    max_size=12,
)


def edit(place: Place, kind: str, name: str, text: str) -> list[Path]:
    """What was changed."""
    file = place.folder / name
    if kind == "write":
        return [place.write(name, text)]
    if kind == "ignore":
        return [place.write("c/.gitignore" if len(text) % 2 else ".gitignore", "*.log\n" if "a" in text else "")]
    if file.exists() and kind == "touch":
        return [place.write(name, file.read_bytes())]
    if file.exists() and kind == "delete":
        file.unlink()
    if file.exists() and kind == "rename":
        return [file, file.rename(file.with_name("new-" + file.name))]
    return [file]


@settings(max_examples=100, deadline=None)
@given(edits=EDITS)
def test_after_any_edits_the_index_is_what_a_fresh_one_would_be(edits):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(renewal, "YOUNG", 60)
        folder = Path(name).resolve() / "texts"
        place = Place(folder, Path(name, "index"))
        place.renew()
        pending: list[Path] = []
        for kind, file, text, then in edits:
            pending += edit(place, kind, file, text)
            if then == "nothing":
                continue
            workspace = place.renew(*pending, everything=then == "refresh")
            pending = []
            fresh = Place(folder, Path(tempfile.mkdtemp(dir=name)))
            assert place.content(workspace) == place.content(fresh.renew())


# What is forgotten


def test_what_is_forgotten_is_gone_at_once_and_from_the_disk_and_for_good(place):
    file = place.write("diary.txt", "dear diary\n")
    place.write("notes/a.txt", "notes of one\n")
    place.write("notes/b.txt", "notes of two\n")
    place.write("novel.txt", "once upon a time\n")
    workspace = place.workspace()
    workspace.refresh()
    removed = workspace.forget(file)
    assert (removed.names, removed.size) == ((str(file),), 11)
    assert "diary.txt" not in place.content(workspace)
    assert len(workspace.forget(place.folder / "notes").names) == 2
    assert workspace.forget(file).names == ()
    assert place.content(workspace) == {"novel.txt": b"once upon a time\n"}
    restarted = place.workspace()
    restarted.open()
    assert sorted(place.content(restarted)) == ["novel.txt"]
    workspace.update([])
    assert b"diary" not in on_disk(place.index)
    assert b"notes" not in on_disk(place.index)
    assert "diary" not in (place.index / "manifest.json").read_text()
    workspace.update([place.write("diary.txt", "dear diary, again\n"), place.write("notes/c.txt", "new notes\n")])
    restarted.refresh()
    assert sorted(place.content(restarted)) == sorted(place.content(workspace)) == ["novel.txt"]
    assert restarted.forgotten.paths == (str(file), str(place.folder / "notes"))


def test_what_is_forgotten_leaves_a_large_shard_too(place, tiers):
    for name in ("a.txt", "b.txt"):
        file = place.write(name, f"the text of {name} " * 10)
    workspace = place.renew()
    workspace.forget(file)
    place.renew(everything=False)
    assert b"text of b" not in on_disk(place.index)
    assert b"text of a" in on_disk(place.index)


def test_what_is_unforgotten_is_learnt_again(place):
    file = place.write("diary.txt", "dear diary\n")
    workspace = place.workspace()
    workspace.refresh()
    workspace.forget(file)
    workspace.update([])
    workspace.unforget(file)
    workspace.update([file])
    assert sorted(place.content(workspace)) == ["diary.txt"]
    assert workspace.forgotten.paths == ()


def test_a_forgotten_word_is_kept(place):
    place.workspace().forget_word("naïve")
    workspace = place.workspace()
    workspace.forget_word("naïve")
    assert workspace.forgotten.words == ("naïve",)


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"paths": 1, "words": []}', "\0"])
def test_nothing_is_learnt_where_it_cannot_be_told_what_to_forget(place, broken):
    place.write("a.txt", "one\n")
    place.index.mkdir()
    (place.index / "forgotten.json").write_text(broken)
    with pytest.raises(WorkspaceError, match=r"mend or remove .*forgotten\.json"):
        place.workspace().refresh()
    assert shards(place.index) == []


# What goes wrong


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "\0\1",
        "[]",
        "{}",
        '{"format": 1}',
        "[" * 100_000,
        '{"format": 1, "large": "../../other.shard", "young": "", "files": {}, "left_out": {}, "skipped": {}}',
        '{"format": 1, "large": "", "young": "", "files": {"a": [1, 2]}, "left_out": {}, "skipped": {}}',
        '{"format": 0, "large": "", "young": "", "files": {}, "left_out": {}, "skipped": {}}',
    ],
)
def test_a_broken_manifest_is_made_again(place, broken):
    place.write("a.txt", "one\n")
    place.renew()
    (place.index / "manifest.json").write_text(broken)
    workspace = place.workspace()
    assert workspace.open() == ()
    assert place.content(place.renew()) == {"a.txt": b"one\n"}
    assert len(shards(place.index)) == 1


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "foreign", "noise"])
def test_a_broken_shard_is_made_again_from_what_is_left(place, tiers, damage):
    for name in ("a.txt", "b.txt", "c.txt"):
        place.write(name, f"{name} " * 20)
    place.renew()
    shard = place.index / shards(place.index)[0]
    whole = shard.read_bytes()
    shard.unlink()
    if damage != "gone":
        content = {"empty": b"", "cut": whole[: len(whole) // 2], "foreign": b"PK\3\4" + whole, "noise": bytes(999)}
        shard.write_bytes(content[damage])
    workspace = place.workspace()
    assert workspace.open() == ()
    place.renew(place.write("a.txt", "saved"), everything=False)
    assert sorted(place.content(place.renew())) == ["a.txt", "b.txt", "c.txt"]


CRASHES = {
    "sorting": "index.Shard.build = lambda _: os._exit(9)",
    "writing": "os.fsync = lambda _: os._exit(9)",
    "between": "manifest.Manifest.write = lambda *_: os._exit(9)",
}


@pytest.mark.parametrize("crash", CRASHES.values(), ids=CRASHES)
def test_a_crash_of_the_child_leaves_the_index_that_was_there(place, monkeypatch, crash):
    place.write("a.txt", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    place.write("b.txt", "two\n")
    code = f"import os; from foretype_model import index, manifest, indexing; {crash}; indexing.main()"
    monkeypatch.setattr("foretype_model.workspace.COMMAND", (sys.executable, "-c", code))
    with pytest.raises(WorkspaceError, match="status 9"):
        workspace.refresh()
    assert place.content(workspace) == {"a.txt": b"one\n"}
    monkeypatch.undo()
    restarted = place.workspace()
    restarted.open()
    assert place.content(restarted) == {"a.txt": b"one\n"}
    restarted.refresh()
    assert place.content(restarted) == {"a.txt": b"one\n", "b.txt": b"two\n"}
    assert len(list(place.index.iterdir())) == len({"the lock", "the manifest", "one shard"})


def test_a_full_disk_is_one_line(place, monkeypatch):
    place.write("a.txt", "one\n" * 10_000)
    code = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    code += "; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))"
    code += "; from foretype_model import indexing; indexing.main()"
    monkeypatch.setattr("foretype_model.workspace.COMMAND", (sys.executable, "-c", code))
    with pytest.raises(WorkspaceError, match=r"^cannot keep the index in .* \(.+\): make room there$"):
        place.workspace().refresh()


def request(place: Place) -> bytes:
    values = {"folders": [str(place.folder)], "folder": str(place.index), "exclude": [], "paths": None}
    return json.dumps(values).encode() + b"\n"


@pytest.fixture
def occupied(place):
    """Another process is at work on the index, so that a child waits."""
    place.write("a.txt", "one\n")
    place.index.mkdir()
    with (place.index / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def test_the_child_ends_with_its_parent(place, occupied):
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(request(place))
        child.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.7)
        child.stdin.close()
        assert child.wait(10) == 1
    assert shards(place.index) == []


def test_closing_ends_what_is_under_way_and_all_that_would_come(place, occupied):
    workspace = place.workspace()
    thread = threading.Thread(target=workspace.refresh)
    thread.start()
    time.sleep(0.5)
    assert thread.is_alive()
    workspace.close()
    thread.join(10)
    assert not thread.is_alive()
    fcntl.flock(occupied, fcntl.LOCK_UN)
    assert workspace.refresh() == ()


def test_two_servers_on_one_workspace_do_each_other_no_harm(place):
    for number in range(40):
        place.write(f"{number}.txt", f"this is text {number}\n")
    two = [place.workspace(), place.workspace()]

    def work(workspace: Workspace, numbers: range) -> None:
        workspace.refresh()
        for number in numbers:
            workspace.update([place.write(f"{number}.txt", f"saved {number}\n")])

    threads = [threading.Thread(target=work, args=(two[side], range(side, 6, 2))) for side in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"{n}.txt": (f"saved {n}\n" if n < 6 else f"this is text {n}\n").encode() for n in range(40)}
    for workspace in (*two, place.workspace()):
        workspace.refresh()
        assert place.content(workspace) == expected
    assert len(shards(place.index)) == 1


def test_what_lies_in_the_working_directory_is_not_run(place, monkeypatch):
    place.write("json.py", "raise SystemExit('run by the child')\n")
    monkeypatch.chdir(place.folder)
    workspace = place.workspace()
    workspace.refresh()
    assert sorted(place.content(workspace)) == ["json.py"]


def test_progress_ends_when_the_index_is_made(place):
    for number in range(5):
        place.write(f"{number}.txt", f"this is text {number}\n")
    seen: list[tuple[int, int]] = []
    place.workspace().refresh(lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)
    assert all(done < total for done, total in seen[:-1])
    assert seen == sorted(seen)
