"""A form in which a value follows its name, as a rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import Final

from foretype_model.privacy.assignment_grammar import VALUE
from foretype_model.privacy.names import Kind, Name
from foretype_model.privacy.values import NEVER

# Which names


class Names(Enum):
    """The names whose value is a secret in a form, also if it has letters alone."""

    NONE = auto()
    CONSTANTS = auto()
    PASSWORD_CONSTANTS = auto()
    PASSWORDS = auto()
    ALL = auto()
    PHRASES = auto()

    def include(self, name: Name) -> bool:
        """Return whether `name` is one of them."""
        of_password = name.kind is Kind.PASSWORD
        if self is Names.PHRASES:
            return name.stem.lower().endswith(b"phrase") and not name.rest
        if self is Names.ALL:
            return True
        if self is Names.PASSWORDS:
            return of_password
        if self is Names.PASSWORD_CONSTANTS:
            return of_password and name.is_constant
        # "PASS" and "PW" alone count tests.
        return self is Names.CONSTANTS and name.is_constant and name.stem not in {b"PASS", b"PW"}


@dataclass(frozen=True)
class AssignmentRule:
    """A form in which a value follows its name.

    Attributes:
        id: the form.
        starts: the bytes with which the link or, if it may be empty, the value can begin; all if
            it is empty.
        keywords: one of them is in the first `NEAR_BYTES` after the name, in lower case.
        link: the text between the name and the value, as a regex.
        value: the value, as a regex.
        quoted: the names whose value in quotes is a secret, also if it has letters alone.
        bare: the same for a value without quotes.
        before: the end of the text before the name's stem has to match.
        before_bytes: bytes of that text in which the match may begin.
        before_has: bytes that are in that text.
        after: the beginning of the text after the value has to match.
        allow: matches all of a value that is no secret.
        is_prose: the value ends before a comma, and before a full stop.
        is_foreign: the rule is for names of other languages than English.
        more: the text between a value and the next one of a list, as a regex.
    """

    id: str
    link: bytes
    value: bytes = VALUE
    quoted: Names = Names.NONE
    bare: Names = Names.NONE
    before: bytes = b""
    before_bytes: int = 64
    before_has: bytes = b""
    after: bytes = b""
    allow: re.Pattern[bytes] = NEVER
    is_prose: bool = False
    is_foreign: bool = False
    starts: bytes = b""
    keywords: tuple[bytes, ...] = ()
    more: bytes = b""

    @cached_property
    def regex(self) -> re.Pattern[bytes]:
        """The link and the value."""
        return _regex(rb"(?: %s )(?: %s )" % (self.link, self.value))

    @cached_property
    def is_gated(self) -> bool:
        """Whether the rule needs a keyword, or a name of some kind."""
        return bool(self.keywords) or self.is_foreign or self.bare is Names.PHRASES

    @cached_property
    def crosses_lines(self) -> bool:
        """Whether a value may be in a later line than the name: the link can match a line's end."""
        link = _OTHER_BYTES.sub(
            lambda found: b"" if _LINE_END.search(found[0]) else rb"\n", self.link + self.more
        )
        return _LINE_END.search(link) is not None

    @cached_property
    def more_regex(self) -> re.Pattern[bytes]:
        """The text between two values, and a value."""
        return _regex(rb"(?: %s )(?: %s )" % (self.more, self.value))

    @cached_property
    def before_regex(self) -> re.Pattern[bytes]:
        """The end of the text before the name."""
        return _regex(rb"(?: %s ) \Z" % self.before)

    @cached_property
    def after_regex(self) -> re.Pattern[bytes]:
        """The beginning of the text after the value."""
        return _regex(rb"(?: %s )" % self.after)


_OTHER_BYTES: Final = re.compile(rb"\[\^(?:\\.|[^\]\\])*\]")
_LINE_END: Final = re.compile(rb"\\[ns]")


def _regex(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.VERBOSE | re.IGNORECASE)
