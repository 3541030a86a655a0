"""Every request gets an answer, whatever its content; no message stops the reading of the next."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_server.lsp.handlers import COMMANDS, FEATURES, create_server
from foretype_server.lsp.server import ForetypeServer

REQUEST_CANCELLED = -32800
FORMS: list[Any] = [
    {
        "textDocument": {"uri": "file:///a"},
        "position": {"line": 0, "character": 0},
        "context": {"triggerKind": 1},
    },
    {"textDocument": {"uri": "file:///a", "languageId": "x", "version": 1, "text": "hello"}},
    {"textDocument": {"uri": "file:///a", "version": 2}, "contentChanges": [{"text": "hello"}]},
    {"command": "foretype.accepted", "arguments": [{"kind": "ghost", "characters": 1}]},
    {"label": "x", "data": {"probability": 1, "shares": {}}},
    {"settings": {"foretype": {"topK": 1}}},
]


class RecordingWriter:
    """A writer that records the messages."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.answers.append(json.loads(data))

    def close(self) -> None:
        pass


def initialized(capabilities: Any) -> ForetypeServer:
    """Return an initialized server whose writer is a `RecordingWriter`."""
    server = create_server()
    server.writer = RecordingWriter()
    server.protocol.prepare()
    server.protocol.set_writer(server.writer, include_headers=False)
    hello = {"id": 0, "method": "initialize", "params": {"capabilities": capabilities}}
    server.protocol.receive(json.dumps(hello))
    return server


async def answers(*messages: Any) -> list[dict[str, Any]]:
    """Return the answers of an initialized server to `messages`."""
    server = initialized({})
    with server.exit_stack:
        for message in messages:
            await asyncio.sleep(0)
            server.protocol.receive(json.dumps(message))
        await asyncio.sleep(0)
        server.session.end()
        await asyncio.sleep(0.01)
    return server.writer.answers


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 9)
    | st.floats(allow_nan=False)
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["jsonrpc", "id", "uri"]), inner)
    ),
    max_leaves=5,
)


@st.composite
def params(draw: st.DrawFn) -> Any:
    """Draw the parameters of a client's message, with one value replaced or removed."""
    form = json.loads(json.dumps(draw(st.sampled_from(FORMS))))
    place = form
    while (
        isinstance(child := place[key := draw(st.sampled_from(sorted(place)))], dict)
        and child
        and draw(st.booleans())
    ):
        place = child
    if draw(st.booleans()):
        place[key] = draw(values)
    else:
        del place[key]
    return form


methods = st.sampled_from(
    [*FEATURES, "workspace/executeCommand", "textDocument/didChange", "$/cancelRequest"]
)
requests = st.builds(
    lambda method, asked: {"method": method, "params": asked}, methods, params() | values
)


# Few examples of many messages: creating a server takes much longer than handling a message.
@settings(max_examples=15, deadline=None)
@given(asked=st.lists(st.tuples(requests, values), min_size=20, max_size=50))
def test_every_request_is_answered_once(
    asked: list[tuple[dict[str, Any], Any]],
) -> None:
    """Among valid and malformed messages, each request has exactly one answer."""
    messages: list[Any] = []
    for ident, (request, between) in enumerate(asked, start=1):
        messages += [{**request, "id": ident}, request, between]
    sent = asyncio.run(answers(*messages))
    idents = [
        answer["id"] for answer in sent if "method" not in answer and isinstance(answer["id"], int)
    ]
    assert [ident for ident in sorted(idents) if ident > 0] == list(range(1, len(asked) + 1))


def test_shutdown_cancels_running_command() -> None:
    """`shutdown` is answered, and a command under way is answered as cancelled."""
    place = {"uri": "file:///a", "position": {"line": 0, "character": 0}}
    under_way = {
        "method": "workspace/executeCommand",
        "params": {"command": "foretype.outlook", "arguments": [place]},
    }
    opened = {"method": "textDocument/didOpen", "params": FORMS[1]}
    sent = asyncio.run(answers(opened, {"id": 1, **under_way}, {"id": 2, "method": "shutdown"}))
    assert {"id": 2, "jsonrpc": "2.0", "result": None} in sent
    assert [answer["error"]["code"] for answer in sent if answer.get("id") == 1] == [
        REQUEST_CANCELLED
    ]


def test_answered_messages_leave_nothing() -> None:
    """The protocol keeps no future of a command or notification that is done."""

    async def count_kept() -> int:
        server = initialized({})
        for ident in range(1, 20):
            command = {
                "command": "foretype.outlook",
                "arguments": [{"uri": "file:///none", **FORMS[0]}],
            }
            server.protocol.receive(
                json.dumps({"id": ident, "method": "workspace/executeCommand", "params": command})
            )
            settings = {"method": "workspace/didChangeConfiguration", "params": {"settings": {}}}
            server.protocol.receive(json.dumps(settings))
            await asyncio.sleep(0.001)
        server.exit_stack.close()
        return len(server.protocol._request_futures)

    assert asyncio.run(count_kept()) == 0


def test_late_settings_are_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Settings that arrive after the timeout are applied, unless newer ones have come."""
    monkeypatch.setattr("foretype_server.lsp.handlers.CONFIGURATION_TIMEOUT", 0.01)

    async def applied(*newer: Any) -> list[int]:
        server = initialized({"workspace": {"configuration": True}})
        server.protocol.receive(json.dumps({"method": "initialized", "params": {}}))
        await asyncio.sleep(0.05)
        asked = next(
            one["id"]
            for one in server.writer.answers
            if one.get("method") == "workspace/configuration"
        )
        found = [server.session.settings.top_k]
        for message in (*newer, {"id": asked, "result": [{"topK": 3}]}):
            server.protocol.receive(json.dumps(message))
            await asyncio.sleep(0.05)
            found.append(server.session.settings.top_k)
        server.exit_stack.close()
        return found

    pushed = {
        "method": "workspace/didChangeConfiguration",
        "params": {"settings": {"foretype": {"topK": 5}}},
    }
    assert asyncio.run(applied()) == [0, 3]
    assert asyncio.run(applied(pushed)) == [0, 5, 5]


def test_server_advertises_its_commands() -> None:
    """`initialize` advertises exactly the commands that the server handles."""
    (hello,) = asyncio.run(answers())
    assert hello["result"]["capabilities"]["executeCommandProvider"]["commands"] == list(COMMANDS)
