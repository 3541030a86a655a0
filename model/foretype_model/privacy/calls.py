"""Finds the passwords and keys among the arguments of calls, by the rules in `call_rules`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from foretype_model.privacy.call_rules import ALGORITHM, ARGUMENT, CALL_RULES, CallRule
from foretype_model.privacy.credential import Credential
from foretype_model.privacy.values import PLACEHOLDER, TEMPLATE, is_label, is_name

MAX_CALL_BYTES: Final = 320
"""Bytes after the beginning of a call in which an argument may begin."""

MAX_ARGUMENTS: Final = 10
MAX_DEPTH: Final = 2
"""Calls within a call, at most: `connect("ann", secure("hunter22"))`."""

CALLS_BY_KEYWORD: Final = {
    keyword: [rule for rule in CALL_RULES if keyword in rule.keywords]
    for keyword in dict.fromkeys(keyword for rule in CALL_RULES for keyword in rule.keywords)
}
_USER: Final = re.compile(rb"[\w.@-]{1,40}:(?!/)")
"""A user before a password: "ann:hunter22"."""


def find_in_call(text: bytes, place: int, keyword: bytes) -> Iterator[Credential]:
    """Yield the passwords among the arguments of a call whose name has `keyword` at `place`."""
    for rule in CALLS_BY_KEYWORD[keyword]:
        if found := rule.regex.match(text, place):
            yield from _arguments(rule, text, found.end())


def _arguments(rule: CallRule, text: bytes, start: int) -> Iterator[Credential]:
    depth, before = 0, 0
    limit = min(len(text), start + MAX_CALL_BYTES)
    arguments = ARGUMENT.finditer(text, start, limit)
    for _, found in zip(range(MAX_ARGUMENTS * 4), arguments, strict=False):
        if found[3]:
            before += depth == 0
        elif found[5]:
            depth += 1
            if depth > MAX_DEPTH:
                return
        elif found[4]:
            depth -= 1
            if depth < 0:
                return
        elif found.lastindex and before >= rule.skipped:
            yield _credential(rule, text, found, found.lastindex)
        elif found.lastindex and text[found.end() : found.end() + 1] == b")" and not before:
            yield _credential(CALL_RULES[1], text, found, found.lastindex)
        elif found.lastindex and (user := _USER.match(found[found.lastindex])):
            yield _credential(rule, text, found, found.lastindex, user.end())


def _credential(
    rule: CallRule, text: bytes, found: re.Match[bytes], group: int, skipped: int = 0
) -> Credential:
    start, end = found.span(group)
    if not skipped and (user := _USER.match(found[group])):
        skipped = user.end()
    value = text[start + skipped : end]
    is_secret = (
        rule.shape.match(value) is not None
        and b" " not in value
        and not ALGORITHM.fullmatch(value)
        and not TEMPLATE.match(value)
        and not PLACEHOLDER.fullmatch(value)
        and not is_name(value, is_listed=True)
        and not is_label(value)
    )
    return Credential(start + skipped, end, found.end() == len(text), is_secret)
