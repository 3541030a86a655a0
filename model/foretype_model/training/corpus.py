"""From paths to the texts that a model is trained on, and what was left out on the way, by reason."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

from foretype_model.errors import CorpusError

HIDDEN: Final = "hidden"
IGNORED: Final = "ignored by .gitignore"
SECRET: Final = "secret (.env or a key)"
LOCK_FILE: Final = "lock file"
MINIFIED: Final = "minified"
TOO_LARGE: Final = "over 10 MB"
NOT_TEXT: Final = "not UTF-8 text"
EMPTY: Final = "empty"
DUPLICATE: Final = "duplicate"
LINK: Final = "symbolic link"
NOT_A_FILE: Final = "not a regular file"
UNREADABLE: Final = "unreadable"

LARGEST: Final = 10_000_000
"""Bytes; a larger file is read only where the user named it."""

SNIFFED: Final = 8192
"""Bytes of a file that are looked at for a NUL before the rest is read."""

LONGEST_AVERAGE_LINE: Final = 200
"""Bytes a line, beyond which a file of code is taken for minified. Not so for prose: a line may be a paragraph."""

CODE_THAT_IS_MINIFIED: Final = frozenset({".js", ".mjs", ".cjs", ".css", ".json", ".svg"})
LOCK_FILES: Final = frozenset({
    "bun.lockb", "go.sum", "gradle.lockfile", "npm-shrinkwrap.json", "package-lock.json", "packages.lock.json",
    "pnpm-lock.yaml",
})  # fmt: skip
KEY_FILES: Final = frozenset({"id_dsa", "id_ecdsa", "id_ed25519", "id_rsa", ".netrc", ".npmrc", ".pgpass", ".pypirc"})
KEY_SUFFIXES: Final = frozenset({".env", ".jks", ".kdbx", ".key", ".keystore", ".p12", ".pem", ".pfx", ".ppk"})


@dataclass(frozen=True)
class Corpus:
    """Texts to train on, in the order of their names.

    Attributes:
        texts: each file's UTF-8 text without a byte order mark, lines ending in LF.
        names: each text's path, as reached from the path the user gave.
        skipped: how many files and folders were left out, by reason; a folder counts once.
    """

    texts: list[bytes]
    names: list[str]
    skipped: dict[str, int]


def read_corpus(paths: Sequence[Path]) -> Corpus:
    """Read every text file among `paths`, folders being searched through.

    What a project would not call its text is left out: hidden, ignored by ``.gitignore``, huge, minified, lock files.
    A file named in `paths` itself is taken all the same, unless it is a secret or not UTF-8 text.

    Raises:
        CorpusError: a path does not exist, or nothing was left.
    """
    skipped: Counter[str] = Counter()
    texts: dict[bytes, tuple[str, bytes]] = {}
    for path, named in sorted(_found(paths, skipped).items()):
        try:
            text = _read(path, named=named)
        except _LeftOutError as error:
            skipped[error.reason] += 1
            continue
        digest = hashlib.sha256(text).digest()
        if digest in texts:
            skipped[DUPLICATE] += 1
        else:
            texts[digest] = (_printable(path), text)
    if not texts:
        raise CorpusError(_nothing_left(paths, skipped))
    names, kept = zip(*texts.values(), strict=True)
    return Corpus(list(kept), list(names), dict(skipped))


def in_words(skipped: Mapping[str, int]) -> str:
    """What was left out, the most frequent reason first: ``12 hidden, 3 minified``."""
    return ", ".join(
        f"{count} {reason}" for reason, count in sorted(skipped.items(), key=lambda item: (-item[1], item))
    )


def _nothing_left(paths: Sequence[Path], skipped: Mapping[str, int]) -> str:
    where = ", ".join(_printable(path) for path in paths) or "no path"
    why = f"left out: {in_words(skipped)}" if skipped else "no file there"
    return f"no text to learn from in {where} ({why}); name a file or folder of UTF-8 text"


def _printable(path: Path) -> str:
    """A path's name where bytes that are no UTF-8 are shown as U+FFFD."""
    return os.fsencode(path).decode(errors="replace")


# Finding files


def _found(paths: Sequence[Path], skipped: Counter[str]) -> dict[Path, bool]:
    """Every file to look into, once, and whether the user named it."""
    found: dict[Path, tuple[Path, bool]] = {}
    for path in paths:
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except OSError as error:
            raise CorpusError(
                f"cannot read {_printable(path)}: {error.strerror}; name a file or folder of text"
            ) from None
        if is_folder:
            for file in _walk(path, _rules_above(path.resolve()), skipped):
                found.setdefault(file.resolve(), (file, False))
        else:
            found[path.resolve()] = (path, True)
    return dict(found.values())


