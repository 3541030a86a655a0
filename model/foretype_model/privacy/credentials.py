"""Passwords and keys that are told by what stands before them: a name, a URL, a request's header, a
command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MIN_PASSWORD_LENGTH: Final = 4
MIN_MIXED_LENGTH: Final = 6
"""Bytes of what is assigned, where it is surely a literal, and where only its letters and digits
tell so.
"""

MIN_HASH_LENGTH: Final = 20
MAX_NAME_LENGTH: Final = 64
CONTEXT_BYTES: Final = 80
"""Bytes before a name, and after its value, that tell what they are."""

_LITERAL: Final = re.compile(rb".{%d}" % MIN_PASSWORD_LENGTH)
_MIXED: Final = re.compile(
    rb"(?=[^A-Za-z]*+[A-Za-z])(?=[^0-9!@#$%%^&*?~]*+[0-9!@#$%%^&*?~])\S{%d,}+\Z" % MIN_MIXED_LENGTH
)
_WITH_DIGIT: Final = re.compile(rb"(?=[^0-9]*+[0-9]).{%d}" % MIN_MIXED_LENGTH)
_NUMBER: Final = re.compile(rb"[0-9]{%d,}" % MIN_MIXED_LENGTH)

# What is introduced by anything but a name

_URL: Final = re.compile(rb"://[^\s/:\"'`<>]*:([^\s/\"'`<>]+)")
_HASH: Final = re.compile(rb"\$(?:apr1|[156y]|2[abxy]|argon2(?:id?|d))\$[\w./$,=+-]*")

_CREDENTIALS: Final = rb"([\w+/.~=-]+)"
_ARGUMENT: Final = rb"(?:\"([^\"\n]*)|'([^'\n]*)|([^\s\"'`()<>|;&]+))"
_INTRODUCED: Final = {
    part: [
        (re.compile(before + rb"\Z"), re.compile(then, re.IGNORECASE), least)
        for before, then, least in ways
    ]
    for part, *ways in (
        (b"bearer", (rb"", rb"bearer[ \t]+" + _CREDENTIALS, _WITH_DIGIT)),
        (b"basic", (rb"", rb"basic[ \t]+" + _CREDENTIALS, _WITH_DIGIT)),
        (
            b"authorization",
            (
                rb"",
                rb"authorization[\"']?[ \t]*[:=,][ \t]*[\"']?\w+[ \t]+" + _CREDENTIALS,
                _WITH_DIGIT,
            ),
        ),
        (
            b"identified by",
            (
                rb"(?:\b(?:user|grant)\b[^\n]*|\n[ \t]*)",
                rb"identified by[ \t]+(?=[\"'])" + _ARGUMENT,
                _LITERAL,
            ),
        ),
        (
            b" -",
            (rb"", rb" (?:-u|--user)[ \t=]+[\"']?[\w.@-]{1,64}:([^\s\"'`]+)", _MIXED),
            (rb"\bsshpass", rb" -p[ \t]*" + _ARGUMENT, _LITERAL),
            (
                rb"\b(?:login|mongo|mongosh|mysql|mysqladmin|mysqldump)\b[^\n|;&]*",
                rb" -p[ \t]*" + _ARGUMENT,
                _MIXED,
            ),
        ),
    )
}
"""Parts of what introduces a password; what stands before, and after; and what is taken for a
password then.
"""

# What is assigned to a name

_STEMS: Final = (b"pass", b"pw", b"secret", b"token", b"credential", b"key")
_SHORT_STEMS: Final = (b"pass", b"pw")
"""Those that count only where they end a name, and begin a word."""

_KINDS_OF_KEYS: Final = (
    b"access", b"account", b"api", b"app", b"auth", b"encryption", b"hmac", b"jwt", b"license",
    b"master", b"private",
    b"secret", b"session", b"shared", b"signing", b"storage",
)  # fmt: skip
"""What stands before "key" where it does not mean that of a table or a keyboard."""

_KINDS_OF_PASSES: Final = (
    b"admin", b"app", b"auth", b"become", b"cert", b"db", b"default", b"ftp", b"http", b"imap",
    b"key", b"ldap",
    b"login", b"mail", b"mongo", b"mysql", b"pg", b"postgres", b"proxy", b"redis", b"require",
    b"root", b"smtp", b"sql",
    b"ssh", b"store", b"sudo", b"user", b"vpn", b"wifi",
)  # fmt: skip
"""What stands before "pass" where it is surely no test's and no compiler's."""

_ASSIGNED: Final = re.compile(
    rb"""
    (?P<stem> passw(?:or)?[dt] | pass[ _-]?(?:phrase|code) | pwd | (?:pass|pw)(?=\d*(?![\w-]))
            | secret | token | credential | key )
    (?P<rest> [\w-]{0,40}+ )
    (?P<behind> [\\"'`*\[\])]{0,4} )
    (?P<by> (?: ,?(?:[ \t]{1,40}|[ \t]{0,8}\n[ \t]{0,40})["'`]?value["'`]?[ \t]{0,8}[:=]
              | (?:</\w{1,20})?>[ \t]{0,8}\n?[ \t]{0,40}<(?:value|string)> ) [ \t]{0,8}
          | [ \t]{0,32} (?: :[ \t]{0,4}[\w.\[\]|]{1,30}[ \t]{0,4}=(?!=)
                          | :=|=>|\|\|=|[!=?]?=?=|:\*{0,2}|\(|>(?![ \t])|,|\| ) [ \t]{0,32}
          | [ \t]+ (?:(?:for|of|to)[ \t][\w \t'-]{1,30}?[ \t]+)? (?:is|was|ist)[ \t]*:?[ \t]+
          | [ \t]+ (?:for|of|to)[ \t][\w \t'-]{1,30}:[ \t]+
          | [ \t]++ )
    (?: [brfu@]{0,2} (?P<quote>\\?["'`])
        (?P<quoted>(?:(?!(?P=quote))(?:[^\n\\]|\\[^\n]))*+(?:\\(?=\n|\Z))?) (?P<closed>(?P=quote)?)
      | (?P<bare>[^\s"'`()\[\]{}<>]{1,256}+) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_QUOTE: Final = re.compile(rb"[\"'`]")
_IN_VALUE: Final = re.compile(rb"value", re.IGNORECASE)
_COMMA: Final = re.compile(rb"[,;]")
_LAST_COMMA: Final = re.compile(rb"[,;](?:[,;]*\Z|[^=:]*+[=:])")
"""One at the end, or before what is assigned to another name."""

_BEFORE_SPACE: Final = re.compile(
    rb"(?:(?:\A|\s)--?[\w-]*|\b(?:ENV|setenv|setx|set[ \t]+-\w+)[ \t]+\w*|require"
    rb"|\b(?:login|user)[ \t]+\S{1,40}[ \t]+)\Z"
)
"""What stands before a name whose value comes after a space: an option, a variable, the user of a
machine.
"""

_MACHINE: Final = re.compile(rb"\bmachine[ \t]+\S{1,40}[ \t]+login[ \t]+\S{1,40}[ \t]+\Z")
_IN_TABLE: Final = re.compile(rb"\|[^|\n]*\Z")
_DEFINED: Final = re.compile(rb"\bdefine\([ \t]*[\"']\w*\Z")
_OPTION: Final = re.compile(rb"--[\w-]*\Z")
_ELEMENT: Final = re.compile(rb"<[\w:.-]*\Z")

_NOT_ITSELF: Final = re.compile(
    rb"(?:\A(?i:s?)|[_-]|(?<=[a-z0-9])(?=[A-Z]))"
    rb"(?i:ur[il]|path|file|name|type|id|len|length|size|count|field|label|hint|help|prompt|title|text|message|msg|error"
    rb"|re|regex|pattern|expiry|expires|policy|format|style|class|version)\Z"
)
"""How names end that are about a secret, but not its own."""

_A_NAME: Final = re.compile(
    rb"(?:[A-Za-z_.-]*(?:[_.-]|(?<=[a-z])(?=[A-Z])))?"
    rb"(?i:passw(?:or)?[dt]|passphrase|pwd|secret|token|credential|key)s?(?:(?:[_.-]|(?=[A-Z]))[A-Za-z_.-]*)?"
)
"""What a secret is called: "access_token", "client-secret"."""

_TEMPLATE: Final = re.compile(
    rb"\$?[$%][({]|\{\{|\{[\w .-]*\}|\{\w[\w.]*(?:[:\[(]|![ars]\b)|<[^<>0-9]*>|%s(?!\w)"
    rb"|(?:\$(?:[A-Za-z_]+|[A-Z0-9_]+)|%[A-Za-z_]+%)(?:\W|\Z)"
)
"""How what is filled in begins. With a digit, as in "$ecret99" and "<hunter22>", it is rather a
password.
"""

_ATTRIBUTE: Final = re.compile(
    rb"(?:args|cfg|cls|config|conf|ctx|data|env|form|options|opts|process|req|request|self|settings|this|user)\.[\w.]+"
    rb"|[A-Za-z_][\w.]*\.\w*(?i:pass|pwd|secret|token|credential|key)\w*"
)
"""What is surely an attribute: "self.a1", "a.token1". Others may be passwords."""

_ENDS_LINE: Final = re.compile(rb"[ \t\r]*(?:\n|\Z| #)")
_TYPES: Final = frozenset(
    {b"boolean", b"bytes", b"false", b"none", b"null", b"number", b"string", b"true"}
)


class Credential(NamedTuple):
    """What stands where a secret would.

    Attributes:
        goes_on: up to the end of the text, and nothing says that it ends there.
        is_secret: and no reference, type or placeholder.
    """

    start: int
    end: int
    is_unfinished: bool
    is_secret: bool


def find_credentials(text: bytes) -> Iterator[Credential]:
    """What is assigned to names like "password", and what stands in URLs, headers and commands."""
    lower = text.lower()
    yield from _in_urls(text)
    yield from _introduced(text, lower)
    for stem in _STEMS:
        for place in find_all(lower, stem):
            if stem != b"key" or lower[max(0, place - 12) : place].rstrip(b"_- ").endswith(
                _KINDS_OF_KEYS
            ):
                yield from _assigned(text, place)


def find_all(text: bytes, part: bytes) -> Iterator[int]:
    """Where `part` begins, without overlaps."""
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + len(part))


def _in_urls(text: bytes) -> Iterator[Credential]:
    for place in find_all(text, b"://"):
        if found := _URL.match(text, place):
            password, at, _ = found[1].rpartition(b"@")
            start, is_secret = found.start(1), bool(at) and not _TEMPLATE.match(password)
            yield Credential(start, start + len(password), found.end() == len(text), is_secret)


def _introduced(text: bytes, lower: bytes) -> Iterator[Credential]:
    for found in _HASH.finditer(text):
        yield Credential(*found.span(), found.end() == len(text), len(found[0]) >= MIN_HASH_LENGTH)
    for part, ways in _INTRODUCED.items():
        for place in find_all(lower, part):
            for before, then, least in ways:
                shown = then.match(text, place)
                if (
                    shown
                    and shown.lastindex
                    and before.search(lower, max(0, place - CONTEXT_BYTES), place)
                ):
                    value = shown[shown.lastindex]
                    is_secret = bool(least.match(value)) and not _TEMPLATE.match(value)
                    yield Credential(
                        *shown.span(shown.lastindex), shown.end() == len(text), is_secret
                    )


class _Assignment(NamedTuple):
    """A name, which goes on after its `stem`, and a value; what stands between them, and around.

    Attributes:
        behind: quotes and brackets that end the name.
        by: what assigns the value.
        of_password: any literal would be a secret here.
    """

    before: bytes
    stem: bytes
    rest: bytes
    behind: bytes
    by: bytes
    value: bytes
    after: bytes
    is_quoted: bool
    of_password: bool

    @property
    def is_constant(self) -> bool:
        """Whether the name is in capitals."""
        return (self.stem + self.rest).isupper()


def _assigned(text: bytes, place: int) -> Iterator[Credential]:
    """What is assigned to the name that goes on at a place."""
    found = _ASSIGNED.match(text, place)
    if not found:
        return
    stem, by, is_quoted = found["stem"], found["by"], found["quote"] is not None
    before = text[max(0, place - CONTEXT_BYTES) : place]
    of_password = _is_of_password(before, stem)
    if not of_password and stem.lower() in _SHORT_STEMS and _is_inside_a_word(before, stem):
        return
    if by.isspace() and not (is_quoted and of_password) and not _BEFORE_SPACE.search(before):
        return
    value, is_unfinished = _value(text, found)
    start = found.start("quoted" if is_quoted else "bare")
    end = start + len(value)
    after = text[end : end + CONTEXT_BYTES]
    one = _Assignment(
        before, stem, found["rest"], found["behind"], by, value, after, is_quoted, of_password
    )
    yield Credential(start, end, is_unfinished, _is_secret(one))


def _is_of_password(before: bytes, stem: bytes) -> bool:
    if stem.lower() in _SHORT_STEMS:
        return before.lower().rstrip(b"_-").endswith(_KINDS_OF_PASSES)
    return stem.lower().startswith((b"pass", b"pwd", b"secret"))


def _is_inside_a_word(before: bytes, name: bytes) -> bool:
    """Whether what looks like the beginning of a name is the end of one, such as "bypass" or
    "compass".
    """
    return before[-1:].isalnum() and not (before[-1:].islower() and name[:1].isupper())


def _value(text: bytes, found: re.Match[bytes]) -> tuple[bytes, bool]:
    """What is assigned, and whether it goes on."""
    value, at_end = found["quoted"], found.end() == len(text)
    in_prose = found["by"].rstrip(b" \t:").endswith((b"is", b"was", b"ist"))
    if value is None:
        value, following = found["bare"], text[found.end() : found.end() + 1]
        ends = _COMMA if in_prose or following.strip(b" \t\r\n\"'`") else _LAST_COMMA
        if cut := ends.search(value):
            value, at_end = value[: cut.start()], at_end and not in_prose
    return value.rstrip(b".:!?") if in_prose else value, at_end and not found["closed"]


def _is_secret(one: _Assignment) -> bool:
    if _NOT_ITSELF.search(one.rest) or _TEMPLATE.match(one.value) or _is_a_name(one):
        return False
    if _is_quoted_literal(one) if one.is_quoted else _is_bare_literal(one):
        return len(one.value) >= MIN_PASSWORD_LENGTH
    if _is_reference(one):
        return False
    is_number = one.of_password and not one.rest and bool(_NUMBER.fullmatch(one.value))
    return is_number or bool(_MIXED.match(one.value))


def _is_a_name(one: _Assignment) -> bool:
    # Beside another name, "password2" is one too.
    is_beside = one.by.strip() in {b",", b"==", b"===", b"!=", b"!=="}
    value = one.value.rstrip(b"0123456789") if is_beside else one.value
    return len(value) <= MAX_NAME_LENGTH and bool(_A_NAME.fullmatch(value))


def _is_quoted_literal(one: _Assignment) -> bool:
    """Whether a value in quotes is one as it stands, be it only letters."""
    by = one.by.strip()
    if by == b",":
        return bool(_DEFINED.search(one.before))
    if _IN_VALUE.search(by):
        return one.of_password and one.is_constant
    return one.of_password and one.by != b"(" and by not in {b"", b"|", b">"}


def _is_bare_literal(one: _Assignment) -> bool:
    """The same for one without quotes."""
    if one.by == b"=":
        in_shell = one.is_constant and (one.of_password or one.stem not in {b"PASS", b"PW"})
        return in_shell or (one.of_password and bool(_OPTION.search(one.before)))
    if one.by == b">":
        return one.of_password and not one.behind and bool(_ELEMENT.search(one.before))
    if one.by.isspace():
        return bool(_MACHINE.search(one.before))
    is_yaml = one.by.strip() == b":" or bool(_IN_VALUE.search(one.by))
    if is_yaml and one.of_password and one.is_constant and _ENDS_LINE.match(one.after):
        return one.value.lower() not in _TYPES and not one.value.startswith(b"/")
    return False


def _is_reference(one: _Assignment) -> bool:
    """Whether the value is computed, or stands beside the name for another reason."""
    by = one.by.strip()
    if by == b",":
        return not (
            one.is_quoted and _QUOTE.search(one.behind) and one.rest[:1] in {b"", b"_", b"-"}
        )
    if by == b"|":
        return not (one.of_password and one.by[:1].isspace() and _IN_TABLE.search(one.before))
    if one.is_quoted:
        return False
    return one.by == b"(" or one.after[:1] in {b"(", b"["} or bool(_ATTRIBUTE.fullmatch(one.value))
