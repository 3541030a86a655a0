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


def decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_allowed_bytes_are_exact() -> None:
    """After the first bytes of a code point, a byte is allowed exactly if a code point goes on with
    it; and a code point may begin with any byte that does, but for control characters.
    """
    firsts = {byte for byte in range(256) if utf8.allowed_next(b"")[byte]}
    assert firsts == {0x09, 0x0A, *range(0x20, 0x7F), *range(0xC2, 0xF5)}
    for first in range(0xC2, 0xF5):
        rest = utf8.encoded_length(first) - 2
        begun = [bytes([first])]
        for left in range(rest, -1, -1):
            longer = []
            for text in begun:
                # 0x80 and 0xBF complete each valid beginning.
                may = {
                    byte for byte in range(256) if decodes(text + bytes([byte]) + b"\x80" * left)
                }
                assert {byte for byte in range(256) if utf8.allowed_next(text)[byte]} == may
                longer += [text + bytes([min(may)]), text + bytes([max(may)])]
            begun = longer


@given(st.text(), st.integers(1, 4))
def test_incomplete_suffix_is_exact(text: str, cut: int) -> None:
    """The suffix is what a decoder could not decode yet, for any text that is cut."""
    data = text.encode(errors="ignore")[:-cut]
    whole = data.decode(errors="ignore").encode()
    assert utf8.incomplete_suffix(data) == data[len(whole) :]


@given(st.integers(0, 5), st.sampled_from(["", "a", "👩"]))
def test_flags_are_pairs(count: int, before: str) -> None:
    """Each of the 26 regional indicators is half of a flag, and no other character is."""
    for indicator in range(0x1F1E6, 0x1F200):
        assert utf8.ends_on_grapheme(before + chr(indicator) * count) == (count % 2 == 0)
    for other in (0x1F1E5, 0x1F200):
        assert utf8.ends_on_grapheme(before + chr(other) * count)


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
