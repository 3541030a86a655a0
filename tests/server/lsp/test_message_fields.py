"""Every field of every message that the server takes, left out, null, as a float and of a wrong
type: then the text is that of the editor, or the user has been told, and the server still answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from lsprotocol import types
from tests.trust.protocol_messages import example, examples

from foretype_server.lsp.decoding import create_converter
from foretype_server.lsp.handlers import create_server
from foretype_server.lsp.server import ForetypeServer

Json = Any
TEXT = "first line\nsecond line\n"
STRINGS: list[Json] = ["x", ""]
NUMBERS: list[Json] = [5, 2**40]
OTHERS: list[Json] = [-1, 0.5, True, [], [None], {}, {"x": 1}]
STATUS = {"id": "last", "method": "workspace/executeCommand"}
STATUS["params"] = {"command": "foretype.status"}


def variants(value: Json) -> Iterator[Json]:
    """Yield `value` with each of its fields, at any depth, left out, null, a float or mistyped."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {other: value[other] for other in value if other != name}
            for one in variants(inner):
                yield {**value, name: one}
    elif isinstance(value, list):
        yield from ([*value, one] for one in (None, "x", {}))
        for number, inner in enumerate(value):
            for one in variants(inner):
                yield [*value[:number], one, *value[number + 1 :]]
    yield from (None, *OTHERS)
    # Another value of the right type is no fault, and a whole number may be written in many ways.
    yield from [] if isinstance(value, str) else STRINGS
    is_number = isinstance(value, int) and not isinstance(value, bool)
    yield from (float(value), str(value), f"{value}.0") if is_number else NUMBERS


class Recorder:
    """A writer that keeps the answers, and the messages that the user is shown."""

    def __init__(self) -> None:
        self.answers: dict[Any, Json] = {}
        self.shown: list[str] = []

    def write(self, data: bytes) -> None:
        message = json.loads(data)
        if message.get("method") == "window/showMessage":
            self.shown.append(message["params"]["message"])
        elif "method" not in message:
            self.answers[message["id"]] = message

    def close(self) -> None:
        pass


def initialized(params: Json) -> tuple[ForetypeServer, Recorder]:
    """Return a server that has received `initialize`, and its writer."""
    server, recorder = create_server(), Recorder()
    server.protocol.prepare()
    server.protocol.set_writer(recorder, include_headers=False)
    receive(server, {"id": 0, "method": "initialize", "params": params})
    return server, recorder


def receive(server: ForetypeServer, message: Json) -> None:
    server.protocol.receive(json.dumps(message))


def text_of(server: ForetypeServer, uri: str) -> str | None:
    document = server.session._documents.get(uri)
    return bytes(document.text).decode() if document else None


def opening(uri: str) -> Json:
    document = {"uri": uri, "languageId": "python", "version": 1, "text": TEXT}
    return {"method": "textDocument/didOpen", "params": {"textDocument": document}}


def edit(uri: str) -> Json:
    """Return a change that replaces "first" by "1st", with every field."""
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}}
    return {
        "textDocument": {"uri": uri, "version": 2},
        "contentChanges": [{"range": span, "rangeLength": 5, "text": "1st"}],
    }


async def run(params: Json, *messages: Json) -> tuple[ForetypeServer, Recorder]:
    server, recorder = initialized(params)
    with server.exit_stack:
        for message in messages:
            receive(server, message)
        receive(server, STATUS)
        await asyncio.sleep(0.01)
        assert "result" in recorder.answers["last"], "still answers"
    return server, recorder


def test_opened_text_is_known_or_reported() -> None:
    """After any `didOpen`, the text is the editor's, or the user has been told."""

    async def check() -> None:
        for variant in variants(opening("file:///a.py")["params"]):
            message = {"method": "textDocument/didOpen", "params": variant}
            server, recorder = await run({"capabilities": {}}, message)
            texts = [bytes(one.text).decode() for one in server.session._documents.values()]
            given = (variant.get("textDocument") or {}) if isinstance(variant, dict) else {}
            sent = given.get("text") if isinstance(given, dict) else None
            assert texts == [sent] or recorder.shown, variant

    asyncio.run(check())


