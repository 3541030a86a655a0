"""Which bytes may follow, so that whatever is made byte by byte is always whole code points."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""True for the bytes that may come next, shape (256,)."""

ZERO_WIDTH_JOINER: Final = "\u200d"


def mask(*ranges: tuple[int, int]) -> Mask:
    """True on these ranges of bytes, ends included."""
    allowed_next = np.zeros(256, bool)
    for first, last in ranges:
        allowed_next[first : last + 1] = True
    allowed_next.setflags(write=False)
    return allowed_next


START_BYTES: Final = mask((0x09, 0x0A), (0x20, 0x7E), (0xC2, 0xF4))
"""First bytes of code points, without the control characters that nobody types."""

CONTINUATION_BYTES: Final = mask((0x80, 0xBF))

SECOND_BYTES: Final = {
    0xE0: mask((0xA0, 0xBF)),
    0xED: mask((0x80, 0x9F)),
    0xF0: mask((0x90, 0xBF)),
    0xF4: mask((0x80, 0x8F)),
}
"""Where the second byte is narrower: no overlong forms, no surrogates, nothing past U+10FFFF (RFC
3629).
"""


def encoded_length(first: int) -> int:
    """Bytes of the code point that begins with this byte."""
    return 1 if first < 0x80 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4


def incomplete_suffix(text: bytes) -> bytes:
    """The bytes at the end of `text` that are not yet a whole code point."""
    for back in range(1, min(4, len(text)) + 1):
        byte = text[-back]
        if byte & 0xC0 != 0x80:
            return text[-back:] if byte >= 0xC0 and encoded_length(byte) > back else b""
    return b""


@cache
def allowed_next(unfinished: bytes) -> Mask:
    """The bytes that may follow these first bytes of a code point (none: a new one begins)."""
    if not unfinished:
        return START_BYTES
    return (
        SECOND_BYTES.get(unfinished[0], CONTINUATION_BYTES)
        if len(unfinished) == 1
        else CONTINUATION_BYTES
    )


def ends_on_grapheme(text: str) -> bool:
    """Whether no half grapheme stands at the end: no joiner without what it joins, no single
    regional indicator.
    """
    flags = len(text) - len(text.rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
    return not text.endswith(ZERO_WIDTH_JOINER) and flags % 2 == 0
