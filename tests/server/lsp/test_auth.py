"""The token that clients on a port must present: its file, its variable and its check."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from foretype_model.errors import ForetypeError
from foretype_server.lsp import auth
from foretype_server.lsp.auth import MIN_TOKEN_LENGTH, TokenAuth, load_token_auth

TOKEN = "correct horse battery"
AUTH = TokenAuth(TOKEN, "the test")


@pytest.fixture
def token_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FORETYPE_TOKEN", raising=False)
    load_token_auth()
    (path,) = (path for path in (tmp_path / "home").iterdir())
    return path


def initialize(**options: object) -> dict:
    params = {"processId": 7, "initializationOptions": {"prose": True, **options}}
    return {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}


@pytest.mark.parametrize(
    "wrong", [TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "", "\ud800", "é" * 21, None, 7, [TOKEN]]
)
def test_only_the_token_matches(wrong: object) -> None:
    """The whole token alone is right; anything else that JSON may hold is wrong."""
    assert AUTH.matches(TOKEN)
    assert not AUTH.matches(wrong)
    assert AUTH.authenticate(json.dumps(initialize(token=wrong)).encode()) is None


def test_first_message_loses_its_token() -> None:
    """The first message is passed on as it came, but for the token."""
    passed = AUTH.authenticate(json.dumps(initialize(token=TOKEN)).encode())
    assert json.loads(passed) == initialize()


@pytest.mark.parametrize(
    "message",
    [
        {**initialize(token=TOKEN), "method": "initialized"},
        {"id": 1, "params": {"initializationOptions": {"token": TOKEN}}},
        initialize(),
        {"method": "initialize", "params": {"initializationOptions": [TOKEN]}},
        {"method": "initialize", "params": {"initializationOptions": None}},
        {"method": "initialize", "params": {"token": TOKEN}},
        {"method": "initialize", "params": "token"},
        {"method": "initialize"},
        [TOKEN],
        "token",
        None,
    ],
)
def test_other_messages_are_refused(message: object) -> None:
    """A first message that is no `initialize`, or has no token in its place, is refused."""
    assert AUTH.authenticate(json.dumps(message).encode()) is None


@pytest.mark.parametrize("message", [b"", b"{", b"\xff", b"[" * 100_000])
def test_broken_messages_are_refused(message: bytes) -> None:
    """A first message that is no JSON, or nests too deeply, is refused."""
    assert AUTH.authenticate(message) is None


def test_token_is_not_shown() -> None:
    """The token stands in no representation, which might be logged."""
    assert TOKEN not in repr(AUTH)


def test_variable_is_taken_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A token in the environment is used, is not handed on to child processes, and makes no
    file.
    """
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FORETYPE_TOKEN", "x" * MIN_TOKEN_LENGTH)
    loaded = load_token_auth()
    assert loaded.token == "x" * MIN_TOKEN_LENGTH
    assert loaded.token_location == "FORETYPE_TOKEN of the server's environment"
    assert "FORETYPE_TOKEN" not in os.environ
    assert not (tmp_path / "home").exists()


def test_short_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that could be guessed is an error that names the length to give: 16."""
    monkeypatch.setenv("FORETYPE_TOKEN", "x" * 15)
    with pytest.raises(ForetypeError, match="FORETYPE_TOKEN is too short: give 16 characters"):
        load_token_auth()


def test_file_is_private_and_kept(token_file: Path) -> None:
    """The file is the user's alone, and later servers have the same token, with 32 characters."""
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(token_file.parent.stat().st_mode) == 0o700
    loaded = load_token_auth()
    assert loaded.token == token_file.read_text().strip()
    assert len(loaded.token) == 32
    assert loaded.token_location == str(token_file)
    assert load_token_auth() == loaded
    assert [path.name for path in token_file.parent.iterdir()] == [token_file.name]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o620, 0o601, 0o602])
def test_readable_token_is_replaced(token_file: Path, mode: int) -> None:
    """A file that other users could open may be known to them: the next server makes a new one."""
    before = load_token_auth().token
    token_file.chmod(mode)
    assert load_token_auth().token != before
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600


@pytest.mark.parametrize(("content", "is_used"), [("x" * 16, True), ("x" * 15, False), ("", False)])
def test_short_file_is_refused(token_file: Path, content: str, is_used: bool) -> None:
    """A file with fewer than 16 characters, white space aside, is an error that says to remove
    it.
    """
    token_file.write_text(f" {content}\n")
    if is_used:
        assert load_token_auth().token == content
    else:
        with pytest.raises(ForetypeError, match=f"{token_file} contains no token: remove it"):
            load_token_auth()


def test_first_of_two_servers_wins(token_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two servers that start at once, the second takes the token that the first has made."""
    token_file.unlink()
    named = auth.secrets.token_urlsafe

    def make_slowly(count: int) -> str:
        monkeypatch.setattr(auth.secrets, "token_urlsafe", named)
        token_file.write_text("made by the first server\n")
        token_file.chmod(0o600)
        return named(count)

    monkeypatch.setattr(auth.secrets, "token_urlsafe", make_slowly)
    assert load_token_auth().token == "made by the first server"


def test_token_is_whole_when_it_appears(token_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file gets its name only with the token in it: a server that starts meanwhile reads it."""
    token_file.unlink()
    link, written = os.link, []

    def record(source: str, target: Path) -> None:
        written.append(Path(source).read_text())
        link(source, target)

    monkeypatch.setattr(os, "link", record)
    token = load_token_auth().token
    assert written == [f"{token}\n"]
