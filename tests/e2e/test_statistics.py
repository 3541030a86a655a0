"""A real server counts suggestions by language and editor, and `foretype stats` shows them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from .client import TIMEOUT, Client, Message, change, eventually, insertion, run, server

SETTINGS = {"predictors": {"scripted": {"texts": ["hello world, this is mine to say"]}}}


def test_stats_sum_all_sessions(tmp_path: Path) -> None:
    """`foretype stats` sums the suggestions shown and accepted in all sessions."""
    home = tmp_path / "home"
    for language in ("markdown", "python", "markdown"):
        with server(home) as (client, _):
            client.initialize(SETTINGS, clientInfo={"name": "Neovim"})
            client.open("file:///a", "hello ", language)
            (ghost,) = client.ghost("file:///a", 0, 6)
            client.request(
                "workspace/executeCommand",
                {k: ghost["command"][k] for k in ("command", "arguments")},
            )
            assert client.ghost("file:///b", 0, 0) == []
            items = client.completions("file:///a", 0, 6)["items"]
            client.request(
                "workspace/executeCommand",
                {k: items[0]["command"][k] for k in ("command", "arguments")},
            )
    rows = {
        (row["language"], row["kind"]): row
        for row in json.loads(run(home, "stats", "--json").stdout)
    }
    assert {row["editor"] for row in rows.values()} == {"Neovim"}
    assert set(rows) == {
        (language, kind)
        for language in ("markdown", "python")
        for kind in ("ghost", "menu", "word")
    }
    assert rows["markdown", "ghost"]["accepted"] == rows["markdown", "ghost"]["shown"] == 2
    assert rows["markdown", "ghost"]["saved"] == 2 * (len(ghost["insertText"]) - 1)
    assert (rows["python", "menu"]["shown"], rows["python", "menu"]["accepted"]) == (1, 0)


def test_demonstrations_are_not_counted(tmp_path: Path) -> None:
    """A client that says so, as for a demonstration, leaves the user's statistics as they are."""
    home = tmp_path / "home"
    with server(home) as (client, _):
        client.initialize({**SETTINGS, "countUsage": False})
        client.open(URI, "hello ")
        (ghost,) = client.ghost(URI, 0, 6)
        client.request(
            "workspace/executeCommand",
            {name: ghost["command"][name] for name in ("command", "arguments")},
        )
        client.send(change(URI, 2, insertion(0, 6, ghost["insertText"])))
        client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        client.warnings()
    assert not (home / "statistics.sqlite").exists()


def test_broken_statistics_cost_nothing(tmp_path: Path) -> None:
    """With a broken statistics file, completions work and no warning is shown."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "statistics.sqlite").write_bytes(b"no database" * 200)
    with server(home) as (client, _):
        client.initialize(SETTINGS)
        client.open("file:///a", "hello ")
        assert client.ghost("file:///a", 0, 6)
        client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///a"}})
        assert client.warnings() == []


URI = "file:///a"


def test_impossible_counts_are_refused(tmp_path: Path) -> None:
    """A report of an impossible number of characters is an error, and no other count is lost."""
    home = tmp_path / "home"
    with server(home) as (client, _):
        client.initialize(SETTINGS, clientInfo={"name": "\ud800"})
        client.open(URI, "hello ", "\udfff")
        (ghost,) = client.ghost(URI, 0, 6)
        for characters in (10**30, 1_000_001, -1, 2.5, None):
            report = {
                "command": "foretype.accepted",
                "arguments": [{"kind": "word", "characters": characters}],
            }
            with pytest.raises(RuntimeError, match="characters"):
                client.request("workspace/executeCommand", report)
        client.request(
            "workspace/executeCommand", {k: ghost["command"][k] for k in ("command", "arguments")}
        )
    assert stats(home) == {"ghost": (1, len(ghost["insertText"]))}


def accepted_counts(client: Client) -> dict[str, int]:
    """Return the server's counts, without zeros."""
    accepted = client.request("workspace/executeCommand", {"command": "foretype.status"})[
        "accepted"
    ]
    return {name: count for name, count in accepted.items() if count}


def stats(home: Path) -> dict[str, tuple[int, int]]:
    """Return the acceptances and characters of each kind, over all days."""
    return acceptances(json.loads(run(home, "stats", "--json").stdout))


def acceptances(rows: list[Message]) -> dict[str, tuple[int, int]]:
    """Return the acceptances and characters of each kind in some rows of one language and day."""
    return {row["kind"]: (row["accepted"], row["characters"]) for row in rows if row["accepted"]}


def replacement(start: int, end: int, text: str) -> Message:
    return {
        "range": {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}},
        "text": text,
    }


EDITS = [
    ("menu", [insertion(0, 7, "orld,")], {"word": (1, 5)}),
    ("menu", [replacement(6, 7, "world,")], {"word": (1, 5)}),
    ("menu", [{"text": "hello world,"}], {"word": (1, 5)}),
    ("menu", [insertion(0, 7, c) for c in ["d", "l", "r", "o"]], {}),
    ("menu", [insertion(0, 7 + i, c) for i, c in enumerate("orld")], {}),
    ("menu", [insertion(0, 7, "orldly")], {}),
    ("menu", [insertion(0, 0, "orld")], {}),
    ("ghost", [insertion(0, 7, "orld, this is mine to say")], {"ghost": (1, 25)}),
    ("ghost", [insertion(0, 7, "orld")], {"ghost": (1, 4)}),
    ("ghost", [insertion(0, 7, "o"), insertion(0, 8, "rld, this is mine to say")],
    {"ghost": (1, 24)}),
    ("ghost", [insertion(0, 7, "or")], {}),
]  # fmt: skip
"""For "hello w": the kind of request, the edits after it, and the acceptances that they show."""


