"""The forms in commands, URLs and SQL in which a value follows its name."""

from __future__ import annotations

from typing import Final

from foretype_model.privacy.assignment_grammar import (
    BARE,
    GAP,
    LINE_END,
    LITERAL,
    SPACE_STARTS,
)
from foretype_model.privacy.assignment_rule import AssignmentRule, Names
from foretype_model.privacy.values import METAVARIABLE, TYPE

COMMAND_RULES: Final = (
    AssignmentRule(
        "option",
        rb"=",
        bare=Names.PASSWORDS,
        allow=METAVARIABLE,
        before_has=b"--",
        before_bytes=160,
        before=rb"--(?:set(?:-string)?[ =]|from-literal[ =])?[\w.-]*",
        starts=b"=",
    ),
    AssignmentRule(
        "option-and-value",
        GAP + rb"{1,8}",
        before=rb"(?:\A|\s|[\"'`])(?:--?|/)[\w-]*",
        starts=SPACE_STARTS,
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
        before_bytes=160,
        before=rb"(?: require | (?:\A|\n)[ \t]*[\w-]* | \b(?:username|user|enable|login)\b[^\n]* )",
        after=LINE_END,
        starts=b" \t",
    ),
    AssignmentRule(
        "netrc",
        rb"\s{1,8}",
        BARE,
        bare=Names.PASSWORDS,
        before_has=b" ",
        before_bytes=160,
        before=rb"\b(?:machine\s+\S{1,80}|default)\s+(?:(?:login|account)\s+\S{1,80}\s+){0,2}",
        starts=b" \t\n",
    ),
    AssignmentRule(
        "login",
        rb"\s{1,8}",
        BARE,
        before_bytes=160,
        before=rb"\b(?:login|user|username|account)\s+\S{1,80}\s+",
        starts=b" \t\n",
    ),
    AssignmentRule(
        "login-line",
        rb"[ \t]{1,8}",
        BARE,
        bare=Names.ALL,
        after=LINE_END,
        allow=TYPE,
        before_has=b"\n",
        before_bytes=160,
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
        before_bytes=160,
        before=rb"\b(?:user|host|hostaddr|dbname|port|username|server|uid)=\S+\s+\w*",
        starts=b"=",
    ),
    AssignmentRule(
        "sql",
        GAP + rb"{1,8}(?:for[ ][^\n=]{1,60}=[ ]*|=?[ ]*N?)",
        LITERAL,
        quoted=Names.PASSWORDS,
        is_prose=True,
        starts=SPACE_STARTS,
    ),
    AssignmentRule(
        "sql-function",
        rb"\([ ]*",
        LITERAL,
        quoted=Names.PASSWORDS,
        before_bytes=160,
        before=rb"(?:=|\bBY|VALUES?[ (].*)[ ]*",
        starts=b"(",
    ),
)
