import os
import subprocess
from pathlib import Path

import pytest

from foretype_model.errors import CorpusError
from foretype_model.files import discovery, reading
from foretype_model.training.corpus import read_corpus


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "prose.txt").write_text("It was a bright cold day in April.\n")
    return tmp_path


def write(path: Path, content: bytes | str = "text\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def names(*paths: Path) -> list[str]:
    """The names that a corpus holds, relative to the first path."""
    return [Path(name).relative_to(paths[0]).as_posix() for name in read_corpus(paths).names]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (".hidden.txt", "text", discovery.HIDDEN),
        (".hidden/inside.txt", "text", discovery.HIDDEN),
        (".env", "KEY=1", discovery.SECRET),
        (".env.production", "KEY=1", discovery.SECRET),
        ("prod.env", "KEY=1", discovery.SECRET),
        ("server.pem", "text", discovery.SECRET),
        ("server.KEY", "text", discovery.SECRET),
        ("id_rsa", "text", discovery.SECRET),
        ("package-lock.json", "{}\n", discovery.LOCK_FILE),
        ("poetry.lock", "text", discovery.LOCK_FILE),
        ("Cargo.lock", "text", discovery.LOCK_FILE),
        ("yarn.lock", "text", discovery.LOCK_FILE),
        ("uv.lock", "text", discovery.LOCK_FILE),
        ("go.sum", "text", discovery.LOCK_FILE),
        ("jquery.min.js", "a\nb\n", discovery.MINIFIED),
        ("bundle.js", "x=1;" * 500, discovery.MINIFIED),
        ("bundle.css", "a{b:c}" * 500, discovery.MINIFIED),
        ("bundle.js.map", "{}\n", discovery.MINIFIED),
        ("huge.txt", b"word " * 2_000_001, "over 10 MB"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0", discovery.NOT_TEXT),
        ("late-nul.txt", b"a" * reading.SNIFF_BYTES + b"\0", discovery.NOT_TEXT),
        ("latin-1.txt", "café".encode("latin-1"), discovery.NOT_TEXT),
        ("nothing.txt", "", discovery.EMPTY),
        ("blank.txt", b"\xef\xbb\xbf \r\n", discovery.EMPTY),
        ("copy.txt", "It was a bright cold day in April.\n", discovery.DUPLICATE),
        ("copy-from-windows.txt", "It was a bright cold day in April.\r\n", discovery.DUPLICATE),
    ],
)
def test_skipped_files_are_counted(folder, name, content, reason):
    """Skipped files are counted by reason."""
    write(folder / name, content)
    found = read_corpus([folder])
    assert len(found.texts) == 1
    assert found.skipped == {reason: 1}


def test_paragraph_lines_are_not_minified(tmp_path):
    """Prose with a paragraph a line does not count as minified."""
    paragraph = "A long paragraph goes on and on. " * 40
    for name in ("novel.txt", "essay.md", "letter", "page.html"):
        write(tmp_path / name, f"{name}: {paragraph}\n\n{paragraph}\n")
    assert names(tmp_path) == ["essay.md", "letter", "novel.txt", "page.html"]


def test_few_long_lines_are_not_minified(tmp_path):
    """Ordinary code with a few long lines does not count as minified."""
    write(tmp_path / "code.js", "let a = 1;\n" * 50 + "x" * 2000 + "\n")
    assert names(tmp_path) == ["code.js"]


@pytest.mark.parametrize("name", [".hidden.txt", "ignored.txt", "yarn.lock", "jquery.min.js"])
def test_named_file_may_have_any_name(tmp_path, name):
    """A named file is read whatever its name."""
    write(tmp_path / ".gitignore", "ignored.txt\n")
    path = write(tmp_path / name, "some text\n")
    assert read_corpus([path]).texts == [b"some text\n"]


def test_named_file_may_have_any_size(tmp_path):
    """A named file is read whatever its size."""
    path = write(tmp_path / "huge.txt", b"word " * 2_000_001)
    assert len(read_corpus([path]).texts[0]) == 10_000_005


def test_named_file_beside_its_folder(folder):
    """A named file is read once if its folder is named too."""
    hidden = write(folder / ".notes", "notes\n")
    assert names(folder, hidden) == [".notes", "prose.txt"]


@pytest.mark.parametrize("name", [".env", "server.pem", "id_ed25519"])
def test_named_secret_is_refused(tmp_path, name):
    """A named file of secrets is refused."""
    path = write(tmp_path / name, "text")
    with pytest.raises(CorpusError, match="1 secret"):
        read_corpus([path])


def test_link_to_secret_is_refused(tmp_path):
    """A link to a file of secrets is refused."""
    secret = write(tmp_path / ".env", "KEY=1")
    (tmp_path / "notes.txt").symlink_to(secret)
    with pytest.raises(CorpusError, match="1 secret"):
        read_corpus([tmp_path / "notes.txt"])


def test_line_ends_are_normalised(tmp_path):
    """Line ends become LF, and a byte order mark is removed."""
    write(tmp_path / "windows.txt", b"\xef\xbb\xbfone\r\ntwo\r\n\r\nthree\r")
    assert read_corpus([tmp_path]).texts == [b"one\ntwo\n\nthree\r"]


def test_path_order_does_not_matter(tmp_path):
    """The order of the texts does not depend on the order of the paths."""
    for name in ("b/two.txt", "a/one.txt", "c.txt"):
        write(tmp_path / name, name)
    paths = [tmp_path / "c.txt", tmp_path / "b", tmp_path / "a"]
    assert read_corpus(paths) == read_corpus(paths[::-1])
    assert [Path(name).name for name in read_corpus(paths).names] == ["one.txt", "two.txt", "c.txt"]


