"""Ignore rules give git's own answer, over generated trees and patterns."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from foretype_model.files import git_config
from foretype_model.files.discovery import Tree
from foretype_model.files.gitignore import FolderRules, IgnoreRules, is_ignored
from foretype_model.files.wildmatch import StepBudget

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

NAMES = ["a", "b.txt", "tmp", "keep.txt", "Ab", "a b", "é.log", "x-1", "[z]", "a\\b", "#c", "!d"]
PIECES = [
    *NAMES, "*", "**", "***", "/", "/", "?", ".txt", "a", "b", "[ab]", "[!a]", "[^b-]", "[a-Z]",
    "[[:digit:]]", "[[:upper:][:space:]]", "[[:nope:]]", "[]a]", "[a", "[a-c-x]", "\\", "\\*", " ",
    "\\ ", "\r", "\0", "!", "#", "\t",
]  # fmt: skip
LINES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
COMMON_LINES = st.sampled_from(
    ["*.txt", "tmp/", "!tmp/", "a/**", "!a/keep.txt", "/a", "**/tmp", "a/**/keep.txt", "*", "!*/",
     "!keep.txt", "tmp/*", "x-[[:digit:]]", "#c", "\\#c", "\\!d", "a b ", "*b*"]
)  # fmt: skip
FILES = st.lists(LINES | COMMON_LINES, max_size=6).flatmap(
    lambda lines: st.sampled_from([lines, [f"{line}\r" for line in lines]]).map("\n".join)
)
TREES = st.lists(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join), min_size=1, max_size=12
)


def git(folder: Path, *arguments: str, text: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], input=text, capture_output=True, check=False
    ).stdout


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a home folder without the developer's own configuration of git."""
    folder = tmp_path_factory.mktemp("home")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "XDG_CONFIG_HOME", "GIT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


@pytest.fixture
def repository(tmp_path: Path, home: Path) -> Path:
    """Make an empty repository, and return its root; it needs the home folder."""
    assert home.is_dir()
    folder = tmp_path / "repository"
    git(tmp_path, "init", "-q", str(folder))
    return folder.resolve()


