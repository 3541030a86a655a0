"""Where a rule for secrets begins to hold: a byte more or less, a quote, the end of a text."""

from __future__ import annotations

import pytest

from foretype_model.privacy.secret_scanner import redact

KEY = b"kQ9xR27mZpL0vB4tWyA8cD3nE6"
HEX = b"0123456789abcdeffedcba9876543210"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (b"cat/" + KEY, b"cat/" + KEY),
        (b"cats/" + KEY, KEY),
        (KEY + b"/cat", KEY + b"/cat"),
        (KEY + b"/cats", KEY),
    ],
)
def test_short_part_belongs_to_key(text, secret):
    """A part of up to three letters beside random text is a part of the key; a word is none."""
    assert redact(text + b"\n") == text.replace(secret, b"\xfe" * len(secret)) + b"\n"


def test_hexadecimal_needs_32_digits():
    """Random hexadecimal digits are a key from 32 digits on: shorter ones name revisions."""
    assert HEX not in redact(b"id: %s\n" % HEX)
    assert HEX[:-1] in redact(b"id: %s\n" % HEX[:-1])


def test_both_parts_are_a_token():
    """Each part of a token with a dot is masked, whatever it looks like."""
    words = b"the-words-of-a-part-of-the-key"
    assert words not in redact(b"SG.ngeVfQFYQlKU0ufo8x5d1A.%s\n" % words)


@pytest.mark.parametrize("name", [b"password", b"token", b"api_key", b"pin", b"mot de passe"])
def test_any_byte_may_follow(name):
    """Any byte may follow a name, also one that is in no text, and nothing is masked."""
    for byte in range(256):
        text = name + bytes([byte])
        assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        b'<input type="password" id="hunter22x">\n',
        b'type="password" id="hunter22x"\n',
        b'print("the password: " + hunter22x + " is")\n',
        b'ask("password: ", hunter22x)\n',
    ],
)
def test_other_quote_is_no_value(text):
    """A string that ends with the name has no value in it, and its own quote begins none."""
    assert redact(text) == text


@pytest.mark.parametrize("name", [b"login", b"credential", b"credentials", b"creds", b"password"])
def test_value_before_name_counts(name):
    """A value in the sentence before such a name is masked."""
    assert b"hunter22x" not in redact(b"hunter22x is the %s.\n" % name)


@pytest.mark.parametrize(
    "call", ["b64encode", "base64encode", "base64_encode", "Base64.strict_encode64", "btoa"]
)
def test_encoded_login_is_masked(call):
    """A password is masked in the argument of any function that encodes it in base 64."""
    text = f"header = {call}('bob:hunter22x')\n".encode()
    assert redact(text) == text.replace(b"hunter22x", b"\xfe" * 9)


@pytest.mark.parametrize(
    "text",
    [
        b"header = 4encode('bob:hunter22x')\n",
        b"header = hexencode('bob:hunter22x')\n",
        b"header = atoa('bob:hunter22x')\n",
        b"hifi.begin('home', 'hunter22x')\n",
    ],
)
def test_other_call_is_kept(text):
    """The arguments of another function are not masked for the likeness of its name."""
    assert redact(text) == text


@pytest.mark.parametrize("before", [b"'user2024x', ", b"'host2024x', 'user2024x', "])
def test_first_argument_is_a_user(before):
    """The first argument of several is a user or a host, whatever it looks like."""
    text = b"login(%s'hunter22x')\n" % before
    assert redact(text).startswith(b"login('%s2024x', " % before[1:5])
    assert b"hunter22x" not in redact(text)
    assert b"user2024x" not in redact(b"login('user2024x')\n")
