"""Finds the passwords in the columns of a table, as in CSV and in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from foretype_model.privacy.credential import Credential
from foretype_model.privacy.names import REACH_BYTES, Kind, Name
from foretype_model.privacy.values import (
    MIN_PASSWORD_LENGTH,
    MIXED_OR_JOINED,
    PIN,
    PLACEHOLDER,
    TEMPLATE,
    TYPE,
    is_label,
    is_name,
    is_phrase,
)

MAX_ROWS: Final = 32
"""Rows of a table in which a column is followed."""

_TITLE: Final = (
    rb"[ ]?(?:\"[^\"\n]{0,40}\"|[\w()/\x80-\xff-][\w.()/\x80-\xff-]*"
    rb"(?:[ ][\w()/\x80-\xff-]+){0,2}|)"
)
_WORD: Final = rb"(?:\"[^\"\n]{0,40}\"|[\w.\x80-\xff-]+)"
_HEADERS: Final = {
    b"|": re.compile(rb"[ \t]*\|?[^|\n]*\|[^\n]*"),
    b"\t": re.compile(rb"%s(?:\t%s)+" % (_TITLE, _TITLE)),
    b";": re.compile(rb"%s(?:;%s)+" % (_TITLE, _TITLE)),
    b",": re.compile(rb"%s(?:,[ ]?%s)+" % (_WORD, _WORD)),
    b"  ": re.compile(
        rb"[#;/ ]*[\w.\x80-\xff]+(?:[ ][\w.\x80-\xff]+)?"
        rb"(?:[ ]{2,}\t*[\w.\x80-\xff]+(?:[ ][\w.\x80-\xff]+)?)+"
    ),
}
"""The first line of a table, by the sign between two cells. Two spaces stand for any number."""

_CELLS: Final = {
    sign: re.compile(rb"\"(?:[^\"\n]|\"\")*\"|[^\n%s]*" % (b"|" if sign == b"|" else sign))
    for sign in _HEADERS
    if len(sign) == 1
}
_ALIGNED_CELL: Final = re.compile(rb"\"[^\"\n]*\"|[^\s\"](?:[^\s]|[ ](?=[^\s]))*")
_RULE: Final = re.compile(rb"[ \t|:+=-]+")
_PADDING: Final = b" \t\r\"`*'"


def find_in_columns(text: bytes, name: Name) -> Iterator[Credential]:
    """Yield the cells below `name`, if it is the name of a column."""
    if name.rest not in {b"", b"s"} or name.is_verb:
        return
    line_start = text.rfind(b"\n", name.start - len(name.before), name.start) + 1
    if not line_start and len(name.before) < name.start:
        return
    line_end = text.find(b"\n", name.end, name.end + REACH_BYTES)
    if line_end < 0:
        return
    header = text[line_start:line_end].rstrip(b"\r")
    for sign, regex in _HEADERS.items():
        if sign in header and regex.fullmatch(header):
            cells = list(_cells(header, 0, sign))
            column = next(
                (
                    i
                    for i, (first, last) in enumerate(cells)
                    if first <= name.start - line_start < last
                ),
                0,
            )
            cell = header[slice(*cells[column])].strip(_PADDING)
            if (
                cell.endswith((name.stem + name.rest, name.stem + name.rest + b"s"))
                and len(cell) < 40
            ):
                yield from _below(text, name, line_end + 1, sign, (column, len(cells)))
            return


def _cells(line: bytes, start: int, sign: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each cell of a line."""
    if len(sign) > 1:
        for aligned in _ALIGNED_CELL.finditer(line):
            yield start + aligned.start(), start + aligned.end()
        return
    place = 0
    while place <= len(line):
        found = _CELLS[sign].match(line, place)
        end = found.end() if found else len(line)
        yield start + place, start + end
        place = end + 1


def _below(
    text: bytes, name: Name, place: int, sign: bytes, shape: tuple[int, int]
) -> Iterator[Credential]:
    """Yield the cells of a column; `shape` has its place and the number of columns."""
    column, count = shape
    limit = min(len(text), name.end + REACH_BYTES)
    for _ in range(MAX_ROWS):
        end = text.find(b"\n", place, limit)
        line = text[place : end if end >= 0 else limit]
        cells = list(_cells(line, place, sign))
        is_last = end < 0
        if end >= 0 and _RULE.fullmatch(line):
            place = end + 1
            continue
        if not line.strip() or (len(cells) != count and not is_last) or column >= len(cells):
            return
        first, last = cells[column]
        cell = text[first:last]
        value = cell.strip(_PADDING)
        if value:
            first += len(cell) - len(cell.lstrip(_PADDING))
            is_unfinished = last == len(text)
            yield Credential(
                first, first + len(value), is_unfinished, _is_secret(name, value, sign)
            )
        if is_last:
            return
        place = end + 1


def _is_secret(name: Name, value: bytes, sign: bytes) -> bool:
    if (
        TEMPLATE.match(value)
        or PLACEHOLDER.fullmatch(value)
        or TYPE.fullmatch(value)
        or is_name(value)
        or is_label(value)
    ):
        return False
    if name.kind is Kind.PIN:
        return PIN.fullmatch(value) is not None
    if name.kind is Kind.PASSWORD and sign != b"|":
        return len(value) >= MIN_PASSWORD_LENGTH
    return MIXED_OR_JOINED.match(value) is not None or is_phrase(value)
