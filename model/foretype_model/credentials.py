"""Passwords and keys that are told by what stands before them: a name, the beginning of a URL, a request's header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

SHORTEST_PASSWORD: Final = 4
SHORTEST_MIXED: Final = 6
"""Bytes of what is assigned, where it is surely a literal, and where only its letters and digits tell so."""

_URL: Final = re.compile(rb"://[^\s/:@\"'<>]*:([^\s/@\"'<>]+)(@|\Z)")
_AUTHORIZATION: Final = re.compile(rb"(?:bearer|basic)[ \t]+([\w+/.~=-]+)", re.IGNORECASE)

_STEMS: Final = (b"passw", b"passphrase", b"pwd", b"secret", b"token", b"credential", b"key")
_KINDS_OF_KEYS: Final = (
    b"access", b"account", b"api", b"auth", b"encryption", b"license", b"master", b"private", b"secret", b"session",
    b"shared", b"signing", b"storage",
)  # fmt: skip
"""What stands before "key" where it does not mean that of a table or a keyboard."""

_ASSIGNED: Final = re.compile(
    rb"""
    (?P<name> (?:passw(?:or)?d | passphrase | pwd | secret | token | credential | key) [\w-]{0,40}? )
    ["'`\])]{0,3}
    (?P<by> [ \t]{0,8} (?: :[ \t]{0,4}[\w.\[\]|]{1,30}[ \t]{0,4}=(?!=) | :=|=>|[!=]?=?=|:|\(|> ) [ \t]{0,8}
          | [ \t]+is[ \t]+ | [ \t]+ )
    (?: [brfu]{0,2} (?P<quote>["'`]) (?P<quoted>(?:(?!(?P=quote))[^\n\\]|\\[^\n])*\\?) (?P<closed>(?P=quote)?)
      | (?P<bare>[^\s"'`()\[\]{}<>,;]+) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_OPTION: Final = re.compile(rb"--[\w-]*\Z")
_NOT_ITSELF: Final = re.compile(
    rb"(?:ur[il]|path|file|name|type|id|len|length|size|count|field|label|hint|help|prompt|title|text|message|msg|error"
    rb"|re|regex|pattern|expiry|expires|policy|format|style|class)\Z",
    re.IGNORECASE,
)
"""How names end that are about a secret, but not its own."""

_OF_PASSWORDS: Final = re.compile(rb"pass|pwd|secret", re.IGNORECASE)
_A_NAME: Final = re.compile(rb"[\w.-]*(?:passw|passphrase|pwd|secret|token|credential|key)[a-z_.-]*", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_MIXED: Final = re.compile(rb"(?=.*[A-Za-z])(?=.*[0-9!@#$%^&*?~])")
_DIGIT: Final = re.compile(rb"[0-9]")


class Value(NamedTuple):
    """What stands where a secret would.

    Attributes:
        goes_on: up to the end of the text, and nothing says that it ends there.
        is_secret: and no reference, type or placeholder.
    """

    start: int
    end: int
    goes_on: bool
    is_secret: bool


def values(text: bytes) -> Iterator[Value]:
    """What is assigned to names like "password", and what stands in URLs and headers."""
    for place in places(text, b"://"):
        if found := _URL.match(text, place):
            yield Value(*found.span(1), not found[2], bool(found[2]) and not _is_template(found[1]))
    lower = text.lower()
    for scheme in (b"bearer ", b"basic "):
        for place in places(lower, scheme):
            if found := _AUTHORIZATION.match(text, place):
                is_secret = len(found[1]) >= SHORTEST_MIXED and bool(_DIGIT.search(found[1]))
                yield Value(*found.span(1), found.end() == len(text), is_secret)
    for stem in _STEMS:
        for place in places(lower, stem):
            if stem != b"key" or lower[max(0, place - 12) : place].rstrip(b"_-").endswith(_KINDS_OF_KEYS):
                yield from _assigned(text, place)


def places(text: bytes, part: bytes) -> Iterator[int]:
    """Where `part` begins, without overlaps."""
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + len(part))


def _assigned(text: bytes, place: int) -> Iterator[Value]:
    """What is assigned to the name that goes on at a place."""
    found = _ASSIGNED.match(text, place)
    # Only an option of a command line, such as --api-token, has its value after a space.
    if not found or (found["by"].isspace() and not _OPTION.search(text[max(0, place - 24) : place])):
        return
    group = "bare" if found["quote"] is None else "quoted"
    value = found[group]
    if found["by"].strip() == b"is":
        value = value.rstrip(b".,:!?")
    goes_on = found.end() == len(text) and not found["closed"]
    yield Value(found.start(group), found.start(group) + len(value), goes_on, _is_meant(text, found, value))


def _is_meant(text: bytes, found: re.Match[bytes], value: bytes) -> bool:
    name, by = found["name"], found["by"]
    if _NOT_ITSELF.search(name) or _is_template(value) or _A_NAME.fullmatch(value):
        return False
    if found["quote"] is not None:
        if _OF_PASSWORDS.match(name) and by != b"(":
            return len(value) >= SHORTEST_PASSWORD
        return len(value) >= SHORTEST_MIXED and not re.search(rb"\s", value) and bool(_MIXED.match(value))
    if name.isupper() and by == b"=":  # as in a shell, where anything is a literal
        return len(value) >= SHORTEST_PASSWORD
    referred = by == b"(" or text[found.end() : found.end() + 1] in {b"(", b"["} or _ATTRIBUTE.fullmatch(value)
    return not referred and len(value) >= SHORTEST_MIXED and bool(_MIXED.match(value))


def _is_template(value: bytes) -> bool:
    return value.startswith((b"$", b"{", b"<", b"%(", b"%s"))
