"""Lines that a suggestion repeats."""

from __future__ import annotations

import pytest
from tests.model.completion.scripted import completer

from foretype_model.completion.candidates import Options
from foretype_model.completion.repetition import first_repeated_line


@pytest.mark.parametrize(
    ("before", "text", "kept"),
    [
        ("", "return total\nreturn total", "return total"),
        ("    self.close()\n    ", "self.open()\n    self.close()", "self.open()"),
        ("return to", "tal\nreturn total\n", "tal"),
        ("return total\n", "return total", "return total"),
        ("if a:\n    }\n", "if b:\n    }", "if b:\n    }"),
        ("", "one line\ntwo lines\none line\nmore", "one line\ntwo lines"),
        ("", "first one\nsecond\nthe third", "first one\nsecond\nthe third"),
    ],
)
def test_repeated_line_ends_suggestion(before: str, text: str, kept: str) -> None:
    """The first line that repeats a recent one ends the suggestion; short lines repeat nothing."""
    end = first_repeated_line(text.encode(), before.encode())
    assert text.encode()[:end].decode() == kept


def test_ghost_text_repeats_no_line() -> None:
    """Ghost text of several lines ends before a line that it has had."""
    one = completer("begin\ncall(first)\ncall(first)\ncall(first)\n")
    ghost = one.ghost_text(b"begin\ncall(fi", b"", Options(max_lines=3))
    assert ghost is not None
    assert ghost.text == "rst)"