@dataclass(frozen=True)
class _Rules:
    """One ``.gitignore``; its patterns are relative to `folder`, which is an absolute path."""

    folder: Path
    spec: GitIgnoreSpec

    def verdict(self, path: Path, *, is_folder: bool) -> bool | None:
        """Whether the path is ignored, None where no pattern speaks of it."""
        relative = path.relative_to(self.folder).as_posix()
        if not is_folder:
            return self.spec.check_file(relative).include
        # pathspec ranks "*" above a later "!*/"; for a folder itself, in git, simply the last match decides.
        matching = (p.include for p in reversed(self.spec.patterns) if p.match_file(relative + "/"))
        return next(matching, None)


def _walk(folder: Path, above: tuple[_Rules, ...], skipped: Counter[str]) -> Iterator[Path]:
    absolute = folder.resolve()
    rules = above + _rules_of(absolute)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        skipped[UNREADABLE] += 1
        return
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        reason = _left_out(entry) or (_ignored(absolute / entry.name, rules, is_folder=is_folder) and IGNORED)
        if reason:
            skipped[reason] += 1
        elif is_folder:
            yield from _walk(folder / entry.name, rules, skipped)
        else:
            yield folder / entry.name


def _left_out(entry: os.DirEntry[str]) -> str | None:
    """Why an entry of a folder is left out by its name or kind."""
    if entry.is_symlink():
        # A target inside the tree is met anyway; one outside was not asked for.
        return LINK
    if _is_secret(entry.name) and entry.is_file():
        return SECRET
    if entry.name.startswith("."):
        return HIDDEN
    if entry.is_file() and (entry.name in LOCK_FILES or entry.name.endswith(".lock")):
        return LOCK_FILE
    return None


def _is_secret(name: str) -> bool:
    name = name.lower()
    return name.startswith(".env") or name in KEY_FILES or Path(name).suffix in KEY_SUFFIXES


def _rules_of(folder: Path) -> tuple[_Rules, ...]:
    try:
        lines = os.fsdecode((folder / ".gitignore").read_bytes()).splitlines()
    except OSError:
        return ()
    return (_Rules(folder, GitIgnoreSpec.from_lines(filter(_is_pattern, lines))),)


def _is_pattern(line: str) -> bool:
    """Whether pathspec can read the line; git passes over the others."""
    try:
        GitIgnoreSpec.from_lines([line])
    except GitIgnorePatternError:
        return False
    return True


def _rules_above(folder: Path) -> tuple[_Rules, ...]:
    """The rules of the repository that `folder` lies in, unless they ignore that very folder: it was asked for."""
    above = [folder, *folder.parents]
    root = next((i for i, path in enumerate(above) if (path / ".git").exists()), 0)
    rules: tuple[_Rules, ...] = ()
    for parent, child in zip(above[root:0:-1], above[root - 1 :: -1], strict=False):
        rules += _rules_of(parent)
        if _ignored(child, rules, is_folder=True):
            return ()
    return rules


def _ignored(path: Path, rules: tuple[_Rules, ...], *, is_folder: bool) -> bool:
    """As git decides: the deepest ``.gitignore`` that says anything about the path."""
    verdicts = (rule.verdict(path, is_folder=is_folder) for rule in reversed(rules))
    return next((verdict for verdict in verdicts if verdict is not None), False)


# Reading one


class _LeftOutError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _read(path: Path, *, named: bool) -> bytes:
    """The text of a file; raises `_LeftOutError` where it is not wanted."""
    if _is_secret(path.name) or _is_secret(path.resolve().name):
        raise _LeftOutError(SECRET)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _LeftOutError(NOT_A_FILE)
        if status.st_size > LARGEST and not named:
            raise _LeftOutError(TOO_LARGE)
        text = _normalised(_bytes(path))
    except OSError:
        raise _LeftOutError(UNREADABLE) from None
    if not text.strip():
        raise _LeftOutError(EMPTY)
    if not named and _is_minified(path, text):
        raise _LeftOutError(MINIFIED)
    return text


def _bytes(path: Path) -> bytes:
    """What a file holds; a binary one is not read to its end."""
    with path.open("rb") as file:
        data = file.read(SNIFFED)
        return data if b"\0" in data else data + file.read()


def _normalised(data: bytes) -> bytes:
    """UTF-8 text without a byte order mark, lines ending in LF."""
    try:
        data.decode()
    except UnicodeDecodeError:
        raise _LeftOutError(NOT_TEXT) from None
    if b"\0" in data:
        raise _LeftOutError(NOT_TEXT)
    return data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")


def _is_minified(path: Path, text: bytes) -> bool:
    name = path.name.lower()
    if name.endswith((".min.js", ".min.css", ".map")):
        return True
    lines = text.count(b"\n") + 1
    return path.suffix.lower() in CODE_THAT_IS_MINIFIED and len(text) > LONGEST_AVERAGE_LINE * lines
