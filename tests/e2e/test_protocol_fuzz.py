"""What no client should send, sent to a real server: each is answered or left out, and the next request is served."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from .client import Client, Message, scripted, server

STATUS = {"command": "foretype.status"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The only client of a server over stdio."""
    with server(tmp_path_factory.mktemp("home")) as (client, _):
        client.initialize(scripted("hello world"))
        yield client


def framed(body: str | bytes) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


def resolve(data: str, ident: str = '"n"') -> bytes:
    params = f'{{"label": "x", "data": {data}}}'
    return framed(f'{{"jsonrpc": "2.0", "id": {ident}, "method": "completionItem/resolve", "params": {params}}}')


def serves(client: Client) -> bool:
    return "version" in client.request("workspace/executeCommand", STATUS)


@pytest.mark.parametrize("length", ["9" * 5000, "1000000000000000000", "-5", "1e3", "", "0x10", "\u0665"])
def test_a_length_that_no_message_has_is_no_header(alone: Client, length: str) -> None:
    alone.send_raw(f"Content-Length: {length}\r\n\r\n".encode())
    assert serves(alone)


@pytest.mark.parametrize("depth", [200, 600, 950, 10_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deeply_is_refused(alone: Client, depth: int, opening: str, closing: str) -> None:
    nested = opening * depth + "1" + closing * depth
    alone.send_raw(resolve(nested))
    ident, code = (None, -32700) if depth >= 10_000 else ("n", -32600)
    assert alone.answer(ident)["error"]["code"] == code
    alone.send_raw(framed(f'{{"method": "workspace/didChangeConfiguration", "params": {{"settings": {nested}}}}}'))
    assert serves(alone)
    alone.answers.clear()


def test_what_is_nested_as_deeply_as_ever_comes_back(alone: Client) -> None:
    nested = "[" * 90 + "]" * 90
    alone.send_raw(resolve(nested))
    assert alone.result("n")["data"] == json.loads(nested)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "-1e999"])
def test_what_is_no_number_is_null(alone: Client, number: str) -> None:
    alone.send_raw(resolve(number))
    assert alone.result("n").get("data") is None


def test_a_number_of_too_many_digits_is_refused(alone: Client) -> None:
    alone.send_raw(resolve("9" * 5000))
    assert alone.answer(None)["error"]["code"] == -32700
    assert serves(alone)


@pytest.mark.parametrize("ident", ["null", "true", "1.5", "[]", "{}"])
def test_an_id_is_an_integer_or_a_string(alone: Client, ident: str) -> None:
    alone.send_raw(resolve("1", ident))
    assert alone.answer(None)["error"]["code"] == -32600


@pytest.mark.parametrize("ident", [0, -1, 10**400, "", "é😀", "\ud800", "x" * 10_000])
def test_whatever_id_a_request_has_its_answer_has(alone: Client, ident: int | str) -> None:
    alone.send_raw(resolve("1", json.dumps(ident)))
    assert alone.result(ident)["data"] == 1


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
def test_a_response_nobody_asked_for_is_left_out(alone: Client, response: Message) -> None:
    alone.send(response)
    assert serves(alone)
    assert not alone.answers
