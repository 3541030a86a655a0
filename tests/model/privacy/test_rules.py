"""The tables of rules for secrets."""

from __future__ import annotations

import re

import pytest

from foretype_model.privacy.assignment_rules import ASSIGNMENT_RULES
from foretype_model.privacy.credentials import find_all
from foretype_model.privacy.preceding_rules import PRECEDING_RULES
from foretype_model.privacy.rules import (
    CONTEXT_RULES,
    ENTROPY_RULES,
    PREFIX_RULES,
    RUN_RULES,
    URL_RULE,
)

TABLES = {
    "keys": (*PREFIX_RULES, *RUN_RULES, *ENTROPY_RULES),
    "contexts": (*CONTEXT_RULES, URL_RULE),
    "assignments": ASSIGNMENT_RULES,
    "preceding": PRECEDING_RULES,
}
CONTEXTS = {
    "http-bearer": b"Authorization: Bearer Zx81kkq0abcd",
    "http-basic": b"Authorization: Basic Zx81kkq0abcd",
    "http-authorization": b"Authorization: Token Zx81kkq0abcd",
    "sql-identified-by": b"CREATE USER app IDENTIFIED BY 'Zx81kkq0abcd'",
    "curl-auth-user": b"curl -u ann:Zx81kkq0abcd",
    "sshpass": b"sshpass -p Zx81kkq0abcd ssh root@host",
    "database-client": b"mysqldump -pZx81kkq0abcd app",
    "password-hash": b"ann:$6$Zx81kkq0abcd$Zx81kkq0abcd",
    "url": b"amqp://ann:Zx81kkq0abcd@host/",
}


@pytest.mark.parametrize("table", TABLES)
def test_ids_are_unique(table):
    """Each rule of a table has an id of its own."""
    ids = [rule.id for rule in TABLES[table]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("rule", TABLES["contexts"], ids=lambda rule: rule.id)
def test_keyword_begins_the_regex(rule):
    """A rule's regex matches from one of its keywords, and its last group is the password."""
    text = CONTEXTS[rule.id]
    starts = [place for word in rule.keywords for place in find_all(text.lower(), word)]
    found = [rule.regex.match(text, start) for start in starts] or [rule.regex.search(text)]
    values = [one[one.lastindex] for one in found if one]
    assert any(b"Zx81kkq0abcd" in value and rule.requires.match(value) for value in values)


def test_rules_have_no_groups():
    """A rule for keys has no group, so that the rules can be joined to one regex."""
    assert not [rule.id for rule in (*PREFIX_RULES, *RUN_RULES) if re.compile(rule.regex).groups]
