"""Finds keys, tokens and passwords in a text, so that they are neither learnt nor offered.

A finding depends on its line and the line before (for private keys alone, on more lines), so that a
part of a text can be scanned by itself. The kinds are those of detect-secrets and gitleaks; the
former takes two hundred times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from foretype_model.files.discovery import is_secret
from foretype_model.files.uris import unsaved_name, uri_to_real_path
from foretype_model.predictor import ERASED
from foretype_model.privacy.api_keys import BASE64_BYTES, find_api_keys
from foretype_model.privacy.credentials import find_all, find_credentials
from foretype_model.privacy.names import CONTEXT_BYTES, REACH_BYTES
from foretype_model.privacy.preceding_rules import pending_value
from foretype_model.text.rope import Rope
from foretype_model.text.spans import Span, merge

SCAN_BYTES: Final = 1024
"""Bytes to scan before and after a place. The rest of a line is added if it is no longer."""

MAX_NAME_BYTES: Final = 64

BEFORE_BYTES: Final = 256
"""Bytes before a place that are redacted with it, as the context of the text to learn."""

REACH: Final = REACH_BYTES + CONTEXT_BYTES + MAX_NAME_BYTES
"""Bytes before and after a place that decide whether a name makes it part of a secret."""

MAX_KEY_BYTES: Final = 16_384
"""Bytes of a private key, at most."""

KEY_HEADER: Final = b"-----BEGIN "
_KEY_FIRST_LINE: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINES: Final = re.compile(
    rb"(?:\s*\n[ \t]*(?:[A-Za-z0-9+/=]{1,80}|[\w-]+:[^\n]*)[ \t\r]*(?=\n|\Z))*"
)
_URL_ENDS: Final = re.compile(rb"[\s/\"'`<>]")


def find_secrets(text: bytes, start: int = 0, end: int | None = None) -> list[Span]:
    """Return the spans of the secrets in `text`, in rising order and without overlaps.

    Secrets outside of the bytes from `start` to `end` may be missing.
    """
    assigned = (
        (credential.start, credential.end)
        for credential in find_credentials(text, start, end)
        if credential.is_secret
    )
    return merge(chain(_private_keys(text), find_api_keys(text), assigned))


def redact(text: bytes, start: int = 0, end: int | None = None) -> bytes:
    """Return `text` with ERASED in place of each byte of a secret; the length stays.

    Secrets outside of the bytes from `start` to `end` may remain.
    """
    found = find_secrets(text, start, end)
    if not found:
        return text
    redacted = bytearray(text)
    for first, last in found:
        redacted[first:last] = bytes([ERASED]) * (last - first)
    return bytes(redacted)


def remove_secrets(text: bytes) -> tuple[bytes, int]:
    """Return `text` without its secrets, and their number."""
    found = find_secrets(text)
    borders = [0, *chain.from_iterable(found), len(text)]
    kept = (text[borders[i] : borders[i + 1]] for i in range(0, len(borders), 2))
    return b"".join(kept), len(found)


def redact_around(text: Rope | bytes, start: int, end: int) -> tuple[bytes, int]:
    """Return the bytes from `start` to `end` as `redact(text)` has them, with some bytes around
    them, and the place where these begin.

    Of the other bytes, the `BEFORE_BYTES` before `start` have no secrets either. If no line is
    longer than `SCAN_BYTES`, the bytes are exactly those of `redact`. Of a longer line, a part
    stands for the whole.
    """
    # Cut the text first, so that a text of 10 MB costs no more than a short one.
    first = max(0, start - 2 * REACH - MAX_KEY_BYTES)
    near, low = _redact_around(
        text[first : end + 2 * REACH + MAX_KEY_BYTES], start - first, end - first
    )
    return near, first + low


def _redact_around(text: bytes, start: int, end: int) -> tuple[bytes, int]:
    # Widen the span to whole lines, and to the line before, if they are short enough.
    low = max(0, start - REACH)
    line = text.rfind(b"\n", max(0, low - SCAN_BYTES), low) + 1
    low = line if line or low <= SCAN_BYTES else low
    high = min(len(text), end + REACH)
    line_end = text.find(b"\n", high, high + SCAN_BYTES)
    high = line_end if line_end >= 0 else high
    # Widen it to whole private keys.
    key = text.find(KEY_HEADER, max(0, low - MAX_KEY_BYTES), high)
    if key >= 0:
        low, high = min(low, key), max(high, text.rfind(KEY_HEADER, key, high) + MAX_KEY_BYTES)
    return redact(text[low:high], max(0, start - low - BEFORE_BYTES), end - low), low


def pending_suffix(before: Rope | bytes) -> int:
    """Return the length of the suffix of `before` that further typing may make part of a secret."""
    near = bytes(before[-REACH:])
    line = near[near.rfind(b"\n") + 1 :]
    # A run of base64 may become a key, the end of a URL a password.
    pending = len(line) - len(line.rstrip(BASE64_BYTES))
    url = line.rfind(b"://") + 3
    if url >= 3 and not _URL_ENDS.search(line, url):
        pending = max(pending, len(line) - url)
    values = find_credentials(near, len(near))
    unfinished = [len(near) - one.start for one in values if one.is_unfinished]
    return max([pending, pending_value(near), *unfinished])


def is_secret_document(uri: str) -> bool:
    """Return whether a document is, by its name, a file of keys or passwords."""
    return is_secret(Path(uri_to_real_path(uri) or unsaved_name(uri) or uri).name)


def _private_keys(text: bytes) -> Iterator[Span]:
    """Yield the span between the first line and the last of each private key.

    Without a last line, the span has all following lines that look like a key's.
    """
    for place in find_all(text, KEY_HEADER):
        if first := _KEY_FIRST_LINE.match(text, place):
            start, most = first.end(), place + MAX_KEY_BYTES
            end = text.find(first.group().replace(b"BEGIN", b"END"), start, most)
            if end < 0 and (lines := _KEY_LINES.match(text, start, most)):
                end = lines.end()
            if start < end:
                yield start, end
