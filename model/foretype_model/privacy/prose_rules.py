"""The forms in notes and prose in which a value follows its name."""

from __future__ import annotations

from typing import Final

from foretype_model.privacy.assignment_grammar import (
    ADVERB,
    ARROW,
    BARE,
    COLON,
    DASH,
    FOREIGN_VERB,
    GAP,
    LINE_END,
    LITERAL,
    SPACE_STARTS,
    VERB,
    WORDS,
)
from foretype_model.privacy.assignment_rule import AssignmentRule, Names

PROSE_RULES: Final = (
    AssignmentRule(
        "cell",
        rb"[ \t]+\|[ \t]*",
        before_has=b"|",
        before_bytes=160,
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
        starts=SPACE_STARTS,
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
        starts=SPACE_STARTS,
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
        link=WORDS + rb"(?:[ ]\([^()\n]{1,40}\))? (?: %s{0,8} (?:%s|%s|%s) )?"
        rb" [*_]{0,2} %s{0,8} \n (?:[ \t]*\n){0,2} (?:[ \t]*"
        rb"(?:```|~~~)\w*\n)? [ \t]* (?:(?:[>*+-]|\xe2\x80\xa2|\d\.)[ \t]+)?"
        % (GAP, COLON, DASH, ARROW, GAP),
        after=rb"[*_.]{0,2}" + LINE_END,
        is_prose=True,
    ),
    AssignmentRule(
        "parenthesis",
        GAP + rb"{1,2}\(",
        after=rb"\)|\Z",
        is_prose=True,
        starts=SPACE_STARTS,
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
        after=rb"[ \t\r]*(?:\n|\Z)|[ ]?[.,;!)](?:\s|\Z)|[ ](?:for|on|to|at|in)[ ]",
        is_prose=True,
        starts=SPACE_STARTS,
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
        starts=SPACE_STARTS,
    ),
)
