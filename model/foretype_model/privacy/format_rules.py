"""The forms in structured formats in which a value follows its name: JSON, YAML, XML."""

from __future__ import annotations

from typing import Final

from foretype_model.privacy.assignment_grammar import (
    COLON,
    LINE,
    LINE_END,
    LITERAL,
    MEMBERS,
    NAME_KEY,
    TEXT,
    VALUE_KEY,
    VALUE_WORDS,
)
from foretype_model.privacy.assignment_rule import AssignmentRule, Names
from foretype_model.privacy.values import TYPE

_NESTED: Final = rb"""(?: [\"'`]?[\w-]{1,40}[\"'`]?\s{0,8}[:=]\s{0,8}\{\s{0,60} )?"""
_IN_TAG: Final = rb"<[\w:.-]+\s[^<>]*"
_IN_PAIRED_TAG: Final = rb"<(?!(?:input|meta|img|link|param)\b)[\w:.-]+\s[^<>]*"
"""In the opening tag of an element that may hold text."""
_ELEMENT: Final = rb"<(?:value|string|data|val|text|content)(?:\s[^<>]{0,80})?>\s{0,60}"
_CDATA: Final = rb"(?:<!\[CDATA\[)?"

FORMAT_RULES: Final = (
    AssignmentRule(
        "sibling",
        rb"[\w.-]{0,40}[\"'`]?\s{0,8},?\s{0,60}%s%s%s\s{0,8}[:=]\s{0,60}"
        % (MEMBERS, _NESTED, VALUE_KEY),
        quoted=Names.PASSWORDS,
        bare=Names.PASSWORD_CONSTANTS,
        before_bytes=160,
        before=NAME_KEY + rb"\s{0,8}[:=]\s{0,8}[\"'`]?[\w./\ -]*",
        allow=TYPE,
        keywords=VALUE_WORDS,
    ),
    AssignmentRule(
        "member",
        rb"[\w.-]{0,40}[\"'`]?(?:\s{0,8}%s\s{0,8}\{?|\s{0,8}\{)\s{0,60}%s%s\s{0,8}[:=]\s{0,60}"
        % (COLON, MEMBERS, VALUE_KEY),
        quoted=Names.PASSWORDS,
        allow=TYPE,
        keywords=VALUE_WORDS,
    ),
    AssignmentRule(
        "array",
        rb"[\"']?\s{0,8}(?:%s|=>)\s{0,8}\[\s{0,60}" % COLON,
        quoted=Names.PASSWORDS,
        more=rb"\s{0,8},\s{0,60}",
        starts=b"\"' \t\n:=\xef",
    ),
    AssignmentRule(
        "list",
        rb"[\"']?[ \t]*:[ \t]*\n[ \t]*-[ \t]+",
        quoted=Names.PASSWORDS,
        after=LINE_END,
        more=rb"[ \t]*\n[ \t]*-[ \t]+",
        starts=b"\"' \t:",
    ),
    AssignmentRule(
        "block",
        rb"[\"']?[ \t]*:[ \t]*(?:!+\w*[ ])?[|>][+-]?\d?[+-]?[ \t]*\n(?:[ \t]*\n)?[ \t]+",
        LINE,
        bare=Names.PASSWORDS,
        more=rb"[ \t]*\n[ \t]+(?!-[ ]|[\w-]+:)",
        starts=b"\"' \t:",
        keywords=(b"|", b">"),
    ),
    AssignmentRule(
        "tagged",
        rb"[ \t]*:[ \t]*(?:(?:!!?|&)\w+[ ])+",
        quoted=Names.PASSWORDS,
        starts=b" \t:",
    ),
    AssignmentRule(
        "element",
        rb"(?:[ \t\n][^<>]{0,200})?>\s{0,60}(?:%s)?" % _ELEMENT + _CDATA,
        TEXT,
        bare=Names.PASSWORDS,
        before_has=b"<",
        before=rb"<[\w:.-]*",
        starts=b" \t\n>",
        keywords=(b">",),
    ),
    AssignmentRule(
        "attribute",
        rb"[\w.-]{0,40}[\"'][^<>]{0,200}?\b(?:value|default|content)\s*=\s*",
        LITERAL,
        quoted=Names.PASSWORDS,
        before_has=b"<",
        before_bytes=160,
        before=_IN_TAG + rb"=\s*[\"'][\w./-]*",
        keywords=(b"value", b"default", b"content"),
    ),
    AssignmentRule(
        "label",
        rb"[\w ]{0,20}:?\s{0,8}(?:</\w+>\s{0,8})?<input\b[^<>]{0,120}\bvalue\s*=\s*",
        LITERAL,
        keywords=(b"<input",),
    ),
    AssignmentRule(
        "attribute-and-text",
        rb"[\w.-]{0,40}[\"']?[^<>/]{0,200}>\s{0,60}(?:%s)?%s" % (_ELEMENT, _CDATA),
        TEXT,
        bare=Names.PASSWORDS,
        before_has=b"<",
        before_bytes=160,
        before=_IN_PAIRED_TAG + rb"\b(?:name|key|id)\s*=\s*[\"'][\w./-]*",
        keywords=(b">",),
    ),
    AssignmentRule(
        "markup",
        rb"[:\ ]{0,2}</[\w:.-]+>[:\s]{0,60}(?:<[\w:.-]+(?:[ ][^<>\n]{0,80})?>\s{0,60}){0,2}",
        rb"(?P<bare> [^<>\s]{1,64}+ (?=\s*(?:<|\Z)) )",
        before_has=b"<",
        before_bytes=160,
        before=rb"<[\w:.-]+(?:[ ][^<>\n]{0,80})?>[\w./\ -]*",
        keywords=(b"</",),
    ),
    AssignmentRule(
        "element-and-element",
        rb"[\w\ .-]{0,40}</[\w:.-]+>\s{0,60}(?:<[\w:.-]+>[^<>]{0,80}</[\w:.-]+>\s{0,60}){0,3}"
        + _ELEMENT
        + _CDATA,
        TEXT,
        bare=Names.PASSWORDS,
        before_has=b"<",
        before_bytes=160,
        before=rb"<[\w:.-]+>[\w./\ -]*",
        keywords=(b"</",),
    ),
)
