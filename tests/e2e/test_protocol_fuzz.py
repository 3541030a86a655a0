"""Invalid messages to a real server: they are answered or ignored, and the next is served."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.trust.protocol_edits import (
    PIECES,
    Edit,
    ReferenceText,
    apply_edit,
    check_edits,
    difference,
)
from tests.trust.protocol_messages import MAKERS, all_variants
from tests.trust.protocol_warm import served

from foretype_server.document import Point, Text
from foretype_server.lsp.to_proto import POSITION_ENCODINGS

from .client import Client, Message, scripted_settings, server

STATUS = {"command": "foretype.status"}


@pytest.fixture(scope="module")
def lone_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return the only client of a server over stdio."""
    with server(tmp_path_factory.mktemp("home")) as (client, _):
        client.initialize(scripted_settings("hello world"))
        yield client


def framed(body: str | bytes) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


def resolve(data: str, ident: str = '"n"') -> bytes:
    params = f'{{"label": "x", "data": {data}}}'
    return framed(
        f'{{"jsonrpc": "2.0", "id": {ident}, "method": "completionItem/resolve", "params": '
        f"{params}}}"
    )


def still_answers(client: Client) -> bool:
    return "version" in client.request("workspace/executeCommand", STATUS)


@pytest.mark.parametrize(
    "length", ["9" * 5000, "1000000000000000000", "-5", "1e3", "", "0x10", "\u0665"]
)
def test_absurd_length_is_no_header(lone_client: Client, length: str) -> None:
    """A Content-Length that no message has is no header."""
    lone_client.send_raw(f"Content-Length: {length}\r\n\r\n".encode())
    assert still_answers(lone_client)


@pytest.mark.parametrize("depth", [200, 600, 950, 10_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused(
    lone_client: Client, depth: int, opening: str, closing: str
) -> None:
    """JSON that is nested too deeply is refused."""
    nested = opening * depth + "1" + closing * depth
    lone_client.send_raw(resolve(nested))
    ident, code = (None, -32700) if depth >= 10_000 else ("n", -32600)
    assert lone_client.answer(ident)["error"]["code"] == code
    lone_client.send_raw(
        framed(
            f'{{"method": "workspace/didChangeConfiguration", "params": {{"settings": {nested}}}}}'
        )
    )
    assert still_answers(lone_client)
    lone_client.answers.clear()


def test_allowed_nesting_is_read(lone_client: Client) -> None:
    """JSON that is nested as deeply as allowed is read."""
    nested = "[" * 90 + "]" * 90
    lone_client.send_raw(resolve(nested))
    assert lone_client.result("n")["data"] == json.loads(nested)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "-1e999"])
def test_nan_becomes_null(lone_client: Client, number: str) -> None:
    """NaN and Infinity become null."""
    lone_client.send_raw(resolve(number))
    assert lone_client.result("n").get("data") is None


def test_long_number_is_refused(lone_client: Client) -> None:
    """A number of too many digits is refused."""
    lone_client.send_raw(resolve("9" * 5000))
    assert lone_client.answer(None)["error"]["code"] == -32700
    assert still_answers(lone_client)


@pytest.mark.parametrize("ident", ["null", "true", "1.5", "[]", "{}"])
def test_id_is_integer_or_string(lone_client: Client, ident: str) -> None:
    """A request's id is an integer or a string; anything else is refused."""
    lone_client.send_raw(resolve("1", ident))
    assert lone_client.answer(None)["error"]["code"] == -32600


@pytest.mark.parametrize("ident", [0, -1, 10**400, "", "é😀", "\ud800", "x" * 10_000])
def test_answer_has_request_id(lone_client: Client, ident: int | str) -> None:
    """An answer has the id of its request."""
    lone_client.send_raw(resolve("1", json.dumps(ident)))
    assert lone_client.result(ident)["data"] == 1


@pytest.mark.parametrize(
    "response",
    [
        {"id": None, "error": {"code": 1, "message": "x"}},
        {"id": "nobody asked", "result": 1},
        {"id": [], "result": 1},
        {"id": 1.5, "error": 5},
        {"id": 7},
        {},
    ],
)
def test_unrequested_response_is_ignored(lone_client: Client, response: Message) -> None:
    """A response without a request is ignored."""
    lone_client.send(response)
    assert still_answers(lone_client)
    assert not lone_client.answers


def test_garbage_is_survived(lone_client: Client) -> None:
    """The server survives random bytes."""
    rng = random.Random(4)
    for number in range(60):
        lone_client.send_raw(MAKERS[number % len(MAKERS)](rng, 1_000_000 + number))
        assert still_answers(lone_client)


def test_mutated_message_is_answered(lone_client: Client) -> None:
    """A message with one field replaced is answered."""
    for number, (method, params) in enumerate(list(all_variants())[::500]):
        lone_client.send({"id": f"field {number}", "method": method, "params": params})
        assert lone_client.answer(f"field {number}")


pieces = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
points = st.builds(Point, st.integers(0, 12), st.integers(0, 30))


class Edits(RuleBasedStateMachine):
    """A document and its reference in each encoding, with the same edits."""

    @initialize(text=pieces, encoding=st.sampled_from(sorted(POSITION_ENCODINGS)))
    def begin(self, text: str, encoding: str) -> None:
        self.encoding, self.point = encoding, Point(0, 0)
        self.store, self.reference = (
            Text(text, POSITION_ENCODINGS[encoding]),
            ReferenceText(text, encoding),
        )

    @rule(start=points, end=points, text=pieces)
    def edit(self, start: Point, end: Point, text: str) -> None:
        self.apply(Edit((start, end), text))

    @rule(text=pieces)
    def replace(self, text: str) -> None:
        self.apply(Edit(None, text))

    @rule(point=points)
    def look(self, point: Point) -> None:
        self.point = point

    def apply(self, edit: Edit) -> None:
        self.store = apply_edit(self.store, edit, self.encoding)
        self.reference.apply(edit)

    @invariant()
    def equals_the_reference(self) -> None:
        assert not difference(self.store, self.reference, self.point)


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=15, deadline=None)


@pytest.mark.parametrize("encoding", sorted(POSITION_ENCODINGS))
def test_many_edits_equal_reference(encoding: str) -> None:
    """After many edits the text equals that of a plain reference."""
    assert check_edits(2000, encoding, random.Random(5))[1] == []


def test_server_follows_utf_16_edits() -> None:
    """A server follows edits in UTF-16."""
    assert served(250, "utf-16", random.Random(6))[1] == []
