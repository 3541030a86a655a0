"""The file of one index segment.

Layout, in the machine's byte order: `MAGIC`; the CRC-32 and the length of a head, 32 bits each; the
head; the suffix array; occ; L; the text. The head is JSON: [[name, size], ...] of the documents,
the alphabet, and two checksums: of occ and L, and of the suffix array and the text. The suffix
array and the text stay on disk until they are used.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Sequence
from functools import reduce
from io import SEEK_END, BufferedReader
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foretype_model.errors import BrokenIndexError
from foretype_model.files.atomic import atomic_write

MAGIC: Final = b"foretype index 4\n"
HEADER_OFFSET: Final = len(MAGIC) + 8
"""Offset of the head."""

BLOCK_ROWS: Final = 1024
"""Rows between two stored counts: a rank counts half as many bytes on average. 512 took no less
time, and twice the memory: 16 MB for a workspace of 10 MB in which 200 bytes occur.
"""

Bytes = NDArray[np.uint8]


class SegmentContent(NamedTuple):
    """The arrays of an index segment; `FMIndex` documents them.

    Attributes:
        sizes: (name, bytes) of each document.
        alphabet: the bytes that occur, ascending.
        bwt: L, shape (rows,).
        occ: 32-bit numbers of shape (blocks + 1, len(alphabet) + 1).
        suffix_array: shape (rows,).
        text: shape (rows,).
        checksum: of the suffix array and the text; None if they were not read from a file.
    """

    sizes: Sequence[tuple[str, int]]
    alphabet: bytes
    bwt: bytes
    occ: bytes | memoryview
    suffix_array: NDArray[np.int32]
    text: Bytes
    checksum: int | None = None


def write(path: Path, content: SegmentContent) -> None:
    """Write one file, whole or not at all."""
    _, alphabet, bwt, occ, suffix_array, text, _ = content
    checksums = checksum(occ, bwt), checksum(suffix_array.data, text.data)
    head = json.dumps([content.sizes, list(alphabet), checksums]).encode()
    head += b" " * (-(HEADER_OFFSET + len(head)) % 8)  # aligns the suffix array
    fixed = np.array([zlib.crc32(head), len(head)], np.uint32)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        for part in (MAGIC, fixed.data, head, suffix_array.data, occ, bwt, text.data):
            file.write(part)


def read(path: Path) -> SegmentContent:
    """Read a file that `write` wrote; map the suffix array and the text.

    Raises:
        BrokenIndexError: the file is missing, incomplete, damaged or of another kind.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except (OSError, ValueError, TypeError) as error:
        raise BrokenIndexError(
            f"{path} is not a whole index: remove it, and Foretype makes it again ({error})"
        ) from error


def _read(file: BufferedReader) -> SegmentContent:
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("of another kind or release")
    head_checksum, length = np.frombuffer(file.read(HEADER_OFFSET - len(MAGIC)), np.uint32).tolist()
    # A damaged length may be gigabytes, for which a read would allocate memory.
    head = file.read(min(length, os.fstat(file.fileno()).st_size))
    if zlib.crc32(head) != head_checksum:
        raise ValueError("incomplete")
    sizes, alphabet, (memory_checksum, disk_checksum) = json.loads(head)
    # The size of each part follows from the head.
    rows = 1 + sum(size + 1 for _, size in sizes)
    blocks = -(-rows // BLOCK_ROWS)
    lengths = 4 * rows, 4 * (blocks + 1) * (len(alphabet) + 1), rows, rows
    array_at, occ_at, bwt_at, text_at, end = accumulate(lengths, initial=HEADER_OFFSET + length)
    if file.seek(0, SEEK_END) != end:
        raise ValueError("incomplete")
    # Read, not mapped: a copy out of a memory map would be resident twice.
    file.seek(occ_at)
    occ, bwt = file.read(bwt_at - occ_at), file.read(text_at - bwt_at)
    if checksum(occ, bwt) != memory_checksum:
        raise ValueError("incomplete")
    suffix_array = np.asarray(np.memmap(file, np.int32, "r", array_at, (rows,)))
    text = np.asarray(np.memmap(file, np.uint8, "r", text_at, (rows,)))
    return SegmentContent(sizes, bytes(alphabet), bwt, occ, suffix_array, text, disk_checksum)


def checksum(*parts: bytes | memoryview) -> int:
    """Return the CRC-32 of the parts, one after the other."""
    return reduce(lambda before, part: zlib.crc32(part, before), parts, 0)
