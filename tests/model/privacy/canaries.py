"""Keys and passwords of 32 kinds that open nothing. Tests make them as they run: this file contains
none.
"""

from __future__ import annotations

import random
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final, NamedTuple

LETTERS: Final = string.ascii_letters + string.digits
CAPITALS: Final = string.ascii_uppercase + "234567"
HEX: Final = "0123456789abcdef"
GENERATED: Final = LETTERS + "!#%&*+-.^_~"
WORDS: Final = [
    "otter",
    "violet",
    "anchor",
    "pebble",
    "walnut",
    "comet",
    "saddle",
    "thimble",
    "harbour",
    "mustard",
]
EACH: Final = 10
LEFT: Final = 4
"""Bytes of a secret that disclose nothing: its prefix, or the signs at its end."""


class Canary(NamedTuple):
    """A secret, in a line of code and in a line of prose."""

    kind: str
    secret: str
    code: str
    prose: str


def chosen(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


def base64(rng: random.Random, count: int) -> str:
    return b64encode(rng.randbytes(count)).decode()


def json_web_token(rng: random.Random) -> str:
    parts = [
        b'{"alg":"HS256","typ":"JWT"}',
        b'{"sub":"%d"}' % rng.randrange(10**9),
        rng.randbytes(32),
    ]
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def private_key(rng: random.Random) -> str:
    data = base64(rng, 280)
    return "\n".join(data[at : at + 64] for at in range(0, len(data), 64))


def discord(rng: random.Random) -> str:
    number = urlsafe_b64encode(str(rng.randrange(10**17, 10**18)).encode()).decode()
    return f"{number}.{chosen(rng, LETTERS, 6)}.{chosen(rng, LETTERS, 27)}"


def pass_phrase(rng: random.Random) -> str:
    return "".join(rng.sample(WORDS, 2)) + str(rng.randrange(10, 100))


def letters(rng: random.Random) -> str:
    return chosen(rng, string.ascii_lowercase, 9)


def a_name_with_digits(rng: random.Random) -> str:
    return f"my{rng.randrange(100)}{rng.choice(WORDS)}{rng.randrange(10, 100)}-pwd"


def a_placeholder_with_digits(rng: random.Random) -> str:
    return rng.choice(("${}", "<{}>", "%{}")).format(
        rng.choice(WORDS) + str(rng.randrange(100, 1000))
    )


# In code, and in prose. BEGIN and END keep scanners of this file from taking its lines for a key.
BY_ITSELF: Final = (
    'client = connect("{}", retries=3)',
    "The old key was {}, which we have to replace.",
)
BLOCK: Final = ["-" * 5 + f"{end} RSA PRIVATE KEY" + "-" * 5 for end in ("BEGIN", "END")]
PEM: Final = (
    "\n".join([BLOCK[0], "{}", BLOCK[1]]),
    "Keep this safe:\n" + "\n".join([BLOCK[0], "{}", BLOCK[1]]),
)

NAMED: Final = (
    '  - name: DB_PASSWORD\n    value: "{}"',
    '{{"name": "DB_PASSWORD", "value": "{}"}},',
)

Make = Callable[[random.Random], str]
KINDS: Final[dict[str, tuple[Make, tuple[str, str]]]] = {
    "aws id": (lambda rng: "AK" + "IA" + chosen(rng, CAPITALS, 16), BY_ITSELF),
    "aws secret": (
        lambda rng: base64(rng, 30),
        ('aws_secret_access_key = "{}"', "AWS_SECRET_ACCESS_KEY={}"),
    ),
    "github": (lambda rng: "gh" + "p_" + chosen(rng, LETTERS, 36), BY_ITSELF),
    "gitlab": (lambda rng: "gl" + "pat-" + chosen(rng, LETTERS + "-_", 20), BY_ITSELF),
    "slack": (
        lambda rng: "xo" + f"xb-{rng.randrange(10**11)}-{chosen(rng, LETTERS, 24)}",
        BY_ITSELF,
    ),
    "stripe": (lambda rng: "sk" + "_live_" + chosen(rng, LETTERS, 24), BY_ITSELF),
    "openai": (lambda rng: "sk" + "-proj-" + chosen(rng, LETTERS + "-_", 48), BY_ITSELF),
    "google": (lambda rng: "AI" + "za" + chosen(rng, LETTERS + "-_", 35), BY_ITSELF),
    "npm": (lambda rng: "np" + "m_" + chosen(rng, LETTERS, 36), BY_ITSELF),
    "sendgrid": (
        lambda rng: "S" + f"G.{chosen(rng, LETTERS, 22)}.{chosen(rng, LETTERS, 43)}",
        BY_ITSELF,
    ),
    "jwt": (
        json_web_token,
        ('headers = {{"Authorization": "Bearer {}"}}', "Send {} along with it."),
    ),
    "discord": (discord, BY_ITSELF),
    "private key": (private_key, PEM),
    "url": (
        lambda rng: chosen(rng, LETTERS + "!-_.", 12),
        (
            'engine = create("postgres://app:{}@db.local/app")',
            "It is at mysql://reader:{}@10.0.0.2/sales now.",
        ),
    ),
    "hex": (lambda rng: chosen(rng, HEX, 40), BY_ITSELF),
    "azure": (
        lambda rng: base64(rng, 64),
        ('connect("AccountKey={};Suffix=net")', "The storage account has {} for it."),
    ),
    "generated": (
        lambda rng: chosen(rng, GENERATED, 15) + "7",
        ('db_password = "{}"', "DB_PASSWORD={}"),
    ),
    "pass phrase": (pass_phrase, ('login(user="ann", password="{}")', "The password is {}.")),
    "words": (
        lambda rng: " ".join(rng.sample(WORDS, 4)),
        ('passphrase: "{}"', 'export SECRET="{}"'),
    ),
    "bearer": (
        lambda rng: chosen(rng, LETTERS, 18) + "9",
        ('curl -H "Authorization: Bearer {}" $URL', "curl --api-token {} $URL"),
    ),
    "header": (
        lambda rng: chosen(rng, LETTERS, 10) + "4",
        ('"Authorization: Bearer\t{}"', "Send Authorization: Token {} along with it."),
    ),
    "longer name": (
        lambda rng: chosen(rng, LETTERS, 11) + "5",
        ('API_KEY_SENDGRID="{}"', "TOKEN_AZURE={}"),
    ),
    "like a name": (
        lambda rng: letters(rng) + "key",
        ("DB_PASSWORD={}", "      MYSQL_ROOT_PASSWORD: {}"),
    ),
    "like one with digits": (a_name_with_digits, ('JWT_SECRET="{}"', "PASSWORD={}")),
    "pass": (pass_phrase, ("SMTP_PASS={}", "auth: {{ user: 'ann', pass: '{}' }},")),
    "digits": (lambda rng: chosen(rng, string.digits, 10), ("password: {}", "The password is {}.")),
    "dotted": (
        lambda rng: ".".join(rng.sample(WORDS, 2)) + str(rng.randrange(10, 100)),
        ("password = {}", "The password for the wifi is {}"),
    ),
    "filled in": (a_placeholder_with_digits, ("password = '{}'", 'password: "{}"')),
    "comma": (
        lambda rng: rng.choice(",;").join((letters(rng), chosen(rng, string.digits, 3))),
        ("PASSWORD={}", "password: {}"),
    ),
    "at": (
        lambda rng: letters(rng) + "@" + chosen(rng, LETTERS, 6),
        ("postgres://app:{}@db.local/app", "It is at amqp://reader:{}@10.0.0.2 now."),
    ),
    "variable": (letters, NAMED),
    "command": (
        pass_phrase,
        ("sshpass -p {} ssh root@10.0.0.2", "Try curl -u ann:{} https://example.org again."),
    ),
}


def canaries(seed: int = 0, each: int = EACH) -> list[Canary]:
    """Make `each` canaries of each kind, which depend on `seed`."""
    made = []
    for kind, (make, (code, prose)) in KINDS.items():
        rng = random.Random(f"{seed} {kind}")
        for _ in range(each):
            secret = make(rng)
            made.append(Canary(kind, secret, code.format(secret), prose.format(secret)))
    return made


def goes_on(offered: str, rest: str) -> bool:
    """Return whether a suggestion continues a secret further than by chance."""
    return bool(rest) and offered.lstrip().startswith(rest[:LEFT])
