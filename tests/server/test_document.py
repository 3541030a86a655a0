"""The text of a document against a plain reference, over random edits in each position encoding."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trust.protocol_edits import Edit, ReferenceText

from foretype_server.document import MAX_CHUNK_BYTES, Point, Text
from foretype_server.lsp.to_proto import POSITION_ENCODINGS

ENCODINGS = ["utf-8", "utf-16", "utf-32"]


# Few characters, so that CR often precedes LF; some end a line for str.splitlines, but not in the
# protocol.
texts = st.text(st.sampled_from("ab \r\n\r\n\u2028\x0c\x85\x1eéñक्ष中😀👩‍🚀"), max_size=40)
texts_without_cr = st.text(st.sampled_from("ab\n\u2028é中😀🚀"), max_size=20)
points = st.builds(Point, st.integers(0, 12), st.integers(0, 30))
edits = st.lists(st.tuples(points, points, texts), max_size=8)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None)
@given(text=texts, edits=edits, asked=points)
def test_any_edits_equal_the_reference(text: str, edits: list, asked: Point, encoding: str) -> None:
    """After any edits, the text, its length, slices, offsets, splits and clamped positions equal
    the reference's.
    """
    store, reference = Text(text, POSITION_ENCODINGS[encoding]), ReferenceText(text, encoding)
    for start, end, new in edits:
        store.edit(start, end, new)
        reference.apply(Edit((start, end), new))
    assert bytes(store).decode() == reference.text
    assert len(store) == len(reference.text.encode())
    start, length = asked
    assert store.slice(start, length) == reference.text.encode()[start : start + length]
    offset, _ = reference.locate(asked)
    assert store.offset(asked) == len(reference.text[:offset].encode())
    before, after = (bytes(part).decode() for part in store.split_at(asked))
    assert before == reference.text[:offset].replace("\r\n", "\n")
    assert after == reference.text[offset:].replace("\r\n", "\n")
    assert store.clamp(asked) == _position(reference.text[:offset], encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None)
@given(
    filler=st.sampled_from(["x", "é", "😀", "\r", "\r\n", "a\n"]),
    text=texts,
    edits=edits,
    shift=st.integers(-3, 3),
)
def test_many_chunks_equal_the_reference(
    filler: str, text: str, edits: list, shift: int, encoding: str
) -> None:
    """After any edits, a text of many chunks equals the reference."""
    width = MAX_CHUNK_BYTES // 2 // len(filler.encode()) + shift
    long = filler * width + text + filler * width
    store, reference = Text(long, POSITION_ENCODINGS[encoding]), ReferenceText(long, encoding)
    for start, end, new in edits[:3]:
        store.edit(start, end, new)
        reference.apply(Edit((start, end), new))
    assert bytes(store).decode() == reference.text
    for line in (0, reference.text.count("\n"), len(reference.text)):
        for character in (width + shift, 10**6):
            offset, _ = reference.locate(Point(line, character))
            clamped = store.clamp(Point(line, character))
            assert clamped == _position(reference.text[:offset], encoding)


def _position(before: str, encoding: str) -> Point:
    """Return the position after the text `before`."""
    *lines, last = re.split("\r\n|\r|\n", before)
    codec, unit = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[
        encoding
    ]
    return Point(len(lines), len(last.encode(codec)) // unit)


@settings(deadline=None)
@given(texts_without_cr, st.lists(st.tuples(points, points, texts_without_cr), max_size=8))
def test_half_pairs_keep_their_units(text: str, edits: list) -> None:
    """Whatever halves an edit leaves, each line has as many UTF-16 units as the client counts."""
    store = Text(text, POSITION_ENCODINGS["utf-16"])
    lines = [_units(line) for line in text.split("\n")]
    for start, end, new in edits:
        lines = _edited(lines, *sorted((start, end)), new)
        store.edit(start, end, new)
    assert [len(_units(line)) for line in bytes(store).decode().split("\n")] == [
        len(line) for line in lines
    ]


def _units(line: str) -> list[bytes]:
    encoded = line.encode("utf-16-le", "surrogatepass")
    return [encoded[i : i + 2] for i in range(0, len(encoded), 2)]


def _edited(lines: list[list[bytes]], start: Point, end: Point, new: str) -> list[list[bytes]]:
    """Return the lines after an edit, as a client that stores UTF-16 units has them."""
    start, end = (p if p.line < len(lines) else Point(len(lines) - 1, 10**9) for p in (start, end))
    inserted = [_units(line) for line in new.split("\n")]
    inserted[0] = lines[start.line][: start.character] + inserted[0]
    inserted[-1] = inserted[-1] + lines[end.line][end.character :]
    return lines[: start.line] + inserted + lines[end.line + 1 :]


@pytest.mark.parametrize(
    ("text", "start", "end", "new", "expected"),
    [
        ("hello", Point(0, 99), Point(0, 99), "!", "hello!"),
        ("one\ntwo", Point(9, 9), Point(9, 9), "!", "one\ntwo!"),
        ("one\ntwo", Point(0, 99), Point(1, 0), " ", "one two"),
        ("a\u2028b\x0cc\nd", Point(1, 1), Point(1, 1), "!", "a\u2028b\x0cc\nd!"),
        ("a\rb\r\nc", Point(2, 0), Point(2, 1), "C", "a\rb\r\nC"),
        ("a\rb", Point(1, 0), Point(1, 0), "\n", "a\r\nb"),
        ("abc", Point(0, 2), Point(0, 1), "", "ac"),
        ("", Point(0, 0), Point(0, 0), "x\ud83dy", "x\ufffdy"),
        ("a😀b", Point(0, 2), Point(0, 3), "", "a\ufffdb"),
        ("a😀b", Point(0, 1), Point(0, 3), "", "ab"),
    ],
)
def test_edits_follow_utf_16(text: str, start: Point, end: Point, new: str, expected: str) -> None:
    """Edits at the edges of lines, texts and surrogate pairs give the expected text."""
    store = Text(text, POSITION_ENCODINGS["utf-16"])
    store.edit(start, end, new)
    assert bytes(store).decode() == expected
