"""The text of a document whose chunks are so small that every edit reaches their borders."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trust.protocol_edits import Edit, ReferenceText, chunks_of

from foretype_server.document import Point, Text
from foretype_server.lsp.to_proto import POSITION_ENCODINGS

ENCODINGS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
CHUNK_BYTES = 8
breaks = st.text(st.sampled_from("ab\r\n\r\n\r\n"), max_size=60)
long_lines = st.text(st.sampled_from("abcdefgé中😀\n"), max_size=60)
places = st.integers(0, 60)


def point_after(before: str, encoding: str) -> Point:
    """Return the position after the text `before`."""
    *lines, last = re.split("\r\n|\r|\n", before)
    codec, unit = ENCODINGS[encoding]
    return Point(len(lines), len(last.encode(codec)) // unit)


def check_edits(text: str, edits: list, asked: tuple[int, int], encoding: str) -> None:
    """Apply edits between characters of the text, and compare all that can be asked of it."""
    store, reference = Text(text, POSITION_ENCODINGS[encoding]), ReferenceText(text, encoding)
    for first, last, new in edits:
        span = tuple(point_after(reference.text[:at], encoding) for at in (first, last))
        store.edit(*span, new)
        reference.apply(Edit(span, new))
        assert bytes(store).decode() == reference.text
    everything = reference.text.encode()
    assert len(store) == len(everything)
    assert store.last_line == len(re.split("\r\n|\r|\n", reference.text)) - 1
    start, length = asked
    assert store.slice(start, length) == everything[start : start + length]
    assert store.slice(-1, length) == everything[: max(0, length - 1)]
    for at in range(len(reference.text) + 1):
        line, character = point_after(reference.text[:at], encoding)
        for point in (Point(line, character), Point(line, character + 1), Point(line, -1)):
            offset, _ = reference.locate(point)
            before, after = reference.text[:offset], reference.text[offset:]
            assert store.offset(point) == len(before.encode())
            assert store.clamp(point) == point_after(before, encoding)
            halves = tuple(map(bytes, store.split_at(point)))
            assert halves == tuple(half.replace("\r\n", "\n").encode() for half in (before, after))


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, max_examples=60)
@given(
    text=breaks,
    edits=st.lists(st.tuples(places, places, breaks), max_size=6),
    asked=st.tuples(places, places),
)
def test_breaks_at_borders_stay_whole(
    text: str, edits: list, asked: tuple[int, int], encoding: str
) -> None:
    """CR and LF at the borders of chunks are one line end or two, as in the reference."""
    with chunks_of(CHUNK_BYTES):
        check_edits(text, edits, asked, encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, max_examples=60)
@given(
    text=long_lines,
    edits=st.lists(st.tuples(places, places, long_lines), max_size=6),
    asked=st.tuples(places, places),
)
def test_lines_span_many_chunks(
    text: str, edits: list, asked: tuple[int, int], encoding: str
) -> None:
    """Positions in lines of many chunks are those of the reference."""
    with chunks_of(CHUNK_BYTES):
        check_edits(text, edits, asked, encoding)


@pytest.mark.parametrize("gap", range(CHUNK_BYTES + 2))
@pytest.mark.parametrize(("first", "second"), [("\r", "\n"), ("\n", "\r"), ("\r\n", "\r\n")])
def test_typed_break_joins_neighbours(gap: int, first: str, second: str) -> None:
    """A CR typed before an LF, and an LF after a CR, become one line end, wherever chunks end."""
    with chunks_of(CHUNK_BYTES):
        for text, at, new in (
            ("x" * gap + second + "y" * CHUNK_BYTES, gap, first),
            ("x" * gap + first + "y" * CHUNK_BYTES, gap + len(first), second),
        ):
            store = Text(text, POSITION_ENCODINGS["utf-16"])
            point = point_after(text[:at], "utf-16")
            store.edit(point, point, new)
            whole = "x" * gap + first + second + "y" * CHUNK_BYTES
            assert bytes(store).decode() == whole
            assert store.last_line == len(re.findall("\r\n|\r|\n", whole))
            end = Point(store.last_line, 3)
            assert store.offset(end) == len(whole) - CHUNK_BYTES + 3
