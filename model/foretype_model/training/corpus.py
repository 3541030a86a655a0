"""From paths to the texts that a model is trained on, and what was left out on the way, by
reason.
"""

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
    SkippedFile,
    Tree,
    read_text,
    summarise_skipped,
)
from foretype_model.privacy.secret_scanner import remove_secrets

MAX_FILE_BYTES: Final = 10_000_000
"""Bytes; a larger file is read only where the user named it."""

SECRETS_REMOVED: Final = "keys and passwords within the texts"


@dataclass(frozen=True)
class Corpus:
    """Texts to train on, in the order of their names.

    Attributes:
        texts: each file's UTF-8 text without a byte order mark, lines ending in LF, less the
            secrets in it.
        names: each text's path, as reached from the path the user gave.
        skipped: how many files and folders were left out, by reason; a folder counts once; and what
            was left out of the texts.
    """

    texts: list[bytes]
    names: list[str]
    skipped: dict[str, int]


def read_corpus(paths: Sequence[Path]) -> Corpus:
    """Read every text file among `paths`, folders being searched through (see
    `foretype_model.files.discovery`).

    A file named in `paths` itself is taken whatever its name and size, unless it is a secret or not
    UTF-8 text.

    Raises:
        CorpusError: a path does not exist, or nothing was left.
    """
    skipped: Counter[str] = Counter()
    names, texts = zip(*iter_texts(paths, skipped), strict=True)
    return Corpus(list(texts), list(names), dict(skipped))


def iter_texts(paths: Sequence[Path], skipped: Counter[str]) -> Iterator[tuple[str, bytes]]:
    """Name and text of what `read_corpus` reads, one at a time; `skipped` counts what is left out,
    by reason.

    Raises:
        CorpusError: a path does not exist, or nothing was left.
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
    """A path's name where bytes that are no UTF-8 are shown as U+FFFD."""
    return os.fsencode(path).decode(errors="replace")


def _found(paths: Sequence[Path], skipped: Counter[str]) -> dict[Path, bool]:
    """Every file to look into, once, and whether the user named it."""
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