def test_edited_text_is_known_or_reported() -> None:
    """After any `didChange`, the text is the editor's, or the user has been told and gets no offers
    in it until all of the text comes.
    """
    edited = TEXT.replace("first", "1st")

    async def check() -> None:
        server, recorder = initialized({"capabilities": {}})
        with server.exit_stack:
            for number, variant in enumerate(variants(edit("URI"))):
                uri = f"file:///{number}.py"
                change = json.loads(json.dumps(variant).replace('"URI"', f'"{uri}"'))
                recorder.shown.clear()
                receive(server, opening(uri))
                receive(server, {"method": "textDocument/didChange", "params": change})
                if text_of(server, uri) != expected(change, edited):
                    assert recorder.shown, change
                    assert server.session.sync.is_lost(uri), change
                    whole = {**edit(uri), "contentChanges": [{"text": "again"}]}
                    receive(server, {"method": "textDocument/didChange", "params": whole})
                    assert text_of(server, uri) == "again"
                    assert not server.session.sync.is_lost(uri)
                receive(
                    server,
                    {
                        "method": "textDocument/didClose",
                        "params": {"textDocument": {"uri": uri}},
                    },
                )
            receive(server, STATUS)
            await asyncio.sleep(0.01)
            assert "result" in recorder.answers["last"]

    asyncio.run(check())


def expected(change: Json, edited: str) -> str:
    """Return the text after a change: without a range, all of the text is replaced."""
    match change:
        case {"contentChanges": []}:
            return TEXT
        case {"contentChanges": [*changes]}:
            whole = [one for one in changes if isinstance(one, dict) and one.get("range") is None]
            if whole and isinstance(whole[-1].get("text"), str):
                return str(whole[-1]["text"])
    return edited


def test_every_request_is_answered() -> None:
    """A request with any field in any state is answered, and the server goes on."""
    methods = {*create_server().protocol.fm.features, "workspace/executeCommand"}

    async def check() -> None:
        server, recorder = initialized({"capabilities": {}})
        receive(server, opening("file:///fuzz.txt"))
        with server.exit_stack:
            asked = 0
            for method, params in examples().items():
                for variant in variants(params) if method in methods else ():
                    receive(server, {"id": asked, "method": method, "params": variant})
                    receive(server, {"method": method, "params": variant})
                    asked += 1
                await asyncio.sleep(0)
            receive(server, STATUS)
            server.session.end()
            await asyncio.sleep(0.2)
            assert {*range(asked), "last"} <= recorder.answers.keys()
            assert asked > 1000

    asyncio.run(check())


def client_capabilities() -> Json:
    params = types.InitializeParams(example(types.ClientCapabilities, 8), 1, root_path="/tmp")
    return create_converter().unstructure(params)


def test_any_capabilities_are_decoded() -> None:
    """No field of the capabilities, in any state, has a client refused."""
    converter = create_converter()
    capabilities = client_capabilities()["capabilities"]
    tried = 0
    for variant in variants(capabilities):
        converter.structure({"capabilities": variant}, types.InitializeParams)
        tried += 1
    assert tried > 3000


@pytest.mark.parametrize("field", ["processId", "clientInfo", "locale", "rootPath", "rootUri",
    "initializationOptions", "trace", "workspaceFolders", "workDoneToken"])  # fmt: skip
def test_any_initialize_is_served(field: str) -> None:
    """No field of `initialize`, in any state, has a client refused."""
    folder = {"uri": "file:///tmp/none", "name": "x"}
    whole = {
        "processId": 1,
        "clientInfo": {"name": "x", "version": "1"},
        "workspaceFolders": [folder],
        "initializationOptions": {"topK": 1},
    }
    odd = ["file://[", "file:///%00", "\ud800", "file:///tmp/%ff", "nonsense:", "/", "relative", ""]
    given = [*variants(whole.get(field, "file:///tmp/none")), *odd, [folder, 5, None, {"uri": "["}]]

    async def check() -> None:
        for value in given:
            params = {"capabilities": {}, **whole, field: value}
            _, recorder = await run(params)
            assert "result" in recorder.answers[0], value

    asyncio.run(check())
