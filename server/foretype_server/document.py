"""The text of an open document, as chunks of UTF-8 bytes: every edit costs the same, however long
its line is.

Lines end with LF, CR LF or CR only: form feed, U+2028 and the like are ordinary characters in the
Language Server Protocol. `CodeUnits` defines the units of a client's positions.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final, NamedTuple, Protocol

from foretype_model.text.rope import Rope, to_lf

MAX_CHUNK_BYTES: Final = 8192
"""Bytes of a chunk at most. An edit copies one or two chunks, and the list of them: 10 MB are 2,500
chunks at most, and 0.2 ms.
"""

NEAR_BYTES: Final = 1024
"""Bytes before a point that are near it; of those after it, a quarter as many."""

_BREAK: Final = re.compile(rb"\r\n|\r|\n")


class Point(NamedTuple):
    """A client's position in a text: both numbers from 0, `character` in the client's units."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The text of a document before and after a point, at the time of a request. Its lines end in
    LF.
    """

    uri: str
    before: Rope
    after: Rope
    is_code: bool = False

    def near(self) -> str:
        """Return the text near the point, mostly before it."""
        before, after = self.before[-NEAR_BYTES:], self.after[: NEAR_BYTES // 4]
        return (before + after).decode("utf-8", "ignore")


class CodeUnits(Protocol):
    """The unit in which a client counts characters along a line."""

    def width(self, text: bytes) -> int:
        """Return the length of `text` (whole code points of UTF-8) in units."""
        ...

    def split(self, text: bytes, units: int) -> tuple[bytes, bytes]:
        """Split `text` after its first `units` units, which are fewer than all."""
        ...


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A piece of the text: whole code points, and never half of a CR LF. `to_lf` is its text with
    LF line ends.
    """

    text: bytes
    to_lf: bytes
    breaks: int
    width: int


_REPLACEMENT_CHARACTER: Final = "\ufffd".encode()
"""Replaces half of a surrogate pair."""

_EMPTY: Final = _Chunk(b"", b"", breaks=0, width=0)


class _ChunkOffsets:
    """The offsets of the chunks of one version, computed when first needed."""

    def __init__(self, chunks: list[_Chunk]) -> None:
        self._chunks = chunks

    @cached_property
    def to_lf(self) -> Rope:
        """The text with LF line ends."""
        return Rope([chunk.to_lf for chunk in self._chunks])

    @cached_property
    def byte_starts(self) -> list[int]:
        """The byte offset of each chunk, and last the length of the text."""
        return list(accumulate([len(chunk.text) for chunk in self._chunks], initial=0))

    @cached_property
    def breaks(self) -> list[int]:
        """The number of line breaks up to the end of each chunk."""
        return list(accumulate([chunk.breaks for chunk in self._chunks]))


