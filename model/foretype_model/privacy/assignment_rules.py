"""The rules for a value that is assigned to a name like "password": the grammar of an assignment,
and tables of rules by which the value is a secret or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from foretype_model.privacy.rules import MIN_MIXED_LENGTH, MIXED, TEMPLATE

MAX_NAME_LENGTH: Final = 64

# Names

STEMS: Final = (b"pass", b"pw", b"secret", b"token", b"credential", b"key")
SHORT_STEMS: Final = (b"pass", b"pw")
"""Stems that count only at the end of a name, and only where a word begins."""

KINDS_OF_KEYS: Final = (
    b"access", b"account", b"api", b"app", b"auth", b"encryption", b"hmac", b"jwt", b"license",
    b"master", b"private", b"secret", b"session", b"shared", b"signing", b"storage",
)  # fmt: skip
"""Words before "key" that exclude the key of a table or of a keyboard."""

KINDS_OF_PASSES: Final = (
    b"admin", b"app", b"auth", b"become", b"cert", b"db", b"default", b"ftp", b"http", b"imap",
    b"key", b"ldap", b"login", b"mail", b"mongo", b"mysql", b"pg", b"postgres", b"proxy", b"redis",
    b"require", b"root", b"smtp", b"sql", b"ssh", b"store", b"sudo", b"user", b"vpn", b"wifi",
)  # fmt: skip
"""Words before "pass" that exclude the pass of a test or of a compiler."""

# The grammar of an assignment: a name, an assigner, a value

_STEM: Final = rb"""
    passw(?:or)?[dt] | pass[ _-]?(?:phrase|code) | pwd | (?:pass|pw)(?=\d*(?![\w-]))
    | secret | token | credential | key
