"""The forms in code and settings in which a value follows its name: a sign, or a call."""

from __future__ import annotations

from typing import Final

from foretype_model.privacy.assignment_grammar import (
    BARE,
    GAP,
    LINE,
    LINE_END,
    LITERAL,
    SIGN,
    SIGN_STARTS,
    UNTIL_SPACE,
)
from foretype_model.privacy.assignment_rule import AssignmentRule, Names
from foretype_model.privacy.values import TYPE

_TYPE: Final = rb"[\w.:<>\[\]|?*&'][\w.:<>\[\]|?*&'\ ]{0,40}?"
_CONVERTER: Final = rb"""(?: (?:new|await|&)[ ] )? (?:\[\])? [\w.:]{0,40} (?:
    str|string|bytes|byte|char|secret|secretstr|sensitive|secure|securestring|password|from|of|some
    |new|literal|raw|text|buffer|encode|decode|b64encode|to_owned|field|default|var
    |md5|sha[_-]?\d+|s?crypt|bcrypt|encrypt|hashpw|hash|digest
) (?:\[\])? !? [({] \s{0,40}"""
_READER: Final = rb"""(?:
    get|set|env|environ|config|conf|cfg|option|opt|param|fetch|define|fill|type|put|add|append|send
    |require|var|secret|string|str|prop|lookup|read|load|arg|flag
)"""
_SETTING_LINE: Final = rb"""
    [ \t]* (?:-[ ])? ["']? [\w.\x80-\xff-]{1,40} (?:[ ][\w\x80-\xff]{1,20})? ["']? [ \t]* [:=]
    [ \t]*
    (?: [!\w][^\n"'(\[{;,]{0,60} | "[^"\n]{0,60}" | '[^'\n]{0,60}'
    | [^\x00-\x7f][^\n"'(\[{;,]{0,60} )? \n
    [ \t]* (?:-[ ])? ["']? [\w.-]*
"""
_INI: Final = rb"""
    (?:\A|\n) [ \t]* \[ [^\]\n]{1,60} \] [ \t]* \n
    (?: [\w.-]*[ \t]*[=:][^\n]*\n | [\#;][^\n]*\n | \n )* [\w.-]*
"""

