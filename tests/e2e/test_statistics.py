"""A real server counts what it shows and what is taken, by language and editor, and `foretype stats` tells."""

from __future__ import annotations

import json
from pathlib import Path

from .client import run, server

SETTINGS = {"predictors": {"scripted": {"texts": ["hello world, this is mine to say"]}}}


def test_what_is_taken_is_told_after_the_editor_has_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for language in ("markdown", "python", "markdown"):
        with server(home) as (client, _):
            client.initialize(SETTINGS, clientInfo={"name": "Neovim"})
            client.open("file:///a", "hello ", language)
            (ghost,) = client.ghost("file:///a", 0, 6)
            client.request("workspace/executeCommand", {k: ghost["command"][k] for k in ("command", "arguments")})
            assert client.ghost("file:///b", 0, 0) == []
            items = client.completions("file:///a", 0, 6)["items"]
            client.request("workspace/executeCommand", {k: items[0]["command"][k] for k in ("command", "arguments")})
    told = {(row["language"], row["kind"]): row for row in json.loads(run(home, "stats", "--json").stdout)}
    assert {row["editor"] for row in told.values()} == {"Neovim"}
    assert set(told) == {(language, kind) for language in ("markdown", "python") for kind in ("ghost", "menu", "word")}
    assert told["markdown", "ghost"]["accepted"] == told["markdown", "ghost"]["shown"] == 2
    assert told["markdown", "ghost"]["saved"] == 2 * (len(ghost["insertText"]) - 1)
    assert (told["python", "menu"]["shown"], told["python", "menu"]["accepted"]) == (1, 0)


def test_a_broken_file_of_statistics_costs_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "statistics.sqlite").write_bytes(b"no database" * 200)
    with server(home) as (client, _):
        client.initialize(SETTINGS)
        client.open("file:///a", "hello ")
        assert client.ghost("file:///a", 0, 6)
        client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///a"}})
        assert client.warnings() == []
