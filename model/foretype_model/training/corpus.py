"""Read the texts of a training, and count the skipped files by reason."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foretype_model.errors import CorpusError
from foretype_model.files.discovery import (
    DUPLICATE,
    SECRET,
    Tree,
    summarise_skipped,
)
from foretype_model.files.reading import SkippedFile, read_text
from foretype_model.privacy.secret_scanner import remove_secrets

MAX_FILE_BYTES: Final = 10_000_000
"""Bytes; a larger file is read only if the user named it."""

SECRETS_REMOVED: Final = "keys and passwords within the texts"


@dataclass(frozen=True)
class Corpus:
    """Texts to train on, in the order of their names.

    Attributes:
        texts: each file's UTF-8 text without a byte order mark, lines ending in LF, secrets
            removed.
        names: each text's path, as reached from the path the user gave.
        skipped: skipped files and folders by reason (a folder counts once), and the number of
            secrets removed.
    """

    texts: list[bytes]
    names: list[str]
    skipped: dict[str, int]


def read_corpus(paths: Sequence[Path]) -> Corpus:
    """Read every text file among `paths`, and below those that are folders (see
    `foretype_model.files.discovery`).

    A file named in `paths` is read whatever its name and size, unless it is a secret or not UTF-8
    text.

    Raises:
        CorpusError: a path does not exist, or no text was found.
    """
    skipped: Counter[str] = Counter()
    names, texts = zip(*iter_texts(paths, skipped), strict=True)
    return Corpus(list(texts), list(names), dict(skipped))


def iter_texts(paths: Sequence[Path], skipped: Counter[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and text of each file that `read_corpus` reads; count skipped ones in `skipped`.

    Raises:
        CorpusError: a path does not exist, or no text was found.
    """
    seen: set[bytes] = set()
    for path, named in sorted(_found(paths, skipped).items()):
        try:
            text = read_text(path, max_bytes=MAX_FILE_BYTES, named=named)
        except SkippedFile as error:
            skipped[error.reason] += 1
            continue
        text, found = remove_secrets(text)
        digest = hashlib.sha256(text).digest()
        if not text.strip():
            skipped[SECRET] += 1
        elif digest in seen:
            skipped[DUPLICATE] += 1
        else:
            seen.add(digest)
            skipped.update([SECRETS_REMOVED] * found)
            yield _printable(path), text
    if not seen:
        raise CorpusError(_nothing_left(paths, skipped))


def _nothing_left(paths: Sequence[Path], skipped: Mapping[str, int]) -> str:
    where = ", ".join(_printable(path) for path in paths) or "no path"
    why = f"left out: {summarise_skipped(skipped)}" if skipped else "no file there"
    return f"no text to learn from in {where} ({why}); name a file or folder of UTF-8 text"


def _printable(path: Path) -> str:
    """Return a path's name, with U+FFFD for bytes that are not UTF-8."""
    return os.fsencode(path).decode(errors="replace")


def _found(paths: Sequence[Path], skipped: Counter[str]) -> dict[Path, bool]:
    """Return every file to look into, once, and whether the user named it."""
    found: dict[str, tuple[Path, bool]] = {}
    for path in paths:
        try:
            path.stat()
        except OSError as error:
            raise CorpusError(
                f"cannot read {_printable(path)}: {error.strerror}; name a file or folder of text"
            ) from None
        if path.is_dir():
            tree = Tree(path)
            for file in tree.walk(skipped):
                found.setdefault(file, (path / Path(file).relative_to(tree.folder), False))
        else:
            found[os.path.realpath(path)] = (path, True)
    return dict(found.values())
