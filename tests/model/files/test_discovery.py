from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.files import discovery
from foretype_model.files.discovery import Tree


def write(path: Path, content: str = "text\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def found(folder: Path, *exclude: str, most: int | None = None) -> list[str]:
    tree = Tree(folder, exclude)
    return [Path(path).relative_to(tree.folder).as_posix() for path in tree.walk(Counter(), most)]


def skipped(folder: Path, *exclude: str, most: int | None = None) -> Counter[str]:
    counts: Counter[str] = Counter()
    list(Tree(folder, exclude).walk(counts, most))
    return counts


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (["*.log"], ["a.txt", "src/b.txt", "src/deep/c.txt"]),
        (["/src/"], ["a.log", "a.txt"]),
        (["deep"], ["a.log", "a.txt", "src/b.log", "src/b.txt"]),
        (["*", "!/a.*"], ["a.log", "a.txt"]),
        (["*.log", "!b.log"], ["a.txt", "src/b.log", "src/b.txt", "src/deep/c.txt"]),
        (["!"], ["a.log", "a.txt", "src/b.log", "src/b.txt", "src/deep/c.txt"]),
    ],
)
def test_exclusion_works_as_gitignore(tmp_path, exclude, left):
    """Excluded patterns skip the files that a .gitignore would."""
    for name in ("a.txt", "a.log", "src/b.txt", "src/b.log", "src/deep/c.txt"):
        write(tmp_path / name)
    assert sorted(found(tmp_path, *exclude)) == left


def test_exclusion_beats_gitignore(tmp_path):
    """A .gitignore cannot include an excluded file."""
    write(tmp_path / ".gitignore", "!diary.txt\n")
    write(tmp_path / "diary.txt")
    assert skipped(tmp_path, "diary.txt") == {discovery.EXCLUDED: 1, discovery.HIDDEN: 1}


def test_exclusion_includes_no_ignored_file(tmp_path):
    """An excluded pattern cannot include a file that git ignores."""
    write(tmp_path / ".gitignore", "*.log\n")
    write(tmp_path / "a.log")
    assert found(tmp_path, "!a.log") == []


@pytest.mark.parametrize(
    "name",
    [
        "node_modules/left-pad/index.js",
        "src/__pycache__/readme.txt",
        "env/lib/python3.12/site-packages/six.py",
        "vendor/autoload.php",
        "dist/index.js",
        "target/doc/index.html",
        "build/lib/module.py",
        "_build/dev/lib.ex",
    ],
)
def test_vendored_folders_are_skipped(tmp_path, name):
    """Packages of others and the output of build tools are skipped."""
    for marker in ("package.json", "composer.json", "Cargo.toml", "setup.py", "mix.exs"):
        write(tmp_path / marker)
    write(tmp_path / name)
    assert not [path for path in found(tmp_path) if path == name]
    assert skipped(tmp_path) == {discovery.VENDORED: 1}


@pytest.mark.parametrize("name", ["vendor", "dist", "target", "build", "_build", "deps", "Pods"])
def test_ordinary_folder_names_are_read(tmp_path, name):
    """A folder with an ordinary name is read if no tool's file is beside it."""
    write(tmp_path / name / "chapter.txt")
    assert found(tmp_path) == [f"{name}/chapter.txt"]


@pytest.mark.parametrize("marker", ["pyvenv.cfg", "CACHEDIR.TAG"])
def test_marked_folders_are_skipped(tmp_path, marker):
    """A folder that its own file marks as a cache is skipped."""
    write(tmp_path / "any-name" / marker)
    write(tmp_path / "any-name" / "a.txt")
    assert found(tmp_path) == []


def test_named_vendored_folder_is_read(tmp_path):
    """A folder of packages that the user names is read."""
    write(tmp_path / "node_modules" / "left-pad" / "index.js")
    assert found(tmp_path / "node_modules") == ["left-pad/index.js"]


def test_walk_stops_after_max_entries(tmp_path):
    """A walk stops after `max_entries`, and counts the folders not reached."""
    for folder in ("a/deep/er", "b", "c"):
        for number in range(5):
            write(tmp_path / folder / f"{number}.txt")
    write(tmp_path / "top.txt")
    assert found(tmp_path, most=100)[0] == "top.txt"
    assert skipped(tmp_path, most=100) == {}
    # Four entries at the top, one in a, five in b; c and a/deep are left.
    assert found(tmp_path, most=10) == ["top.txt", *(f"b/{number}.txt" for number in range(5))]
    assert skipped(tmp_path, most=10) == {discovery.NOT_REACHED: 2}


def test_walk_stops_in_vast_folder(tmp_path):
    """A walk stops within a folder of more than `max_entries`."""
    for number in range(30):
        write(tmp_path / f"{number}.txt")
    assert len(found(tmp_path, most=10)) == 10
    assert skipped(tmp_path, most=10) == {discovery.NOT_REACHED: 1}
    assert skipped(tmp_path, most=30) == {}


NAMES = st.sampled_from(
    ["a", "b.txt", "c.log", ".d", "build", "node_modules", "setup.py", "x.lock", "k.pem"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(
    st.sampled_from(["*.log", "build/", "/a", "!b.txt", "a/**", "*", "!*/", "b.txt", "!a"]),
    max_size=3,
)


@settings(max_examples=150, deadline=None)
@given(
    files=st.lists(PATHS, min_size=1, max_size=12, unique=True),
    ignored=PATTERNS,
    ignored_deeper=PATTERNS,
    exclude=st.lists(st.sampled_from(["*.log", "/a/", "build"]), max_size=2),
    links=st.lists(PATHS, max_size=2),
)
def test_includes_agrees_with_walk(files, ignored, ignored_deeper, exclude, links):
    """`includes` is true for exactly the files that `walk` yields."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / ".gitignore").write_text("\n".join(ignored))
        for where in (*files, *links, "a/.gitignore"):
            content = "\n".join(ignored_deeper) if where.endswith(".gitignore") else "text\n"
            try:
                if where in links:
                    (folder / where).symlink_to(folder / files[0])
                else:
                    write(folder / where, content)
            except OSError:  # a file is where a folder would be
                continue
        tree = Tree(folder, exclude)
        everything = {str(Path(root, file)) for root, _, files in os.walk(folder) for file in files}
        assert {path for path in everything if tree.includes(path)} == set(tree.walk(Counter()))
        assert not tree.includes(str(folder.parent / "elsewhere.txt"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter everything")
def test_unreadable_folder_is_counted(tmp_path):
    """A folder that may not be entered is skipped and counted."""
    write(tmp_path / "a.txt")
    write(tmp_path / "locked" / "b.txt").parent.chmod(0)
    try:
        assert found(tmp_path) == ["a.txt"]
        assert skipped(tmp_path) == {discovery.UNREADABLE: 1}
        assert not Tree(tmp_path).includes(str(tmp_path / "locked" / "folder" / "c.txt"))
    finally:
        (tmp_path / "locked").chmod(0o700)
