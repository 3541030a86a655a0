"""Finds passwords and keys that the text before them shows: a name, a URL, a header, a command.

The rules are in `rules`, `assignments` and `assignment_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from foretype_model.privacy import assignments
from foretype_model.privacy.assignment_rules import ALLOWED, LITERALS, REFERENCES, SHAPES
from foretype_model.privacy.assignments import Assignment
from foretype_model.privacy.rules import CONTEXT_RULES, MIN_PASSWORD_LENGTH, URL_RULE, ContextRule

CONTEXT_BYTES: Final = 80
"""Bytes before a name and after its value that the rules look at."""

KEY_CONTEXT_BYTES: Final = 12
"""Bytes before "key" that may name its kind."""

_COMMA: Final = re.compile(rb"[,;]")
_LAST_COMMA: Final = re.compile(rb"[,;](?:[,;]*\Z|[^=:]*+[=:])")
"""A comma at the end, or before an assignment to another name."""

_BY_KEYWORD: Final = {
    keyword: [rule for rule in CONTEXT_RULES if keyword in rule.keywords]
    for keyword in dict.fromkeys(keyword for rule in CONTEXT_RULES for keyword in rule.keywords)
}
"""The text is searched once for each keyword."""

_WITHOUT_KEYWORD: Final = [rule for rule in CONTEXT_RULES if not rule.keywords]


class Credential(NamedTuple):
    """A value in the place of a password.

    Attributes:
        start: of the value, in bytes.
        end: behind the value.
        is_unfinished: the value reaches the end of the text, and no sign closes it.
        is_secret: the value is no reference, type or placeholder.
    """

    start: int
    end: int
    is_unfinished: bool
    is_secret: bool


def find_credentials(text: bytes) -> Iterator[Credential]:
    """Yield the values in URLs, headers and commands, and those assigned to names like "password".

    Values may overlap.
    """
    lower = text.lower()
    yield from _in_urls(text)
    yield from _in_context(text, lower)
    for stem in assignments.STEMS:
        for start in find_all(lower, stem):
            kind = lower[max(0, start - KEY_CONTEXT_BYTES) : start].rstrip(b"_- ")
            if stem != b"key" or kind.endswith(assignments.KINDS_OF_KEYS):
                yield from _assigned(text, start)


def find_all(text: bytes, part: bytes) -> Iterator[int]:
    """Yield each place where `part` begins, without overlaps."""
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + len(part))


def _in_urls(text: bytes) -> Iterator[Credential]:
    (keyword,) = URL_RULE.keywords
    for place in find_all(text, keyword):
        if found := URL_RULE.regex.match(text, place):
            password, at, _ = found[1].rpartition(b"@")
            start, is_secret = found.start(1), bool(at) and not URL_RULE.allow.match(password)
            yield Credential(start, start + len(password), found.end() == len(text), is_secret)


def _in_context(text: bytes, lower: bytes) -> Iterator[Credential]:
    for keyword, rules in _BY_KEYWORD.items():
        for place in find_all(lower, keyword):
            for rule in rules:
                if found := rule.regex.match(text, place):
                    yield from _of_context(rule, found, lower)
    for rule in _WITHOUT_KEYWORD:
        for found in rule.regex.finditer(text):
            yield from _of_context(rule, found, lower)


def _of_context(rule: ContextRule, found: re.Match[bytes], lower: bytes) -> Iterator[Credential]:
    start = found.start()
    if found.lastindex and rule.before.search(lower, max(0, start - CONTEXT_BYTES), start):
        value = found[found.lastindex]
        is_secret = bool(rule.requires.match(value)) and not rule.allow.match(value)
        yield Credential(*found.span(found.lastindex), found.end() == len(lower), is_secret)


def _assigned(text: bytes, start: int) -> Iterator[Credential]:
    """Yield the value that is assigned to the name whose stem begins at `start`."""
    found = assignments.ASSIGNMENT.match(text, start)
    if not found:
        return
    stem, assigner, is_quoted = found["stem"], found["assigner"], found["quote"] is not None
    before = text[max(0, start - CONTEXT_BYTES) : start]
    of_password = assignments.is_of_password(before, stem)
    if not of_password and assignments.is_inside_word(before, stem):
        return
    if not assignments.is_assigner(assigner, before, surely=is_quoted and of_password):
        return
    value, is_unfinished = _value(text, found)
    first = found.start("quoted" if is_quoted else "bare")
    last = first + len(value)
    after = text[last : last + CONTEXT_BYTES]
    one = Assignment(
        before,
        stem,
        found["rest"],
        found["closing"],
        assigner,
        value,
        after,
        is_quoted,
        of_password,
    )
    yield Credential(first, last, is_unfinished, _is_secret(one))


def _value(text: bytes, found: re.Match[bytes]) -> tuple[bytes, bool]:
    """Return the value of an assignment, and whether it is unfinished."""
    at_end = found.end() == len(text)
    is_sentence = found["assigner"].rstrip(b" \t:").endswith((b"is", b"was", b"ist"))
    if found["quote"] is not None:
        value, is_unfinished = found["quoted"], at_end and not found["closed"]
    else:
        value, is_unfinished = found["bare"], at_end
        # A comma is part of a password, but not at its end, nor in a sentence or a list.
        following = text[found.end() : found.end() + 1].strip(b" \t\r\n\"'`")
        if cut := (_COMMA if is_sentence or following else _LAST_COMMA).search(value):
            value, is_unfinished = value[: cut.start()], at_end and not is_sentence
    return value.rstrip(b".:!?") if is_sentence else value, is_unfinished


def _is_secret(one: Assignment) -> bool:
    if any(rule.matches(one) for rule in ALLOWED):
        return False
    if any(rule.matches(one) for rule in LITERALS):
        return len(one.value) >= MIN_PASSWORD_LENGTH
    if any(rule.matches(one) for rule in REFERENCES):
        return False
    return any(rule.matches(one) for rule in SHAPES)
