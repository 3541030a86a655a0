"""Every request gets an answer, whatever is in it; nothing makes the reading of messages stop."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_server.lsp import COMMANDS, FEATURES, ForetypeServer

HELLO = {"id": 0, "method": "initialize", "params": {"capabilities": {}}}
FORMS: list[Any] = [
    {"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 0}, "context": {"triggerKind": 1}},
    {"textDocument": {"uri": "file:///a", "languageId": "x", "version": 1, "text": "hello"}},
    {"textDocument": {"uri": "file:///a", "version": 2}, "contentChanges": [{"text": "hello"}]},
    {"command": "foretype.accepted", "arguments": [{"kind": "ghost", "characters": 1}]},
    {"label": "x", "data": {"probability": 1, "shares": {}}},
    {"settings": {"foretype": {"topK": 1}}},
]


class Recorder:
    """A writer that keeps what is written."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.answers.append(json.loads(data))

    def close(self) -> None:
        pass


async def answers(*messages: Any) -> list[dict[str, Any]]:
    """What a server that has been initialized writes to these messages."""
    server, writer = ForetypeServer(), Recorder()
    server.protocol.begin()
    server.protocol.set_writer(writer, include_headers=False)
    with server.at_end:
        for message in (HELLO, *messages):
            server.protocol.receive(json.dumps(message))
            await asyncio.sleep(0)
        server.session.end()
        await asyncio.sleep(0.01)
    return writer.answers


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["jsonrpc", "id", "uri"]), inner),
    max_leaves=5,
)


@st.composite
def params(draw: st.DrawFn) -> Any:
    """Such as a client would send, with one thing in it changed or left out."""
    form = json.loads(json.dumps(draw(st.sampled_from(FORMS))))
    place = form
    while (
        isinstance(child := place[key := draw(st.sampled_from(sorted(place)))], dict) and child and draw(st.booleans())
    ):
        place = child
    if draw(st.booleans()):
        place[key] = draw(values)
    else:
        del place[key]
    return form


methods = st.sampled_from([*FEATURES, "workspace/executeCommand", "textDocument/didChange", "$/cancelRequest"])
requests = st.builds(lambda method, asked: {"method": method, "params": asked}, methods, params() | values)


# Few examples of many messages: to make a server takes much longer than to handle a message.
@settings(max_examples=15, deadline=None)
@given(asked=st.lists(st.tuples(requests, values), min_size=20, max_size=50))
def test_every_request_is_answered_once_whatever_comes_in_between(asked: list[tuple[dict[str, Any], Any]]) -> None:
    messages: list[Any] = []
    for ident, (request, between) in enumerate(asked, start=1):
        messages += [{**request, "id": ident}, request, between]
    sent = asyncio.run(answers(*messages))
    idents = [answer["id"] for answer in sent if "method" not in answer and isinstance(answer["id"], int)]
    assert [ident for ident in sorted(idents) if ident > 0] == list(range(1, len(asked) + 1))


def test_the_commands_are_those_that_are_advertised() -> None:
    (hello,) = asyncio.run(answers())
    assert hello["result"]["capabilities"]["executeCommandProvider"]["commands"] == list(COMMANDS)
