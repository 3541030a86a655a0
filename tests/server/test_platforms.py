"""Differences between systems: file names, line ends, open files, missing modules."""

from __future__ import annotations

import ast
import os
import stat
import unicodedata
from collections import Counter
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.errors import ModelError
from foretype_model.files import atomic, discovery, reading, uris
from foretype_model.files.atomic import atomic_write
from foretype_model.files.discovery import Tree
from foretype_model.files.gitignore import FolderRules
from foretype_model.files.reading import SkippedFile, read_text
from foretype_model.files.uris import real_path, uri_to_path, uri_to_real_path, windows_path
from foretype_model.files.wildmatch import StepBudget
from foretype_model.privacy.secret_scanner import is_secret_document
from foretype_model.store.store import Store
from foretype_server.console.text_file import TextFile

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("model", "server") for path in sorted((ROOT / folder).rglob("*.py"))]
POSIX = os.name == "posix"

UNIX_ALONE = frozenset({"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"})
WINDOWS_ALONE = frozenset({"_winapi", "msvcrt", "winreg"})
CALLS_OF_UNIX = frozenset({
    "chown", "fchmod", "fork", "forkpty", "geteuid", "getuid", "kill", "killpg", "mkfifo", "nice",
    "sched_setaffinity",
    "sched_setscheduler", "setpriority", "setsid", "sysconf", "uname",
})  # fmt: skip


# Names


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("", "/c:/Users/Ada/a b.txt", r"C:\Users\Ada\a b.txt"),
        ("", "/C:/Users/Ada/é.txt", r"C:\Users\Ada\é.txt"),
        ("localhost", "/d:/x", r"D:\x"),
        ("", "/c|/old.txt", r"C:\old.txt"),
        ("", "/c:", "C:\\"),
        ("server", "/share/plan.md", r"\\server\share\plan.md"),
        ("wsl.localhost", "/Ubuntu/home/ada/x", r"\\wsl.localhost\Ubuntu\home\ada\x"),
        ("", "//server/share/plan.md", r"\\server\share\plan.md"),
    ],
)
def test_windows_paths_of_uris(host, path, expected):
    """A URI with a drive or a host is an absolute path on that drive or share."""
    found = windows_path(host, path)
    assert found == expected
    assert PureWindowsPath(found).is_absolute()


@pytest.mark.parametrize("path", ["/home/ada/x", "/", "/c:relative", "/1:/x"])
def test_windows_path_needs_drive(path):
    """On Windows, a URI whose path has no drive is no file."""
    assert windows_path("", path) is None


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file://wsl%24/Ubuntu/home/ada/x", r"\\wsl$\Ubuntu\home\ada\x"),
        ("file://wsl$/Ubuntu/x", r"\\wsl$\Ubuntu\x"),
        ("file://wsl.localhost/Ubuntu/x", r"\\wsl.localhost\Ubuntu\x"),
        ("file://b%C3%BCro/share/x", r"\\büro\share\x"),
        ("file://LOCALHOST/c%3A/x", r"C:\x"),
        ("file://localhost/C%3a/x", r"C:\x"),
        ("file://a%2Fb/share/x", None),
        ("file://a%5Cb/share/x", None),
        ("file://a%00b/share/x", None),
        ("file://a%FFb/share/x", None),
    ],
)
def test_quoted_hosts_are_decoded(uri, expected):
    """The host of a share is decoded, unless it would be a path itself."""
    assert _on_windows(uri) == expected


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters='<>:"/\\|?*\0'), min_size=1),
        min_size=1,
    )
)
def test_windows_path_survives_uri(parts):
    """A Windows path is the same after its URI, in each spelling of the drive."""
    parts = [part for part in parts if part not in {".", ".."}] or ["x"]
    path = PureWindowsPath("C:\\", *parts)
    uri = path.as_uri()
    for spelling in (
        uri,
        uri.replace("file:///C:", "file:///c%3A"),
        uri.replace("file:///", "file://localhost/"),
    ):
        assert _on_windows(spelling) == str(path)


