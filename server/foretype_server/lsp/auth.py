"""Who may connect to a port: whoever has the token. A port of this machine is open to all who work
on it.
"""

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
"""Characters: fewer can be guessed."""


class AuthError(ForetypeError):
    """Nobody can be let in."""


@dataclass(frozen=True)
class TokenAuth:
    """Opens to the token; `token_location` says where its user finds that."""

    token: str = field(repr=False)
    token_location: str

    def matches(self, token: object) -> bool:
        """Whether the token was shown; it takes as long to say no, however much of it was right."""
        return isinstance(token, str) and hmac.compare_digest(
            token.encode(errors="replace"), self.token.encode()
        )

    def authenticate(self, message: bytes) -> bytes | None:
        """A client's first message without the token that it shows; None where it shows none, or is
        no ``initialize``.

        The token is ``initializationOptions.token``, for that is what every editor can send.
        """
        try:
            initialize = json.loads(message)
            token = initialize["params"]["initializationOptions"].pop("token")
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            return None
        is_valid = initialize.get("method") == "initialize" and self.matches(token)
        return json.dumps(initialize).encode() if is_valid else None


def load_token_auth() -> TokenAuth:
    """The user's own: its token is what ``FORETYPE_TOKEN`` has, or a file that is made for it.

    Raises:
        AccessError: it could be guessed.
        OSError: the file cannot be read, or made.
    """
    # Not left to the processes that are started from here.
    given = os.environ.pop(TOKEN_VARIABLE, "")
    if given and len(given) < MIN_TOKEN_LENGTH:
        raise AuthError(
            f"{TOKEN_VARIABLE} is too short: give {MIN_TOKEN_LENGTH} characters or more, or none "
            f"to have a token "
            f"made"
        )
    if given:
        return TokenAuth(given, f"{TOKEN_VARIABLE} of the server's environment")
    path = data_folder() / TOKEN_FILE
    return TokenAuth(_read_or_make_token(path), str(path))


def _read_or_make_token(path: Path) -> str:
    """The token in a file that the user alone can read; a new one where others may have read it."""
    with suppress(FileNotFoundError):
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.unlink()
    if not path.exists():
        _make_token(path)
    token = path.read_text("utf-8").strip()
    if len(token) < MIN_TOKEN_LENGTH:
        raise AuthError(f"{path} holds no token: remove it to have one made")
    return token


def _make_token(path: Path) -> None:
    private_folder(path.parent)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", encoding="utf-8"
    ) as file:
        file.write(f"{secrets.token_urlsafe(24)}\n")
        file.flush()
        # Of two servers that start at once, both go by the token of the first.
        with suppress(FileExistsError):
            os.link(file.name, path)
