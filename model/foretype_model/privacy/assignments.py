"""The grammar of an assignment to a name like "password": a name, an assigner, a value.

The rules by which the value is a secret or not are in `assignment_rules`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

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


_VALUE: Final = re.compile(rb"value", re.IGNORECASE)


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