def test_edits_show_acceptance(tmp_path: Path) -> None:
    """Without reports, edits show the suggestions that were accepted."""
    home = tmp_path / "home"
    with server(home) as (client, _):
        client.initialize(SETTINGS)
        for row, (asks, edits, _) in enumerate(EDITS):
            uri = f"file:///{row}"
            client.open(uri, "hello w", f"language-{row}")
            menu = asks == "menu"
            assert client.completions(uri, 0, 7)["items"] if menu else client.ghost(uri, 0, 7)
            for version, edit in enumerate(edits, 2):
                client.send(change(uri, version, edit))
            assert accepted_counts(client) == {}, row  # since the client may still report
    shown = json.loads(run(home, "stats", "--json").stdout)
    for row, (_, _, counted) in enumerate(EDITS):
        assert acceptances([one for one in shown if one["language"] == f"language-{row}"]) == (
            counted
        ), row


def test_reports_are_counted_once(tmp_path) -> None:
    """A suggestion that the client reports is not counted by its edit as well."""
    home = tmp_path / "home"
    with server(home) as (client, _):
        client.initialize(SETTINGS)
        client.open(URI, "hello w")
        (ghost,) = client.ghost(URI, 0, 7)
        client.send(change(URI, 2, insertion(0, 7, ghost["insertText"])))
        client.request(
            "workspace/executeCommand", {k: ghost["command"][k] for k in ("command", "arguments")}
        )
        assert accepted_counts(client) == {"ghost": 1, "characters": 25}
        client.send(change(URI, 3, {"text": "hello w"}))
        client.completions(URI, 0, 7)
        client.send(change(URI, 4, insertion(0, 7, "orld")))
    assert stats(home) == {"ghost": (1, 25)}


def test_whole_reports_leave_parts_to_edits(tmp_path: Path) -> None:
    """With `whole`, edits still show accepted parts, and how many characters had been typed
    before.
    """
    home = tmp_path / "home"
    with server(home) as (client, _):
        client.initialize(SETTINGS)
        client.open(URI, "hello w")
        (ghost,) = client.ghost(URI, 0, 7)
        client.send(
            change(URI, 2, insertion(0, 7, "o")),
            change(URI, 3, insertion(0, 8, ghost["insertText"][1:])),
        )
        (argument,) = ghost["command"]["arguments"]
        command = {
            "command": ghost["command"]["command"],
            "arguments": [{**argument, "whole": True}],
        }
        client.request("workspace/executeCommand", command)
        assert accepted_counts(client) == {"ghost": 1, "characters": 24}
        client.send(change(URI, 4, {"text": "hello w"}))
        assert client.ghost(URI, 0, 7)
        client.send(change(URI, 5, insertion(0, 7, "orld")))
    assert stats(home) == {"ghost": (2, 28)}


def stop_after_shutdown(client: Client, process: subprocess.Popen[bytes]) -> None:
    """End the server as an editor in a hurry: kill it once it has answered `shutdown`."""
    assert client.request("shutdown", None) is None
    process.kill()


def close_stdin(_: Client, process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.close()


ENDS = {
    "shutdown": stop_after_shutdown,
    "end of stdin": close_stdin,
    "SIGTERM": lambda _, process: process.send_signal(signal.SIGTERM),
    "SIGHUP": lambda _, process: process.send_signal(signal.SIGHUP),
}


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("end", ENDS)
def test_any_end_keeps_the_counts(tmp_path: Path, end: str) -> None:
    """An acceptance right before the server ends is counted, however its editor ends it."""
    home = tmp_path / "home"
    with server(home, status=None) as (client, process):
        client.initialize(SETTINGS)
        client.open(URI, "hello w")
        (ghost,) = client.ghost(URI, 0, 7)
        client.request(
            "workspace/executeCommand", {k: ghost["command"][k] for k in ("command", "arguments")}
        )
        ENDS[end](client, process)
        status = process.wait(TIMEOUT)
    assert status == {"end of stdin": 1, "shutdown": -signal.SIGKILL}.get(
        end, -getattr(signal, end, 0)
    )
    assert stats(home) == {"ghost": (1, 25)}


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_crash_keeps_earlier_acceptances(tmp_path: Path) -> None:
    """An acceptance is on the disk seconds later, though the server is killed then."""
    home = tmp_path / "home"
    with server(home, status=None) as (client, process):
        client.initialize(SETTINGS)
        client.open(URI, "hello w")
        (ghost,) = client.ghost(URI, 0, 7)
        client.request(
            "workspace/executeCommand", {k: ghost["command"][k] for k in ("command", "arguments")}
        )
        assert eventually(lambda: stats(home))
        process.kill()
    assert stats(home) == {"ghost": (1, 25)}


def test_save_counts_edits(tmp_path: Path) -> None:
    """Once a document is saved, the acceptances that its edits show are on the disk."""
    home = tmp_path / "home"
    with server(home) as (client, _):
        client.initialize(SETTINGS)
        client.open(URI, "hello w")
        assert client.ghost(URI, 0, 7)
        client.send(change(URI, 2, insertion(0, 7, "orld")))
        client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
        assert accepted_counts(client) == {"ghost": 1, "characters": 4}
        assert eventually(lambda: stats(home) == {"ghost": (1, 4)})
    assert stats(home) == {"ghost": (1, 4)}
