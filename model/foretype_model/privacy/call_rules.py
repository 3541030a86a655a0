"""The calls of which an argument is a password or a key, as a table. `calls` applies them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from foretype_model.privacy.values import MIXED_OR_JOINED


@dataclass(frozen=True)
class CallRule:
    """A call of which an argument in quotes is a password.

    Attributes:
        id: the kind of call.
        keywords: in lower case; the regex is tried where one of them begins.
        regex: matches from a keyword to the beginning of the arguments.
        skipped: arguments before the first one that may be a password: a host or a user.
        shape: the beginning of the argument has to match.
    """

    id: str
    keywords: tuple[bytes, ...]
    regex: re.Pattern[bytes]
    skipped: int = 1
    shape: re.Pattern[bytes] = MIXED_OR_JOINED


KEY: Final = re.compile(rb"(?=[^A-Za-z]*+[A-Za-z])(?=[^0-9]*+[0-9])\S{8,}+\Z")
"""Letters and digits, without a space: a key, and no text to encrypt."""

ARGUMENT: Final = re.compile(
    rb"(?:[brfuLNR@$]{0,2})(?:\"((?:[^\"\\\n]|\\.)*)(?:\"|\Z)|'((?:[^'\\\n]|\\.)*)(?:'|\Z))"
    rb"|[^\s,()\"']+|(,)|(\))|(\()"
)
"""An argument in quotes, another one, or a sign between them."""

ALGORITHM: Final = re.compile(
    rb"(?:aes|sha|hs|rs|es|ps|md|des|3des|rsa|ecdsa|ed|utf|pbkdf|hmac|blake|x?chacha|pkcs|tls|ssl"
    rb"|http|oauth|base|cram|scram|digest|iso|us|latin|ascii|windows|cp)[-_/]?[0-9].*"
    rb"|[\w.+-]+@[\w-]+\.[\w.-]+|\w+://.*|[\w./-]*/[\w./-]*|[\w-]+(?:\.[\w-]+)+(?::\d+)?|[\d.:-]+"
    rb"|[A-Za-z ]{2,40}=.*|%.*|.*[{<].*|.*\.{3}.*|[a-z]+(?:_[a-z0-9]+)+|[a-z]+(?:md5|sha\d+)",
    re.IGNORECASE,
)
"""All of an algorithm, an address, a path or a template."""

CALL_RULES: Final = (
    CallRule(
        "login",
        (
            b"connect", b"login", b"logon", b"log_in", b"signin", b"sign_in", b"auth", b"pdo(",
            b"mysqli", b"credential", b"basic", b"newinstance(", b"create_user", b"createuser",
            b"adduser", b"add_user", b"addlogin", b"superuser", b"create_account", b"createaccount",
            b"wifi.", b"softap(", b"pw_set(", b"userpass", b"bind(", b"register(", b"dblink",
        ),
        re.compile(rb"[\w.]{0,40}(?:[ ]?=[ ]?)?(?:[(\[]|[ ](?=[\"':]))", re.IGNORECASE),
    ),
    CallRule(
        "cipher",
        (
            b"encrypt", b"decrypt", b"cipher", b"hmac", b"jwt.", b"keyspec", b"fernet", b"unlock",
            b"keystore", b".load(", b"cookieparser", b"pbkdf2", b"scrypt", b"bcrypt", b"argon2",
            b"derive", b"hashbytes", b"aes.new", b"securestring", b"extractall(", b"cookiesession",
            b"64encode(", b"64_encode(", b"encode64(", b"btoa(",
        ),
        re.compile(rb"[\w.]{0,40}\(", re.IGNORECASE),
        skipped=0,
        shape=KEY,
    ),
    CallRule(
        "key-of-sql",
        (b"pragma key", b" key '"),
        re.compile(rb"[ ]?(?:pragma[ ])?key[ ](?:=[ ])?", re.IGNORECASE),
        skipped=0,
        shape=KEY,
    ),
)  # fmt: skip
