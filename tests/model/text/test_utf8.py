"""Allowed bytes make whole code points, and texts end on whole graphemes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.predictor import END_OF_TEXT
from foretype_model.text import utf8


@given(st.binary(max_size=12))
def test_allowed_bytes_make_utf8(choices: bytes) -> None:
    """Text made of allowed bytes alone is valid UTF-8."""
    text = b""
    for choice in choices:
        may = np.flatnonzero(utf8.allowed_next(utf8.incomplete_suffix(text)))
        text += bytes([may[choice % len(may)]])
    while utf8.incomplete_suffix(text):
        text += bytes([np.flatnonzero(utf8.allowed_next(utf8.incomplete_suffix(text)))[0]])
    text.decode()


@given(st.text())
def test_every_text_is_allowed(text: str) -> None:
    """Every text except for control characters is made of allowed bytes."""
    data = text.encode(errors="ignore")
    for i, byte in enumerate(data):
        assert (
            utf8.allowed_next(utf8.incomplete_suffix(data[:i]))[byte] or byte < 0x20 or byte == 0x7F
        )


def test_grapheme_ends_are_found() -> None:
    """A text ends on a grapheme unless half a flag or a joiner is at its end."""
    flag = "\U0001f1eb\U0001f1f7"
    assert [
        utf8.ends_on_grapheme(t)
        for t in (flag, flag[0], flag + flag[0], "👩\u200d", "👩\u200d👧", "")
    ] == [
        True,
        False,
        False,
        False,
        True,
        True,
    ]


def test_end_of_text_is_not_utf8() -> None:
    """END_OF_TEXT is never an allowed byte."""
    assert not any(
        utf8.allowed_next(start)[END_OF_TEXT] for start in (b"", b"\xe0", b"\xf0\x90", b"\xc3")
    )
