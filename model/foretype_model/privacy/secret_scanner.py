"""Keys, tokens and passwords in a text: where they stand, so that they are neither learnt nor
offered.

What is found depends on the line that it is in and on the one before (on more, for private keys
alone), so that a part of a text can be looked at by itself. The kinds are those of detect-secrets
and gitleaks; the former takes two hundred times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from foretype_model.files.discovery import is_secret
from foretype_model.files.uris import file_of
from foretype_model.predictor import ERASED
from foretype_model.privacy.api_keys import IN_RUN, tokens
from foretype_model.privacy.credentials import places, values
from foretype_model.text.rope import Rope
from foretype_model.text.spans import Span, merged

REACH: Final = 1024
"""Bytes before and after a place that are looked at, and the rest of their lines where that is not
longer.
"""

BLOCK: Final = 16_384
"""Bytes of a private key at most."""

BEGIN: Final = b"-----BEGIN "
_FIRST_LINE: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_LINES: Final = re.compile(
    rb"(?:\s*\n[ \t]*(?:[A-Za-z0-9+/=]{1,80}|[\w-]+:[^\n]*)[ \t\r]*(?=\n|\Z))*"
)
_URL_ENDS: Final = re.compile(rb"[\s/\"'`<>]")


def spans(text: bytes) -> list[Span]:
    """Where the secrets of a text stand, in rising order and without overlaps."""
    assigned = ((value.start, value.end) for value in values(text) if value.is_secret)
    return merged(chain(_private_keys(text), tokens(text), assigned))


def masked(text: bytes) -> bytes:
    """As long as `text`, with ERASED for each byte of a secret."""
    found = spans(text)
    if not found:
        return text
    blank = bytearray(text)
    for start, end in found:
        blank[start:end] = bytes([ERASED]) * (end - start)
    return bytes(blank)


def without_secrets(text: bytes) -> tuple[bytes, int]:
    """The text with its secrets left out, and how many these were."""
    found = spans(text)
    borders = [0, *chain.from_iterable(found), len(text)]
    return b"".join(text[borders[i] : borders[i + 1]] for i in range(0, len(borders), 2)), len(
        found
    )


def masked_around(text: Rope | bytes, start: int, end: int) -> tuple[bytes, int]:
    """What `masked` makes of the bytes from `start` to `end` and of some around them; and where
    those begin.

    It is exactly that where no line is longer than `REACH`; of longer ones, a part stands for the
    whole.
    """
    # All that is looked at, so that of a text of 10 MB no more is read than of a short one.
    first = max(0, start - 2 * REACH - BLOCK)
    near, low = _masked_around(text[first : end + 2 * REACH + BLOCK], start - first, end - first)
    return near, first + low


def _masked_around(text: bytes, start: int, end: int) -> tuple[bytes, int]:
    low = max(0, start - REACH)
    line = text.rfind(b"\n", max(0, low - REACH), low) + 1
    low = line if line or low <= REACH else low
    high = min(len(text), end + REACH)
    line_end = text.find(b"\n", high, high + REACH)
    high = line_end if line_end >= 0 else high
    begun = text.find(BEGIN, max(0, low - BLOCK), high)
    if begun >= 0:
        low, high = min(low, begun), max(high, text.rfind(BEGIN, begun, high) + BLOCK)
    return masked(text[low:high]), low


def unsettled(before: Rope | bytes) -> int:
    """Bytes at the end of `before` that may become part of a secret as the user types on."""
    line = before[-REACH:]
    line = line[line.rfind(b"\n", 0, max(0, line.rfind(b"\n"))) + 1 :]
    held = len(line) - len(line.rstrip(IN_RUN))
    url = line.rfind(b"://") + 3
    if url >= 3 and not _URL_ENDS.search(line, url):
        held = max(held, len(line) - url)
    return max([held, *(len(line) - value.start for value in values(line) if value.goes_on)])


def is_private(document: str) -> bool:
    """Whether a document, by its URI, is a file of keys or passwords: nothing that is typed there
    is learnt.
    """
    return is_secret(Path(file_of(document) or document).name)


def _private_keys(text: bytes) -> Iterator[Span]:
    """What stands between the first line of each and the last, or where there is no last line, what
    looks like it.
    """
    for place in places(text, BEGIN):
        if first := _FIRST_LINE.match(text, place):
            start, most = first.end(), place + BLOCK
            end = text.find(first.group().replace(b"BEGIN", b"END"), start, most)
            if end < 0 and (lines := _LINES.match(text, start, most)):
                end = lines.end()
            if start < end:
                yield start, end
