from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import threading
import time

import pytest

from foretype_model.errors import WorkspaceError
from foretype_model.predictors.copy.index.workspace import COMMAND, Workspace
from foretype_model.privacy.forget_list import FORGET_LIST_FILE

# Forgetting


def test_forgotten_files_are_gone_for_good(place):
    """A forgotten file or folder is gone at once, from the disk, and for good."""
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
    assert b"diary" not in place.on_disk()
    assert b"notes" not in place.on_disk()
    assert "diary" not in (place.index / "manifest.json").read_text()
    workspace.update(
        [place.write("diary.txt", "dear diary, again\n"), place.write("notes/c.txt", "new notes\n")]
    )
    restarted.refresh()
    assert sorted(place.content(restarted)) == sorted(place.content(workspace)) == ["novel.txt"]
    assert restarted.forget_list.paths == (str(file), str(place.folder / "notes"))


def test_forgotten_text_leaves_base_segment(place, tiers):
    """Forgotten text leaves a base segment, too."""
    for name in ("a.txt", "b.txt"):
        file = place.write(name, f"the text of {name} " * 10)
    workspace = place.renew()
    workspace.forget(file)
    place.renew(everything=False)
    assert b"text of b" not in place.on_disk()
    assert b"text of a" in place.on_disk()


def test_unforgotten_files_are_learnt_again(place):
    """A file that is no longer forgotten is learnt again."""
    file = place.write("diary.txt", "dear diary\n")
    workspace = place.workspace()
    workspace.refresh()
    workspace.forget(file)
    workspace.update([])
    (place.index.parent / FORGET_LIST_FILE).unlink()
    workspace.update([file])
    assert sorted(place.content(workspace)) == ["diary.txt"]
    assert workspace.forget_list.paths == ()


def test_forgotten_words_are_listed_once(place):
    """A word stays on the forget list, once."""
    place.workspace().forget_word("naïve")
    workspace = place.workspace()
    workspace.forget_word("naïve")
    assert workspace.forget_list.words == ("naïve",)


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"paths": 1, "words": []}', "\0"])
def test_unreadable_forget_list_stops_learning(place, broken):
    """Nothing is indexed while the forget list cannot be read."""
    place.write("a.txt", "one\n")
    place.index.mkdir()
    (place.index / "forgotten.json").write_text(broken)
    with pytest.raises(WorkspaceError, match=r"mend or remove .*forgotten\.json"):
        place.workspace().refresh()
    assert place.segments() == []


