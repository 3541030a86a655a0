"""The forms of prose in which a password stands near its name, as a table: in another sentence, in
the reply of a chat, or after other words. `nearby` applies them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from foretype_model.privacy.languages import FOREIGN_VERBS

MIN_LENGTH: Final = 6
MAX_LENGTH: Final = 48

# Shapes of a password among words

MIXED: Final = re.compile(
    rb"(?=[^A-Za-z\xc3]*+[A-Za-z\xc3])(?=.[^0-9!@#$%%^&*?~+=_]*+[0-9!@#$%%^&*?~+=_]|[0-9]).{%d,%d}"
    % (MIN_LENGTH, MAX_LENGTH)
)
"""Letters with digits or signs among them."""

STRONG: Final = re.compile(
    rb"(?=[^a-z]*+[a-z])(?=[^A-Z!@#$%%^&*?~+=_]*+[A-Z!@#$%%^&*?~+=_])(?=[^0-9]*+[0-9]).{%d,%d}"
    % (MIN_LENGTH + 2, MAX_LENGTH)
)
"""Small letters, digits, and capitals or signs."""

KEY: Final = re.compile(rb"(?=[^A-Za-z]*+[A-Za-z])(?=[^0-9]*+[0-9]).{8,48}")
"""Letters and digits."""

NUMBER: Final = re.compile(
    rb"(?!(?:19|20)[0-9]{2}\Z)[#*]?(?:[0-9]{4,8}|[0-9](?:[ -][0-9]){3,7}|[0-9]{2,4}[ ][0-9]{2,4}"
    rb"|[0-9]{2}(?:-[0-9]{2}){2}|[0-9]{2,4}[A-D][0-9]{0,3})[#*]?"
)
"""A number that opens a lock, also with spaces and with the keys around it, but no year."""

ORDINARY: Final = re.compile(
    rb"""(?:
    \w+://.* | www\..* | [\w.+-]+@[\w-]+\.[\w.-]+ | [@\#][A-Za-z][\w-]* | .*/.*/.*
    | [~./][\w./-]* | [\w.-]+(?-i:\.[a-z]{2,8}|\.[A-Z]{2,4})(?:[:/].*)? | [\w-]+/[\w.-]+
    | v?\d+(?:[.,:/-]\d+)*(?:[A-Za-z%%]{1,3}|-?[a-z]{3,8})? | \d{1,2}[:.]\d{2}(?:am|pm)?
    | [A-Za-z]{1,5}-\d+(?:-\d+)* | \d+-\w+(?:-\w+)? | [A-Za-z]+'[a-z]{1,2} | (?-i:[A-Z]{2,6}\d{1,6})
    | (?-i:[A-Z]+(?:[-/][A-Z0-9]+)+) | [\w-]+\(\)? | .*[(){}<>\[\]|\\].* | `.* | 0x.* | :\w+:.*
    | (?-i:[a-z_]+(?:\.[a-z_]+\d*)+) | (?-i:[A-Z]\d+(?:,[A-Z]\d+)*) | .*&nbsp.*
    | [A-Za-z_]\w*(?:\.[A-Za-z_]+)+ | (?-i:[A-Z]{2,8})[-\#]\d+(?:\.\d+)*\+?(?:-\w+)* | \w+@\w+:.*
    | (?-i:[a-z]+(?:_[a-z]+)+_v?\d{1,2}(?:_\d)?)
    | (?-i:[A-Z][a-z]*[A-Z]?[a-z]*\d(?:[A-Z][a-z]+){2,})
    | -\w:.* | .*=".* | \$\w+ | (?-i:[A-Z0-9]+_[A-Z0-9_]+)
    | [a-z]+(?:_[a-z]+)+ | --?[a-z][\w-]* | &\w+; | .*[:=]{2}.* | \w+=.* | \w+:\w+ | [*_]+\w+[*_]+
    | [a-z]+(?:[+&][a-z]+)+ | [A-Za-z]+[*?!]+ | \*+[\w-]+ | [a-z]+\.[a-z]+ | %%\w{1,2}
    | (?:python|windows|win|ubuntu|debian|log4j|http|https|sha|md|utf|base|ipv|oauth|aes|rsa|pbkdf
    | ed|scrypt|argon|postgres\w*|mysql|php|node|java|es|html|css|web|vim|emacs|gtk|qt|python|perl
    | user|test|example|host|server|node|file|line|figure|fig|table|step|chapter|section|page|part
    | version|level|option|item|question|answer|kerberos|smb|nfs|ext|ntlmv?|tls|ssl|wpa|x|type
    | bcrypt|[a-z]{1,3})[-_]?v?\d{1,4}(?:\.\d+)*(?:[a-z]|th)?
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""A token of ordinary text: a URL, path, date, version, count, term or name with a number."""

# The text before a password

_CUE: Final = (
    rb"""(?:
    (?:it|that|this|here)(?:'|\xe2\x80\x99)?s | (?:it|that|this|here|which|one|mine|ours)
    [ ](?:is|was)
    | is | was | be | becomes? | became | try | use | used | using | type | types | typed | typing
    | enter | entering | entered | put | puts | insert | write | say | chose | choose | picked
    | set | made | changed | now | with | to | as | again | still | just | then | just[ ]use | went
    | called | i'?d | wrote | simply | i\.e\.
    | es | ist | lautet | nimm | nehmt | nehmen | mit | tippe | tipp | gib | probier | jetzt
    | c'est | est | essaie | essaye | utilise | utilisez | tape | tapez | entre | entrez | avec
    | es | prueba | usa | usad | escribe | introduce | pon | con | ahora
    | \xc3\xa8 | prova | digita | inserisci | metti | adesso | ora
    | \xc3\xa9 | tenta | use | digite | insira | com | agora
    | gebruik | typ | probeer | met | nu | er | \xc3\xa4r | anv\xc3\xa4nd | skriv | bruk | brug
    | med | nu | n\xc3\xa5 | on | k\xc3\xa4yt\xc3\xa4 | kirjoita | nyt
    | to | wpisz | u\xc5\xbcyj | teraz | jest | je | zadej | pou\xc5\xbeij | te\xc4\x8f
    | kullan | yaz | d\xc3\xb9ng | nh\xe1\xba\xadp | pakai | ketik
    | \xd1\x8d\xd1\x82\xd0\xbe | \xd0\xb2\xd0\xb2\xd0\xb5\xd0\xb4\xd0\xb8\S*
    | \xd1\x82\xd0\xb5\xd0\xbf\xd0\xb5\xd1\x80\xd1\x8c | creo[ ]que | til | auf | %s
)"""
    % FOREIGN_VERBS
)
_SIGN: Final = (
    rb"(?:[:=]|\xef\xbc\x9a|-{1,2}>?|=>|\xe2\x80[\x93\x94]|\xe2\x86\x92|\.{3}|\xe2\x80\xa6)"
)
_QUOTE: Final = rb"[\"'`*_(]{0,3}"
_SPEAKER: Final = rb"""(?:
    [>|*\s]{0,4} (?:\[[^\]\n]{1,24}\]\s?|\(?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?\)?[,]?\s{1,2}(?:[ap]m\s)?
    (?:-\s)?)?
    (?:<[^<>\n]{1,24}>\s | [\w.\x80-\xff-]{1,20}(?:\s[\w.\x80-\xff-]{1,20})?(?:\s\([^()\n]{1,20}\))?
    \s?[:>]\s)?
)"""
_INTERJECTION: Final = rb"(?:(?:[\w'\x80-\xff]{1,12}[,:!.]?[ ]){0,2})"


@dataclass(frozen=True)
class NearbyRule:
    """A form of prose in which a password stands near its name.

    Attributes:
        id: the form.
        lead: the end of the text before the password has to match, from the name's line on.
        after: the beginning of the text after the password has to match.
        shape: all of the password has to match.
        max_lines: ends of lines between the name and the password, at most.
        lead_bytes: bytes of that text in which the match may begin.
        is_next: the password follows the name, after spaces.
    """

    id: str
    lead: re.Pattern[bytes]
    after: re.Pattern[bytes]
    shape: re.Pattern[bytes] = MIXED
    max_lines: int = 3
    lead_bytes: int = 48
    is_next: bool = False


def _regex(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.VERBOSE | re.IGNORECASE | re.DOTALL)


_WORD_END: Final = _regex(rb"""["'`*_)]{0,4} (?: [.,;:!?)]*(?:\s|\Z|<) | [\xe2-\xef] )""")
_REQUEST: Final = rb"""(?: \? | \b(?:tell|send|give|need|want|forgot|forgotten|share|remind
    | enter[ ]your
    | gib | schick\w* | sag | brauch\w* | dime | p\xc3\xa1same | m\xc3\xa1ndame | manda\w*
    | envoie | donne
    | dammi | stuur | geef | podaj | skicka | \xd1\x81\xd0\xba\xd0\xb8\xd0\xbd\xd1\x8c
    | \xd0\xb4\xd0\xb0\xd0\xb9)\b )"""
_TAG: Final = _regex(rb"\s*(?:</|<br|\Z)")
_LINE_END: Final = _regex(
    rb"""["'`*_)]{0,4} [.!]? [ \t\r]* (?: [:;][-']?[)DPp] [ \t\r]* )? (?:\n|\Z)"""
)

_AFTER_CUE: Final = rb"(?: (?:\A|[^\w'-])%s (?:[ ]now)? [:,]? | %s | [a-z]'s ) \s{1,4} %s \Z" % (
    _CUE,
    _SIGN,
    _QUOTE,
)
_ANY: Final = _regex(b"")
_IN_REPLY: Final = rb"\n %s %s %s \Z" % (_SPEAKER, _INTERJECTION, _QUOTE)

NEARBY_RULES: Final = (
    NearbyRule("cue", _regex(_AFTER_CUE), _WORD_END),
    NearbyRule("reply", _regex(_IN_REPLY), _LINE_END),
    NearbyRule(
        "asked",
        _regex(_REQUEST + rb".*[\s\"'`*(:] \Z"),
        _WORD_END,
        max_lines=5,
        lead_bytes=400,
    ),
    NearbyRule("tagged", _regex(rb"\s \Z"), _TAG),
    NearbyRule("strong", _regex(rb"[\s(\"'`*:,] \Z"), _WORD_END, STRONG, max_lines=1),
)
"""The rules for the names of passwords."""

PIN_RULES: Final = (
    NearbyRule("cue", _regex(_AFTER_CUE), _WORD_END, NUMBER),
    NearbyRule("reply", _regex(_IN_REPLY), _WORD_END, NUMBER),
    NearbyRule("next", _ANY, _WORD_END, NUMBER, is_next=True),
    NearbyRule(
        "last", _regex(rb"[ ](?:[\w\x80-\xff']+[ ]){1,3} \Z"), _LINE_END, NUMBER, max_lines=0
    ),
)
"""The rules for the names of PINs and of the codes of locks."""

TOPIC_RULES: Final = (
    NearbyRule(
        "cue",
        _regex(
            rb"(?: (?:\A|[^\w'-])%s (?:[ ]now)? [:,]? | %s | [ ]/ | \S@\S+[ ]and) \s{1,4} %s \Z"
            rb"| [`\"']/[`\"'] \Z" % (_CUE, _SIGN, _QUOTE)
        ),
        _WORD_END,
        STRONG,
    ),
    NearbyRule("sign", _regex(rb"%s \s %s \Z" % (_SIGN, _QUOTE)), _LINE_END, KEY, max_lines=0),
    NearbyRule("next", _ANY, _LINE_END, KEY, max_lines=0, is_next=True),
    NearbyRule("reply", _regex(rb"\?[^\n]*" + _IN_REPLY), _LINE_END, KEY, 2, lead_bytes=120),
)
"""The rules for words of access."""

LOCK_RULES: Final = (
    NearbyRule(
        "keys",
        _regex(
            rb"\b(?:enter|type|dial|press|punch|key|put|use|with|is|code)(?:[ ]in)?:?[ ] %s \Z"
            rb"| [:=][ ] \Z" % _QUOTE
        ),
        _WORD_END,
        NUMBER,
    ),
    NearbyRule("next", _ANY, _LINE_END, NUMBER, max_lines=0, is_next=True),
    NearbyRule("reply", _regex(_IN_REPLY), _WORD_END, NUMBER, 1),
)
"""The rules for words of locks."""
