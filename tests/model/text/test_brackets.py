"""Brackets and quotes in a part of a line."""

from __future__ import annotations

import pytest

from foretype_model.text import brackets


@pytest.mark.parametrize(
    ("text", "closing", "needed"),
    [
        ("f(a[0], {1})", "", ""),
        ("f(a[", "", ")]"),
        (") + g(", ")", ")"),
        ("f(])", "]", ""),
        ('print(")")', "", ""),
        (r'print("\")")', "", ""),
        ('print("it)', "", ""),
        ("(don't)", "", ""),
        ("f('a)', b", "", ")"),
        ("(f'a)'", "", ")"),
    ],
)
def test_unmatched_brackets_are_found(text: str, closing: str, needed: str) -> None:
    """Brackets match by kind, outside strings; an apostrophe begins no string."""
    assert brackets.unmatched(text) == (list(closing), list(needed))


@pytest.mark.parametrize(
    ("text", "odd"), [('"', True), ('"a"', False), (r'"\"', True), ("don't", False), ("f'", True)]
)
def test_odd_quotes_leave_string_open(text: str, odd: bool) -> None:
    """Quotes are counted without escaped ones and apostrophes."""
    assert brackets.has_odd_quotes(text, '"' if '"' in text else "'") is odd
