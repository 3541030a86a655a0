"""The shapes of a value: those of passwords, and those of text that stands in the place of one."""

from __future__ import annotations

import re
from typing import Final

from foretype_model.privacy.languages import FOREIGN_NAMES

MIN_PASSWORD_LENGTH: Final = 4
"""Bytes of a password whose context shows that it is a literal."""

MIN_MIXED_LENGTH: Final = 6
"""Bytes of a password that only its letters and digits show to be one."""

MAX_NAME_LENGTH: Final = 64
"""Bytes of a value that may be a name."""

ANY: Final = re.compile(b"")
NEVER: Final = re.compile(rb"(?!)")

# Shapes of passwords

LITERAL: Final = re.compile(rb".{%d}" % MIN_PASSWORD_LENGTH)
MIXED: Final = re.compile(
    rb"(?=[^A-Za-z\xc3-\xdf]*+[A-Za-z\xc3-\xdf])(?=[^0-9!@#$%%^&*?~]*+[0-9!@#$%%^&*?~])\S{%d,}+\Z"
    % MIN_MIXED_LENGTH
)
"""Letters with digits or signs among them."""

WITH_DIGIT: Final = re.compile(rb"(?=[^0-9]*+[0-9]).{%d}" % MIN_MIXED_LENGTH)
JOINED: Final = re.compile(
    rb"(?=[^A-Z]*+[A-Z])(?=[^a-z]*+[a-z])(?=[^_+=&-]*+[_+=&-])[\w+=&.\xc3-\xdf\x80-\xbf-]{8,}+\Z"
)
"""Words in letters of both cases with a sign between: "Walnut_Comet". A password only."""

MIXED_OR_JOINED: Final = re.compile(rb"%s|%s" % (MIXED.pattern, JOINED.pattern))
NUMBER: Final = re.compile(rb"[0-9]{%d,}" % MIN_MIXED_LENGTH)
PIN: Final = re.compile(rb"[#*]?[0-9](?:[ .-]?[0-9]){3,7}[#*]?")

# Text in the place of a password

TEMPLATE: Final = re.compile(
    rb"\$?[$%][({]|\{\{|\{[\w .-]*\}|\{\w[\w.]*(?:[:\[(]|![ars]\b)|<[^<>0-9]*>|%s(?!\w)"
    rb"|(?:\$(?:[A-Za-z_]+|[A-Z0-9_]+)|%{1,2}[A-Za-z_]+%)(?:\W|\Z)"
)
"""The beginning of a placeholder. With a digit, as in "$ecret99" and "<hunter22>", it is more
likely a password.
"""

PLACEHOLDER: Final = re.compile(
    rb"(?:change|replace|insert|enter|put|fill|type|choose|set|add|use|provide)"
    rb"[ _-]?(?:me|this|it|in|here|with|a|an|the|your)(?:[ _-][^0-9]*)?"
    rb"|(?:your|my|some|the|a|an|this)[ _-].*|.*[_-]here|(.)\1{3,}|[.*xX_-]+|arn:.*|.*(?:\.{3}"
    rb"|\xe2\x80\xa6)"
    rb"|\[[\w -]*\]|[~.]{0,2}/[\w.-]+/.*|\w+://[^@\s]*|--.*"
    rb"|(?:bytes?|u?int|float|char|string|str|[iufvxhp]|utf|sha|base|md|ipv|oauth|aes|rsa|ed"
    rb"|hs|rs|http|tls|ssl"
    rb"|key|token|secret)[_-]?[0-9]{1,4}"
    rb"|(?-i:String|ID|Int|Boolean|Float|Char|CharArray|ByteArray|SecretStr|SecureString)[!?]?"
    rb"|(?:placeholder|redacted|dummy|todo|fixme|tbd|none|null|nil|undefined|true|false|example)",
    re.IGNORECASE,
)
"""All of a placeholder: "change-me", "your-token-here", "xxxxxxxx"."""

TYPE: Final = re.compile(
    rb"(?:/.*|any|array|bool(?:ean)?|bytes|char|date|default|disabled|empty|enabled|expired|false"
    rb"|hidden|int(?:eger)?|invalid|incorrect|list|masked|missing|none|null|number|object|optional"
    rb"|password|prompt|required|same|secure|str|string|text|true|undefined|unknown|varchar|void"
    rb"|wrong|yes)[;,]?|.*[,;({\[]|[A-Za-z_][\w.]*[(\[].*",
    re.IGNORECASE,
)
"""All of a type, of an adjective, or of code in the place of a password."""

METAVARIABLE: Final = re.compile(rb"[A-Z][A-Z_-]*|(?i:%s)" % TYPE.pattern)
"""All of the name of an option's value: "PASS"."""

_NAME_OF_SECRET: Final = re.compile(
    rb"(?:[A-Za-z_.-]*(?:[_.-]|(?<=[a-z])(?=[A-Z])))?"
    rb"(?i:passw(?:or)?[dt]|passphrase|pwd|secret|token|credential|key)s?"
    rb"(?:(?:[_.-]|(?=[A-Z]))[A-Za-z_.-]*)?"
)
"""The name of a secret: "access_token", "client-secret"."""

_FUNCTION_WORD: Final = re.compile(
    rb"(?:\A|[ ])(?:a|about|after|again|all|also|an|and|any|are|as|at|be|been|before|but|by|can"
    rb"|cannot|could|did|do|does|either|empty|for|from|had|has|have|if|in|into|invalid|is|it|its"
    rb"|may|might|more|must|need|no|not|of|on|only|or|our|please|required|same|see|set|shall"
    rb"|should|so|such|than|that|the|their|them|then|there|these|they|this|those|to|too|under|up"
    rb"|use|used|using|very|via|was|we|were|what|when|where|which|while|who|will|with|would|wrong"
    rb"|you|your)(?=[ ,.:;!?]|\Z)",
    re.IGNORECASE,
)
_PHRASE: Final = re.compile(rb"[A-Za-z]{3,12}(?:[ ][A-Za-z]{2,12}){2,7}")
_LABEL: Final = re.compile(rb"[A-Za-z\x80-\xff .,:;!?'*()-]+")
_NAME_IN_LABEL: Final = (b"passw", b"passphrase", b"token", b"credential", b" pin", *FOREIGN_NAMES)


def is_phrase(value: bytes) -> bool:
    """Return whether the value is a pass phrase: three to eight words, and no function word."""
    return bool(_PHRASE.fullmatch(value)) and not _FUNCTION_WORD.search(value)


def is_label(value: bytes) -> bool:
    """Return whether the value is a label or a message, without a digit, that has a name in it."""
    lower = value.lower()
    return bool(_LABEL.fullmatch(value)) and (
        any(name in lower for name in _NAME_IN_LABEL)
        or (b"secret" in lower and bool(_FUNCTION_WORD.search(value)))
    )


def is_name(value: bytes, *, is_listed: bool = False) -> bool:
    """Return whether the value is the name of a secret, in a list also with digits at its end."""
    value = value.rstrip(b"0123456789") if is_listed else value
    return len(value) <= MAX_NAME_LENGTH and bool(_NAME_OF_SECRET.fullmatch(value))
