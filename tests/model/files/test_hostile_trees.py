"""A folder of a stranger is walked in bounded time, whatever its names and ignore files are."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from tests.cpu_time import cpu_seconds_below

from foretype_model.files import discovery, gitignore
from foretype_model.files.discovery import Tree
from foretype_model.privacy.learning_policy import LearningPolicy

LINES = 100_000


def names(folder: Path) -> list[str]:
    tree = Tree(folder)
    return sorted(os.path.relpath(path, tree.folder) for path in tree.walk(Counter()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("README.md", "a" * 60, "secret.txt", "kept.txt"):
        (tmp_path / name).write_text("text\n")
    return tmp_path


EVERYTHING = ["README.md", "a" * 60, "kept.txt"]


@pytest.mark.parametrize(
    "line",
    ["/********************/", "*a" * 16 + "*b", "[a-Z]*.tmp", "[", "\\", "**/" * 2000 + "x",
     "*" * 1_000_000 + "/", "?*" * 100_000, "[" * 100_000, "[[:" * 30_000, "!" * 100_000,
     "\\" * 99_999, "/" * 100_000, "\udcff\0\x01"],
)  # fmt: skip
def test_any_line_costs_nothing(folder, line):
    """A hostile or faulty line hides no file, and the lines around it count."""
    content = f"nothing\n{line}\nsecret.txt\n".encode("utf-8", "surrogateescape")
    (folder / ".gitignore").write_bytes(content)
    with cpu_seconds_below(2):
        assert names(folder) == EVERYTHING


@pytest.mark.parametrize(
    "line", ["name-{}", "*.x{}", "/a/b{}/c", "dir{}/", "*a*{}*", "x{}*.[ch]", "*[{}]x{}", "?{}"]
)
def test_many_lines_take_a_second(folder, line):
    """A hundred thousand lines take no longer than reading them, and all count."""
    lines = [line.format(i, i) for i in range(LINES)]
    lines[LINES // 2] = "secret.txt\n*.txt\n!kept.txt"
    (folder / ".gitignore").write_text("\n".join(lines))
    with cpu_seconds_below(5):
        assert names(folder) == EVERYTHING


def test_slow_rules_leave_files_out(folder, monkeypatch):
    """If ignore rules need more time than they may take, the files that are left are not read."""
    monkeypatch.setattr(discovery, "MAX_RULE_STEPS", 20_000)
    (folder / ".gitignore").write_text("".join(f"*[{i}]*[ab]\n" for i in range(1000)))
    skipped: Counter[str] = Counter()
    assert list(Tree(folder).walk(skipped)) == []
    assert skipped == {discovery.RULES_TOO_SLOW: 4, discovery.HIDDEN: 1}
    assert not Tree(folder).includes(str(folder / "README.md"))


def test_large_ignore_file_hides_folder(folder, monkeypatch):
    """A folder whose ignore file is too large to read is left out, and no other."""
    monkeypatch.setattr(gitignore, "MAX_IGNORE_BYTES", 100)
    (folder / "sub").mkdir()
    (folder / "sub" / "a.txt").write_text("text\n")
    (folder / "sub" / ".gitignore").write_text("#" * 101)
    skipped: Counter[str] = Counter()
    assert len(list(Tree(folder).walk(skipped))) == 4
    assert skipped[discovery.RULES_TOO_LARGE] == 1
    assert not Tree(folder).includes(str(folder / "sub" / "a.txt"))


@pytest.mark.parametrize("name", [".gitignore", ".git/info/exclude", ".git/config"])
def test_many_large_files_are_bounded(tmp_path, name):
    """Large files with rules in each of many folders are read in some seconds in all."""
    content = "[core]\n" + "a = b\n" * 160_000
    for i in range(40):
        file = tmp_path / f"{i:02}" / name
        file.parent.mkdir(parents=True)
        file.write_text(content)
        (tmp_path / f"{i:02}" / "a.txt").write_text("text\n")
    skipped: Counter[str] = Counter()
    with cpu_seconds_below(15):
        found = list(Tree(tmp_path).walk(skipped))
    assert 0 < len(found) < 30
    assert skipped[discovery.RULES_TOO_LARGE] + skipped[discovery.RULES_TOO_SLOW] == 40 - len(found)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a POSIX system")
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "/dev/tty", "folder", "nowhere", "itself"])
def test_odd_ignore_files_do_not_count(folder, kind):
    """An ignore file that is no regular file is as if it were missing."""
    for path in (folder / ".gitignore", folder / ".git" / "info" / "exclude"):
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(path if kind == "itself" else kind)
    (folder / ".git" / "config").symlink_to("/dev/zero")
    os.mkfifo(folder / ".git" / "commondir")
    assert names(folder) == sorted([*EVERYTHING, "secret.txt"])


@pytest.mark.parametrize(
    "content",
    [
        "gitdir: /dev/zero",
        "gitdir: .git",
        "gitdir: \0",
        "gitdir: " + "a/" * 4000,
        "x" * 100_000,
        "",
    ],
)
def test_odd_git_files_do_not_count(folder, content):
    """A file `.git` may say anything."""
    (folder / ".git").write_text(content)
    assert names(folder) == sorted([*EVERYTHING, "secret.txt"])


@pytest.mark.parametrize(
    "config",
    ["[include]\n path = config\n" * 1000, "[core]\n excludesFile = /dev/zero\n", "[" * 500_000,
     '[a "' * 100_000, "[a]\nb = " + '"' * 500_001, "[a]\n b = " + "\\\n" * 400_000, "\0" * 1000,
     "[core]\n excludesFile = " + "a\\\n" * 300_000, "[a]\n" + "b\n" * 400_000,
     '[includeIf "gitdir:' + "**/*a" * 30_000 + '"]\n path = config\n',
     "[core]\n excludesFile = a\\0b\n", "[core]\n excludesFile = ~nobody-of-this-name/x\n"],
)  # fmt: skip
def test_odd_configuration_ends(folder, config):
    """A repository's configuration may be hostile: it comes with an archive that is unpacked."""
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text(config)
    (folder / ".gitignore").write_text("secret.txt")
    with cpu_seconds_below(5):
        assert names(folder) == EVERYTHING


