from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.files import discovery
from foretype_model.predictors.copy.index import update
from foretype_model.predictors.copy.index.workspace import Workspace

# The indexed files


def test_folder_is_indexed_and_reopened(place):
    """The texts of a folder are indexed, and found again at the next start."""
    place.write("a.txt", "one\n")
    place.write("deep/b.txt", "\N{BYTE ORDER MARK}two\r\n")
    place.write("c.bin", b"\0\0")
    place.write(".env", "KEY=1")
    workspace = place.workspace()
    assert workspace.open() == ()
    workspace.refresh()
    assert place.content(workspace) == {"a.txt": b"one\n", "deep/b.txt": b"two\n"}
    assert (workspace.summary.files, workspace.summary.size) == (2, 12)
    assert workspace.summary.skipped == {discovery.NOT_TEXT: 1, discovery.SECRET: 1}
    again = place.workspace()
    again.open()
    assert place.content(again) == place.content(workspace)
    assert again.summary == workspace.summary


def test_index_is_private(place):
    """Other users cannot read the index."""
    place.write("a.txt", "one\n")
    place.workspace().refresh()
    assert place.index.stat().st_mode & 0o777 == 0o700
    assert all(
        path.stat().st_mode & 0o077 == 0 for path in place.index.iterdir() if path.name != "lock"
    )


def test_empty_workspace_has_no_segment(place):
    """A workspace without text has no segment."""
    assert place.workspace().refresh() == ()
    assert Workspace((), place.index).refresh() == ()
    assert place.workspace().update([place.folder / "nothing.txt"]) == ()


def test_linked_folder_gives_real_names(place, tmp_path):
    """Files of a linked folder have their real names."""
    file = place.write("a.txt", "one\n")
    (tmp_path / "link").symlink_to(place.folder, target_is_directory=True)
    workspace = Workspace((tmp_path / "link",), place.index)
    workspace.refresh()
    assert place.content(workspace) == {"a.txt": b"one\n"}
    place.write(tmp_path / "link" / "a.txt", "two\n")
    workspace.update([tmp_path / "link" / "a.txt"])
    assert place.content(workspace) == {"a.txt": b"two\n"}
    assert workspace.forget(tmp_path / "link" / "a.txt").names == (str(file),)


def test_nested_folders_index_once(place):
    """Nested folders give each text once."""
    place.write("inside/a.txt", "one\n")
    workspace = Workspace((place.folder, place.folder / "inside"), place.index)
    workspace.refresh()
    assert place.content(workspace) == {"inside/a.txt": b"one\n"}


def test_index_is_not_indexed(place):
    """An index within the workspace is not indexed itself."""
    place.write("a.txt", "one\n")
    workspace = Workspace((place.folder.parent,), place.index)
    workspace.refresh()
    workspace.refresh()
    assert place.content(workspace) == {"a.txt": b"one\n"}


def test_undecodable_names_are_indexed(place):
    """A file name that is not UTF-8 does no harm."""
    name = os.fsdecode(os.fsencode(place.folder) + b"/caf\xe9.txt")
    place.write(name, "one\n")
    workspace = place.workspace()
    workspace.refresh()
    assert place.content(workspace) == {Path(name).name: b"one\n"}


def test_newest_files_come_first(place, monkeypatch):
    """The newest files are indexed if there are too many bytes."""
    monkeypatch.setattr(update, "MAX_TOTAL_BYTES", 100)
    for number in range(10):
        place.write(f"{number}.txt", f"{number} ".ljust(30))
    workspace = place.renew()
    assert sorted(place.content(workspace)) == ["7.txt", "8.txt", "9.txt"]
    assert workspace.summary.skipped == {update.OLDER: 7}
    place.write("0.txt", "newer ".ljust(30))
    assert sorted(place.content(place.renew())) == ["0.txt", "8.txt", "9.txt"]


def test_large_files_displace_nothing(place, tiers):
    """A large file is skipped, and displaces no other."""
    place.write("a.txt", "one\n")
    place.write("large.txt", "x " * 1000)
    assert sorted(place.content(place.renew())) == ["a.txt"]


