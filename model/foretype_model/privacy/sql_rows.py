"""Finds the passwords in the rows of an INSERT of SQL, by the place of their column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from foretype_model.privacy.credential import Credential
from foretype_model.privacy.names import REACH_BYTES, Kind, Name
from foretype_model.privacy.values import (
    MIN_PASSWORD_LENGTH,
    MIXED_OR_JOINED,
    PLACEHOLDER,
    TEMPLATE,
    is_label,
    is_name,
)

MAX_ROWS: Final = 32
"""Rows of an INSERT that are read."""

_COLUMNS_BEFORE: Final = re.compile(
    rb"\b(?:insert|replace|merge)\b[^()]*\(((?:[^(),]*,){0,30})[\s\w`\"\[]*\Z", re.IGNORECASE
)
_COLUMNS_AFTER: Final = re.compile(
    rb"[\s\w`\"\]]*(?:,[^()]{0,400})?\)\s*(?:values?\s*(?=\()|select\s)", re.IGNORECASE
)
_VALUE: Final = re.compile(
    rb"\s*(?:[NEUnbx]?'(?P<quoted>(?:[^'\n]|'')*)(?:'|\Z)|\"(?P<double>[^\"\n]*)(?:\"|\Z)"
    rb"|\w+\s*\(\s*N?'(?P<inner>[^'\n]*)(?:'|\Z)(?:[^()]|\([^()]*\))*\)?"
    rb"|[^,()'\"]*(?:\([^()]*\))?)\s*"
)
_NEXT_ROW: Final = re.compile(rb"\)\s*,\s*\(")


def find_in_rows(text: bytes, name: Name) -> Iterator[Credential]:
    """Yield the values in the rows below `name`, if it is a column of an INSERT."""
    lower = name.before.lower()
    if b"insert" not in lower and b"replace" not in lower and b"merge" not in lower:
        return
    columns = _COLUMNS_BEFORE.search(name.before)
    end = name.end - len(name.closing)
    limit = min(len(text), name.end + REACH_BYTES)
    after = _COLUMNS_AFTER.match(text, end, limit) if columns else None
    if columns is None or after is None:
        return
    column = columns[1].count(b",")
    place = after.end()
    for _ in range(MAX_ROWS):
        place += text[place : place + 1] == b"("
        for number in range(column + 1):
            found = _VALUE.match(text, place, limit)
            if found is None:
                return
            place = found.end()
            if number == column:
                yield from _credential(text, name, found)
            elif text[place : place + 1] != b",":
                return
            else:
                place += 1
        end = text.find(b")", place, limit)
        row = _NEXT_ROW.match(text, end, limit) if end >= 0 else None
        if row is None:
            return
        place = row.end() - 1


def _credential(text: bytes, name: Name, found: re.Match[bytes]) -> Iterator[Credential]:
    for group in ("quoted", "double", "inner"):
        value = found[group]
        if value:
            is_password = name.kind is Kind.PASSWORD and len(value) >= MIN_PASSWORD_LENGTH
            is_secret = (is_password or MIXED_OR_JOINED.match(value) is not None) and not (
                TEMPLATE.match(value)
                or PLACEHOLDER.fullmatch(value)
                or is_name(value)
                or is_label(value)
            )
            yield Credential(*found.span(group), found.end() == len(text), is_secret)
