"""Characters that a reader cannot see."""

from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.text.visibility import is_visible


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("", "hello world"),
        ("", "\n    return"),
        ("", "é e\u0301"),
        ("", "می\u200cخواهم"),
        ("می", "\u200cخواهم"),
        ("", "क्\u200dष"),
        ("", "👩\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3"),
        ("👩", "\u200d💻"),
        ("", "prix\u00a0:"),
        ("", "葛\U000e0100城"),
        ("", " "),
        ("", "\t"),
    ],
)
def test_seen_text_is_visible(before: str, text: str) -> None:
    """Text is visible, also with the joiners and selectors that its script or its emoji need."""
    assert is_visible(text, before)


@pytest.mark.parametrize(
    "text",
    [
        "a\u200bb",  # zero width space
        "\u202eabc",  # right-to-left override
        "ab\u2066c",  # left-to-right isolate
        "soft\u00adhyphen",
        "\ufeffx",  # byte order mark
        "x\u2060y",  # word joiner
        "lat\u200cin",
        "a\u200db",
        "می\u200c",
        "\u200cخواهم",
        "x\ufe0f",
        "\ufe0f",
        "\U000e0041",  # a tag
        "a\u3164",  # Hangul filler
        "\u2800",  # an empty Braille pattern
        "a\u034f",  # grapheme joiner
        "a\u2028b",
        "\ue000",
        "\u0378",
        "bell\x07",
        "a\rb",
        "\u00a0",
        "\u2003",
        "",
    ],
)
def test_unseen_text_is_not_visible(text: str) -> None:
    """Text with a control, format, private or unassigned character, or with nothing to see, is not
    visible.
    """
    assert not is_visible(text)


EVERY = "".join(map(chr, range(0x110000)))
# Of Unicode, Python 3.11 has version 14, and `regex` the newest: the characters between are seen.
ASSIGNED_SINCE = frozenset(
    one for one in regex.findall(r"\P{C}", EVERY) if unicodedata.category(one) == "Cn"
)
UNSEEN = "".join(
    one
    for one in EVERY
    if unicodedata.category(one) in {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}
    and one not in ASSIGNED_SINCE
    and one not in "\t\n\u200c\u200d"
)


@given(st.text(max_size=5), st.sampled_from(UNSEEN), st.text(max_size=5), st.text(max_size=3))
def test_no_context_shows_unseen(left: str, unseen: str, right: str, before: str) -> None:
    """No context makes a character of these categories visible, in any place of a text."""
    assert not is_visible(left + unseen + right, before)