"""
_ASSIGNERS: Final = {
    "a sibling, as in {name: PASSWORD, value: ...}": rb"""
        ,? (?:[ \t]{1,40}|[ \t]{0,8}\n[ \t]{0,40}) ["'`]?value["'`]? [ \t]{0,8} [:=] [ \t]{0,8}
    """,
    "the next element of XML": rb"""
        (?:</\w{1,20})?> [ \t]{0,8} \n? [ \t]{0,40} <(?:value|string)> [ \t]{0,8}
    """,
    "a type and a sign, as in password: str = ...": rb"""
        [ \t]{0,32} :[ \t]{0,4} [\w.\[\]|]{1,30} [ \t]{0,4}=(?!=) [ \t]{0,32}
    """,
    "a sign": rb"""
        [ \t]{0,32} (?: :=|=>|\|\|=|[!=?]?=?=|:\*{0,2}|\(|>(?![ \t])|,|\| ) [ \t]{0,32}
    """,
    "a verb, as in: the password for the wifi is ...": rb"""
        [ \t]+ (?:(?:for|of|to)[ \t][\w \t'-]{1,30}?[ \t]+)? (?:is|was|ist) [ \t]*:?[ \t]+
    """,
    "a purpose, as in: password for the wifi: ...": rb"""
        [ \t]+ (?:for|of|to)[ \t] [\w \t'-]{1,30} :[ \t]+
    """,
    "space": rb"""
        [ \t]++
    """,
}
_QUOTED: Final = rb"""
    [brfu@]{0,2} (?P<quote>\\?["'`])
    (?P<quoted> (?:(?!(?P=quote))(?:[^\n\\]|\\[^\n]))*+ (?:\\(?=\n|\Z))? )
    (?P<closed> (?P=quote)? )
"""
_BARE: Final = rb"""
    (?P<bare> [^\s"'`()\[\]{}<>]{1,256}+ )
"""
ASSIGNMENT: Final = re.compile(
    rb"""
    (?P<stem> %s )
    (?P<rest> [\w-]{0,40}+ )
    (?P<closing> [\\"'`*\[\])]{0,4} )
    (?P<assigner> %s )
    (?: %s | %s )
    """
    % (_STEM, b"|".join(_ASSIGNERS.values()), _QUOTED, _BARE),
    re.VERBOSE | re.IGNORECASE,
)


class Assignment(NamedTuple):
    """A name and its value.

    Attributes:
        before: the text before the stem, which may be a part of the name.
        stem: the part of the name that is in `STEMS`, as in the text.
        rest: the part of the name after the stem.
        closing: quotes and brackets that end the name.
        assigner: the text between name and value.
        value: without quotes.
        after: the text after the value.
        is_quoted: the value stands in quotes.
        of_password: the name is a password's, so that any literal is a secret.
    """

    before: bytes
    stem: bytes
    rest: bytes
    closing: bytes
    assigner: bytes
    value: bytes
    after: bytes
    is_quoted: bool
    of_password: bool

    @property
    def sign(self) -> bytes:
        """The assigner without the spaces around it."""
        return self.assigner.strip()

    @property
    def is_constant(self) -> bool:
        """Whether the name is in capitals."""
        return (self.stem + self.rest).isupper()

    @property
    def is_sibling(self) -> bool:
        """Whether the value has a name of its own, "value"."""
        return bool(_VALUE.search(self.assigner))


@dataclass(frozen=True)
class AssignmentRule:
    """A condition of an assignment, and its name."""

    id: str
    matches: Callable[[Assignment], bool]


_VALUE: Final = re.compile(rb"value", re.IGNORECASE)
_QUOTE: Final = re.compile(rb"[\"'`]")


def is_of_password(before: bytes, stem: bytes) -> bool:
    """Return whether a name is a password's: that of a token may hold a count, or a name."""
    if stem.lower() in SHORT_STEMS:
        return before.lower().rstrip(b"_-").endswith(KINDS_OF_PASSES)
    return stem.lower().startswith((b"pass", b"pwd", b"secret"))


def is_inside_word(before: bytes, stem: bytes) -> bool:
    """Return whether a short stem is the end of a word, such as "bypass" or "compass"."""
    if stem.lower() not in SHORT_STEMS:
        return False
    return before[-1:].isalnum() and not (before[-1:].islower() and stem[:1].isupper())


_BEFORE_SPACE: Final = re.compile(
    rb"(?:(?:\A|\s)--?[\w-]*|\b(?:ENV|setenv|setx|set[ \t]+-\w+)[ \t]+\w*|require"
    rb"|\b(?:login|user)[ \t]+\S{1,40}[ \t]+)\Z"
)
"""The text before a name whose value follows after a space: the hyphens of an option, a command
that sets a variable, or the user of a machine.
"""


def is_assigner(assigner: bytes, before: bytes, *, surely: bool) -> bool:
    """Return whether a value follows: after a space alone, only `surely` or in some commands."""
    return not assigner.isspace() or surely or bool(_BEFORE_SPACE.search(before))


# Allow-list: values that are no secrets, whatever the other rules say

_ATTRIBUTE_OF_SECRET: Final = re.compile(
    rb"(?:\A(?i:s?)|[_-]|(?<=[a-z0-9])(?=[A-Z]))"
    rb"(?i:ur[il]|path|file|name|type|id|len|length|size|count|field|label|hint|help|prompt|title|text|message|msg|error"
    rb"|re|regex|pattern|expiry|expires|policy|format|style|class|version)\Z"
)
"""The end of a name for an attribute of a secret, such as its length."""

_NAME_OF_SECRET: Final = re.compile(
    rb"(?:[A-Za-z_.-]*(?:[_.-]|(?<=[a-z])(?=[A-Z])))?"
    rb"(?i:passw(?:or)?[dt]|passphrase|pwd|secret|token|credential|key)s?(?:(?:[_.-]|(?=[A-Z]))[A-Za-z_.-]*)?"
)
"""The name of a secret: "access_token", "client-secret"."""

_LISTING: Final = frozenset({b",", b"==", b"===", b"!=", b"!=="})
"""Signs between two names. Beside another name, "password2" is a name too."""


def _is_name(one: Assignment) -> bool:
    value = one.value.rstrip(b"0123456789") if one.sign in _LISTING else one.value
    return len(value) <= MAX_NAME_LENGTH and bool(_NAME_OF_SECRET.fullmatch(value))


ALLOWED: Final = (
    AssignmentRule("attribute-of-secret", lambda one: bool(_ATTRIBUTE_OF_SECRET.search(one.rest))),
    AssignmentRule("placeholder", lambda one: bool(TEMPLATE.match(one.value))),
    AssignmentRule("name", _is_name),
)

# Literals: secrets as they stand, also if they have letters alone

_DEFINE: Final = re.compile(rb"\bdefine\([ \t]*[\"']\w*\Z")
_OPTION: Final = re.compile(rb"--[\w-]*\Z")
_ELEMENT: Final = re.compile(rb"<[\w:.-]*\Z")
_MACHINE: Final = re.compile(rb"\bmachine[ \t]+\S{1,40}[ \t]+login[ \t]+\S{1,40}[ \t]+\Z")
_LINE_END: Final = re.compile(rb"[ \t\r]*(?:\n|\Z| #)")
_TYPES: Final = frozenset(
    {b"boolean", b"bytes", b"false", b"none", b"null", b"number", b"string", b"true"}
)


def _is_php_define(one: Assignment) -> bool:
    return one.is_quoted and one.sign == b"," and bool(_DEFINE.search(one.before))


def _is_quoted_sibling(one: Assignment) -> bool:
    return one.is_quoted and one.is_sibling and one.of_password and one.is_constant


def _is_quoted_literal(one: Assignment) -> bool:
    is_sign = one.assigner != b"(" and one.sign not in {b"", b",", b"|", b">"}
    return one.is_quoted and one.of_password and is_sign and not one.is_sibling


def _is_shell_variable(one: Assignment) -> bool:
    is_name = one.of_password or one.stem not in {b"PASS", b"PW"}
    return not one.is_quoted and one.assigner == b"=" and one.is_constant and is_name


def _is_option(one: Assignment) -> bool:
    is_unquoted = not one.is_quoted and one.assigner == b"="
    return is_unquoted and one.of_password and bool(_OPTION.search(one.before))


def _is_element(one: Assignment) -> bool:
    is_unquoted = not one.is_quoted and one.assigner == b">" and not one.closing
    return is_unquoted and one.of_password and bool(_ELEMENT.search(one.before))


def _is_netrc(one: Assignment) -> bool:
    return not one.is_quoted and one.assigner.isspace() and bool(_MACHINE.search(one.before))


def _is_yaml_constant(one: Assignment) -> bool:
    is_yaml = not one.is_quoted and (one.sign == b":" or one.is_sibling)
    is_name = one.of_password and one.is_constant
    is_value = one.value.lower() not in _TYPES and not one.value.startswith(b"/")
    return is_yaml and is_name and is_value and bool(_LINE_END.match(one.after))


LITERALS: Final = (
    AssignmentRule("php-define", _is_php_define),
    AssignmentRule("quoted-sibling", _is_quoted_sibling),
    AssignmentRule("quoted-literal", _is_quoted_literal),
    AssignmentRule("shell-variable", _is_shell_variable),
    AssignmentRule("command-option", _is_option),
    AssignmentRule("xml-element", _is_element),
    AssignmentRule("netrc", _is_netrc),
    AssignmentRule("yaml-constant", _is_yaml_constant),
)

# References: computed values, and values beside a name for another reason

_CELL: Final = re.compile(rb"\|[^|\n]*\Z")
_ATTRIBUTE: Final = re.compile(
    rb"(?:args|cfg|cls|config|conf|ctx|data|env|form|options|opts|process|req|request|self|settings|this|user)\.[\w.]+"
    rb"|[A-Za-z_][\w.]*\.\w*(?i:pass|pwd|secret|token|credential|key)\w*"
)
"""An attribute, surely: "self.a1", "a.token1". Other dotted values may be passwords."""


def _is_listed(one: Assignment) -> bool:
    is_pair = (
        one.is_quoted and bool(_QUOTE.search(one.closing)) and one.rest[:1] in {b"", b"_", b"-"}
    )
    return one.sign == b"," and not is_pair


def _is_table_cell(one: Assignment) -> bool:
    is_value = one.of_password and one.assigner[:1].isspace() and bool(_CELL.search(one.before))
    return one.sign == b"|" and not is_value


def _is_call(one: Assignment) -> bool:
    is_code = not one.is_quoted and one.sign != b"|"
    return is_code and (one.assigner == b"(" or one.after[:1] in {b"(", b"["})


def _is_attribute(one: Assignment) -> bool:
    is_code = not one.is_quoted and one.sign != b"|"
    return is_code and bool(_ATTRIBUTE.fullmatch(one.value))


REFERENCES: Final = (
    AssignmentRule("listed", _is_listed),
    AssignmentRule("table-cell", _is_table_cell),
    AssignmentRule("call", _is_call),
    AssignmentRule("attribute", _is_attribute),
)

# Shapes: values that their bytes show to be secrets

_NUMBER: Final = re.compile(rb"[0-9]{%d,}" % MIN_MIXED_LENGTH)


def _is_number(one: Assignment) -> bool:
    return one.of_password and not one.rest and bool(_NUMBER.fullmatch(one.value))


SHAPES: Final = (
    AssignmentRule("number", _is_number),
    AssignmentRule("mixed", lambda one: bool(MIXED.match(one.value))),
)