# Failures


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "\0\1",
        "[]",
        "{}",
        '{"format": 1}',
        "[" * 100_000,
        (
            '{"format": 4, "base": "../../other.shard", "delta": "", "files": {}, "compacted": "", '
            '"skipped_files": {}, "skipped": {}}'
        ),
        (
            '{"format": 4, "base": "", "delta": "", "files": {"a": [1, 2]}, "compacted": "", '
            '"skipped_files": {}, "skipped": {}}'
        ),
        (
            '{"format": 0, "base": "", "delta": "", "files": {}, "compacted": "", '
            '"skipped_files": {}, "skipped": {}}'
        ),
    ],
)
def test_broken_manifest_is_rebuilt(place, broken):
    """A broken or foreign manifest is rebuilt."""
    place.write("a.txt", "one\n")
    place.renew()
    (place.index / "manifest.json").write_text(broken)
    workspace = place.workspace()
    assert workspace.open() == ()
    assert place.content(place.renew()) == {"a.txt": b"one\n"}
    assert len(place.segments()) == 1


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "foreign", "noise"])
def test_broken_segment_is_rebuilt(place, tiers, damage):
    """A broken segment is rebuilt from the files."""
    for name in ("a.txt", "b.txt", "c.txt"):
        place.write(name, f"{name} " * 20)
    place.renew()
    segment = place.index / place.segments()[0]
    whole = segment.read_bytes()
    segment.unlink()
    if damage != "gone":
        content = {
            "empty": b"",
            "cut": whole[: len(whole) // 2],
            "foreign": b"PK\3\4" + whole,
            "noise": bytes(999),
        }
        segment.write_bytes(content[damage])
    workspace = place.workspace()
    assert workspace.open() == ()
    place.renew(place.write("a.txt", "saved"), everything=False)
    assert sorted(place.content(place.renew())) == ["a.txt", "b.txt", "c.txt"]


CRASHES = {
    "sorting": "fm_index.FMIndex.build = lambda _: os._exit(9)",
    "writing": "os.fsync = lambda _: os._exit(9)",
    "between": "manifest.Manifest.write = lambda *_: os._exit(9)",
}


@pytest.mark.parametrize("crash", CRASHES.values(), ids=CRASHES)
def test_crashed_child_keeps_previous_index(place, monkeypatch, crash):
    """A crash of the child process leaves the previous index."""
    place.write("a.txt", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    place.write("b.txt", "two\n")
    imports = "from foretype_model.predictors.copy.index import child, fm_index, manifest"
    code = f"import os; {imports}; {crash}; child.main()"
    monkeypatch.setattr(
        "foretype_model.predictors.copy.index.workspace.COMMAND", (sys.executable, "-c", code)
    )
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


def test_full_disk_is_one_line(place, monkeypatch):
    """A full disk is an error of one line, with advice."""
    place.write("a.txt", "one\n" * 10_000)
    code = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    code += "; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))"
    code += "; from foretype_model.predictors.copy.index import child; child.main()"
    monkeypatch.setattr(
        "foretype_model.predictors.copy.index.workspace.COMMAND", (sys.executable, "-c", code)
    )
    with pytest.raises(
        WorkspaceError, match=r"^cannot keep the index in .* \(.+\): make room there$"
    ):
        place.workspace().refresh()


def request(place) -> bytes:
    values = {
        "folders": [str(place.folder)],
        "folder": str(place.index),
        "exclude": [],
        "paths": None,
    }
    return json.dumps(values).encode() + b"\n"


@pytest.fixture
def occupied(place):
    """Another process is at work on the index, so that a child waits."""
    place.write("a.txt", "one\n")
    place.index.mkdir()
    with (place.index / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def test_child_ends_with_parent(place, occupied):
    """The child process ends with its parent."""
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(request(place))
        child.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.7)
        child.stdin.close()
        assert child.wait(10) == 1
    assert place.segments() == []


def test_closing_stops_present_and_later_updates(place, occupied):
    """Closing ends the update under way, and prevents later ones."""
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


def test_two_servers_share_one_index(place):
    """Two servers that update one index end with the same, complete index."""
    for number in range(40):
        place.write(f"{number}.txt", f"this is text {number}\n")
    two = [place.workspace(), place.workspace()]

    def work(workspace: Workspace, numbers: range) -> None:
        workspace.refresh()
        for number in numbers:
            workspace.update([place.write(f"{number}.txt", f"saved {number}\n")])

    threads = [
        threading.Thread(target=work, args=(two[side], range(side, 6, 2))) for side in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {
        f"{n}.txt": (f"saved {n}\n" if n < 6 else f"this is text {n}\n").encode() for n in range(40)
    }
    for workspace in (*two, place.workspace()):
        workspace.refresh()
        assert place.content(workspace) == expected
    assert len(place.segments()) == 1


def test_working_directory_is_not_imported(place, monkeypatch):
    """The child process imports no module of the working directory."""
    place.write("json.py", "raise SystemExit('run by the child')\n")
    monkeypatch.chdir(place.folder)
    workspace = place.workspace()
    workspace.refresh()
    assert sorted(place.content(workspace)) == ["json.py"]


def test_rules_of_a_repository_are_relevant(place, monkeypatch):
    """A change of an ignore file starts an update, wherever the file lies."""
    workspace = place.workspace()
    started: list[str] = []
    monkeypatch.setattr(workspace, "_run_child", started.extend)
    for name in (".gitignore", "deep/.gitignore", ".git/info/exclude"):
        workspace.update([place.write(name, "*.log\n")])
    assert len(started) == 3


def test_irrelevant_changes_start_no_process(place, monkeypatch):
    """Changes of files outside the index start no process."""
    kept, gone = place.write("kept.txt", "some text\n"), place.write("gone.txt", "other text\n")
    rule = place.write(".gitignore", "*.log\n")
    others = [
        place.write(name, "nothing\n")
        for name in (
            "server.log",
            ".git/index",
            "node_modules/a/b.js",
            "node_modules/a/.gitignore",
            ".hidden",
        )
    ]
    elsewhere = place.folder.parent / "elsewhere.txt"
    workspace = place.workspace()
    workspace.refresh()
    started: list[str] = []
    monkeypatch.setattr(workspace, "_run_child", started.extend)
    workspace.update([*others, elsewhere])
    assert started == []
    gone.unlink()
    new = place.write("new/a.txt", "new text\n").parent
    for path in (kept, gone, rule, new):
        workspace.update([others[0], path])
        assert started.pop() == str(path)
        assert started == []


def test_file_replaced_by_link_leaves(place):
    """A file that a link replaces leaves the index."""
    file, other = place.write("a.txt", "some text\n"), place.folder.parent / "other.txt"
    other.write_text("another text\n")
    workspace = place.workspace()
    workspace.refresh()
    file.unlink()
    file.symlink_to(other)
    workspace.update([file])
    assert place.content(workspace) == {}


def test_progress_ends_with_all_files(place):
    """Progress rises, and reaches all files once the index is written."""
    for number in range(5):
        place.write(f"{number}.txt", f"this is text {number}\n")
    seen: list[tuple[int, int]] = []
    place.workspace().refresh(lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)
    assert all(done < total for done, total in seen[:-1])
    assert seen == sorted(seen)
