"""The grammar of a name such as "db_password": its kind, its parts, and where it counts."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from foretype_model.privacy.languages import FOREIGN_NAMES, FOREIGN_PASSWORDS

CONTEXT_BYTES: Final = 160
"""Bytes before a name that the rules look at."""

REACH_BYTES: Final = 1152
"""Bytes after a name that the rules look at."""

SHORT_STEMS: Final = (b"pass", b"pw")
"""Stems that count only at the end of a name, and only where a word begins."""

KINDS_OF_KEYS: Final = (
    b"access", b"account", b"activation", b"admin", b"aes", b"api", b"app", b"auth", b"client",
    b"cipher", b"crypt", b"crypto", b"deploy", b"encryption", b"hmac", b"hook", b"ingest", b"jwt",
    b"licence", b"license", b"maps", b"master", b"network", b"private", b"product", b"recovery",
    b"secret", b"security", b"server", b"service", b"session", b"shared", b"signing", b"storage",
    b"stripe", b"vault", b"webhook", b"wi-fi", b"wifi", b"wlan", b"wpa", b"wpa2",
)  # fmt: skip
"""Words before "key" that exclude the key of a table or of a keyboard."""

KINDS_OF_PASSES: Final = (
    b"admin", b"app", b"auth", b"become", b"bind", b"cert", b"db", b"default", b"email",
    b"ftp", b"http", b"imap", b"key", b"ldap", b"login", b"mail", b"mongo", b"mqtt",
    b"mysql", b"pg", b"postgres", b"proxy", b"redis", b"require", b"root", b"router", b"sftp",
    b"smtp", b"sql",
    b"ssh", b"store", b"sudo", b"user", b"vpn", b"wifi",
)  # fmt: skip
"""Words before "pass" that exclude the pass of a test or of a compiler."""

KEY_CONTEXT_BYTES: Final = 48
"""Bytes before "key" that may name its kind."""

WORD_BYTES: Final = 14
"""Bytes of one word before a name."""

ENGLISH_KEYWORDS: Final = (
    b"pass", b"pw", b"psk", b"secret", b"tok", b"credential", b"creds", b"login", b"key", b"pin",
    b"puk", b"access code", b"alarm code", b"door code", b"entry code", b"gate code", b"lock code",
    b"recovery phrase", b"seed phrase", b"seed words", b"backup phrase", b"mnemonic phrase",
    b"verification code", b"one-time code", b"confirmation code", b"combination", b"combo",
    b"keymaterial", b"login code", b"recovery code", b"safe code", b"security code", b"backup code",
    b"code", b"koodi", b"kod", "kód".encode(), "código".encode(), b"codigo", b"codice",
    "код".encode(),    "Код".encode(),
)  # fmt: skip

LOCKS: Final = frozenset(
    {b"unlock", b"keypad", b"key safe", b"voicemail", b"alarm", b"the door", b"front door",
     b"back door", b"door?", b"the gate", b"gate?", b"entrance", b"the safe", b"safe:", b"lockbox",
     b"lock box", b"padlock", b"bike lock", b"locker", b"garage", b"barrier", b"schloss", b"tresor",
     "haustür".encode(), "türöffner".encode(), b"portone", b"cancello", b"domofon", b"portail",
     b"digicode", b"porte d'entr", b"la puerta", b"portaria", b"voordeur",
     "домофон".encode(), "暗証".encode(), "门锁".encode()}
)  # fmt: skip
"""Words of texts about locks, in which a number may have no name."""

TOPICS: Final = (
    *LOCKS,
    b"encrypted", b"protected", b"log in", b"log into", b"logging in", b"logged in", b"log on",
    b"login", b"sign in", b"signing in", b"get into", b"open it with", b"opens with",
    b"key for the",
    b"key to the", b"wifi", b"wi-fi", b"wlan", b"vpn", b"credential", b"creds", b"account for you",
    b"your account", b"anmeld", b"einlogg", b"zugangsdaten", "verschlüssel".encode(),
    "geschützt".encode(), b"connexion", b"connecte", b"identifiant", "chiffré".encode(),
    "protégé".encode(), "sesión".encode(), b"credenciales", b"credenziali", b"accesso", b"acceso",
    b"acesso", b"zaloguj", b"logowan", b"inlogg", b"logga in", b"logg inn", b"log ind", b"kirjaudu",
    "войти".encode(), "вход".encode(), "логин".encode(), "доступ".encode(), "ログイン".encode(),
    "登录".encode(), "登錄".encode(), "账号".encode(), "로그인".encode(), "계정".encode(),
    "вайфа".encode(), b"hotspot", b"ssid",
)  # fmt: skip
"""Words of texts about access, in which a password may have no name."""

_ENGLISH: Final = re.compile(
    rb"""
    (?P<password> keymaterial | passw(?:or)?[dt] | pass[ _-]?(?:phrase|code) | pwd | psk(?![\w-])
        | secret
        | (?:recovery|seed|backup|mnemonic)[ _-](?:phrase|words) | (?:pass|pw)(?=\d*(?![\w-])) )
    | (?P<token> token | tok(?![A-Za-z]) | credential(?=s?(?![\w-])) | creds | login | key )
    | (?P<pin> pin(?:[ _-]?(?:code|number|nummer|no)\b)?(?![\w-]) | puk(?![\w-]) |
    pin(?=\xe7\xa0\x81)
        | (?:access|alarm|backup|door|entry|gate|lock|login|recovery|safe|security|verification
        | one-time|confirmation)[ ]codes?(?!\w) | combination(?!\w) | combo(?!\w) )
    | (?P<code> (?: code | koodi | kod(?:en|e|u)? | k\xc3\xb3d | c(?:o|\xc3\xb3)digo | codice
        | \xd0[\xba\x9a]\xd0\xbe\xd0\xb4 ) (?![\w\x80-\xff]) )
