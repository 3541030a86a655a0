"""Passwords after a name, in a URL or in a command, as in files and notes, and text like them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cpu_time import cpu_seconds_below

from foretype_model.predictor import ERASED
from foretype_model.privacy.secret_scanner import (
    SCAN_BYTES,
    find_secrets,
    pending_suffix,
    redact,
    redact_around,
)

MAX_HARMLESS_BYTES = 4
"""Bytes of a password that disclose nothing."""

DETECTED = [
    # A name that goes on.
    'API_KEY_SENDGRID="«Zx81kkq0abcd»"',
    "TOKEN_AZURE=«Zx81kkq0abcd»",
    "API_KEY_ANDROID: «Zx81kkq0abcd»",
    "secret_profile=«Zx81kkq0abcd»",
    # Values that end, or begin, as something else does.
    'PASSWORD="«BlueM0nkey»"',
    "DB_PASSWORD=«whiskey»",
    "DB_PASSWORD=«Summer2024Password»",
    'JWT_SECRET="«my5up3r-secret»"',
    "password: «83921746»",
    "the password is «83921746», for now",
    "password = «83921746»",
    "password: «blue.House7»",
    "password = «blue.House7»",
    "password = '«$ecret99x»'",
    'password = "«<hunter22>»"',
    'password = "«{x9!kk}»"',
    "PASSWORD=«hunter,22x»",
    "PASSWORD=«hunter;22x»",
    "{user: ann, password: «hunter22», host: db}",
    "connect(user=ann,password=«hunter22»,port=1)",
    # Names with "pass".
    "SMTP_PASS=«hunter22»",
    'db_pass = "«whiskey»"',
    "PASS=«hunter22»",
    "auth: { user: 'me@example.org', pass: '«hunter22»' },",
    'const dbPass = "«hunter22»";',
    'os.environ["SMTP_PASS"] = "«hunter22»"',
    "openssl enc -aes-256-cbc -in a -pass «pass:hunter22»",
    # URLs, and what else connects.
    "postgres://u:«p4ss@w0rd»@host/db",
    "redis://:«hunter22»@localhost:6379/0",
    "amqp://guest:«gu3st-pw»@mq:5672/%2f",
    "https://ann@example.org:«hunter22»@example.org/",
    "jdbc:mysql://db:3306/app?user=root&password=«hunter22»",
    "Server=db;Database=app;Uid=sa;Pwd=«hunter22»;Encrypt=yes",
    # YAML, JSON, XML, PHP, SQL.
    "      MYSQL_ROOT_PASSWORD: «whiskey»",
    "  - name: DB_PASSWORD\n    value: «whiskey»",
    '  - name: DB_PASSWORD\n    value: "«whiskey»"',
    '{"name": "DB_PASSWORD", "value": "«whiskey»"},',
    '<property name="password" value="«hunter22»"/>',
    "<name>db.password</name>\n  <value>«hunter22»</value>",
    "<password>«whiskeyjar»</password>",
    "define('DB_PASSWORD', '«whiskey jar»');",
    "'password' => env('DB_PASSWORD', '«hunter22»'),",
    'os.environ.setdefault("API_KEY", "«abc123def»")',
    "CREATE USER app WITH PASSWORD '«hunter22»';",
    "CREATE USER 'app'@'%' IDENTIFIED BY '«whiskey»';",
    # Commands.
    "Authorization: Bearer\t«abc123def456»",
    'curl -H "Authorization: Token «abc123def456»" https://example.org',
    "curl -u admin:«hunter22» https://example.org",
    'curl --user "admin:«hunter22»" https://example.org',
    'curl -d "{\\"user\\":\\"ann\\",\\"password\\":\\"«hunter22»\\"}" https://example.org',
    "mysql -u root -p«hunter22» app",
    "mysqldump --user=root --password=«whiskey» app",
    "sshpass -p '«whiskey jar»' ssh root@10.0.0.2",
    "docker login -u ann -p «hunter22» registry.local",
    "machine example.org login ann password «whiskey»",
    "requirepass «hunter22»",
    "ENV DB_PASSWORD «hunter22»",
    "set -gx API_KEY «abc123def»",
    "ann:«$apr1$lZk3x7bq$Vq1N8GkPq3tT0mJ5uYh7e/»",
    "ann:«$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy»",
    # Notes.
    "**Password:** «hunter22»",
    "- **Password**: `«hunter22»`",
    "| user | password | «hunter22» |",
    "The password for the wifi is «hunter22».",
    "The API key is «abc123def9».",
    "Passwort: «hunter22»",
]
UNDETECTED = [
    "    pass",
    "if done: pass",
    'bypass = "hunter22"',
    "compass: north4you",
    "tests_pass = 123456",
    "PASS=12",
    "first_pass = run_pass(2)",
    "Passing tests: 123456",
    "pass_count = 12345678",
    "password_length = 12",
    "password_reset_timeout = 259200",
    "max_tokens: 4096",
    "token_count=83921746",
    "encode(token, 123456)",
    'PASSWORD="$DB_PASSWORD"',
    'PASSWORD="${DB_PASSWORD}"',
    'password="$(cat /run/secrets/pw1)"',
    'password: "{{ vault_password1 }}"',
    'password = "%(password1)s"',
    'password = "<your-password>"',
    "token = self.token1, password = form.field2, secret = lib.secret2",
    "API_KEY_ID=abc123def9",
    "secretName: db-password1",
    'tokenUrl: "https://example.org/oauth2/token"',
    'token_type = "access_token"',
    'fields = ("username", "password", "password2")',
    "PASSWORD: string",
    "NOPASSWD: /usr/bin/make",
    "docker run -u 1000:1000 -p 3306:3306 mysql",
    "docker run -u root:root mysql -p3306:3306",
    'curl -u "$USER:$PASSWORD" https://example.org',
    "date -u +%Y-%m-%dT%H:%M:%SZ",
    "postgres://{user}:{password}@{host}/db",
    "postgres://$USER:$PASS@host/db",
    "The username and password over the network, and login with password authentication.",
    "a **password**, **privacy**, and others",
    "`<secret>`: a string that is one, such as a word",
    "List<Token> tokens1 = null;",
    "secret|security|sha256|sha512",
    'echo "$password" | base64',
    "password: str | None = None",
]
PARTS = re.compile(r"[«»]")


def parts(line: str) -> tuple[bytes, int, int]:
    """Return a line, and the start and end of its password."""
    before, password, after = (part.encode() for part in PARTS.split(line))
    return before + password + after, len(before), len(before + password)


@pytest.mark.parametrize("line", DETECTED)
def test_password_alone_is_masked(line):
    """A password is masked, and no other byte of its line."""
    text, start, end = parts(line)
    assert find_secrets(b"before\n%s\nafter\n" % text) == [(7 + start, 7 + end)]


@pytest.mark.parametrize("line", UNDETECTED)
def test_similar_text_is_left_alone(line):
    """Text that resembles a password is not masked."""
    assert find_secrets(b"before\n%s\nafter\n" % line.encode()) == []


@pytest.mark.parametrize("line", DETECTED)
def test_typed_password_stays_pending(line):
    """While a password is typed, at most 4 bytes of it count as learnable."""
    text, start, end = parts(line)
    shown = set[int]()
    for typed in range(start, len(text) + 1):
        settled = redact(text[:typed])[: typed - pending_suffix(text[:typed])]
        shown |= {at for at in range(start, min(end, len(settled))) if settled[at] == text[at]}
    assert len(shown) <= MAX_HARMLESS_BYTES


PARAGRAPH = (
    "I will talk with Okonkwo about the account now and then use what he says to identify the two "
    "places where we enter the numbers, with care. Try it on the new desk, type a line, connect "
    "both screens and login once more; the root of it is that admin work takes two people, and "
    "either he / she or the auth team has to be there. Now it is 12:30 with 3 people, I use 2 of "
    "them if asked, and repeat what they tell me. The meeting with Okonkwo is on Monday at 10:15."
)


def test_sentence_is_learnt_while_typed():
    """Words that may precede a password keep the rest of a paragraph from being learnt for the
    next few words at most.
    """
    ends = [at for at, one in enumerate(PARAGRAPH) if one == " "]
    waiting = [pending_suffix(PARAGRAPH[:end].encode()) for end in ends]
    assert max(waiting) <= 40
    assert sum(waiting) / len(waiting) <= 8


LINES = st.sampled_from(
    [*(parts(line)[0].decode() for line in DETECTED), *UNDETECTED, "", "word " * 150]
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=8).map("\n".join), st.floats(0, 1), st.floats(0, 1))
def test_part_is_masked_as_whole(text, start, end):
    """A part of a text is masked as in the whole text."""
    data = text.encode()
    first, last = sorted((int(start * len(data)), int(end * len(data))))
    near, low = redact_around(data, first, last)
    assert near[first - low : last - low] == redact(data)[first:last]


def test_name_in_line_before_counts():
    """A name in the line before counts for a value as long as a line may be."""
    line = b'  value: "%s"' % (b"otter " * SCAN_BYTES)[: SCAN_BYTES - 11]
    text = b"- name: DB_PASSWORD\n%s\n" % line
    assert len(line) == SCAN_BYTES
    whole = redact(text)
    assert whole.count(ERASED) == SCAN_BYTES - 11
    for start in range(len(text)):
        near, low = redact_around(text, start, start + 1)
        assert near[start - low] == whole[start]


def test_text_after_url_is_learnable():
    """The text after a URL is not pending."""
    assert pending_suffix(b"see http://localhost:8080/a and ") == 0


@pytest.mark.parametrize(
    "unit", ["a", '"', "a@", "://a:", "password=", "password ", "api_key=", "token|", "password_"]
)
def test_repetitive_text_is_fast(unit):
    """No repeated unit makes the search slow: 100 kB take less than 2 s."""
    text = b'password="' + unit.encode() * (100_000 // len(unit))
    for some in (text, text[10:]):
        with cpu_seconds_below(2):
            find_secrets(some)
