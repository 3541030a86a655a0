"""Finds the passwords in prose that stand near their name, by the rules in `nearby_rules`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from foretype_model.privacy.credential import Credential
from foretype_model.privacy.names import LOCKS, Kind, Name
from foretype_model.privacy.nearby_rules import (
    LOCK_RULES,
    NEARBY_RULES,
    NUMBER,
    ORDINARY,
    PIN_RULES,
    TOPIC_RULES,
    NearbyRule,
)
from foretype_model.privacy.values import PLACEHOLDER, TEMPLATE, is_label, is_name

NEAR_BYTES: Final = 200
"""Bytes after a name in which its password may begin."""

AFTER_BYTES: Final = 80
"""Bytes after a password that the rules look at."""

MAX_GAP: Final = 2
"""Bytes after a number in which its next digit may begin."""

_BEFORE: Final = re.compile(rb"(?:\A|[\s\"'`*_(\[>/#\x80-\xff-])\Z")
_FOLLOWING: Final = re.compile(rb"s\s|[<\s.,:;?!)'\"*/]|[\xe2-\xef]|\Z")
_CODE: Final = re.compile(rb"[{}\\]|\(\)|\);|;[ ]*\n|==|&&|\n{3}|\|[ ]*\n")
"""The beginning of text that is no prose."""

_TOKEN: Final = re.compile(
    rb"(?:(?<![!-~\xc3\x80-\xbf])|(?<=>))[\"'`*_(]{0,3}"
    rb"(?P<value>[#*]?[0-9]{1,4}(?:[ -][0-9]{1,4}){0,7}[#*]?(?![\w-]|\.[0-9])"
    rb"|[!-&+-;=?-~](?:[!-;=-~]|\xc3(?:[\x80-\xbf]|\Z)){3,63})"
    rb"|(?<=[\xa0-\xbf])(?P<joined>[!-&+-~][!-~]{3,63})"
)
"""A word in ASCII with its quotes, or a number with spaces."""

_TAG: Final = re.compile(rb"</?[A-Za-z][^<>]*>")
_TRAILING: Final = b".,;:!?)\"'`*_]>"


def find_nearby(text: bytes, name: Name, start: int = 0) -> Iterator[Credential]:
    """Yield the values after `name` in prose that end behind byte `start`."""
    limit = name.end + NEAR_BYTES
    if limit + AFTER_BYTES < start or not (rules := _rules(name)):
        return
    is_letter = name.stem[:1] < b"\xe0"
    if is_letter and not _BEFORE.search(name.before[-1:]):
        return
    if name.kind is not Kind.TOPIC and not _FOLLOWING.match(text, name.end):
        return
    itself = text[name.start : name.end].lower()
    if text[name.end + 1 : name.end + 1 + len(itself)].lower() == itself:
        return  # what follows is near that place
    if code := _CODE.search(text, name.end, limit):
        limit = code.start()
    end = min(len(text), limit + AFTER_BYTES)
    line = name.before[name.before.rfind(b"\n") + 1 :] + text[name.start : name.end]
    for found in _TOKEN.finditer(text, name.end, end):
        group = "value" if found["value"] is not None else "joined"
        first = found.start(group)
        if first >= limit:
            return
        value = found[group].rstrip(_TRAILING)
        if value.lower() == itself:
            return
        if found.end() + MAX_GAP < start:
            continue
        # The digits of a number may have spaces between them, but no wider ones.
        rest = text[found.end() : found.end() + MAX_GAP + 1]
        more = rest.strip(b" -") if value[-1:].isdigit() else rest
        is_unfinished = len(rest) <= MAX_GAP and not more
        last = first + len(value)
        lead, after = text[name.end : first], text[last : last + AFTER_BYTES]
        is_secret = _is_secret(rules, value, line, lead, after)
        if is_secret or is_unfinished:
            yield Credential(first, last, is_unfinished, is_secret)


def _rules(name: Name) -> tuple[NearbyRule, ...]:
    if name.kind is Kind.TOPIC:
        return LOCK_RULES if name.stem.lower() in LOCKS else TOPIC_RULES
    if name.kind is Kind.TOKEN or name.rest not in {b"", b"s"} or name.stem.lower() == b"secret":
        return ()
    return PIN_RULES if name.kind is Kind.PIN else NEARBY_RULES


def _is_secret(
    rules: tuple[NearbyRule, ...], value: bytes, line: bytes, lead: bytes, after: bytes
) -> bool:
    """Return whether a value is one by any rule. `line` ends with the name; `lead` follows it."""
    rules = tuple(rule for rule in rules if rule.shape.fullmatch(value))
    if not rules or (not NUMBER.fullmatch(value) and ORDINARY.fullmatch(value)):
        return False
    is_next, lines = not lead.strip(b" \t"), lead.count(b"\n")
    lead = line + (_TAG.sub(b" ", lead) if b"<" in lead else lead)
    return (
        any(
            lines <= rule.max_lines
            and (is_next or not rule.is_next)
            and rule.after.match(after)
            and rule.lead.search(lead, max(0, len(lead) - rule.lead_bytes))
            for rule in rules
        )
        and not TEMPLATE.match(value)
        and not PLACEHOLDER.fullmatch(value)
        and not is_name(value, is_listed=True)
        and not is_label(value)
    )