""",
    re.VERBOSE | re.IGNORECASE,
)
_ATTRIBUTE_OF_SECRET: Final = re.compile(
    rb"(?:\A(?i:s?)|[_-]|(?<=[a-z0-9])(?=[A-Z]))"
    rb"(?i:ur[il]|path|file|name|type|id|len|length|size|count|field|label|hint|help|prompt"
    rb"|title|text|message|msg|error"
    rb"|re|ref|regex|pattern|endpoint|issuer|scope|arn|host|link|page|mode|kind|namespace"
    rb"|number|project|state|status|manager|provider|store|service|generator|class|handler"
    rb"|function|reset|confirm(?:ation)?|strength|hash|salt|rule|rules|check|changed|at|by|on"
    rb"|in|is|to|count|limit|max|min|ttl|age|timeout|s?name|header|prefix|suffix|param|var"
    rb"|env|column|input|button|widget|dialog|screen|form|required|enabled|expiry|expires|policy"
    rb"|format|style|class|version)\Z"
)
"""The end of a name for an attribute of a secret, such as its length."""

VERB_BYTES: Final = 16
"""Bytes before a name in which such a verb has to be."""

_VERB: Final = re.compile(
    rb"(?:update|show|hide|allow|enable|disable|has|reset|forgot|validate|check|verify"
    rb"|generate|confirm)"
    rb"(?:_|(?<=[a-z])(?=\Z))\Z"
)
"""A verb before a name that makes it an action or a condition."""

LOCK_BYTES: Final = 40
"""Bytes after "code" that may name the thing that it opens."""

_LOCK: Final = re.compile(
    rb"(?:\b|_)(?:alarm|apartment|bike|bram|building|cancello|deur|dom?ofon|door|drzwi|dve[r\xc5]"
    rb"|d\xc3\xb6rr"
    rb"|d\xc3\xb8r|elevator|entr[ay]|flat\b|front|garage|gate\b|haust|intercom|kap[i\xc4]"
    rb"|keypad|key[ ]?safe"
    rb"|lift\b|lobby|lock|digi|ove|ovi|panel|phone|poort|portail|porte\b|portti|puerta|safe\b"
    rb"|shed\b|sim\b"
    rb"|storage|t\xc3\xbcr|voicemail|wohnung|zimmer)|\xd0\xb4\xd0\xb2\xd0\xb5\xd1\x80"
    rb"|\xd0\xb4\xd0\xbe\xd0\xbc\xd0\xbe\xd1\x84\xd0\xbe\xd0\xbd",
    re.IGNORECASE,
)
_CALLED: Final = re.compile(rb"\([ ]*(?:[\"']|[\w.$@&*>-]{1,40},[ ]*[\"'])")
_OTHER_WORD: Final = re.compile(
    rb"(?:i[sz](?:e|ing|ation)|ar(?:y|ies|iat)|less|ive|ion|ly)", re.IGNORECASE
)
"""The end of another word: "tokenize", "secretary", "passwordless"."""

_ASSIGNED: Final = re.compile(rb"[\"'\])]{0,2}[ ]{0,4}(?::?[:=](?!=)|=>)")
_REST: Final = re.compile(rb"[\w-]{0,40}+")

_ENDING: Final = re.compile(
    rb"(?:[a-z]|[\xc3-\xdf][\x80-\xbf]|\xe0[\xa4-\xbf][\x80-\xbf]){0,5}"
    rb"((?:[_-][\w-]{0,40}+)?)(?![A-Za-z0-9])"
)
"""The ending of an inflected name, in the alphabets that have such, and the rest of the name."""

_CLOSING: Final = re.compile(rb"[\\\"'`*\[\])]{0,4}")


_ENGLISH_STEMS: Final = frozenset(
    {b"password", b"passwd", b"passphrase", b"passcode", b"pass", b"pw", b"pwd", b"secret",
     b"token",     b"credential", b"creds", b"key", b"login", b"pin", b"code"}
)  # fmt: skip
_QUERY: Final = re.compile(rb"[?&][\w.-]*\Z")


class Kind(Enum):
    """The kind of a name."""

    PASSWORD = auto()
    TOKEN = auto()
    PIN = auto()
    TOPIC = auto()


class Name(NamedTuple):
    """A name of a secret.

    Attributes:
        before: the text before the stem, which may be a part of the name.
        stem: the part of the name that shows its kind, as in the text.
        rest: the part of the name after the stem.
        closing: quotes and brackets that end the name.
        start: of the stem.
        end: behind the closing.
        kind: that of a password's name makes a secret of any literal. The name of a token may hold
            a count, or a name.
    """

    before: bytes
    stem: bytes
    rest: bytes
    closing: bytes
    start: int
    end: int
    kind: Kind

    @property
    def is_constant(self) -> bool:
        """Whether the name is in capitals."""
        return (self.stem + self.rest).isupper()

    @property
    def is_verb(self) -> bool:
        """Whether the name may be a verb: "pass it to"."""
        is_word = not self.before[-1:].isalnum() and self.before[-1:] not in {b"_", b"-", b"."}
        return is_word and self.kind is Kind.TOKEN and self.stem.lower() in SHORT_STEMS

    @property
    def is_foreign(self) -> bool:
        """Whether the name is of another language than English."""
        stem = self.stem.lower()
        return stem == b"passwort" or stem not in _ENGLISH_STEMS

    @property
    def is_in_query(self) -> bool:
        """Whether the name is a parameter in a URL."""
        return _QUERY.search(self.before) is not None


def _ends_in_kind_of_key(before: bytes) -> bool:
    lower = before.lower()
    return lower.rstrip(b"_-. ").endswith(KINDS_OF_KEYS) or _is_of_network(lower)


def _is_of_network(before: bytes) -> bool:
    """Return whether `before`, in lower case, ends near a word for a wireless network."""
    return b"wlan" in before or b"ssid" in before or b"wifi" in before or b"wi-fi" in before


def _ends_in_space(before: bytes) -> bool:
    return before[-1:] in {
        b"",
        b" ",
        b"\n",
        b"-",
        b"(",
        b"*",
        b"#",
        b'"',
        b"'",
        b"_",
    } or before.lower().endswith(_LOCKS)


_LOCKS: Final = (
    "tür".encode(), b"haus", b"tor", b"alarm", b"port", "dør".encode(), "dörr".encode(), b"digi",
    b"zugangs", b"safe", b"lock", b"door", b"gate", b"deur", b"ovi", b"tresor", b"zutritts",
)  # fmt: skip
"""Beginnings of compounds with "code" that name a lock."""

_RARE: Final = {b"key": _ends_in_kind_of_key, b"code": _ends_in_space}
"""Keywords that are seldom a name, and the check of the text before them that shows it soon."""

NAME_KEYWORDS: Final = (*ENGLISH_KEYWORDS, *FOREIGN_NAMES)
"""The bytes with which a name begins, in lower case as far as they are ASCII."""


def parse_name(text: bytes, start: int, keyword: bytes) -> Name | None:
    """Return the name whose stem begins with `keyword` at byte `start`, if there is one."""
    if keyword in _RARE and not _RARE[keyword](text[max(0, start - KEY_CONTEXT_BYTES) : start]):
        return None
    before = text[max(0, start - CONTEXT_BYTES) : start]
    if keyword in FOREIGN_NAMES:
        kind: Kind | None = Kind.PASSWORD if keyword in FOREIGN_PASSWORDS else Kind.TOKEN
        found = _ENDING.match(text, start + len(keyword))
        if not found or (keyword.isascii() and _is_inside_word(before, text[start : start + 1])):
            return None
        stem, rest = text[start : found.start(1)], found[1]
    else:
        found = _ENGLISH.match(text, start)
        kind = (
            None
            if not found or _OTHER_WORD.match(text, found.end())
            else _kind(text, before, found)
        )
        if not found or not kind:
            return None
        stem, rest = found[0], _starts(_REST, text, found.end())
    if kind is None or _ATTRIBUTE_OF_SECRET.search(rest):
        return None
    end = start + len(stem) + len(rest)
    closing = _starts(_CLOSING, text, end)
    return Name(before, stem, rest, closing, start, end + len(closing), kind)


def parse_topic(text: bytes, start: int, keyword: bytes) -> Name:
    """Return the word of access that begins at byte `start`, as a name."""
    end = start + len(keyword)
    before = text[max(0, start - CONTEXT_BYTES) : start]
    return Name(before, text[start:end], b"", b"", start, end, Kind.TOPIC)


def _starts(regex: re.Pattern[bytes], text: bytes, place: int) -> bytes:
    found = regex.match(text, place)
    return found[0] if found else b""


def _kind(text: bytes, before: bytes, found: re.Match[bytes]) -> Kind | None:
    """Return the kind of an English name, or None if it is no name after the text `before`."""
    stem, words = found[0].lower(), before[-WORD_BYTES:].lower().rstrip(b"_-. ")
    if words.endswith((b"public", b"publickey", b"csrf")):
        return None
    # An argument in quotes of such a call is a password.
    if _VERB.search(before[-VERB_BYTES:]) and not _CALLED.match(text, found.end()):
        return None
    kind: Kind | None = Kind[str(found.lastgroup).upper()] if not found["code"] else Kind.PIN
    if stem == b"key":
        is_of_network = _is_of_network(before[-KEY_CONTEXT_BYTES:].lower())
        kind = Kind.TOKEN if words.endswith(KINDS_OF_KEYS) else None
        kind = Kind.PASSWORD if is_of_network else kind
    elif stem in SHORT_STEMS:
        kind = Kind.PASSWORD if words.endswith(KINDS_OF_PASSES) else _short(text, before, found)
    elif found["code"] or stem in {b"combination", b"combo"}:
        # The code in JSON belongs to the object that the line before may name.
        line = before[-LOCK_BYTES:] if before[-1:] == b'"' else before[before.rfind(b"\n") + 1 :]
        after = text[found.end() : found.end() + LOCK_BYTES].partition(b"\n")[0]
        kind = kind if _LOCK.search(line + found[0] + after) else None
    elif found["pin"] and _is_inside_word(before, found[0]):
        kind = None
    return kind


def _short(text: bytes, before: bytes, found: re.Match[bytes]) -> Kind | None:
    """Return the kind of "pass" or "pw" without a word before it that names a password."""
    if text[found.end() : found.end() + 1] == b"?" and before[-1:] in {b"", b" ", b"\n"}:
        return Kind.PASSWORD
    # "Pass" is a verb too: alone it counts only before a sign.
    is_assigned = found[0].lower() == b"pw" or _ASSIGNED.match(text, found.end())
    quotes = before[-1:] + text[found.end() : found.end() + 1]
    if quotes == b"><" or (quotes == b'""' and b"<" in before):
        return Kind.PASSWORD
    if not is_assigned and text[found.end() : found.end() + 1] in {b"", b"\n", b".", b",", b")"}:
        return None
    if is_assigned and not before[-1:].isalnum() and before[-1:] not in {b"_", b"-"}:
        return Kind.PASSWORD
    return None if _is_inside_word(before, found[0]) else Kind.TOKEN


def _is_inside_word(before: bytes, stem: bytes) -> bool:
    """Return whether a stem is the end of a word, such as "bypass" or "compass"."""
    return before[-1:].isalnum() and not (before[-1:].islower() and stem[:1].isupper())
