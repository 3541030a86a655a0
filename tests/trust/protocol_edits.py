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
"""In this process, over the three encodings."""

EDITS_PER_DOCUMENT: Final = 100
"""Edits of one document, before the next one."""

CHUNKS: Final = (12, 64, 8192)
"""Bytes in a chunk: the fewer there are, the more edits meet at the borders of chunks."""

MAX_UINTEGER: Final = 2**31 - 1
"""What the protocol can count to; a change with a larger number is none, and left out."""

MAX_CHARACTERS: Final = 600
"""Characters; longer texts are begun anew, for the reference takes time by their length."""

PIECES: Final = (
    *"ab 1\t\n\n\r\r\0\x0b\x0c\x1c\x1e\x85\u2028\u2029\ufeff\ufffdéñक्ष中\u0301\u200d😀𝒳", "\r\n",
    "\r\n", "👩\u200d🚀",
    "hello", "\ud83d", "\ude00", "\udfff",
)  # fmt: skip

_BREAK: Final = re.compile("\r\n|\r|\n")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Edit(NamedTuple):
    """A text in the place of a range, whose end may come before its start; or of the whole, without
    a range.
    """

    span: tuple[Point, Point] | None
    text: str


class ReferenceText:
    """A text the slow and obvious way: one str, in which each place is looked for from the first
    line on.
    """

    def __init__(self, text: str, encoding: str) -> None:
        self.encoding = encoding
        self.text = replace_surrogates(text)

    def apply(self, edit: Edit) -> None:
        """Do an edit. Half of a pair that an edit leaves is U+FFFD, as half of one that is inserted
        is.
        """
        if edit.span is None:
            self.text = replace_surrogates(edit.text)
            return
        (first, first_half), (last, last_half) = (self.locate(point) for point in sorted(edit.span))
        head = self.text[:first] + "\ufffd" * first_half
        tail = "\ufffd" * last_half + self.text[last + last_half :]
        self.text = head + replace_surrogates(edit.text) + tail

    def locate(self, point: Point) -> tuple[int, bool]:
        """The characters before a point, and whether it is in the middle of a pair of
        surrogates.
        """
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
        """Units of a character."""
        if self.encoding == "utf-16":
            return 2 if ord(character) > 0xFFFF else 1
        return len(character.encode()) if self.encoding == "utf-8" else 1


def replace_surrogates(text: str) -> str:
    """The text with U+FFFD for each half of a pair."""
    return _SURROGATE.sub("\ufffd", text)


def outcomes(scale: float) -> Iterator[Outcome]:
    """A row for each encoding."""
    for number, encoding in enumerate(POSITION_ENCODINGS):
        tried, wrong = check_edits(
            round(EDITS * scale / len(POSITION_ENCODINGS)), encoding, random.Random(number)
        )
        yield Outcome(
            f"edits in {encoding} that leave what a plain reference has",
            tried,
            tried - len(wrong),
            summarize(wrong),
        )
    tried, wrong = long_lines(random.Random(7), max(2, round(30 * scale)))
    yield Outcome("edits in lines of 10 MB", tried, tried - len(wrong), summarize(wrong))


def check_edits(count: int, encoding: str, rng: random.Random) -> tuple[int, list[str]]:
    """So many edits at the least; how many they were, and what went wrong."""
    done, wrong = 0, list[str]()
    while done < count:
        with chunks_of(rng.choice(CHUNKS)):
            text, edits = new_text(rng, 40), [new_edit(rng) for _ in range(EDITS_PER_DOCUMENT)]
            done += len(edits)
            wrong += faults(text, edits, encoding, rng)
    return done, wrong


def faults(text: str, edits: Sequence[Edit], encoding: str, rng: random.Random) -> Iterator[str]:
    """Where the document and the reference differ first, after any of the edits."""
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
    """The document after an edit, as a session has it."""
    if edit.span is None:
        return Text(edit.text, POSITION_ENCODINGS[encoding])
    store.edit(*edit.span, edit.text)
    return store


def difference(store: Text, reference: ReferenceText, point: Point) -> str:
    """What differs, in the whole and as seen from a point; empty where nothing does."""
    if bytes(store) != reference.text.encode() or len(store) != len(reference.text.encode()):
        return "the text differs"
    at, _ = reference.locate(point)
    halves = tuple(
        part.replace("\r\n", "\n").encode() for part in (reference.text[:at], reference.text[at:])
    )
    if tuple(map(bytes, store.split_at(point))) != halves:
        return f"what is around {point} differs"
    if store.offset(point) != len(reference.text[:at].encode()):
        return f"the offset of {point} differs"
    return ""


def long_lines(rng: random.Random, count: int) -> tuple[int, list[str]]:
    """The same in texts of 10 MB without a break, of which the reference is a slice of bytes."""
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
    """Up to so many pieces, of those that texts go wrong by."""
    return "".join(rng.choices(PIECES, k=rng.randrange(most)))


def new_point(rng: random.Random) -> Point:
    """In the text, or past the end of its line, or of all lines; seldom far past."""
    if rng.random() < 0.01:
        return Point(rng.choice((0, 3, MAX_UINTEGER)), rng.choice((0, 3, MAX_UINTEGER)))
    return Point(rng.randrange(12), rng.randrange(30))


def new_edit(rng: random.Random) -> Edit:
    """An insertion, a deletion, neither or both; anything anywhere."""
    if rng.random() < 0.02:
        return Edit(None, new_text(rng, 60))
    start = new_point(rng)
    end = start if rng.random() < 0.4 else new_point(rng)
    if rng.random() < 0.3:
        end = Point(start.line, min(MAX_UINTEGER, start.character + rng.randrange(3)))
    return Edit((start, end), "" if rng.random() < 0.3 else new_text(rng, rng.choice((2, 3, 12))))


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    """Documents in chunks of so many bytes."""
    with patch.object(document, "LONGEST_CHUNK", size):
        yield


def summarize(wrong: Sequence[str]) -> str:
    """The first of what went wrong, as far as it fits a row."""
    return wrong[0][:2000] if wrong else ""
