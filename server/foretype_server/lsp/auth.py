"""The token that clients on a port must present: all users of the machine can connect to it."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from foretype_model.errors import ForetypeError
from foretype_model.files.atomic import private_folder
from foretype_model.files.permissions import TOKEN_FILE
from foretype_model.store.store import data_folder

TOKEN_VARIABLE: Final = "FORETYPE_TOKEN"
MIN_TOKEN_LENGTH: Final = 16
"""Characters of a token at least: fewer can be guessed."""


class AuthError(ForetypeError):
    """There is no usable token."""


@dataclass(frozen=True)
class TokenAuth:
    """The check of a token. `token_location` describes for users where to find it."""

    token: str = field(repr=False)
    token_location: str

    def matches(self, token: object) -> bool:
        """Return whether `token` is the right one, in a time that does not depend on the characters
        it shares with that.
        """
        return isinstance(token, str) and hmac.compare_digest(
            token.encode(errors="replace"), self.token.encode()
        )

    def authenticate(self, message: bytes) -> bytes | None:
        """Return a client's first message without its token; None if the token is missing or wrong,
        or the message is not ``initialize``.

        The token is ``initializationOptions.token``, which every editor can send.
        """
        try:
            initialize = json.loads(message)
            token = initialize["params"]["initializationOptions"].pop("token")
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            return None
        is_valid = initialize.get("method") == "initialize" and self.matches(token)
        return json.dumps(initialize).encode() if is_valid else None


def load_token_auth() -> TokenAuth:
    """Return the check of the user's token: that in ``FORETYPE_TOKEN``, or in a file, which is
    created if it is missing.

    Raises:
        AuthError: the token is too short.
        OSError: the file cannot be read or created.
    """
    # Child processes must not inherit the token.
    given = os.environ.pop(TOKEN_VARIABLE, "")
    if given and len(given) < MIN_TOKEN_LENGTH:
        raise AuthError(
            f"{TOKEN_VARIABLE} is too short: give {MIN_TOKEN_LENGTH} characters or more, or unset "
            f"it to have a token made"
        )
    if given:
        return TokenAuth(given, f"{TOKEN_VARIABLE} of the server's environment")
    path = data_folder() / TOKEN_FILE
    return TokenAuth(_read_or_make_token(path), str(path))


def _read_or_make_token(path: Path) -> str:
    """Return the token in a private file; a new one if other users could read the file."""
    with suppress(FileNotFoundError):
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.unlink()
    if not path.exists():
        _make_token(path)
    token = path.read_text("utf-8").strip()
    if len(token) < MIN_TOKEN_LENGTH:
        raise AuthError(f"{path} contains no token: remove it to have one made")
    return token


def _make_token(path: Path) -> None:
    private_folder(path.parent)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", encoding="utf-8"
    ) as file:
        file.write(f"{secrets.token_urlsafe(24)}\n")
        file.flush()
        # Of two servers that start at once, both use the token of the first.
        with suppress(FileExistsError):
            os.link(file.name, path)