def _on_windows(uri: str) -> str | None:
    with pytest.MonkeyPatch.context() as patch:
        # Replace only the attributes of `os` that the function uses.
        patch.setattr(uris, "os", SimpleNamespace(name="nt", fsencode=os.fsencode))
        return uri_to_path(uri)


@pytest.mark.skipif(not POSIX, reason="paths of POSIX")
@given(st.lists(st.binary(min_size=1).filter(lambda name: not {0, 47} & set(name)), min_size=1))
def test_posix_path_survives_uri(parts):
    """A POSIX path of any bytes is the same after its URI."""
    path = Path("/", *map(os.fsdecode, parts))
    assert uri_to_path(path.as_uri()) == str(path)


@pytest.mark.parametrize(
    "uri",
    [
        "", "untitled:Untitled-1", "vscode-vfs://github/ada/notes/a.md",
        "git:relative/a.md", "untitled:notes/a.md", "vscode-scm:git/scm0/input",
        "vscode-scm:git/scm0/input?rootUri%3Duntitled%253A%252Fa",
        "file:", "file://",
        "file:relative/a.md", "file:///a%00b", "file:///\ud800", "file://[::1/a.md",
        "http://localhost/etc/passwd",
        "C:\\Users\\ada", "/home/ada/a.md",
    ],
)  # fmt: skip
def test_other_uris_have_no_path(uri):
    """URIs of other schemes, and malformed ones, have no path."""
    assert uri_to_path(uri) is None
    assert uri_to_real_path(uri) is None


@pytest.mark.skipif(not POSIX, reason="there, it is a share")
def test_remote_host_has_no_path():
    """A URI with the host of another machine has no path."""
    assert uri_to_path("file://elsewhere/etc/passwd") is None


@pytest.mark.skipif(not POSIX, reason="paths of POSIX")
@pytest.mark.parametrize(
    "uri", ["file:///tmp/a%20b.ipynb", "file:/tmp/a b.ipynb", "FILE://LocalHost/tmp/a%20b.ipynb"]
)
def test_uri_spellings_are_one_file(uri):
    """Spellings of a file's URI have one path."""
    assert uri_to_path(uri) == "/tmp/a b.ipynb"


@pytest.mark.skipif(not POSIX, reason="paths of POSIX")
def test_notebook_cell_has_notebook_path():
    """A cell's URI has the path of its notebook."""
    assert uri_to_path("vscode-notebook-cell:/tmp/a.ipynb#W0sZmlsZQ%3D%3D") == "/tmp/a.ipynb"


@pytest.mark.skipif(not POSIX, reason="paths of POSIX")
@pytest.mark.parametrize(
    ("uri", "path"),
    [
        (
            "git:/tmp/a.md?%7B%22path%22%3A%22%2Ftmp%2Fa.md%22%2C%22ref%22%3A%22HEAD%22%7D",
            "/tmp/a.md",
        ),
        ("untitled:/tmp/new%20plan.md", "/tmp/new plan.md"),
        (
            "vscode-scm:git/scm0/input?rootUri%3Dfile%253A%252F%252F%252Ftmp%252Fa%252520b",
            "/tmp/a b/.git/COMMIT_EDITMSG",
        ),
        ("vscode-scm:git/scm0/input?rootUri=file%3A%2F%2F%2Ftmp", "/tmp/.git/COMMIT_EDITMSG"),
    ],
)
def test_editor_buffers_are_files(uri, path):
    """A version in git and a file that is not saved have the file's path, the box for a commit's
    message that of the message's file.
    """
    assert uri_to_path(uri) == path


