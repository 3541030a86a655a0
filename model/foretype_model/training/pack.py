"""A corpus that need not fit in memory: all of its texts in one file, which a training reads piece
by piece.

    python -m foretype_model.training.pack PATH... CORPUS

PATHs are files and folders, read as `foretype train` reads them, one text at a time. CORPUS is
their texts end to end, then where each ends as a 64-bit integer, then how many there are; integers
are little-endian. It is read with plain reads and not mapped: a mapped corpus would come to count
as the process's own memory, page by page.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from foretype_model.errors import CorpusError, ForetypeError
from foretype_model.files.atomic import atomic_write
from foretype_model.files.discovery import summarise_skipped
from foretype_model.training.corpus import iter_texts

MAGIC: Final = b"foretype corpus\0"
TRAILER_BYTES: Final = 8 + len(MAGIC)


def pack(texts: Iterable[bytes], path: Path) -> int:
    """Write a corpus atomically, holding one text at a time; return the number of texts."""
    end, ends = 0, bytearray()
    with atomic_write(path) as partial, partial.open("wb") as file:
        for text in texts:
            file.write(text)
            end += len(text)
            ends += end.to_bytes(8, "little")
        count = len(ends) // 8
        file.write(ends + count.to_bytes(8, "little") + MAGIC)
    return count


def is_packed(path: Path) -> bool:
    """Return whether a file is a packed corpus, judged by its last bytes."""
    if not path.is_file() or path.stat().st_size < TRAILER_BYTES:
        return False
    with path.open("rb") as file:
        file.seek(-len(MAGIC), 2)
        return file.read() == MAGIC


class PackedDocuments:
    """The documents of a packed corpus. Their texts stay on disk; memory holds 16 bytes for each.

    Raises:
        CorpusError: the file is not a packed corpus, or is not whole.
    """

    def __init__(self, path: Path) -> None:
        if not is_packed(path):
            raise CorpusError(
                f"{path} is not a packed corpus: make it with python -m "
                f"foretype_model.training.pack"
            )
        self._file = path.open("rb", buffering=0)
        size = self._file.seek(-TRAILER_BYTES, 2)
        count = int.from_bytes(self._file.read(8), "little")
        texts = size - 8 * count
        if texts >= 0:
            self._file.seek(texts)
            ends = np.fromfile(self._file, "<i8", count).astype(np.int64)
            self.sizes = np.diff(ends, prepend=0)
            self._starts = ends - self.sizes
        if texts < 0 or (ends[-1] if count else 0) != texts or (self.sizes < 0).any():
            raise CorpusError(
                f"{path} is damaged: make it again with python -m foretype_model.training.pack"
            )

    def read(self, document: int, start: int, stop: int) -> bytes:
        self._file.seek(int(self._starts[document]) + start)
        read = b""
        while more := self._file.read(stop - start - len(read)):
            read += more
        return read


def main(arguments: list[str] | None = None) -> int:
    """Pack the paths of the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        "python -m foretype_model.training.pack", description="Pack texts into one file."
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", type=Path, help="files, and folders to search for text"
    )
    parser.add_argument("corpus", metavar="CORPUS", type=Path, help="the file to write")
    given = parser.parse_args(arguments)
    skipped: Counter[str] = Counter()
    try:
        count = pack((text for _name, text in iter_texts(given.paths, skipped)), given.corpus)
    except ForetypeError as error:
        print(error, file=sys.stderr)
        return 1
    left_out = f"; left out: {summarise_skipped(skipped)}" if skipped else ""
    print(
        f"{given.corpus}: {count} texts, {given.corpus.stat().st_size / 1e6:.1f} MB{left_out}",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