def test_deep_folders_are_reached(tmp_path):
    """A path of more folders than Python has recursions is no error."""
    (tmp_path / "top.txt").write_text("text\n")
    deep = str(tmp_path)
    for _ in range(1500):
        deep += "/a"
        Path(deep).mkdir()
    Path(deep, "b.txt").write_text("text\n")
    assert Tree(tmp_path).includes(f"{deep}/b.txt")
    assert names(tmp_path) == [os.path.relpath(f"{deep}/b.txt", tmp_path), "top.txt"]
    # Removed here, for what removes it in the end uses recursion.
    Path(deep, "b.txt").unlink()
    os.removedirs(deep)


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="needs Linux")
@pytest.mark.parametrize("path", ["/proc", "/sys", "/proc/self"])
def test_kernel_folders_are_left_out(path):
    """The file systems of the kernel are no workspace, and no part of one."""
    skipped: Counter[str] = Counter()
    with cpu_seconds_below(0.2):
        assert list(Tree(Path(path)).walk(skipped)) == []
    assert skipped == {discovery.PSEUDO: 1}
    assert not Tree(Path(path)).includes(f"{path}/kmsg")
    assert not Tree(Path("/")).includes(f"{path}/version")


def test_hostile_settings_exclude(tmp_path):
    """A pattern of the settings that takes too long excludes."""
    (tmp_path / "a.txt").write_text("text\n")
    with cpu_seconds_below(10):
        policy = LearningPolicy([tmp_path], [f"*[{i}-z]*[!b]" for i in range(LINES)])
        assert not policy.allows((tmp_path / "a.txt").as_uri())