@pytest.mark.skipif(not POSIX, reason="paths of POSIX")
@pytest.mark.parametrize(
    "uri",
    [
        "vscode-notebook-cell:/tmp/.env#W0sZmlsZQ%3D%3D", "git:/tmp/.env?%7B%22ref%22%3A%22~%22%7D",
        "untitled:/tmp/.env", "untitled:.env", "untitled:keys/id_rsa",
    ],
)  # fmt: skip
def test_buffer_of_secret_file_is_secret(uri):
    """A document that is a part or a version of a file of keys is a secret document."""
    assert is_secret_document(uri)


@pytest.fixture
def loosely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a file system such as that of macOS, which ignores case and Unicode form in lookups."""
    monkeypatch.setattr(uris, "HAS_SPELLING_VARIANTS", True)

    def one(path: str, other: str) -> bool:
        return uris._folded(path) == uris._folded(other)

    monkeypatch.setattr(os.path, "samefile", one)


@pytest.mark.usefixtures("loosely")
@pytest.mark.parametrize("name", ["Café Plan.md", unicodedata.normalize("NFD", "Café Plan.md")])
def test_spellings_have_one_name(tmp_path, name):
    """If the file system ignores case and Unicode form, each spelling has the file's own name."""
    folder = tmp_path / "Notes"
    folder.mkdir()
    (folder / name).write_text("text")
    for spelling in ("Notes/Café Plan.md", "notes/café plan.md", "NOTES/cafe\u0301 PLAN.MD"):
        assert real_path(tmp_path / spelling) == str(folder / name)
        assert uri_to_real_path((tmp_path / spelling).as_uri()) == str(folder / name)
    assert list(Tree(tmp_path / "notes").walk(Counter())) == [str(folder / name)]


@pytest.mark.usefixtures("loosely")
def test_case_distinguishes_existing_files(tmp_path):
    """Two files whose names differ only in case stay two."""
    for name in ("plan.md", "Plan.md"):
        (tmp_path / name).write_text(name)
        assert real_path(tmp_path / name) == str(tmp_path / name)
    assert real_path(tmp_path / "PLAN.md") == str(tmp_path / "PLAN.md")


@pytest.mark.parametrize("name", ["con", "nul", "aux.old", "com1", "lpt9.x", "prn"])
def test_device_names_are_refused(tmp_path, name):
    """A model cannot have the name of a Windows device."""
    (tmp_path / "a.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match="cannot name a model"):
        Store(tmp_path / "models").import_file(tmp_path / "a.onnx", name)


# Files


def test_junction_is_a_link(monkeypatch, tmp_path):
    """A Windows junction counts as a link."""
    (tmp_path / "above").mkdir()
    status = SimpleNamespace(st_reparse_tag=discovery.JUNCTION_TAG, st_mode=stat.S_IFDIR)
    monkeypatch.setattr(discovery, "os", SimpleNamespace(**{**vars(os), "name": "nt"}))
    entry = SimpleNamespace(is_symlink=lambda: False, stat=lambda follow_symlinks: status)
    assert discovery._is_link(entry)
    status.st_reparse_tag = 0
    assert not discovery._is_link(entry)


@pytest.mark.parametrize("attributes", [0x0040_0000, 0x1000, 0x20])
def test_cloud_file_is_not_fetched(monkeypatch, tmp_path, attributes):
    """A file that is only in the cloud is skipped, unless the user names it."""
    path = tmp_path / "plan.md"
    path.write_text("text")
    status = SimpleNamespace(st_mode=stat.S_IFREG, st_size=4, st_file_attributes=attributes)
    monkeypatch.setattr(Path, "stat", lambda _path, **_options: status)
    if attributes & reading.RECALL_ATTRIBUTES:
        with pytest.raises(SkippedFile, match="in a cloud"):
            read_text(path, max_bytes=10)
    else:
        assert read_text(path, max_bytes=10) == b"text"
    assert read_text(path, max_bytes=10, named=True) == b"text"


@pytest.mark.parametrize("busy", [0, 1, len(atomic.RETRY_DELAYS)])
def test_open_file_is_replaced_later(monkeypatch, tmp_path, busy):
    """Replacing a file that is open on Windows is tried again until it is closed."""
    path, attempts = tmp_path / "kept.json", []
    path.write_text("old")
    replace = Path.replace

    def refused(partial: Path, target: Path) -> Path:
        attempts.append(target)
        if len(attempts) <= busy:
            raise PermissionError(13, "in use by another process")
        return replace(partial, target)

    monkeypatch.setattr(atomic, "os", SimpleNamespace(**{**vars(os), "name": "nt"}))
    monkeypatch.setattr(atomic, "RETRY_DELAYS", (0.0,) * len(atomic.RETRY_DELAYS))
    monkeypatch.setattr(Path, "replace", refused)
    with atomic_write(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["kept.json"]


def test_failed_replacement_keeps_file(monkeypatch, tmp_path):
    """A file that cannot be replaced stays, and no temporary file is left."""
    path = tmp_path / "kept.json"
    path.write_text("old")
    monkeypatch.setattr(
        Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError(13, "in use"))
    )
    with pytest.raises(PermissionError), atomic_write(path) as partial:
        partial.write_text("new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("kept.json", "old")]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf*.log\n",
        b"*.log\r\n",
        "# Überschrift\n*.log".encode("latin-1"),
        b"caf\xe9\n*.log\n",
    ],
)
def test_gitignore_of_any_encoding(tmp_path, content):
    """A .gitignore is read with a byte order mark, CR LF or Latin-1 text."""
    (tmp_path / ".gitignore").write_bytes(content)
    (rules,) = FolderRules.at(tmp_path, StepBudget(1000)).rules
    assert rules.verdict(str(tmp_path / "a.log"), is_folder=False)
    assert not rules.verdict(str(tmp_path / "a.txt"), is_folder=False)


