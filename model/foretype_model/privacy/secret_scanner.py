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
from foretype_model.files.uris import uri_to_real_path
from foretype_model.predictor import ERASED
from foretype_model.privacy.api_keys import BASE64_BYTES, find_api_keys
from foretype_model.privacy.credentials import find_all, find_credentials
from foretype_model.text.rope import Rope
from foretype_model.text.spans import Span, merge

SCAN_BYTES: Final = 1024
"""Bytes before and after a place that are looked at, and the rest of their lines where that is not
longer.
"""

MAX_KEY_BYTES: Final = 16_384
"""Bytes of a private key at most."""

KEY_HEADER: Final = b"-----BEGIN "
_KEY_FIRST_LINE: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINES: Final = re.compile(
    rb"(?:\s*\n[ \t]*(?:[A-Za-z0-9+/=]{1,80}|[\w-]+:[^\n]*)[ \t\r]*(?=\n|\Z))*"
)
_URL_ENDS: Final = re.compile(rb"[\s/\"'`<>]")


def find_secrets(text: bytes) -> list[Span]:
    """Where the secrets of a text stand, in rising order and without overlaps."""
    assigned = (
        (credential.start, credential.end)
        for credential in find_credentials(text)
        if credential.is_secret
    )
    return merge(chain(_private_keys(text), find_api_keys(text), assigned))


def redact(text: bytes) -> bytes:
    """As long as `text`, with ERASED for each byte of a secret."""
    found = find_secrets(text)
    if not found:
        return text
    blank = bytearray(text)
    for start, end in found:
        blank[start:end] = bytes([ERASED]) * (end - start)
    return bytes(blank)


def remove_secrets(text: bytes) -> tuple[bytes, int]:
    """The text with its secrets left out, and how many these were."""
    found = find_secrets(text)
    borders = [0, *chain.from_iterable(found), len(text)]
    return b"".join(text[borders[i] : borders[i + 1]] for i in range(0, len(borders), 2)), len(
        found
    )


def redact_around(text: Rope | bytes, start: int, end: int) -> tuple[bytes, int]:
    """What `redact` makes of the bytes from `start` to `end` and of some around them; and where
    those begin.

    It is exactly that where no line is longer than `SCAN_BYTES`; of longer ones, a part stands for
    the whole.
    """
    # All that is looked at, so that of a text of 10 MB no more is read than of a short one.
    first = max(0, start - 2 * SCAN_BYTES - MAX_KEY_BYTES)
    near, low = _redact_around(
        text[first : end + 2 * SCAN_BYTES + MAX_KEY_BYTES], start - first, end - first
    )
    return near, first + low


def _redact_around(text: bytes, start: int, end: int) -> tuple[bytes, int]:
    low = max(0, start - SCAN_BYTES)
    line = text.rfind(b"\n", max(0, low - SCAN_BYTES), low) + 1
    low = line if line or low <= SCAN_BYTES else low
    high = min(len(text), end + SCAN_BYTES)
    line_end = text.find(b"\n", high, high + SCAN_BYTES)
    high = line_end if line_end >= 0 else high
    begun = text.find(KEY_HEADER, max(0, low - MAX_KEY_BYTES), high)
    if begun >= 0:
        low, high = min(low, begun), max(high, text.rfind(KEY_HEADER, begun, high) + MAX_KEY_BYTES)
    return redact(text[low:high]), low


def pending_suffix(before: Rope | bytes) -> int:
    """Bytes at the end of `before` that may become part of a secret as the user types on."""
    line = before[-SCAN_BYTES:]
    line = line[line.rfind(b"\n", 0, max(0, line.rfind(b"\n"))) + 1 :]
    held = len(line) - len(line.rstrip(BASE64_BYTES))
    url = line.rfind(b"://") + 3
    if url >= 3 and not _URL_ENDS.search(line, url):
        held = max(held, len(line) - url)
    return max(
        [
            held,
            *(
                len(line) - credential.start
                for credential in find_credentials(line)
                if credential.is_unfinished
            ),
        ]
    )


def is_secret_document(uri: str) -> bool:
    """Whether a document, by its URI, is a file of keys or passwords: nothing that is typed there
    is learnt.
    """
    return is_secret(Path(uri_to_real_path(uri) or uri).name)


def _private_keys(text: bytes) -> Iterator[Span]:
    """What stands between the first line of each and the last, or where there is no last line, what
    looks like it.
    """
    for place in find_all(text, KEY_HEADER):
        if first := _KEY_FIRST_LINE.match(text, place):
            start, most = first.end(), place + MAX_KEY_BYTES
            end = text.find(first.group().replace(b"BEGIN", b"END"), start, most)
            if end < 0 and (lines := _KEY_LINES.match(text, start, most)):
                end = lines.end()
            if start < end:
                yield start, end
