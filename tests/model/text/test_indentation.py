"""The indentation of a file, and of new lines in it."""

from __future__ import annotations

import pytest

from foretype_model.text.indentation import Indentation, detect, indent_as_file

TABS = "def f():\n\tif x:\n\t\treturn 1\n\n"
TWO = "def f():\n  if x:\n    return 1\n\n"
FOUR = "def f():\n    if x:\n        return 1\n\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TABS, Indentation(True, 4)),
        (TWO, Indentation(False, 2)),
        (FOUR, Indentation(False, 4)),
        (FOUR + TABS + TABS, Indentation(True, 4)),
        ("a\nb\n", None),
        ("a\n b\n", None),
    ],
)
def test_indentation_is_detected(text: str, found: Indentation | None) -> None:
    """Tabs or spaces, and their width, are those of most lines."""
    assert detect(text) == found


@pytest.mark.parametrize(
    ("file", "before", "text", "indented"),
    [
        (TABS, "def g():", "\n    return 2", "\n\treturn 2"),
        (TABS, "def g():", "\n        return 2", "\n\treturn 2"),
        (TABS, "\tif y:", "\n\t    return 2", "\n\t\treturn 2"),
        (TABS, "\tif y:", "\n\t\treturn 2", "\n\t\treturn 2"),
        (TABS, "def g():\n", "    return 2", "\treturn 2"),
        (TABS, "def g():\n\t", "    return 2", "return 2"),
        (TABS, "x = g(a,", "\n    b)", "\n\tb)"),
        (TWO, "def g():", "\n    return 2", "\n  return 2"),
        (TWO, "def g():", "\n    a = 1\n    return 2", "\n  a = 1\n  return 2"),
        (FOUR, "def g():", "\n\treturn 2", "\n    return 2"),
        (FOUR, "def g():", "\n    return 2", "\n    return 2"),
        (FOUR, "x = g(a,", "\n      b)", "\n      b)"),
        (FOUR, "def g(", "\n        a", "\n        a"),
        ("", "def g():", "\n  return 2", "\n  return 2"),
        (TABS, "x =", " 2", " 2"),
    ],
)
def test_new_lines_follow_file(file: str, before: str, text: str, indented: str) -> None:
    """A new line gets the file's tabs or spaces; after a colon or a brace, one level more."""
    assert indent_as_file(text, file + before, "") == indented