def test_newest_duplicate_counts(place):
    """Of duplicates the newest is indexed, and another one once that is gone."""
    place.write("a.txt", "one\n")
    newest = place.write("b.txt", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    assert sorted(place.content(workspace)) == ["b.txt"]
    newest.unlink()
    workspace.update([newest])
    assert sorted(place.content(workspace)) == ["a.txt"]


# Changes


def test_only_changes_build_segments(place):
    """A touched file builds no segment; a changed one does."""
    place.write("a.txt", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    before = place.segments()
    place.write("a.txt", "one\n")
    workspace.refresh()
    assert place.segments() == before
    assert place.content(place.renew()) == {"a.txt": b"one\n"}
    place.write("a.txt", "two\n")
    workspace.refresh()
    assert place.segments() != before
    assert place.content(workspace) == {"a.txt": b"two\n"}


def test_opening_masks_outdated_files(place):
    """Files that were changed, deleted or excluded meanwhile are masked when the index opens."""
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


def test_update_visits_given_paths_only(place):
    """An update visits the given files and folders, and no others."""
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
    assert place.content(workspace) == kept | {
        "moved/a.txt": b"folder/a.txt",
        "moved/b.txt": b"folder/b.txt",
    }


def test_outside_files_are_not_indexed(place, tmp_path):
    """A file outside the workspace is not indexed."""
    place.write("a.txt", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    workspace.update([place.write(tmp_path / "elsewhere.txt", "not asked for")])
    assert sorted(place.content(workspace)) == ["a.txt"]


def test_links_replace_files(place, tmp_path):
    """A file that became a link leaves the index."""
    file = place.write("a.txt", "one\n")
    place.write("b.txt", "two\n")
    place.renew()
    file.unlink()
    file.symlink_to(place.write(tmp_path / "elsewhere.txt", "not asked for"))
    assert sorted(place.content(place.renew(file, everything=False))) == ["b.txt"]


def test_saved_gitignore_counts_at_once(place):
    """A saved .gitignore applies at once."""
    place.write("a.log", "one\n")
    workspace = place.workspace()
    workspace.refresh()
    workspace.update([place.write(".gitignore", "*.log\n")])
    assert place.content(workspace) == {}
    assert b"one" not in place.on_disk()


def test_saved_exclude_file_counts_at_once(place):
    """A saved .git/info/exclude applies at once, to all of the repository."""
    place.write("deep/a.log", "one\n")
    place.renew()
    place.renew(place.write(".git/info/exclude", "*.log\n"), everything=False)
    assert place.content(place.renew()) == {}
    assert b"one" not in place.on_disk()


def test_changes_go_into_delta_segment(place, tiers):
    """Changed files go into the delta segment, until it outgrows its limit."""
    for name in ("a.txt", "b.txt", "c.txt"):
        place.write(name, name * 20)
    place.renew()
    (base,) = place.segments()
    place.renew(place.write("a.txt", "saved " * 10), everything=False)
    assert base in place.segments()
    assert len(place.segments()) == 2
    workspace = place.renew(place.write("b.txt", "this too " * 10), everything=False)
    assert base not in place.segments()
    assert len(place.segments()) == 1
    assert place.content(workspace)["a.txt"] == b"saved " * 10


def test_removed_text_leaves_the_disk(place, tiers):
    """The text of deleted and excluded files leaves the disk."""
    for name in ("keep.txt", "deleted.txt", "excluded.txt"):
        place.write(name, f"the text of {name} " * 5)
    place.renew()
    (place.folder / "deleted.txt").unlink()
    place.renew()
    assert b"text of deleted" not in place.on_disk()
    place.renew(exclude=("excluded.txt",))
    assert b"text of excluded" not in place.on_disk()
    assert b"text of keep" in place.on_disk()


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["write", "touch", "delete", "rename", "ignore"]),
        st.sampled_from(["a.txt", "b.txt", "c/d.txt", "c/e.log", "f.txt"]),
        st.text("abc \n\0", max_size=60),
        st.sampled_from(["update", "refresh", "nothing"]),
    ),
    max_size=12,
)


def edit(place, kind: str, name: str, text: str) -> list[Path]:
    """Make an edit; return the changed paths."""
    file = place.folder / name
    if kind == "write":
        return [place.write(name, text)]
    if kind == "ignore":
        return [
            place.write(
                "c/.gitignore" if len(text) % 2 else ".gitignore", "*.log\n" if "a" in text else ""
            )
        ]
    if file.exists() and kind == "touch":
        return [place.write(name, file.read_bytes())]
    if file.exists() and kind == "delete":
        file.unlink()
    if file.exists() and kind == "rename":
        return [file, file.rename(file.with_name("new-" + file.name))]
    return [file]


@settings(max_examples=100, deadline=None)
@given(edits=EDITS)
def test_updated_index_equals_fresh_one(make_indexed_folder, edits):
    """After any edits, the updated index equals a fresh one."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(update, "MAX_DELTA_BYTES", 60)
        folder = Path(name).resolve() / "texts"
        place = make_indexed_folder(folder, Path(name, "index"))
        place.renew()
        pending: list[Path] = []
        for kind, file, text, then in edits:
            pending += edit(place, kind, file, text)
            if then == "nothing":
                continue
            workspace = place.renew(*pending, everything=then == "refresh")
            pending = []
            fresh = make_indexed_folder(folder, Path(tempfile.mkdtemp(dir=name)))
            assert place.content(workspace) == place.content(fresh.renew())
