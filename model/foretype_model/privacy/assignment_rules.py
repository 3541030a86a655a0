"""The rules by which the value of an assignment is a secret or not, as tables.

A value on the allow-list is none. Otherwise a literal is one, a reference is none, and of the other
values those are secrets that have the shape of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from foretype_model.privacy.assignments import Assignment
from foretype_model.privacy.rules import MIN_MIXED_LENGTH, MIXED, TEMPLATE

MAX_NAME_LENGTH: Final = 64
"""Bytes of a value that may be a name."""


@dataclass(frozen=True)
class AssignmentRule:
    """A condition of an assignment, and its name."""

    id: str
    matches: Callable[[Assignment], bool]


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

_QUOTE: Final = re.compile(rb"[\"'`]")
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