CODE_RULES: Final = (
    AssignmentRule(
        "sign",
        GAP + rb"{0,32}" + SIGN + GAP + rb"{0,32}",
        quoted=Names.PASSWORDS,
        starts=SIGN_STARTS,
    ),
    AssignmentRule(
        "sign-next-line",
        GAP + rb"{0,32}" + SIGN + rb"[ \t]*\n(?:[ \t]*\n(?=[ \t]*[\"']))?[ \t]{0,60}",
        LITERAL,
        quoted=Names.PASSWORDS,
        starts=SIGN_STARTS,
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
        before_bytes=160,
        before=rb"(?:\A|\n)[\w\ ]*",
        after=LINE_END,
        starts=b"=",
    ),
    AssignmentRule(
        "yaml-constant",
        rb"[\"']?[ \t]{0,8}:[ \t]{1,32}",
        BARE,
        bare=Names.PASSWORD_CONSTANTS,
        after=LINE_END,
        allow=TYPE,
        starts=b"\"' \t:",
    ),
    AssignmentRule(
        "property",
        b"=",
        LINE,
        bare=Names.PASSWORDS,
        before_bytes=160,
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
        before_bytes=160,
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
        before_bytes=160,
        before=rb"(?:\A|\n)" + _SETTING_LINE,
        allow=TYPE,
        starts=b" \t=:",
    ),
    AssignmentRule(
        "typed",
        rb"(?: (?:\[\d*\])? [ \t]* : [ \t]* %s | [ \t]+ (?:\[\])? [\w.*]{1,30} "
        rb"| [ \t]+ as [ \t]+ [\w.]+ | [ \t]* <\w+>"
        rb" | \[\d*\] ) [ \t]* :?=(?!=) [ \t]*" % _TYPE,
        LITERAL,
        quoted=Names.PASSWORDS,
        starts=b" \t:[",
    ),
    AssignmentRule(
        "converted",
        rb"(?: [ \t]* : [ \t]* %s [ \t]{0,8} = | [ \t]{0,8} %s )? [ \t]{0,8}+ \s?+ [ \t]*+ "
        rb"(?:%s){1,2}" % (_TYPE, SIGN, _CONVERTER),
        LITERAL,
        quoted=Names.PASSWORDS,
        keywords=(b"(", b"{"),
        starts=SIGN_STARTS,
    ),
    AssignmentRule(
        "called",
        rb"[ \t]{0,8}%s[ \t]{0,8}[\w.:]{1,40}[(\[{]\s{0,40}" % SIGN,
        LITERAL,
        starts=SIGN_STARTS,
    ),
    AssignmentRule(
        "constructed",
        rb"[({][ \t]*",
        LITERAL,
        quoted=Names.PASSWORDS,
        before=rb"(?: [\w>&*][ ]\w{0,20} | (?:with|set|use|add|update|change|check|verify|validate"
        rb"|hash|encrypt|encode|compare|match|reset|confirm|\.|new[ ])_? \w{0,20} )",
        after=rb"\s*(?:[)},]|\Z|\.to\w+\()",
        starts=b"({",
    ),
    AssignmentRule(
        "argument",
        rb"\([ \t]*(?:(?:[\w.$@&*>-]{1,40}|\"[^\"\n]{0,60}\"|'[^'\n]{0,60}'),\s{0,40}){1,2}",
        LITERAL,
        before=rb"(?:with|set|use|add|update|change|check|verify|validate|reset|new)_?\w{0,20}",
        after=rb"\s*(?:[),]|\Z)",
        starts=b"(",
    ),
    AssignmentRule(
        "tuple",
        rb"[^()=\n]{0,40}\)?[ ]*:?=[ ]*[(\[]?[ ]*(?:%s[ ]*,[ ]*){0,4}?"
        rb"(?=[\"'][^\"'\n]*[0-9!@\#$%%^&*?~])"
        % rb"""(?:"[^"\n]{0,80}"|'[^'\n]{0,80}'|[\w.]{1,40})""",
        LITERAL,
        before=rb"[,(][ ]*[$@%]?\w*",
        starts=b" ,)",
    ),
    AssignmentRule(
        "macro",
        rb"[ ]*,[ ]*",
        LITERAL,
        quoted=Names.PASSWORDS,
        before=rb"\b(?:define|set|const|constant|def|let|val)\w*[ ]?\([ ]*[:?]?\w*",
        starts=b" ,",
    ),
    AssignmentRule(
        "lisp",
        rb"\s{1,8}",
        LITERAL,
        quoted=Names.PASSWORDS,
        before=rb"\(def\w*[ ]+\*?[\w-]*",
        starts=b" \t\n",
    ),
    AssignmentRule(
        "case",
        rb"[)\s]{0,4}(?:of|in|\{)\s{1,40}(?:case[ ]|when[ ])?",
        LITERAL,
        quoted=Names.PASSWORDS,
        before=rb"\b(?:case|match|switch|when)[ (]{1,3}[\w.$\"]*",
        starts=b') \t\n"',
    ),
    AssignmentRule(
        "multi-line",
        rb"[ \t]*%s[ \t]* (?: [brfu]?(?:\"{3}|'{3}|`) | <<[~-]?[\"']?\w+[\"']? ) \\? \n [ \t]*"
        % SIGN,
        LINE,
        bare=Names.PASSWORDS,
        starts=SIGN_STARTS,
    ),
    AssignmentRule(
        "fallback",
        rb"(?: (?<=[\"'\])]) | [ ]{0,4} (?= [:=] | \|\| | \?\? | \?: ) )"
        rb"(?: [^\n;\"'`] | \"[^\"\n]{0,60}\" | '[^'\n]{0,60}' ){0,80}?"
        rb" (?: \|\| | \?\? | \?: | //(?=[ ]*[\"']) | \b(?:or|else)\b | \?[^:\n]{0,40}:"
        rb" | \.(?:unwrap_or|or_?else|get_?or|value_?or|or_?default|if_?(?:blank|empty))\w*\( ) \s*"
        rb"(?: \|\| \s* | \(\) \s* [=-]> \s* )?",
        LITERAL,
        quoted=Names.PASSWORDS,
        keywords=(
            b"||",
            b"?",
            b"//",
            b" or ",
            b"else",
            b"_or",
            b"getor",
            b"valueor",
            b"default",
            b".if",
        ),
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
        rb"|secret)\w*\([ \t]*[\"'][^\"'\n]{1,60}[\"'][ \t]*,[ \t]*" % SIGN,
        LITERAL,
        quoted=Names.PASSWORDS,
        starts=SIGN_STARTS,
    ),
    AssignmentRule(
        "listed",
        rb"\s{0,40},\s{0,40}(?![\"']@)",
        LITERAL,
        before=rb"[\"'\#./:{-] [\w.-]*",
        starts=b" \t\n,",
    ),
    AssignmentRule(
        "second-argument",
        rb"\s{0,40},\s{0,40}(?:default[ ]?[=:][ ]?)?",
        LITERAL,
        quoted=Names.PASSWORDS,
        before_bytes=160,
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
        before_bytes=160,
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
)
