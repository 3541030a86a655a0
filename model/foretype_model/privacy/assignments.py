"""Finds the values that are assigned to a name, by the rules in `assignment_rules`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from foretype_model.privacy.assignment_rule import AssignmentRule, Names
from foretype_model.privacy.assignment_rules import (
    NEAR_BYTES,
    RULES_ACROSS_LINES,
    RULES_BY_START,
)
from foretype_model.privacy.credential import Credential
from foretype_model.privacy.names import REACH_BYTES, Kind, Name
from foretype_model.privacy.values import (
    JOINED,
    MIN_PASSWORD_LENGTH,
    MIXED,
    NUMBER,
    PIN,
    PLACEHOLDER,
    TEMPLATE,
    WITH_DIGIT,
    is_label,
    is_name,
)

MAX_ITEMS: Final = 16
"""Values of a list, or lines of a block."""

_ATTRIBUTE: Final = re.compile(
    rb"(?:args|cfg|cls|config|conf|ctx|data|env|form|options|opts|process|req|request|self"
    rb"|settings|this|user)\.[\w.]+"
    rb"|[A-Za-z_][\w.]*\.\w*(?i:pass|pwd|secret|token|credential|key)\w*"
)
"""An attribute, surely: "self.a1", "a.token1". Other dotted values may be passwords."""

_COMMA: Final = re.compile(rb"[,;]")
_LAST_COMMA: Final = re.compile(rb"[,;](?:[,;]*\Z|[^=:]*+[=:])")
"""A comma at the end, or before an assignment to another name."""

_CLAUSE_END: Final = re.compile(rb"[ \t\r]*(?:[.,;!)\n]|\Z)")
_QUERY_END: Final = re.compile(rb"[&#]")

AFTER_BYTES: Final = 80
"""Bytes after a value that the rules look at."""


def find_assigned(text: bytes, name: Name, start: int = 0) -> Iterator[Credential]:
    """Yield each value that a rule finds after `name`; in lines that end before `start`, only some
    of them.
    """
    if name.end == len(text):
        return
    limit = min(len(text), name.end + REACH_BYTES)
    near = text[name.end : name.end + NEAR_BYTES].lower()
    # A key asks for its own line alone, for which two thirds of the rules need not be tried at
    # the names in other lines.
    has_line = name.end >= start or text.find(b"\n", name.end, start) < 0
    for rule in (RULES_BY_START if has_line else RULES_ACROSS_LINES)[text[name.end]]:
        # Tested here, because a call costs as much as the test: 5 % of the time.
        if rule.before_has and rule.before_has not in name.before:
            continue
        if rule.is_gated and not _applies(rule, name, near):
            continue
        found = rule.regex.match(text, name.end, limit)
        near_start = max(0, len(name.before) - rule.before_bytes)
        if found and (not rule.before or rule.before_regex.search(name.before, near_start)):
            yield _credential(rule, name, text, found)
            if rule.more:
                yield from _further(rule, name, text, found.end(), limit)


def _applies(rule: AssignmentRule, name: Name, near: bytes) -> bool:
    """Return whether a rule is for such a name, and `near` has one of its keywords."""
    if rule.is_foreign:
        return name.is_foreign
    if rule.bare is Names.PHRASES:
        return rule.bare.include(name)
    for keyword in rule.keywords:
        if keyword in near:
            return True
    return not rule.keywords


def _further(
    rule: AssignmentRule, name: Name, text: bytes, place: int, limit: int
) -> Iterator[Credential]:
    """Yield the values of a list after the first one."""
    for _ in range(MAX_ITEMS):
        found = rule.more_regex.match(text, place, limit)
        if not found:
            return
        yield _credential(rule, name, text, found)
        place = found.end()


def _credential(
    rule: AssignmentRule, name: Name, text: bytes, found: re.Match[bytes]
) -> Credential:
    # The last group is that of the value, or of the sign that ends it.
    last = str(found.lastgroup)
    group = last.removesuffix("_closed")
    value, start, is_bare = found[group], found.start(group), group == "bare"
    is_unfinished = found.end() == len(text) and (is_bare or not found[last])
    if is_bare:
        value, is_unfinished = _trimmed(
            rule, name, value, text[found.end() : found.end() + 1], is_unfinished
        )
    after = text[found.end() : found.end() + AFTER_BYTES]
    is_secret = (
        _is_secret(rule, name, value, after, is_bare=is_bare)
        and rule.after_regex.match(after) is not None
        and not rule.allow.fullmatch(value)
        and not _is_allowed(value, is_listed=rule.id in {"listed", "second-argument"})
        and not (is_bare and _is_reference(value, after))
        and not (group == "quoted" and _closes_a_quote(name, found["quote"]))
    )
    return Credential(start, start + len(value), is_unfinished, is_secret)


def _trimmed(
    rule: AssignmentRule, name: Name, value: bytes, following: bytes, at_end: bool
) -> tuple[bytes, bool]:
    """Return a value without the signs that end it, and whether it is unfinished."""
    if name.is_in_query and (cut := _QUERY_END.search(value)):
        return value[: cut.start()], False
    value = value.rstrip()
    # A comma is part of a password, but not at its end, nor in a sentence or a list.
    is_listed = following.strip(b" \t\r\n\"'`") != b""
    if cut := (_COMMA if rule.is_prose or is_listed else _LAST_COMMA).search(value):
        value, at_end = value[: cut.start()], at_end and not rule.is_prose
    return value.rstrip(b".:!?") if rule.is_prose else value, at_end


def _is_allowed(value: bytes, *, is_listed: bool) -> bool:
    """Return whether a value is a placeholder, a name or a label."""
    return (
        TEMPLATE.match(value) is not None
        or PLACEHOLDER.fullmatch(value) is not None
        or is_name(value, is_listed=is_listed)
        or is_label(value)
    )


def _is_reference(value: bytes, after: bytes) -> bool:
    return after[:1] in {b"(", b"["} or bool(_ATTRIBUTE.fullmatch(value))


def _closes_a_quote(name: Name, quote: bytes) -> bool:
    """Return whether the name is in a string that `quote` ends, as in "password: "."""
    line = name.before[name.before.rfind(b"\n") + 1 :]
    return quote not in name.closing and line.count(quote) % 2 == 1


def _is_secret(
    rule: AssignmentRule, name: Name, value: bytes, after: bytes, *, is_bare: bool
) -> bool:
    of_password = name.kind is Kind.PASSWORD
    # A secret is also a thing that prose is about, and so are passwords of some kind.
    is_thing = (rule.is_prose or rule.id == "cell") and (
        name.stem.lower() == b"secret" or name.rest not in {b"", b"s"}
    )
    if _is_excluded(rule, name, is_thing=is_thing):
        return False
    if (rule.bare if is_bare else rule.quoted).include(name) and not is_thing:
        return len(value) >= MIN_PASSWORD_LENGTH
    is_joined = of_password and not is_thing and JOINED.match(value) is not None
    needs_digit = (not of_password and is_bare) or is_thing
    return (
        (name.kind is Kind.PIN and PIN.fullmatch(value) is not None)
        or (of_password and not name.rest and NUMBER.fullmatch(value) is not None)
        or (is_joined and (not is_bare or _CLAUSE_END.match(after) is not None))
        or (MIXED.match(value) is not None and (not needs_digit or bool(WITH_DIGIT.match(value))))
    )


def _is_excluded(rule: AssignmentRule, name: Name, *, is_thing: bool) -> bool:
    """Return whether a rule is not for such a name, which prose may have for another reason."""
    if rule.id in {"apposition", "below", "cell"} and (name.kind is Kind.TOKEN or is_thing):
        return True
    # A type in quotes, as in `type="password"`, is followed by another attribute.
    if rule.id == "typed" and name.closing[:1] in {b'"', b"'"}:
        return True
    return (rule.is_prose and name.is_verb) or (rule.id in {"word", "sql"} and name.closing != b"")
