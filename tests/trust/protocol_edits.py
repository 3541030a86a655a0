"""Random edits of a document against a plain reference, in each position encoding."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple
from unittest.mock import patch

from tests.trust.outcome import Outcome

from foretype_server import document
from foretype_server.document import Point, Text
from foretype_server.lsp.to_proto import POSITION_ENCODINGS

EDITS: Final = 1_000_000
"""Edits in this process, over the three encodings."""

EDITS_PER_DOCUMENT: Final = 100
"""Edits of each document."""

CHUNKS: Final = (12, 64, 8192)
"""Bytes in a chunk. The smaller the chunks, the more edits meet their borders."""

MAX_UINTEGER: Final = 2**31 - 1
"""The protocol's largest number. A change with a larger one is invalid and ignored."""

MAX_CHARACTERS: Final = 600
"""Characters of the longest text; a longer one is replaced, as the reference takes linear time."""

PIECES: Final = (
    *"ab 1\t\n\n\r\r\0\x0b\x0c\x1c\x1e\x85\u2028\u2029\ufeff\ufffdéñक्ष中\u0301\u200d😀𝒳", "\r\n",
    "\r\n", "👩\u200d🚀",
    "hello", "\ud83d", "\ude00", "\udfff",
)  # fmt: skip

_BREAK: Final = re.compile("\r\n|\r|\n")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Edit(NamedTuple):
    """A replacement of a range, whose end may precede its start; without a `span`, of all text."""

    span: tuple[Point, Point] | None
    text: str


class ReferenceText:
    """A simple text: one str, in which each position is searched for from the first line."""

    def __init__(self, text: str, encoding: str) -> None:
        self.encoding = encoding
        self.text = replace_surrogates(text)

    def apply(self, edit: Edit) -> None:
        """Apply an edit. A surrogate inserted or left without its pair becomes U+FFFD."""
        if edit.span is None:
            self.text = replace_surrogates(edit.text)
            return
        (first, first_half), (last, last_half) = (self.locate(point) for point in sorted(edit.span))
        head = self.text[:first] + "\ufffd" * first_half
        tail = "\ufffd" * last_half + self.text[last + last_half :]
        self.text = head + replace_surrogates(edit.text) + tail

    def locate(self, point: Point) -> tuple[int, bool]:
        """Return how many characters precede a point, and whether it splits a surrogate pair."""
        start = 0
        for _ in range(point.line):
            found = _BREAK.search(self.text, start)
            if found is None:
                return len(self.text), False
            start = found.end()
        found = _BREAK.search(self.text, start)
        end, units = found.start() if found else len(self.text), point.character
        for at in range(start, end):
            width = self.width(self.text[at])
            if units < width:
                return at, units > 0 and self.encoding == "utf-16"
            units -= width
        return end, False

    def width(self, character: str) -> int:
        """Return the number of code units in a character."""
        if self.encoding == "utf-16":
            return 2 if ord(character) > 0xFFFF else 1
        return len(character.encode()) if self.encoding == "utf-8" else 1


def replace_surrogates(text: str) -> str:
    """Return the text with U+FFFD for each surrogate."""
    return _SURROGATE.sub("\ufffd", text)


def outcomes(scale: float) -> Iterator[Outcome]:
    """Yield a row for each encoding, and one for long lines."""
    for number, encoding in enumerate(POSITION_ENCODINGS):
        tried, wrong = check_edits(
            round(EDITS * scale / len(POSITION_ENCODINGS)), encoding, random.Random(number)
        )
        yield Outcome(
            f"edits in {encoding} with the same text as a plain reference",
            tried,
            tried - len(wrong),
            summarize(wrong),
        )
    tried, wrong = long_lines(random.Random(7), max(2, round(30 * scale)))
    yield Outcome("edits in lines of 10 MB", tried, tried - len(wrong), summarize(wrong))


def check_edits(count: int, encoding: str, rng: random.Random) -> tuple[int, list[str]]:
    """Apply at least `count` edits; return their number and the faults."""
    done, wrong = 0, list[str]()
    while done < count:
        with chunks_of(rng.choice(CHUNKS)):
            text, edits = new_text(rng, 40), [new_edit(rng) for _ in range(EDITS_PER_DOCUMENT)]
            done += len(edits)
            wrong += faults(text, edits, encoding, rng)
    return done, wrong


