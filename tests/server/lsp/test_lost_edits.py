"""Edits that are lost or doubtful: the user is told once, and gets no offers from a wrong text."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from foretype_server.document import Point
from foretype_server.lsp.server import ForetypeServer

from .test_message_fields import Recorder, edit, initialized, opening, receive, text_of

Json = Any
ONE, TWO = "file:///one%20plan.txt", "file:///two.txt"


def changed(*changes: Json, uri: str = ONE, version: Json = 2) -> Json:
    params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [*changes]}
    return {"method": "textDocument/didChange", "params": params}


def insertion(line: int, text: str = "x") -> Json:
    place = {"line": line, "character": 0}
    return {"range": {"start": place, "end": place}, "text": text}


class Session:
    """A server in memory with two open documents."""

    def __init__(self) -> None:
        self.server: ForetypeServer
        self.recorder: Recorder
        self.server, self.recorder = initialized({"capabilities": {}})
        for uri in (ONE, TWO):
            receive(self.server, opening(uri))

    def send(self, *messages: Json | bytes) -> list[str]:
        """Return the messages that the user is shown."""
        self.recorder.shown.clear()
        for message in messages:
            body = message if isinstance(message, bytes) else json.dumps(message)
            self.server.protocol.receive(body)
        return self.recorder.shown

    def lost(self) -> set[str]:
        return {uri for uri in (ONE, TWO) if self.server.session.sync.is_lost(uri)}


def sent(*messages: Json | bytes) -> tuple[list[str], set[str], str | None]:
    """Return the messages shown, the lost documents and the text of the first one."""

    async def run() -> tuple[list[str], set[str], str | None]:
        session = Session()
        with session.server.exit_stack:
            shown = session.send(*messages)
            return shown, session.lost(), text_of(session.server, ONE)

    return asyncio.run(run())


def test_unreadable_edit_is_reported_once() -> None:
    """A document with an unreadable edit is named once, and later edits of it are not applied."""
    bad = changed({**insertion(0), "text": None})
    shown, lost, text = sent(bad, bad, changed(insertion(0)))
    (message,) = shown
    assert "one plan.txt" in message
    assert "close it and open it again" in message
    assert lost == {ONE}
    assert text == "first line\nsecond line\n"


@pytest.mark.parametrize("recovery", [changed({"text": "new"}), opening(ONE)])
def test_whole_text_recovers(recovery: Json) -> None:
    """All of the text, by a change or a new opening, brings the document back."""
    bad = changed({"range": {}, "text": "x"})
    assert sent(bad, recovery, changed(insertion(0, "!"), version=3))[1:] in (
        (set(), "!new"),
        (set(), "!first line\nsecond line\n"),
    )


def test_edit_without_document_stops_all() -> None:
    """If an unreadable edit names no document, none is trusted."""
    for message in (
        {"method": "textDocument/didChange", "params": {**edit(ONE), "textDocument": None}},
        {"method": "textDocument/didChange"},
        b'{"method": "textDocument/didChange", "params": {',
        [changed(insertion(0))],
    ):
        shown, lost, _ = sent(message, message)
        assert len(shown) == 1
        assert lost == {ONE, TWO}


def test_lost_document_gets_no_offers() -> None:
    """A document that has lost an edit gets no answer to a request."""

    async def run() -> None:
        session = Session()
        with session.server.exit_stack:
            session.send(changed({"text": 5}))
            assert await session.server.session.ghost_texts(ONE, Point(0, 0), 1) == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("doubtful", "reason"),
    [(changed(insertion(9)), "past its end"), (changed(insertion(0), version=1), "older edit")],
)
def test_doubtful_edits_are_reported(doubtful: Json, reason: str) -> None:
    """An edit that begins far past the end, or is older than the last, is applied and reported."""
    first = changed(insertion(0, "1"))
    shown, lost, text = sent(first, doubtful, doubtful)
    assert reason in " ".join(shown)
    assert len(shown) == 1
    assert lost == set()
    assert text is not None
    assert text.count("x") == 2


@pytest.mark.parametrize(
    "change",
    [
        changed(insertion(2)),
        changed(insertion(3)),
        changed(insertion(0), version=None),
        changed(insertion(0), version=2.0),
        changed(insertion(0), version=900),
        changed(insertion(0), version=2**40),
        changed({**insertion(0), "rangeLength": "x"}),
        changed({"range": None, "text": "all"}),
        {**changed(insertion(0)), "id": None},
        {**changed(insertion(0)), "jsonrpc": 2.0},
    ],
)
def test_unusual_edits_are_applied(change: Json) -> None:
    """Edits that are unusual, but clear, are applied without a word."""
    shown, lost, text = sent(change)
    assert (shown, lost) == ([], set())
    assert text is not None
    assert ("x" in text) == ("all" not in text)


def test_unopened_document_is_not_reported() -> None:
    """A change of a document that is not open costs the user no message."""
    assert sent(changed(insertion(0), uri="file:///none"))[:2] == ([], set())


def test_root_path_alone_is_the_workspace() -> None:
    """A client that sends `rootPath` alone has that workspace; a usable `rootUri` precedes it."""

    async def workspace(**roots: Json) -> list[str]:
        server, _ = initialized({"capabilities": {}, **roots})
        with server.exit_stack:
            return [str(path) for path in server.session.workspace]

    def of(**roots: Json) -> list[str]:
        return asyncio.run(workspace(**roots))

    assert of(rootPath="/tmp/a b") == ["/tmp/a b"]
    assert of(rootPath="/tmp/a", rootUri=None) == ["/tmp/a"]
    assert of(rootPath="/tmp/a", rootUri="untitled:x") == ["/tmp/a"]
    assert of(rootPath="/tmp/a", rootUri="file:///tmp/b%20c") == ["/tmp/b c"]
    assert of(rootPath="relative") == of(rootPath=5) == of(rootPath="") == []
    folder = [{"uri": "file:///tmp/c"}, None, {"name": "x"}]
    assert of(rootPath="/tmp/a", workspaceFolders=folder) == ["/tmp/c"]