def test_saving_keeps_windows_line_ends(tmp_path):
    """Saving a file keeps its CR LF line ends."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\ntwo\r\n")
    TextFile.open(path).save("one\ntwo\nthree\n")
    assert path.read_bytes() == b"one\r\ntwo\r\nthree\r\n"


# Modules


def _guarded(path: Path) -> set[int]:
    """Return the lines of a file that run on some systems only, or that catch an error."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        condition = ""
        if isinstance(node, ast.If | ast.IfExp):
            condition = ast.unparse(node.test)
        elif isinstance(node, ast.FunctionDef) and "os.name != 'posix'" in ast.unparse(node):
            condition = "os.name"
        if any(word in condition for word in ("sys.platform", "os.name", "hasattr")):
            lines.update(range(node.lineno, node.end_lineno + 1))
        elif isinstance(node, ast.Try) and any(
            "Error" in ast.unparse(one.type or node) for one in node.handlers
        ):
            lines.update(range(node.lineno, node.body[-1].end_lineno + 1))
    return lines


def _of_one_system(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module]
            )
            found += [(node.lineno, name) for name in names if name in UNIX_ALONE | WINDOWS_ALONE]
        elif (
            isinstance(node, ast.Attribute)
            and ast.unparse(node.value) == "os"
            and node.attr in CALLS_OF_UNIX
        ):
            found.append((node.lineno, f"os.{node.attr}"))
    return found


def test_system_features_are_guarded():
    """A module or call of one system only is used only after a test for it."""
    loose = [
        f"{path.name}:{line} {name}"
        for path in SOURCES
        for line, name in _of_one_system(path)
        if line not in _guarded(path)
    ]
    assert not loose


def test_text_files_name_their_encoding():
    """Every text file is opened with a named encoding: the default of Windows is not UTF-8."""
    unnamed = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = node.func.attr
                arguments = [*node.args, *(word.value for word in node.keywords)]
                if name in {"read_text", "write_text"} and not arguments[name == "write_text" :]:
                    unnamed.append(f"{path.name}:{node.lineno}")
    assert not unnamed
