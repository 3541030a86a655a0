"""The grammar of the text between a name and its value, and of the value, as parts of regexes.

All are for `re.VERBOSE`. The last group of a match is the value or, with "_closed" in its name,
the sign that ends it.
"""

from __future__ import annotations

from typing import Final

from foretype_model.privacy.languages import FOREIGN_VERBS, VERBS

# The value

QUOTED: Final = rb"""
    (?:[brfuLNR@$]{0,2} | u8 | r\#{0,2} | <<) (?P<quote> \"{3} | '{3} | \\?["'`] )
    (?P<quoted> (?: (?!(?P=quote))(?:[^\n\\]|\\[^\n]) | (?<=[^"'])(?P=quote){2}(?=\w) )*+
    (?:\\(?=\n|\Z))? )
    (?P<quoted_closed> (?P=quote)? )
"""
_CLOSING_QUOTE: Final = b"|".join(map(str.encode, "”“»’」』"))
TYPOGRAPHIC: Final = rb"""
    (?: %s ) (?P<typographic> (?:(?!%s)[^\n])*+ ) (?P<typographic_closed> (?:%s)? )
""" % (b"|".join(map(str.encode, "“„«‘「『")), _CLOSING_QUOTE, _CLOSING_QUOTE)
BRACKETED: Final = rb"""
    (?: \bqq?[ ]?\{ | %[qQ]\{ ) (?P<braces> [^}\n]*+ ) (?P<braces_closed> \}? )
    | (?: \bqq?[ ]?\( | %[qQ]\( ) (?P<parens> [^)\n]*+ ) (?P<parens_closed> \)? )
    | \[=?\[ (?P<brackets> [^\]\n]*+ ) (?P<brackets_closed> (?:\]=?\])? )
"""
_BYTE: Final = rb"[^\s\"'`()\[\]{}<>\xe2-\xef]"
"""A byte of a password without quotes; those of most scripts without letter case end it."""

BARE: Final = rb"(?P<bare> %s{1,256}+ )" % _BYTE
UNTIL_SPACE: Final = rb"(?P<bare> [^\s\"'`()\[\]{}<>][^\s\"'`]{0,255}+ )"
LINE: Final = rb"""(?P<bare> [^\s"'`(\[{<|>][^\n]{0,255}+ (?=\n|\Z) )"""
TEXT: Final = rb"""(?P<bare> [^<>\s][^<>\n]{0,255}? (?=\s*(?:\]{0,2}>?\s*(?:<?\Z|</))) )"""
LITERAL: Final = rb"(?: %s | %s | %s )" % (QUOTED, TYPOGRAPHIC, BRACKETED)
VALUE: Final = rb"(?: %s | %s )" % (LITERAL, BARE)

# Between the name and the value

GAP: Final = rb"(?:[\ \t]|\xc2\xa0|\xe3\x80\x80)"
COLON: Final = rb"(?:[:=]|%s|%s|%s)" % ("：".encode(), "＝".encode(), "﹕".encode())
DASH: Final = rb"(?:-{1,2}|~|%s)" % b"|".join(map(str.encode, "–—―−"))
ARROW: Final = rb"(?:[-=~]{1,2}>|<-|%s)" % b"|".join(map(str.encode, "→⇒➜➔►⟶»▶➡"))
VERB: Final = (
    rb"""(?:
    is | was | are | were | be | becomes? | became | remains? | reads? | equals? | stays | being
    | been
    | (?:set|changed|reset|updated|rotated|switched|back)_to | %s
)""".replace(b"_", GAP + b"{1,8}")
    % VERBS
)
FOREIGN_VERB: Final = rb"(?:%s)" % FOREIGN_VERBS
ADVERB: Final = rb"""(?:
    now | currently | still | just | simply | always | set | changed | reset | updated | rotated
    | switched | back | to | as | been | called | again | temporarily | actually | today | the
    | following | this | probably | really | only
)"""
WORDS: Final = rb"(?:%s{1,8} [^\s:.;,!?\"`=|()<>{}\[\]]{1,20} ){0,6}?" % GAP

# The members of an object, in JSON, YAML, TOML and Terraform

VALUE_KEY: Final = rb"""["'`]? (?!helper|hint|help|error|label|alt|button) (?:[A-Za-z]{1,12}[_-]?)?
    (?:value|default|string|content|data|text|literal|current|val|v) ["'`]?"""
NAME_KEY: Final = rb"""["'`]? (?:
    (?:[A-Za-z]{1,12}_?)?(?:name|key) | id | field | env | var | variable
    | property | path | param | parameter | label | title | item | setting | k
    | attribute | option | type
) ["'`]?"""
_SCALAR: Final = rb"""(?:
    "(?:[^"\\\n]|\\.){0,200}+" | '[^'\n]{0,200}+' | \{[^{}]{0,200}+\} | \[[^\[\]]{0,200}+\]
    | [^\n,{}\[\]"']{0,120}+
)"""
MEMBERS: Final = rb"""(?:
    (?! (?:%s|(?!["']?type)%s) \s{0,8} [:=] )
    (?: ["'`]? [\w.$-]{1,40}+ ["'`]? \s{0,8} [:=] \s{0,40}+ %s | \#[^\n]{0,120}+ )
    \s{0,8}+ ,? \s{0,60}+
){0,8}""" % (VALUE_KEY, NAME_KEY, _SCALAR)

# The bytes and words that rules share

LINE_END: Final = rb"[ \t\r]*(?:\n|\Z|[ ]\#)"
SIGN: Final = rb"(?: :{1,2}=|=>|\|\|=|\?\?=|[!=?+]?=?=|%s(?::(?=[ ]))?\*{0,2}|<-|-> )" % COLON
VALUE_WORDS: Final = (
    b"value", b"default", b"content", b"data", b"text", b"string", b"literal", b"current",
)  # fmt: skip
SPACE_STARTS: Final = b" \t\xc2\xe3"
SIGN_STARTS: Final = b" \t:=|?!+<-\xef\xc2\xe3"