class Text:
    """A text that can be edited, and split at a point.

    A point past the end of its line stands for that end, a point past the last line for the end of
    the text. Lone surrogates become U+FFFD, which is as long in every encoding, so that later
    points stay valid.
    """

    def __init__(self, text: str, encoding: CodeUnits) -> None:
        self._encoding = encoding
        self._chunks = self._split_into_chunks(_encode(text)) or [_EMPTY]
        self._offsets = _ChunkOffsets(self._chunks)

    def __len__(self) -> int:
        """Return the length in bytes of UTF-8."""
        return self._offsets.byte_starts[-1]

    def __bytes__(self) -> bytes:
        return b"".join(chunk.text for chunk in self._chunks)

    def rope(self) -> Rope:
        """Return the text, with LF line ends."""
        return self._offsets.to_lf

    @property
    def last_line(self) -> int:
        """The number of the last line, from 0."""
        return self._offsets.breaks[-1]

    def edit(self, start: Point, end: Point, text: str) -> None:
        """Replace the text between `start` and `end` by `text`."""
        first, head, _ = self._split(min(start, end))
        last, _, tail = self._split(max(start, end))
        new = head + _encode(text) + tail
        # A CR at the end of a chunk may now precede an LF: merge the neighbour, to keep both in one
        # chunk.
        if first and self._chunks[first - 1].text.endswith(b"\r"):
            first -= 1
            new = self._chunks[first].text + new
        if last + 1 < len(self._chunks) and new.endswith(b"\r"):
            last += 1
            new += self._chunks[last].text
        self._chunks = [
            *self._chunks[:first],
            *self._split_into_chunks(new),
            *self._chunks[last + 1 :],
        ] or [_EMPTY]
        self._offsets = _ChunkOffsets(self._chunks)

    def split_at(self, point: Point) -> tuple[Rope, Rope]:
        """Return the text before and after `point`, with LF line ends."""
        number, head = self._head(point)
        place = self._offsets.to_lf.start(number) + len(to_lf(head))
        return self._offsets.to_lf.upto(place), self._offsets.to_lf.since(place)

    def offset(self, point: Point) -> int:
        """Return the number of bytes before `point`."""
        number, head = self._head(point)
        return self._offsets.byte_starts[number] + len(head)

    def slice(self, start: int, length: int) -> bytes:
        """Return `length` bytes from the byte `start` on, fewer at the end of the text."""
        starts = self._offsets.byte_starts
        start, end = max(0, start), min(start + length, len(self))
        number = bisect_right(starts, start) - 1
        pieces = []
        while starts[number] < end:
            pieces.append(
                self._chunks[number].text[max(0, start - starts[number]) : end - starts[number]]
            )
            number += 1
        return b"".join(pieces)

    def clamp(self, point: Point) -> Point:
        """Return the position that `point` stands for: in its line, and before the whole of a
        character that it splits.
        """
        line = min(max(0, point.line), self._offsets.breaks[-1])
        number, head = self._head(point)
        first, start = self._line_start(line)
        if first == number:
            return Point(line, self._encoding.width(head[start:]))
        # The line begins in an earlier chunk: its rest, the whole chunks between, and the head.
        rest = self._encoding.width(self._chunks[first].text[start:])
        between = sum(chunk.width for chunk in self._chunks[first + 1 : number])
        return Point(line, rest + between + self._encoding.width(head))

    def _head(self, point: Point) -> tuple[int, bytes]:
        """Return the number of the chunk at `point`, and its text before `point`, or before the
        whole of a surrogate pair that it splits.
        """
        number, head, _ = self._split(point)
        return number, head if self._chunks[number].text.startswith(head) else head[
            : -len(_REPLACEMENT_CHARACTER)
        ]

    def _split(self, point: Point) -> tuple[int, bytes, bytes]:
        """Return the number of the chunk at `point`, and its text before and after `point`."""
        number, start = self._line_start(point.line)
        units = max(0, point.character)
        # A long line spans chunks: subtract the width of each of its parts until the rest fits.
        while True:
            chunk = self._chunks[number]
            line_end = _BREAK.search(chunk.text, start) if chunk.breaks else None
            end = line_end.start() if line_end else len(chunk.text)
            inside = chunk.text[start:end]
            width = chunk.width if inside is chunk.text else self._encoding.width(inside)
            if units < width:
                head, tail = self._encoding.split(inside, units)
                return number, chunk.text[:start] + head, tail + chunk.text[end:]
            # Past the end of the line, or of the text: the point stands for that end.
            if line_end or number + 1 == len(self._chunks):
                return number, chunk.text[:end], chunk.text[end:]
            number, start, units = number + 1, 0, units - width

    def _line_start(self, line: int) -> tuple[int, int]:
        """Return the number of the chunk where `line` starts, and the offset in it."""
        line = max(0, line)
        number = bisect_left(self._offsets.breaks, line)
        if number == len(self._chunks):
            return number - 1, len(self._chunks[-1].text)
        chunk = self._chunks[number]
        # The breaks between the start of this chunk and the line.
        breaks = line - (self._offsets.breaks[number] - chunk.breaks)
        # bytes.splitlines splits at LF, CR LF and CR only; str.splitlines at eight more.
        return number, sum(map(len, chunk.text.splitlines(keepends=True)[:breaks]))

    def _split_into_chunks(self, text: bytes) -> list[_Chunk]:
        pieces, start = [], 0
        # Half-full chunks have room for the next edits.
        while len(text) - start > MAX_CHUNK_BYTES:
            end = _boundary_before(text, start + MAX_CHUNK_BYTES // 2)
            pieces.append(text[start:end])
            start = end
        pieces.append(text[start:])
        return [
            _Chunk(piece, to_lf(piece), _count_line_breaks(piece), self._encoding.width(piece))
            for piece in pieces
            if piece
        ]


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", _REPLACEMENT_CHARACTER.decode(), text).encode()


def _count_line_breaks(text: bytes) -> int:
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")


def _boundary_before(text: bytes, at: int) -> int:
    """Return the last offset up to `at` that splits neither a code point nor a CR LF."""
    while at > 0 and (text[at] & 0xC0 == 0x80 or text[at - 1 : at + 1] == b"\r\n"):
        at -= 1
    return at
