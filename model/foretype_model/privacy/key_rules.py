"""The keys that their own form shows, as tables in the form of gitleaks' rules:
`id`, regex, entropy, allow-list. `api_keys` applies them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from foretype_model.privacy.values import NEVER


@dataclass(frozen=True)
class KeyRule:
    """Keys that their own form shows.

    Attributes:
        id: the kind of key, by the name in gitleaks if it is there.
        regex: matches a key.
        is_dotted: the parts of the key are joined by dots, and the regex matches the first one.
    """

    id: str
    regex: bytes
    is_dotted: bool = False


@dataclass(frozen=True)
class EntropyRule:
    """Text that is too random for words.

    Attributes:
        id: the alphabet.
        regex: matches all of the text if the rule is for it.
        min_length: bytes; shorter text may look random by chance.
        entropy: bits a byte at least: text that repeats itself, as a date or a ruler does, is not
            random.
        max_mean_run: letters of one case, or digits, in sequence, on average: random text has
            shorter runs than names have. None if the rule does not count them.
        max_mean_letter_run: the same for text without a digit.
        allow: matches all of a text that is no secret.
    """

    id: str
    regex: re.Pattern[bytes]
    min_length: int
    entropy: float
    max_mean_run: float | None = None
    max_mean_letter_run: float | None = None
    allow: re.Pattern[bytes] = NEVER


# Keys that have a prefix, anywhere in a run of base64 (letters, digits, "+", "/", "_", "-")

PREFIX_RULES: Final = (
    KeyRule("aws-access-token", rb"A(?:KI|SI|BI|CC)A[A-Z0-9]{16}"),
    KeyRule("alibaba-access-key-id", rb"LTAI\w{12,}"),
    KeyRule("gcp-api-key", rb"AIza[\w-]{30,}"),
    KeyRule("gcp-oauth-client-secret", rb"GOCSPX-[\w-]{20,}"),
    KeyRule("age-secret-key", rb"AGE-SECRET-KEY-1\w{20,}"),
    KeyRule("github-token", rb"gh[pousr]_\w{20,}"),
    KeyRule("github-fine-grained-pat", rb"github_pat_\w{20,}"),
    KeyRule("gitlab-token", rb"gl[a-z]{2,6}-[\w-]{16,}"),
    KeyRule("npm-access-token", rb"npm_\w{30,}"),
    KeyRule("pypi-upload-token", rb"pypi-[\w-]{16,}"),
    KeyRule("docker-access-token", rb"dckr_pat_[\w-]{16,}"),
    KeyRule("slack-token", rb"xox[a-z]-[\w-]{10,}"),
    KeyRule("slack-app-token", rb"xapp-[\w-]{10,}"),
    KeyRule("slack-webhook-url", rb"services/T\w{6,}/B\w{6,}/\w{16,}"),
    KeyRule("stripe-access-token", rb"[spr]k_(?:live|test)_\w{10,}"),
    KeyRule("stripe-webhook-secret", rb"whsec_[A-Za-z0-9+/]{16,}"),
    KeyRule("openai-api-key", rb"sk-[\w-]{18,}"),
    KeyRule("huggingface-access-token", rb"hf_\w{20,}"),
    KeyRule("digitalocean-token", rb"do[opr]_v1_\w{20,}"),
    KeyRule("shopify-token", rb"shp[a-z]{2}_\w{20,}"),
    KeyRule("square-token", rb"sq0[a-z]{3}-[\w-]{20,}"),
    KeyRule("linear-api-key", rb"lin_api_\w{20,}"),
    KeyRule("mailgun-private-api-token", rb"key-[0-9a-f]{32}"),
    KeyRule("jwt", rb"eyJ[\w-]{10,}", is_dotted=True),
)

# Keys whose context shows them, matched where a run of base64 begins; the first match counts

RUN_RULES: Final = (
    KeyRule("sendgrid-api-token", rb"(?<=SG\.)[\w+/-]+", is_dotted=True),
    KeyRule("gcp-oauth-access-token", rb"(?<=ya29\.)[\w+/-]+", is_dotted=True),
    KeyRule("vault-service-token", rb"(?<=hvs\.)[\w+/-]+", is_dotted=True),
    KeyRule("telegram-bot-api-token", rb"(?<=[0-9]:)(?=AA[\w-]{28,})[\w+/-]+"),
    KeyRule("discord-api-token", rb"(?<![0-9]:)[MNO][DTjz][\w-]{21,26}\.[\w-]{6}\.[\w-]*"),
)

# Text that is too random for words; the first rule that the text is for decides

ENTROPY_RULES: Final = (
    # A checksum looks like a key and counts as one; the short form of a commit's does not.
    EntropyRule("hex", re.compile(rb"[0-9a-f]+|[0-9A-F]+"), 32, 3.0, allow=re.compile(rb"[0-9]+")),
    EntropyRule("base64", re.compile(rb"[\s\S]*"), 20, 3.5, 3.5, 2.3),
)