def write(path: Path, content: str | bytes = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def paths_below(root: Path) -> list[str]:
    """Return the files and folders of a repository, relative to it."""
    return sorted(
        os.path.relpath(Path(folder, name), root)
        for folder, folders, names in os.walk(root)
        for name in (*folders, *names)
        if ".git" not in Path(folder, name).relative_to(root).parts
    )


def ignored_by_git(root: Path, paths: list[str]) -> set[str]:
    """Return the paths that git ignores."""
    asked = "".join(f"{path}\0" for path in paths).encode()
    told = git(root, "check-ignore", "--no-index", "-z", "-v", "-n", "--stdin", text=asked)
    parts = told.decode().split("\0")
    return {
        path
        for pattern, path in zip(parts[2::4], parts[3::4], strict=True)
        if pattern and not pattern.startswith("!")
    }


def ignored_here(root: Path, paths: list[str]) -> set[str]:
    """Return the paths that Foretype ignores: themselves, or with a folder above them."""
    ignored, rules = set[str](), {"": FolderRules.at(root, StepBudget(10**6))}
    for path in paths:
        above = os.path.dirname(path)  # noqa: PTH120
        is_folder = (root / path).is_dir()
        if above in ignored or is_ignored(
            str(root / path), rules[above].rules, is_folder=is_folder, budget=StepBudget(10**6)
        ):
            ignored.add(path)
        if is_folder:
            rules[path] = rules[above].entering(str(root / path), StepBudget(10**6))
    return ignored


def agree(root: Path) -> set[str]:
    """Assert that git ignores the same paths; return them."""
    paths = paths_below(root)
    ignored = ignored_here(root, paths)
    assert ignored == ignored_by_git(root, paths)
    return ignored


@cache
def keeps_prefix() -> bool:
    """Return whether this git reads ``a**/b`` as ``a*/b``; before 2.53 it was ``a/**/b``, too."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        git(root, "init", "-q", ".")
        write(root / ".gitignore", "a**/b")
        return not ignored_by_git(root, ["a/x/b"])


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    tree=TREES,
    ignore_files=st.lists(FILES, min_size=3, max_size=5),
    ignore_case=st.booleans(),
    mark=st.sampled_from(["", "\N{BYTE ORDER MARK}"]),
)
def test_any_tree_is_ignored_as_by_git(home, tree, ignore_files, ignore_case, mark):
    """Nested ignore files, those of the repository and those of the user count as in git."""
    assume(not keeps_prefix() or "**" not in "".join(ignore_files))
    own, exclude, *nested = ignore_files
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        git(root, "init", "-q", ".")
        git(root, "config", "core.ignoreCase", str(ignore_case).lower())
        for path in tree:
            try:
                write(root / path)
            except OSError:  # a file is where a folder would be
                continue
        folders = [root, *(root / path for path in paths_below(root) if (root / path).is_dir())]
        for folder, content in zip(folders, nested, strict=False):
            write(folder / ".gitignore", mark + content)
        write(root / ".git" / "info" / "exclude", exclude)
        write(home / ".config" / "git" / "ignore", own)
        agree(root)


CLASSES = ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
           "upper", "xdigit"]  # fmt: skip


@pytest.mark.parametrize("ignore_case", [False, True])
def test_classes_have_gits_members(repository, ignore_case):
    """Each class of characters has the members that it has in git, in either case."""
    git(repository, "config", "core.ignoreCase", str(ignore_case).lower())
    names = [os.fsdecode(bytes([byte])) for byte in range(1, 256) if byte not in b"./\n"]
    for text in [*(f"[[:{name}:]]" for name in CLASSES), "[Y-b]", "[A]", "[!A-C]", "\\A", "A"]:
        write(repository / ".gitignore", text)
        asked = b"".join(os.fsencode(f"folder/{name}\0") for name in names)
        told = git(repository, "check-ignore", "--no-index", "-z", "--stdin", text=asked)
        (rules,) = FolderRules.at(repository, StepBudget(10**6)).rules[-1:]
        ignored = {
            name for name in names if rules.verdict(f"{repository}/folder/{name}", is_folder=False)
        }
        assert {f"folder/{name}" for name in ignored} == set(os.fsdecode(told).split("\0")[:-1]), (
            text
        )


@pytest.mark.parametrize(
    ("lines", "ignored"),
    [
        ("tmp/\n!src/", {"src/tmp", "src/tmp/diary.txt"}),
        ("a/**\n!a/keep.txt", {"a/b.txt"}),
        ("run-[[:digit:]]*.txt", {"run-12.txt"}),
        ("[a-Z]*.txt\n*.log", {"c.log", "é.log"}),
        ("/********************/", {"a", "a/b.txt", "a/keep.txt", "src", "src/tmp",
                                    "src/tmp/diary.txt"}),
        ("é.log\n\\#c\n\\!d\n", {"é.log", "#c", "!d"}),
        ("c.log   \n", {"c.log"}),
        ("c.log\\ ", set()),
        ("c.log\\", set()),
        ("c.log\0x", {"c.log"}),
        ("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\nc.log", {"c.log"}),
    ],
)  # fmt: skip
def test_known_patterns_are_ignored_as_by_git(repository, lines, ignored):
    """Patterns that went wrong once are read as git reads them."""
    for name in ("src/tmp/diary.txt", "a/b.txt", "a/keep.txt", "run-12.txt", "run-x.txt", "c.log",
                 "é.log", "#c", "!d", "a" * 60):  # fmt: skip
        if name != "a" * 60 or "a*a" in lines:
            write(repository / name)
    write(repository / ".gitignore", lines)
    assert agree(repository) == ignored


# The user's own files


def test_excludes_file_is_found(repository, home):
    """The setting `core.excludesFile` names a file in the home folder, or a link to one."""
    write(repository / "a.log")
    write(repository / "b.txt")
    write(home / "dotfiles" / "ignore", "*.log")
    (home / ".ignore").symlink_to(home / "dotfiles" / "ignore")
    write(home / ".gitconfig", '[user]\n\tname = A # B\n[CORE]\n  excludesfile = "~/.ignore" ; no')
    assert agree(repository) == {"a.log"}
    write(home / ".config" / "git" / "ignore", "*.txt")
    assert agree(repository) == {"a.log"}, "the default counts without the setting alone"


@pytest.mark.parametrize(
    ("config", "ignored"),
    [
        ("[include]\n path = other", True),
        ('[includeIf "gitdir:**/repository/"]\n path = ~/other', True),
        ('[includeIf "gitdir:elsewhere/"]\n path = other', False),
        ('[includeIf "gitdir/i:REPOSITORY/.git"]\n path = other', True),
        ('[includeIf "onbranch:main"]\n path = other', True),
        ('[includeIf "onbranch:topic/"]\n path = other', False),
        ("[include]\n path = .gitconfig\n path = other", None),
        ("[core] excludesFile = ~/ign\\\nore", True),
        ("[core]\n excludesFile = ~/nothing\n excludesFile=~/ignore", True),
        ("[core]\n excludesFile =", False),
        ("[core]\n excludesFile = ignore", False),
    ],
)
def test_configuration_is_read_as_by_git(repository, home, config, ignored):
    """Includes, conditions, quotes and relative paths count as in git; a loop of includes ends."""
    git(repository, "symbolic-ref", "HEAD", "refs/heads/main")
    write(home / "ignore", "*.log")
    write(home / "other", "[core]\n excludesFile = ~/ignore")
    write(home / ".gitconfig", config)
    write(repository / "a.log")
    if ignored is None:  # git gives up
        assert ignored_here(repository, ["a.log"]) == {"a.log"}
    else:
        assert agree(repository) == ({"a.log"} if ignored else set())


def test_worktree_shares_rules(repository, tmp_path):
    """A worktree obeys the exclude file of its repository, and a submodule its own."""
    git(
        repository,
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "commit",
        "--allow-empty",
        "-m",
        "a",
    )
    git(repository, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other")
    write(repository / ".git" / "info" / "exclude", "*.log")
    write(tmp_path / "tree" / "a.log")
    assert agree((tmp_path / "tree").resolve()) == {"a.log"}
    write(repository / "modules" / "info" / "exclude", "*.txt")
    write(repository / "sub" / ".git", "gitdir: ../modules\n")
    for name in ("a.log", "b.txt"):
        write(repository / "sub" / name)
    assert ignored_here(repository / "sub", ["a.log", "b.txt"]) == {"b.txt"}


def test_nested_repository_has_own_rules(repository):
    """The rules of a repository end where another one begins."""
    write(repository / ".gitignore", "*.log")
    git(repository, "init", "-q", "inner")
    write(repository / "inner" / "a.log")
    assert agree(repository / "inner") == set()
    assert Tree(repository).includes(str(repository / "inner" / "a.log"))


def test_linked_ignore_file_does_not_count(repository):
    """A `.gitignore` that is a link is not read; git warns of it."""
    write(repository / "rules", "*.log")
    (repository / ".gitignore").symlink_to("rules")
    write(repository / "a.log")
    assert agree(repository) == set()


def test_no_other_machine_is_asked(repository, home, monkeypatch):
    """On Windows, a path on another machine is not opened, for that sends the user's password."""
    share = str(write(home / "rules", "*.log").parent)
    write(repository / ".git" / "config", f"[core]\n excludesFile = {share}/rules\n")
    asked = FolderRules.at(repository, StepBudget(10**6)).rules
    assert asked[0].verdict(f"{repository}/a.log", is_folder=False)
    monkeypatch.setattr(git_config, "is_remote", lambda path: path.startswith(share))
    monkeypatch.setattr("foretype_model.files.repository.is_remote", git_config.is_remote)
    asked = FolderRules.at(repository, StepBudget(10**6)).rules
    assert [one.verdict(f"{repository}/a.log", is_folder=False) for one in asked] == [None]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("\\\\server\\share", True), ("//server/share", True), ("C:\\a", False), ("~/a", False)],
)
def test_shares_are_recognised(monkeypatch, path, expected):
    """A path of Windows that begins with two slashes of either kind is on another machine."""
    monkeypatch.setattr(git_config, "os", SimpleNamespace(name="nt"))
    assert git_config.is_remote(path) == expected


def test_settings_are_patterns_too(repository):
    """A pattern of the settings may be any text that a client can send."""
    rules = IgnoreRules.of(str(repository), ["\ud800", "[a-Z]", "*.log", "\0"])
    assert rules.verdict(f"{repository}/a.log", is_folder=False)
