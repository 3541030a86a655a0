"""The tables of rules for secrets."""

from __future__ import annotations

import re

import pytest

from foretype_model.privacy.assignment_rules import ASSIGNMENT_RULES
from foretype_model.privacy.call_rules import CALL_RULES
from foretype_model.privacy.context_rules import CONTEXT_RULES, URL_RULE
from foretype_model.privacy.credentials import find_all
from foretype_model.privacy.key_rules import ENTROPY_RULES, PREFIX_RULES, RUN_RULES
from foretype_model.privacy.languages import LANGUAGES
from foretype_model.privacy.names import KINDS_OF_KEYS, KINDS_OF_PASSES
from foretype_model.privacy.nearby_rules import (
    LOCK_RULES,
    NEARBY_RULES,
    PIN_RULES,
    TOPIC_RULES,
)
from foretype_model.privacy.preceding_rules import PRECEDING_RULES
from foretype_model.privacy.secret_scanner import redact, redact_around

TABLES = {
    "keys": (*PREFIX_RULES, *RUN_RULES, *ENTROPY_RULES),
    "contexts": (*CONTEXT_RULES, URL_RULE),
    "assignments": ASSIGNMENT_RULES,
    "preceding": PRECEDING_RULES,
    "calls": CALL_RULES,
    "nearby": NEARBY_RULES,
    "topics": TOPIC_RULES,
    "locks": LOCK_RULES,
    "pins": PIN_RULES,
}
CONTEXTS = {
    "http-bearer": b"Authorization: Bearer Zx81kkq0abcd",
    "http-basic": b"Authorization: Basic Zx81kkq0abcd",
    "http-authorization": b"Authorization: Token Zx81kkq0abcd",
    "sql-identified-by": b"CREATE USER app IDENTIFIED BY 'Zx81kkq0abcd'",
    "curl-auth-user": b"curl -u ann:Zx81kkq0abcd",
    "sshpass": b"sshpass -p Zx81kkq0abcd ssh root@host",
    "database-client": b"mysqldump -pZx81kkq0abcd app",
    "smb-user": b"smbclient -U ann%Zx81kkq0abcd",
    "option-of-command": b"redis-cli -a Zx81kkq0abcd",
    "piped-password": b"echo Zx81kkq0abcd | sudo -S true",
    "piped-user": b"echo ann:Zx81kkq0abcd | chpasswd",
    "rclone-obscure": b"rclone obscure Zx81kkq0abcd",
    "htpasswd-batch": b"htpasswd -b file ann Zx81kkq0abcd",
    "net-use": b"net user ann Zx81kkq0abcd /add",
    "secure-string": b"ConvertTo-SecureString 'Zx81kkq0abcd'",
    "sql-identified-by-bare": b"CREATE USER app IDENTIFIED BY Zx81kkq0abcd;",
    "sql-replaced": b"ALTER USER app IDENTIFIED BY x REPLACE Zx81kkq0abcd;",
    "sql-crypt": b"SELECT crypt('Zx81kkq0abcd', gen_salt('bf'))",
    "sql-setting": b"UPDATE t SET value = 'Zx81kkq0abcd' WHERE name = 'password'",
    "basic-auth-setting": b"basic_auth: ann:Zx81kkq0abcd",
    "user-of-samba": b"smbpasswd -a ann Zx81kkq0abcd",
    "login-command": b"vault login Zx81kkq0abcd",
    "here-string": b"passwd ann <<< Zx81kkq0abcd",
    "oracle-login": b"sqlplus ann/Zx81kkq0abcd@db",
    "administrator": b"admin Zx81kkq0abcd",
    "mail-and-password": b"ann@example.org Zx81kkq0abcd",
    "typed-when-asked": b"type Zx81kkq0abcd when asked",
    "user-and-password": b"as ann / Zx81kkq0abcd",
    "user-colon-password": b"login ann:Zx81kkq0abcd",
    "pgpass": b"host:5432:app:ann:Zx81kkq0abcd",
    "ldap-hash": b"{SSHA}Zx81kkq0abcd",
    "webhook-url": b"https://hooks.example.com/Zx81kkq0abcd",
    "password-hash": b"ann:$6$Zx81kkq0abcd$Zx81kkq0abcd",
    "url": b"amqp://ann:Zx81kkq0abcd@host/",
}


CALLS = {
    "login": b"connect('host', 'ann', 'Zx81kkq0abcd')",
    "cipher": b"encrypt('Zx81kkq0abcd')",
    "key-of-sql": b"PRAGMA key = 'Zx81kkq0abcd'",
}


@pytest.mark.parametrize("rule", CALL_RULES, ids=lambda rule: rule.id)
def test_argument_is_masked(rule):
    """The password or key among the arguments of each kind of call is masked."""
    assert b"Zx81kkq0abcd" not in redact(CALLS[rule.id] + b"\n")


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


@pytest.mark.parametrize("rule", TABLES["contexts"], ids=lambda rule: rule.id)
def test_context_is_masked(rule):
    """The password of each context is masked."""
    assert b"Zx81kkq0abcd" not in redact(CONTEXTS[rule.id] + b"\n")


def test_begin_without_end_is_masked():
    """A private key without its last line is masked, up to the text that follows it."""
    key = b"MIIEpAIBAAKCAQEA\n0Z3VS5JJcds3xfn2yg\n"
    text = b"-----BEGIN RSA " + b"PRIVATE KEY-----\n" + key + b"\nThe text goes on.\n"
    masked = redact(text)
    assert b"MIIEpAIBAAKCAQEA" not in masked
    assert b"0Z3VS5JJcds3xfn2yg" not in masked
    assert masked.endswith(b"\nThe text goes on.\n")


def test_previous_line_is_needed():
    """A value is masked for the name in the line before it, and not without that name."""
    named, other = b"- name: DB_PASSWORD\n", b"- name: DB_HOST\n"
    assert b"whiskey" not in redact(named + b"  value: whiskey\n")
    assert b"whiskey" in redact(other + b"  value: whiskey\n")
    assert b"hunter22" not in redact_around(named + b"  value: hunter22\n", 30, 38)[0]


@pytest.mark.parametrize(("value", "masked"), [("hunt2", False), ("hunte2", True)])
def test_six_characters_are_needed(value, masked):
    """Without quotes, letters with a digit are a secret from six characters on."""
    assert (value.encode() not in redact(f"password: {value}\n".encode())) is masked


@pytest.mark.parametrize("kind", KINDS_OF_PASSES)
def test_kind_makes_pass_a_name(kind):
    """Each word before "pass" makes it the name of a password: "smtp" and the others."""
    line = b'%s_pass = "whiskey"\n' % kind
    assert b"whiskey" not in redact(line)
    assert b"whiskey" in redact(b'first_pass = "whiskey"\n')


@pytest.mark.parametrize("kind", KINDS_OF_KEYS)
def test_kind_makes_key_a_name(kind):
    """Each word before "key" makes it the name of a secret."""
    assert b"hunter22x" not in redact(b"%s_key = hunter22x\n" % kind)
    assert b"hunter22x" in redact(b"primary_key = hunter22x\n")


@pytest.mark.parametrize(
    "name",
    [name for row in LANGUAGES.values() for name in (*row.passwords, *row.tokens)],
)
def test_name_of_language_counts(name):
    """A value with letters and digits after a name in any language is masked."""
    assert b"hunter22x" not in redact(f"{name}: hunter22x\n".encode())
    assert b"hunter22x" not in redact(f"{name.capitalize()} = hunter22x\n".encode())
