"""The forms in which a value precedes its name, as a table: "hunter22 is the password"."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from foretype_model.privacy.assignment_grammar import MEMBERS, NAME_KEY, VALUE_KEY
from foretype_model.privacy.credential import Credential
from foretype_model.privacy.names import Kind, Name
from foretype_model.privacy.values import (
    LITERAL,
    MIXED,
    MIXED_OR_JOINED,
    PLACEHOLDER,
    TEMPLATE,
    WITH_DIGIT,
    is_label,
    is_name,
)

MAX_PENDING_BYTES: Final = 120
"""Bytes after a value in which its name may follow."""

NEAR_BYTES: Final = 64
"""Bytes before a name in which a keyword has to be."""

_QUOTED: Final = rb"""(?P<quote>["'`]) (?P<quoted>[^"'`\n]{1,64}) (?P=quote)"""
_BARE: Final = rb"""(?<![^\s("'*>]) (?P<bare>[^\s"'`()\[\]{}<>,;\x80-\xff]{6,64}?)"""
_VALUE: Final = rb"(?: %s | %s )" % (_QUOTED, _BARE)
_STRONG_WORD: Final = rb"""(?P<quoted>(?!))? (?P<bare>
    (?=[^\s]*[a-z]) (?-i:(?=[^\s]*[A-Z!@\#$%^&*?~+])) (?=[^\s]*[0-9])
    [^\s"'`()\[\]{}<>,;:/.\\\x80-\xff]{8,48})"""
_ARTICLE: Final = rb"(?:the|our|my|your|a|an|his|her|their|its|this|that|new|old|wifi|wi-fi)"
_WORDS: Final = rb"(?:[\w'-]{1,20}[ ]){0,3}"
_IN_NAME: Final = rb"[\w./-]{0,40}"
_NAME_BYTES: Final = (string.ascii_letters + string.digits + "_./-").encode()


@dataclass(frozen=True)
class PrecedingRule:
    """A form in which a value precedes its name.

    Attributes:
        id: the form.
        keywords: one of them is in the last `NEAR_BYTES` before the name, in lower case.
        before: the end of the text before the name, with the value.
        requires: the value has to match.
        is_prose: the name has to end a clause.
        follows_sign: the name is itself a value, behind ":" or "=", which is soon tested.
    """

    id: str
    keywords: tuple[bytes, ...]
    before: re.Pattern[bytes]
    requires: re.Pattern[bytes]
    is_prose: bool = False
    follows_sign: bool = False

    def has_keyword(self, near: bytes) -> bool:
        """Return whether one of the keywords is in `near`."""
        # A regex of all is tried at each byte, and takes five times as long.
        return any(map(near.__contains__, self.keywords))


def _regex(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern + rb"\Z", re.VERBOSE | re.IGNORECASE)


PRECEDING_RULES: Final = (
    PrecedingRule(
        "verb",
        (b" is ", b" was ", b" are ", b" as ", b" for ", b" being ", b" when ", b" at "),
        _regex(
            _VALUE + rb"[*_]{0,2}(?:,[ ](?:that|this|which))?[ ]+"
            rb"(?:is|was|are|as|for|being|when[ ]asked[ ]for"
            rb"|when[ ]prompted[ ]for|at)[ ]+" + rb"%s[ ]+%s" % (_ARTICLE, _WORDS)
        ),
        MIXED_OR_JOINED,
        is_prose=True,
    ),
    PrecedingRule(
        "sign",
        (b"(", b"# ", b"// ", b"<", b"= ", b": ", b"- ", b"\xe2\x80"),
        _regex(
            _VALUE + rb"[*_]{0,2} (?: [ ]+\( | [ ]*(?:\#|//|<-|<=|=|:|-{1,2}"
            rb"|\xe2\x80[\x93\x94])[ ]+ ) (?:%s[ ]+)?%s" % (_ARTICLE, _WORDS)
        ),
        WITH_DIGIT,
        is_prose=True,
    ),
    PrecedingRule(
        "sentence",
        (b" ",),
        _regex(rb"(?<![^\s(\"'`*])" + _STRONG_WORD + rb"(?![^\s)\"'`*.,;:!?]) [^\n{}=]{1,100}"),
        WITH_DIGIT,
        is_prose=True,
    ),
    PrecedingRule(
        "comparison", (b"==", b"!="), _regex(_QUOTED + rb"[ ]*[!=]==?[ ]*[\w.$@>-]{0,40}"), LITERAL
    ),
    PrecedingRule(
        "equals", (b".equals",), _regex(_QUOTED + rb"\.equals\w*\([ ]*[\w.$]{0,40}"), LITERAL
    ),
    PrecedingRule(
        "sibling",
        (b"value", b"default", b"content", b"data", b"text", b"string", b"literal", b"current"),
        _regex(
            VALUE_KEY + rb"\s{0,8}[:=]\s{0,8} (?:%s|"
            rb"(?P<bare>[^\s\"'`,{}]{4,128})) \s{0,8},?\s{0,60} %s %s \s{0,8}[:=]\s{0,8}[\"'`]? %s"
            % (_QUOTED, MEMBERS, NAME_KEY, _IN_NAME)
        ),
        LITERAL,
        follows_sign=True,
    ),
    PrecedingRule(
        "attribute",
        (b"value",),
        _regex(rb"\bvalue\s*=\s*" + _QUOTED + rb"\s+(?:name|key|id)\s*=\s*[\"']" + _IN_NAME),
        LITERAL,
        follows_sign=True,
    ),
)
_CLAUSE_END: Final = re.compile(
    rb"[\"'*_]{0,2}(?:[ ]*(?:[.,;!)\n]|\Z)|[ ]+(?:for|to|of|on|at|when|in|and|but|there|now)\b)"
)
_MAY_BE_MIXED: Final = re.compile(rb"[0-9!@#$%^&*?~\"'`_+-]")
_LOGINS: Final = frozenset({b"login", b"credential", b"creds"})
_TOKEN: Final = re.compile(
    rb"(?<![^\s(*>])(?:[\"'`][^\"'`\n]{1,64}[\"'`]|[^\s\"'`()\[\]{}<>,;\x80-\xff]{6,64})"
)
_AFTER_TOKEN: Final = re.compile(
    rb"[\"'`*_]{0,3},?(?:[ ]*(?:\(|\#|//?|<-|<=|[!=]?={1,2}|:|-{1,2}|<|\xe2\x80?[\x93\x94]?)\w*)?"
    rb"(?:\.(?:e\w*\(?[ ]*[\w.$]*)?\Z)?"
    rb"(?:[ ]++[\w'-]*+){0,8}+\Z"
)
"""The text between a value and a name that may still follow."""

_STRONG: Final = re.compile(_STRONG_WORD + rb"[.,;:!?]?", re.VERBOSE | re.IGNORECASE)
_IN_SENTENCE: Final = re.compile(rb"[^\n{}=]{0,102}\Z")
"""The text between such a value and a name that may still follow in its sentence."""

_VALUE_WORD: Final = re.compile(
    rb"(?:[Vv]alue|[Dd]efault|[Cc]ontent|[Dd]ata|[Tt]ext|[Ss]tring|[Ll]iteral"
    rb"|[Cc]urrent)\w*[\"'`]?\s{0,8}[:=]"
)
_SIBLING: Final = re.compile(
    VALUE_KEY + rb"\s{0,8}(?: : | = (?=\s{0,8}(?:[\"'`]|\Z)) )\s{0,8}", re.VERBOSE | re.IGNORECASE
)
"""A key beside which a name may follow. After `=`, its value is quoted: `data = read()` is code."""

_AFTER_SIBLING: Final = re.compile(rb"[^{}\n]{1,128}+(?:\n[^{}\n]{0,80}+)?\Z")


def find_preceding(name: Name, after: bytes) -> Iterator[Credential]:
    """Yield each value that a rule finds before `name`; `after` is the text after the name."""
    if name.kind is Kind.TOKEN and name.rest not in {b"", b"s"}:
        return
    near = name.before[-NEAR_BYTES:].lower()
    for rule in PRECEDING_RULES:
        if not rule.has_keyword(near):
            continue
        if rule.is_prose and not _ends_clause(name, near, after):
            continue
        if rule.follows_sign and not _follows_sign(name.before):
            continue
        if found := rule.before.search(name.before):
            group = "quoted" if found["quoted"] is not None else "bare"
            value, start = found[group], name.start - len(name.before) + found.start(group)
            yield Credential(start, start + len(value), False, _is_secret(rule, value))


def _follows_sign(before: bytes) -> bool:
    return before.rstrip(_NAME_BYTES).rstrip(b"\"'`").rstrip().endswith((b":", b"="))


def _ends_clause(name: Name, near: bytes, after: bytes) -> bool:
    return (
        (name.kind is not Kind.TOKEN or name.stem.lower() in _LOGINS)
        and name.rest in {b"", b"s"}
        and _MAY_BE_MIXED.search(near) is not None
        and _CLAUSE_END.match(after) is not None
    )


def _is_secret(rule: PrecedingRule, value: bytes) -> bool:
    is_word = rule.requires.match(value) and (rule.requires is not WITH_DIGIT or MIXED.match(value))
    return bool(is_word) and not (
        TEMPLATE.match(value)
        or PLACEHOLDER.fullmatch(value)
        or is_name(value, is_listed=True)
        or is_label(value)
    )


def pending_value(text: bytes) -> int:
    """Return the length of the suffix of `text` from a value whose name may still follow."""
    return max(_pending_token(text), _pending_sibling(text))


def _pending_token(text: bytes) -> int:
    line = max(text.rfind(b"\n") + 1, len(text) - MAX_PENDING_BYTES)
    for found in _TOKEN.finditer(text, line):
        is_next = _AFTER_TOKEN.match(text, found.end()) and _may_be_secret(found[0])
        if is_next or (_STRONG.fullmatch(found[0]) and _IN_SENTENCE.match(text, found.end())):
            return len(text) - found.start()
    return 0


def _pending_sibling(text: bytes) -> int:
    tail = max(0, len(text) - 2 * MAX_PENDING_BYTES)
    if not _VALUE_WORD.search(text, tail):
        return 0
    for found in _SIBLING.finditer(text, tail):
        if _AFTER_SIBLING.match(text, found.end()):
            return len(text) - found.end()
    return 0


def _may_be_secret(value: bytes) -> bool:
    return value[:1] in b"\"'`" or (b"//" not in value and MIXED_OR_JOINED.match(value) is not None)