def test_file_is_read_once(folder):
    """A file that is reached twice is read once."""
    found = read_corpus([folder, folder / "prose.txt", folder / ".." / folder.name])
    assert len(found.texts) == 1
    assert found.skipped == {}


def test_links_are_not_followed(tmp_path):
    """Links in a folder are not followed."""
    outside = write(tmp_path / "outside" / "secret.txt", "not asked for")
    inside = write(tmp_path / "inside" / "text.txt").parent
    (inside / "loop").symlink_to(inside, target_is_directory=True)
    (inside / "away").symlink_to(outside.parent, target_is_directory=True)
    (inside / "file").symlink_to(outside)
    (inside / "dangling").symlink_to(tmp_path / "nowhere")
    found = read_corpus([inside])
    assert found.texts == [b"text\n"]
    assert found.skipped == {discovery.LINK: 4}


def test_named_link_is_followed(folder, tmp_path):
    """A named link is followed."""
    link = tmp_path / "link"
    link.symlink_to(write(tmp_path / "elsewhere" / "text.txt").parent, target_is_directory=True)
    assert read_corpus([link]).texts == [b"text\n"]


def test_pipe_is_not_read(folder):
    """A pipe is not read."""
    os.mkfifo(folder / "pipe")
    assert read_corpus([folder]).skipped == {discovery.NOT_A_FILE: 1}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_are_counted(folder):
    """Unreadable files are counted."""
    write(folder / "private.txt").chmod(0)
    assert read_corpus([folder]).skipped == {discovery.UNREADABLE: 1}


def test_missing_path_is_one_line(folder):
    """A path that does not exist is one line of error."""
    with pytest.raises(CorpusError) as caught:
        read_corpus([folder, folder / "missing"])
    assert "missing" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_empty_corpus_names_the_reasons(tmp_path):
    """If nothing is left, the error names the reasons."""
    write(tmp_path / ".env")
    write(tmp_path / "a.bin", b"\0")
    write(tmp_path / "b.bin", b"\0\0")
    with pytest.raises(CorpusError, match=r"2 not UTF-8 text, 1 secret") as caught:
        read_corpus([tmp_path])
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("paths", [[], ["."]])
def test_folder_without_files_is_refused(tmp_path, paths):
    """A folder without files is refused."""
    with pytest.raises(CorpusError, match="no file there"):
        read_corpus([tmp_path / path for path in paths])


def test_odd_names_are_printable(tmp_path):
    """A name that is not UTF-8 can be printed."""
    write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")))
    assert read_corpus([tmp_path]).names == [f"{tmp_path}/caf\N{REPLACEMENT CHARACTER}.txt"]


def git_names(repository: Path) -> list[str]:
    """What git itself does not ignore, hidden files aside."""
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    listed = subprocess.run(
        [
            "git",
            "-C",
            str(repository),
            "ls-files",
            "-z",
            "--others",
            "--exclude-per-directory=.gitignore",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(name for name in listed.stdout.split("\0") if name and ".gitignore" not in name)


FILES = [
    "top.txt",
    "top.log",
    "build/out.txt",
    "build/keep.txt",
    "src/a.txt",
    "src/a.log",
    "src/build/b.txt",
    "src/x/y/z.txt",
]


@pytest.mark.parametrize(
    "rules",
    [
        {"": "*.log\n"},
        {"": "build/\n"},
        {"": "/build\n"},
        {"": "build/\n!build/keep.txt\n"},
        {"": "build/*\n!build/keep.txt\n"},
        {"": "*.log\n", "src": "!a.log\n"},
        {"": "*.txt\n!/top.txt\n", "src/x": "!*.txt\n"},
        {"": "src/**/z.txt\n"},
        {"": "**/y\n"},
        {"": "*\n!*/\n!*.log\n"},
        {"": "/*\n!/src/\n"},
        {"": "*\n!src\n!src/a.txt\n"},
        {"src": "/a.txt\n# a comment\n\nx/\n"},
        {"": "a.txt \ntop.tx[t]\n"},
        {"": "!\n*.log\n"},
        {"": "src/a.txt\r\n"},
    ],
)
def test_gitignored_files_are_skipped(tmp_path, rules):
    """Files that git ignores are skipped."""
    for name in FILES:
        write(tmp_path / name, name)
    for where, patterns in rules.items():
        write(tmp_path / where / ".gitignore", patterns)
    assert sorted(names(tmp_path)) == git_names(tmp_path)


def test_upper_rules_count(tmp_path):
    """A folder in a repository obeys the .gitignore files above it."""
    write(tmp_path / ".gitignore", "*.log\n/src/generated/\n")
    (tmp_path / ".git").mkdir()
    for name in ("src/a.txt", "src/a.log", "src/generated/b.txt"):
        write(tmp_path / name, name)
    assert names(tmp_path / "src") == ["a.txt"]


def test_rules_above_repository_are_ignored(tmp_path):
    """.gitignore files above the repository do not count."""
    write(tmp_path / ".gitignore", "*.txt\n")
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    write(tmp_path / "repository" / "src" / "a.txt")
    assert names(tmp_path / "repository" / "src") == ["a.txt"]


def test_named_ignored_folder_is_read(tmp_path):
    """An ignored folder that is named is read."""
    write(tmp_path / ".gitignore", "generated/\n")
    (tmp_path / ".git").mkdir()
    write(tmp_path / "generated" / "a" / "b.txt")
    assert names(tmp_path / "generated") == ["a/b.txt"]
    assert names(tmp_path / "generated" / "a") == ["b.txt"]
