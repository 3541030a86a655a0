"""The forms in which a value follows its name, as a table in the form of gitleaks' rules.

Each rule is tried by itself at each name: no rule hides another one. `assignments` applies them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import Final

from foretype_model.privacy.assignment_grammar import (
    ADVERB,
    ARROW,
    BARE,
    COLON,
    DASH,
    FOREIGN_VERB,
    GAP,
    LINE,
    LITERAL,
    MEMBERS,
    NAME_KEY,
    TEXT,
    UNTIL_SPACE,
    VALUE,
    VALUE_KEY,
    VERB,
    WORDS,
)
from foretype_model.privacy.names import Kind, Name
from foretype_model.privacy.values import METAVARIABLE, NEVER, TYPE

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
        shapes: with any name, a value that looks like a password is a secret.
        before: the end of the text before the name's stem has to match.
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
    shapes: bool = True
    before: bytes = b""
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
        return _regex(self.link + self.value)

    @cached_property
    def more_regex(self) -> re.Pattern[bytes]:
        """The text between two values, and a value."""
        return _regex(self.more + self.value)

    @cached_property
    def before_regex(self) -> re.Pattern[bytes]:
        """The end of the text before the name."""
        return _regex(rb"(?: %s ) \Z" % self.before)

    @cached_property
    def after_regex(self) -> re.Pattern[bytes]:
        """The beginning of the text after the value."""
        return _regex(self.after)


def _regex(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.VERBOSE | re.IGNORECASE)


_LINE_END: Final = rb"[ \t\r]*(?:\n|\Z|[ ]\#)"
_SIGN: Final = rb"(?: :{1,2}=|=>|\|\|=|\?\?=|[!=?+]?=?=|%s(?::(?=[ ]))?\*{0,2}|<-|-> )" % COLON
_VALUE_WORDS: Final = (
    b"value", b"default", b"content", b"data", b"text", b"string", b"literal", b"current",
)  # fmt: skip
_SPACE_STARTS: Final = b" \t\xc2\xe3"
_SIGN_STARTS: Final = b" \t:=|?!+<-\xef\xc2\xe3"
_TYPE: Final = rb"[\w.:<>\[\]|?*&'][\w.:<>\[\]|?*&'\ ]{0,40}?"
_IN_TAG: Final = rb"<[\w:.-]+\s[^<>]*"
_ELEMENT: Final = rb"<(?:value|string|data|val|text|content)(?:\s[^<>]{0,80})?>\s{0,60}"
_CDATA: Final = rb"(?:<!\[CDATA\[)?"
_CONVERTER: Final = rb"""(?: (?:new|await|&)[ ] )? (?:\[\])? [\w.:]{0,40} (?:
    str|string|bytes|byte|char|secret|secretstr|sensitive|secure|securestring|password|from|of|some
    |new|literal|raw|text|buffer|encode|decode|b64encode|to_owned|field|default|var
) (?:\[\])? !? [({] \s{0,40}"""
_READER: Final = rb"""(?:
    get|set|env|environ|config|conf|cfg|option|opt|param|fetch|define|fill|type|put|add|append|send
    |require|var|secret|string|str|prop|lookup|read|load|arg|flag
)"""
_SETTING_LINE: Final = rb"""
    [ \t]* (?:-[ ])? ["']? [\w.\x80-\xff-]{1,40} (?:[ ][\w\x80-\xff]{1,20})? ["']? [ \t]* [:=] [ \t]*
    (?: [!\w][^\n"'(\[{;,]{0,60} | "[^"\n]{0,60}" | '[^'\n]{0,60}' | [^\x00-\x7f][^\n"'(\[{;,]{0,60} )? \n
    [ \t]* (?:-[ ])? ["']? [\w.-]*
"""
_INI: Final = rb"(?:\A|\n) [ \t]* \[ [^\]\n]{1,60} \] [ \t]* \n (?: [\w.-]*[ \t]*[=:][^\n]*\n | [\#;][^\n]*\n | \n )* [\w.-]*"

ASSIGNMENT_RULES: Final = (
    # Code and settings: a sign, or what stands for one
    AssignmentRule(
        "sign",
        GAP + rb"{0,32}" + _SIGN + GAP + rb"{0,32}",
        quoted=Names.PASSWORDS,
        starts=_SIGN_STARTS,
    ),
    AssignmentRule(
        "sign-next-line",
        GAP + rb"{0,32}" + _SIGN + rb"[ \t]*\n[ \t]{0,60}",
        LITERAL,
        quoted=Names.PASSWORDS,
        starts=_SIGN_STARTS,
    ),
    AssignmentRule(
        "constant",
        b"=",
        BARE,
        bare=Names.CONSTANTS,
        starts=b"=",
    ),
    AssignmentRule(
        "constant-until-space",
        b"=",
        UNTIL_SPACE,
        before=rb"(?:\A|\n)[\w\ ]*",
        after=_LINE_END,
        starts=b"=",
    ),
    AssignmentRule(
        "yaml-constant",
        rb"[\"']?[ \t]{0,8}:[ \t]{1,32}",
        BARE,
        bare=Names.PASSWORD_CONSTANTS,
        after=_LINE_END,
        allow=TYPE,
        starts=b"\"' \t:",
    ),
    AssignmentRule(
        "property",
        b"=",
        LINE,
        bare=Names.PASSWORDS,
        before=rb"(?:\A|\n)[\w.-]*",
        allow=TYPE,
        starts=b"=",
    ),
    AssignmentRule(
        "ini",
        rb"[ \t]*[=:][ \t]*",
        LINE,
        bare=Names.PASSWORDS,
        before_has=b"]",
        before=_INI,
        allow=TYPE,
        starts=b" \t=:",
    ),
    AssignmentRule(
        "beside-setting",
        rb"[ \t]*[=:][ \t]*",
        LINE,
        bare=Names.PASSWORDS,
        before_has=b"\n",
        before=rb"(?:\A|\n)" + _SETTING_LINE,
        allow=TYPE,
        starts=b" \t=:",
    ),
    AssignmentRule(
        "typed",
        rb"(?: (?:\[\d*\])? [ \t]* : [ \t]* %s | [ \t]+ (?:\[\])? [\w.*]{1,30} "
        rb"| [ \t]+ as [ \t]+ [\w.]+"
        rb" | \[\d*\] ) [ \t]* :?=(?!=) [ \t]*" % _TYPE,
        LITERAL,
        quoted=Names.PASSWORDS,
        starts=b" \t:[",
    ),
    AssignmentRule(
        "converted",
        rb"(?: [ \t]* : [ \t]* %s [ \t]{0,8} = | [ \t]{0,8} %s )? [ \t]{0,8}+ \s?+ [ \t]*+ "
        rb"(?:%s){1,2}" % (_TYPE, _SIGN, _CONVERTER),
        LITERAL,
        quoted=Names.PASSWORDS,
        keywords=(b"(", b"{"),
        starts=_SIGN_STARTS,
    ),
    AssignmentRule(
        "called",
        rb"[ \t]{0,8}%s[ \t]{0,8}[\w.:]{1,40}[(\[{]\s{0,40}" % _SIGN,
        LITERAL,
        starts=_SIGN_STARTS,
    ),
    AssignmentRule(
        "constructed",
        rb"[({][ \t]*",
        LITERAL,
        quoted=Names.PASSWORDS,
        before=rb"(?: [\w>&*][ ]\w{0,20} | (?:with|set|use|add|update|change|\."
        rb"|new[ ])_? \w{0,20} )",
        after=rb"\s*(?:[)},]|\Z)",
        starts=b"({",
    ),
    AssignmentRule(
        "multi-line",
        rb"[ \t]*%s[ \t]* (?: [brfu]?(?:\"{3}|'{3}|`) | <<[~-]?[\"']?\w+[\"']? ) \\? \n [ \t]*"
        % _SIGN,
        LINE,
        bare=Names.PASSWORDS,
        starts=_SIGN_STARTS,
    ),
    AssignmentRule(
        "fallback",
        rb"(?: (?<=[\"'\])]) | [ ]{0,4} (?= [:=] | \|\| | \?\? | \?: ) )"
        rb"(?: [^\n;\"'`] | \"[^\"\n]{0,60}\" | '[^'\n]{0,60}' ){0,80}?"
        rb" (?: \|\| | \?\? | \?: | //(?=[ ]*[\"']) | \b(?:or|else)\b | \?[^:\n]{0,40}: ) \s*",
        LITERAL,
        quoted=Names.PASSWORDS,
        keywords=(b"||", b"?", b"//", b" or ", b"else"),
    ),
    AssignmentRule(
        "default",
        rb"[^(){}\n]{0,40} (?:\([^()]{0,40}\))? [,(:] [^()]{0,200}?"
        rb"\b(?:default(?:_?value)?|fallback|def|initial(?:_?value)?)\b [\"']? \s* (?:[:=]|=>) \s*",
        LITERAL,
        quoted=Names.PASSWORDS,
        keywords=(b"default", b"fallback", b"initial", b"def=", b"def:"),
    ),
    AssignmentRule(
        "default-of-call",
        rb"[ \t]*%s[ \t]*[\w.:]{0,40}(?:get|env|environ|conf|config|option|param|prop|fetch"
        rb"|secret)\w*\([ \t]*[\"'][^\"'\n]{1,60}[\"'][ \t]*,[ \t]*" % _SIGN,
        LITERAL,
        quoted=Names.PASSWORDS,
        starts=_SIGN_STARTS,
    ),
    AssignmentRule(
        "listed",
        rb"\s{0,40},\s{0,40}",
        LITERAL,
        before=rb"[\"'\#./:{-] [\w.-]*",
        starts=b" \t\n,",
    ),
    AssignmentRule(
        "second-argument",
        rb"\s{0,40},\s{0,40}(?:default[ ]?[=:][ ]?)?",
        LITERAL,
        quoted=Names.PASSWORDS,
        before=rb"\b\w*"
        + _READER
        + rb"\w* [!(]? \( \s* (?:[\w.]{1,30},\s*)? [@rb]? [\"'`:] [\w./\#:\[=-]*",
        starts=b" \t\n,",
    ),
    AssignmentRule(
        "block-default",
        rb"[)\s]{0,8}(?:do|\{)\s*",
        LITERAL,
        quoted=Names.PASSWORDS,
        before=rb"(?:fetch|get)\w*\(?\s*[\"':][\w.]*",
        starts=b") \t\nd{",
    ),
    AssignmentRule(
        "compared",
        rb"[)]?\.(?:\w*equal\w*|eq|is|tobe|push|set\w*|fill\w*|send_?keys|type|append"
        rb"|matches)\([ \t]*",
        LITERAL,
        quoted=Names.PASSWORDS,
        starts=b").",
    ),
    AssignmentRule(
        "expansion",
        rb":?[-=]|:",
        rb"(?P<bare>[^}\s]{1,256})",
        bare=Names.PASSWORDS,
        before_has=b"${",
        before=rb"\$\{[\w.-]*",
        after=rb"\}|\Z",
        starts=b":-=",
        keywords=(b"}",),
    ),
    # Commands and connections
    AssignmentRule(
        "option",
        rb"=",
        bare=Names.PASSWORDS,
        allow=METAVARIABLE,
        before_has=b"--",
        before=rb"--(?:set(?:-string)?[ =]|from-literal[ =])?[\w.-]*",
        starts=b"=",
    ),
    AssignmentRule(
        "option-and-value",
        GAP + rb"{1,8}",
        before=rb"(?:\A|\s|[\"'`])(?:--?|/)[\w-]*",
        starts=_SPACE_STARTS,
    ),
    AssignmentRule(
        "windows-option",
        rb":",
        BARE,
        bare=Names.PASSWORDS,
        before=rb"\s[/-]\w*",
        starts=b":",
    ),
    AssignmentRule(
        "variable-command",
        rb"[ \t]+",
        BARE,
        bare=Names.CONSTANTS,
        before=rb"\b(?:ENV|setenv|setx|set[ \t]+-\w+)[ \t]+\w*",
        starts=b" \t",
    ),
    AssignmentRule(
        "directive",
        rb"[ \t]+(?:[0-9][ ])?",
        BARE,
        before=rb"(?: require | (?:\A|\n)[ \t]*[\w-]* | \b(?:username|user|enable|login)\b[^\n]* )",
        after=_LINE_END,
        starts=b" \t",
    ),
    AssignmentRule(
        "netrc",
        rb"\s{1,8}",
        BARE,
        bare=Names.PASSWORDS,
        before_has=b" ",
        before=rb"\b(?:machine\s+\S{1,80}|default)\s+(?:(?:login|account)\s+\S{1,80}\s+){0,2}",
        starts=b" \t\n",
    ),
    AssignmentRule(
        "login",
        rb"\s{1,8}",
        BARE,
        before=rb"\b(?:login|user|username|account)\s+\S{1,80}\s+",
        starts=b" \t\n",
    ),
    AssignmentRule(
        "login-line",
        rb"[ \t]{1,8}",
        BARE,
        bare=Names.ALL,
        after=_LINE_END,
        allow=TYPE,
        before_has=b"\n",
        before=rb"\b(?:login|user|username|account)[ ]\S{1,80}[ \t]*\n[ \t]*",
        starts=b" \t",
    ),
    AssignmentRule(
        "query",
        rb"=",
        rb"(?P<bare>[^&\s\"'`<>\#]{1,256})",
        bare=Names.PASSWORDS,
        before=rb"[?&][\w.-]*",
        starts=b"=",
    ),
    AssignmentRule(
        "connection",
        rb"[ ]?=[ ]?",
        rb"(?P<bare>[^;\"'\n]{1,128})",
        bare=Names.PASSWORDS,
        before_has=b";",
        before=rb";[ ]?[\w ]*",
        after=rb"[;\"'\n]|\Z",
        starts=b" =",
    ),
    AssignmentRule(
        "connection-words",
        rb"=",
        BARE,
        bare=Names.PASSWORDS,
        before_has=b" ",
        before=rb"\b(?:user|host|hostaddr|dbname|port|username|server|uid)=\S+\s+\w*",
        starts=b"=",
    ),
    AssignmentRule(
        "sql",
        GAP + rb"{1,8}(?:for[ ][^\n=]{1,60}=[ ]*|=?[ ]*N?)",
        LITERAL,
        quoted=Names.PASSWORDS,
        is_prose=True,
        starts=_SPACE_STARTS,
    ),
    AssignmentRule(
        "sql-function",
        rb"\([ ]*",
        LITERAL,
        quoted=Names.PASSWORDS,
        before=rb"(?:=|\bBY|VALUES?[ (].*)[ ]*",
        starts=b"(",
    ),
    # Structured formats
    AssignmentRule(
        "sibling",
        rb"[\w.-]{0,40}[\"'`]?\s{0,8},?\s{0,60}%s%s\s{0,8}[:=]\s{0,60}" % (MEMBERS, VALUE_KEY),
        quoted=Names.PASSWORDS,
        bare=Names.PASSWORD_CONSTANTS,
        before=NAME_KEY + rb"\s{0,8}[:=]\s{0,8}[\"'`]?[\w./\ -]*",
        allow=TYPE,
        keywords=_VALUE_WORDS,
    ),
    AssignmentRule(
        "member",
        rb"[\w.-]{0,40}[\"'`]?(?:\s{0,8}%s\s{0,8}\{?|\s{0,8}\{)\s{0,60}%s%s\s{0,8}[:=]\s{0,60}"
        % (COLON, MEMBERS, VALUE_KEY),
        quoted=Names.PASSWORDS,
        allow=TYPE,
        keywords=_VALUE_WORDS,
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
        after=_LINE_END,
        more=rb"[ \t]*\n[ \t]*-[ \t]+",
        starts=b"\"' \t:",
    ),
    AssignmentRule(
        "block",
        rb"[\"']?[ \t]*:[ \t]*(?:!+\w*[ ])?[|>][+-]?\d?[+-]?[ \t]*\n[ \t]+",
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
        rb"(?:[ \t\n][^<>]{0,200})?>\s{0,60}" + _CDATA,
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
        before=_IN_TAG + rb"=\s*[\"'][\w./-]*",
        keywords=(b"value", b"default", b"content"),
    ),
    AssignmentRule(
        "attribute-and-text",
        rb"[\w.-]{0,40}[\"']?[^<>/]{0,200}>\s{0,60}(?:%s)?%s" % (_ELEMENT, _CDATA),
        TEXT,
        bare=Names.PASSWORDS,
        before_has=b"<",
        before=_IN_TAG + rb"\b(?:name|key|id)\s*=\s*[\"'][\w./-]*",
        keywords=(b">",),
    ),
    AssignmentRule(
        "element-and-element",
        rb"[\w\ .-]{0,40}</[\w:.-]+>\s{0,60}(?:<[\w:.-]+>[^<>]{0,80}</[\w:.-]+>\s{0,60}){0,3}"
        + _ELEMENT
        + _CDATA,
        TEXT,
        bare=Names.PASSWORDS,
        before_has=b"<",
        before=rb"<[\w:.-]+>[\w./\ -]*",
        keywords=(b"</",),
    ),
    # Notes and prose
    AssignmentRule(
        "cell",
        rb"[ \t]+\|[ \t]*",
        before_has=b"|",
        before=rb"\|[^|\n]*",
        starts=b" \t",
    ),
    AssignmentRule(
        "verb",
        WORDS
        + GAP
        + rb"{1,8}"
        + VERB
        + rb"(?: %s{1,8} %s ){0,4} %s{0,8} [:=]? %s{0,8} (?:\n[ \t]*)? (?<=[\s:=\xa0\x80])"
        % (GAP, ADVERB, GAP, GAP),
        quoted=Names.PASSWORDS,
        is_prose=True,
        starts=_SPACE_STARTS,
    ),
    AssignmentRule(
        "foreign-verb",
        WORDS
        + GAP
        + rb"{1,8}"
        + FOREIGN_VERB
        + rb"(?: %s{1,8} %s ){0,4} %s{0,8} [:=]? %s{0,8} (?:\n[ \t]*)? (?<=[\s:=\xa0\x80])"
        % (GAP, ADVERB, GAP, GAP),
        quoted=Names.PASSWORDS,
        is_prose=True,
        is_foreign=True,
        starts=_SPACE_STARTS,
    ),
    AssignmentRule(
        "joined-verb",
        rb"(?:%s) %s{0,8} [:=]? %s{0,8}"
        % (b"|".join(map(str.encode, "是为為はが는은이가")), GAP, GAP),
        quoted=Names.PASSWORDS,
        is_prose=True,
        starts=b" \t\xe6\xe4\xe3\xe7\xeb\xec\xea\xc2",
    ),
    AssignmentRule(
        "purpose",
        keywords=(b":", b"=", b"\xef"),
        link=WORDS
        + rb"(?: %s{0,2} \([^()\n]{1,40}\) )? \*{0,2} %s{0,8} %s \*{0,2} %s{1,8}"
        % (GAP, GAP, COLON, GAP),
        quoted=Names.PASSWORDS,
        is_prose=True,
    ),
    AssignmentRule(
        "dash",
        keywords=(b"-", b"~", b">", b"\xe2"),
        link=WORDS
        + rb"(?: %s{0,2} \([^()\n]{1,40}\) )? \*{0,2} %s{0,8} (?:%s|%s) %s{1,8}"
        % (GAP, GAP, DASH, ARROW, GAP),
        quoted=Names.PASSWORDS,
        is_prose=True,
    ),
    AssignmentRule(
        "below",
        keywords=(b"\n",),
        link=WORDS
        + rb"(?: %s{0,8} (?:%s|%s|%s) )? [*_]{0,2} %s{0,8} \n (?:[ \t]*\n){0,2} (?:[ \t]*"
        rb"(?:```|~~~)\w*\n)? [ \t]* (?:(?:[>*+-]|\xe2\x80\xa2|\d\.)[ \t]+)?"
        % (GAP, COLON, DASH, ARROW, GAP),
        after=rb"[*_.]{0,2}" + _LINE_END,
        is_prose=True,
    ),
    AssignmentRule(
        "parenthesis",
        GAP + rb"{1,2}\(",
        after=rb"\)|\Z",
        is_prose=True,
        starts=_SPACE_STARTS,
    ),
    AssignmentRule(
        "word-list",
        rb"(?:[^\n]{0,60}\n\s{0,8}|[^\n:]{0,40}:\s{1,8})",
        rb"(?P<bare> [a-z]{3,8} (?:[ ][a-z]{3,8}){11,23} (?=[ \t.]*(?:\n|\Z)) | [a-z]{1,8} "
        rb"(?:[ ][a-z]{0,8}){0,22} \Z )",
        bare=Names.PHRASES,
    ),
    AssignmentRule(
        "apposition",
        GAP + rb"{1,3}",
        BARE,
        after=rb"[ \t\r]*(?:\n|\Z)|[ ]?[.,;!)](?:\s|\Z)",
        is_prose=True,
        starts=_SPACE_STARTS,
    ),
    AssignmentRule(
        "pass-phrase",
        WORDS + rb"(?: %s{1,8} %s | %s )" % (GAP, VERB, COLON) + GAP + rb"{1,8}",
        rb"(?P<bare> [A-Za-z]{3,12} (?:[ ][A-Za-z]{3,12}){2,7} (?=[ \t.]*(?:\n|\Z)) "
        rb"| [a-z]{1,12} (?:[ ][a-z]{0,12}){0,7} \Z )",
        bare=Names.PHRASES,
        starts=b" \t:=\xef\xc2\xe3",
    ),
    AssignmentRule(
        "word",
        GAP + rb"{1,8}",
        LITERAL,
        quoted=Names.PASSWORDS,
        is_prose=True,
        starts=_SPACE_STARTS,
    ),
)
"""The forms, each of which is tried at each name."""

NEAR_BYTES: Final = 256
"""Bytes after a name in which a keyword has to be."""

RULES_BY_START: Final = tuple(
    tuple(rule for rule in ASSIGNMENT_RULES if not rule.starts or byte in rule.starts)
    for byte in range(256)
)
"""The rules to try at a name, by the byte that follows it."""
