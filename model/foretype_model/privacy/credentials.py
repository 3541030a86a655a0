"""Finds passwords and keys that the text before them shows: a name, a URL, a header, a command.

The rules are in `context_rules`, `assignments` and `assignment_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from foretype_model.privacy.assignments import AFTER_BYTES, find_assigned
from foretype_model.privacy.calls import CALLS_BY_KEYWORD, MAX_CALL_BYTES, find_in_call
from foretype_model.privacy.columns import find_in_columns
from foretype_model.privacy.context_rules import CONTEXT_RULES, URL_RULE, ContextRule
from foretype_model.privacy.credential import Credential
from foretype_model.privacy.keywords import Keywords
from foretype_model.privacy.names import NAME_KEYWORDS, REACH_BYTES, TOPICS, parse_name, parse_topic
from foretype_model.privacy.nearby import find_nearby
from foretype_model.privacy.preceding_rules import find_preceding
from foretype_model.privacy.sql_rows import find_in_rows
from foretype_model.privacy.values import is_name

CONTEXT_BYTES: Final = 80
"""Bytes before a name and after its value that the rules look at."""

CALL_BYTES: Final = 2 * MAX_CALL_BYTES

_BY_KEYWORD: Final = {
    keyword: [rule for rule in CONTEXT_RULES if keyword in rule.keywords]
    for keyword in dict.fromkeys(keyword for rule in CONTEXT_RULES for keyword in rule.keywords)
}
"""The text is searched once for each keyword."""

_NAMES: Final = frozenset(NAME_KEYWORDS)
_TOPICS: Final = frozenset(TOPICS)
_KEYWORDS: Final = Keywords([*_BY_KEYWORD, *CALLS_BY_KEYWORD, *_NAMES, *_TOPICS])

_WITHOUT_KEYWORD: Final = [rule for rule in CONTEXT_RULES if not rule.keywords]


def find_credentials(text: bytes, start: int = 0, end: int | None = None) -> Iterator[Credential]:
    """Yield the values in URLs, headers and commands, and those assigned to names like "password".

    Values may overlap. Those that lie outside of the bytes from `start` to `end` may be missing.
    """
    lower, end = text.lower(), len(text) if end is None else end
    yield from _in_urls(text)
    named = -1
    for place, keyword in _KEYWORDS.find(text):
        for rule in _BY_KEYWORD.get(keyword, ()) if place < end else ():
            if found := rule.regex.match(text, place):
                yield from _of_context(rule, found, lower)
            if place + REACH_BYTES > len(text) and rule.pending.match(text, place):
                yield Credential(place, len(text), is_unfinished=True, is_secret=False)
        if keyword in CALLS_BY_KEYWORD and place + CALL_BYTES >= start:
            yield from find_in_call(text, place, keyword)
        if keyword in _TOPICS:
            yield from find_nearby(text, parse_topic(text, place, keyword), start)
        if keyword in _NAMES and place != named and (name := parse_name(text, place, keyword)):
            named = place
            if place < end:
                yield from find_assigned(text, name, start)
                yield from find_in_columns(text, name)
                yield from find_in_rows(text, name)
                yield from find_nearby(text, name, start)
            if place > start:
                yield from find_preceding(name, text[name.end : name.end + AFTER_BYTES])
    for rule in _WITHOUT_KEYWORD:
        for found in rule.regex.finditer(text):
            yield from _of_context(rule, found, lower)


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
            is_allowed = URL_RULE.allow.match(password) or is_name(password) or password == b"pass"
            start, is_secret = found.start(1), bool(at) and not is_allowed
            yield Credential(start, start + len(password), found.end() == len(text), is_secret)


def _of_context(rule: ContextRule, found: re.Match[bytes], lower: bytes) -> Iterator[Credential]:
    start = found.start()
    if found.lastindex and rule.before.search(lower, max(0, start - CONTEXT_BYTES), start):
        value = found[found.lastindex]
        is_secret = bool(rule.requires.match(value)) and not rule.allow.match(value)
        yield Credential(*found.span(found.lastindex), found.end() == len(lower), is_secret)