def faults(text: str, edits: Sequence[Edit], encoding: str, rng: random.Random) -> Iterator[str]:
    """Yield the first difference between the document and the reference after any of the edits."""
    store, reference = Text(text, POSITION_ENCODINGS[encoding]), ReferenceText(text, encoding)
    for number, edit in enumerate(edits):
        if len(reference.text) > MAX_CHARACTERS:
            edit = Edit(None, edit.text)  # noqa: PLW2901
        store = apply_edit(store, edit, encoding)
        reference.apply(edit)
        if fault := difference(store, reference, new_point(rng)):
            yield f"{fault} after edit {number} of {edits[: number + 1]!r} in {text!r}"
            return


def apply_edit(store: Text, edit: Edit, encoding: str) -> Text:
    """Return the document after an edit, as in a session."""
    if edit.span is None:
        return Text(edit.text, POSITION_ENCODINGS[encoding])
    store.edit(*edit.span, edit.text)
    return store


def difference(store: Text, reference: ReferenceText, point: Point) -> str:
    """Return the difference of the texts, whole and split at a point; empty if equal."""
    if bytes(store) != reference.text.encode() or len(store) != len(reference.text.encode()):
        return "the text differs"
    at, _ = reference.locate(point)
    halves = tuple(
        part.replace("\r\n", "\n").encode() for part in (reference.text[:at], reference.text[at:])
    )
    if tuple(map(bytes, store.split_at(point))) != halves:
        return f"the text around {point} differs"
    if store.offset(point) != len(reference.text[:at].encode()):
        return f"the offset of {point} differs"
    return ""


def long_lines(rng: random.Random, count: int) -> tuple[int, list[str]]:
    """Edit texts of 10 MB without a line break, with bytes as the reference."""
    wrong = []
    for encoding, (letter, units) in {
        "utf-8": ("é", 2),
        "utf-16": ("😀", 2),
        "utf-32": ("中", 1),
    }.items():
        size = len(letter.encode())
        plain = letter.encode() * (10_000_000 // size)
        store = Text(plain.decode(), POSITION_ENCODINGS[encoding])
        for number in range(count):
            first, last = sorted(rng.randrange(len(plain) // size) for _ in range(2))
            last = min(last, first + rng.choice((0, 1, 5000)))
            new = letter * rng.randrange(4)
            store.edit(Point(0, first * units), Point(0, last * units), new)
            plain = plain[: first * size] + new.encode() + plain[last * size :]
            if bytes(store) != plain:
                wrong.append(f"edit {number} in {encoding}")
    return count * len(POSITION_ENCODINGS), wrong


def new_text(rng: random.Random, most: int) -> str:
    """Return fewer than `most` pieces, all of them difficult for a text."""
    return "".join(rng.choices(PIECES, k=rng.randrange(most)))


def new_point(rng: random.Random) -> Point:
    """Return a point in the text or past the end of its line or of the text; seldom far past it."""
    if rng.random() < 0.01:
        return Point(rng.choice((0, 3, MAX_UINTEGER)), rng.choice((0, 3, MAX_UINTEGER)))
    return Point(rng.randrange(12), rng.randrange(30))


def new_edit(rng: random.Random) -> Edit:
    """Return an insertion, a deletion, a replacement or an empty edit, at any place."""
    if rng.random() < 0.02:
        return Edit(None, new_text(rng, 60))
    start = new_point(rng)
    end = start if rng.random() < 0.4 else new_point(rng)
    if rng.random() < 0.3:
        end = Point(start.line, min(MAX_UINTEGER, start.character + rng.randrange(3)))
    return Edit((start, end), "" if rng.random() < 0.3 else new_text(rng, rng.choice((2, 3, 12))))


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    """Split documents into chunks of `size` bytes."""
    with patch.object(document, "MAX_CHUNK_BYTES", size):
        yield


def summarize(wrong: Sequence[str]) -> str:
    """Return the first fault, shortened to fit a row."""
    return wrong[0][:2000] if wrong else ""
