"""Completions of a real server process over stdin and stdout, in every position encoding."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from .client import (
    Client,
    Message,
    change,
    inline_completion_params,
    insertion,
    position_params,
    scripted_settings,
    server,
)

ENCODINGS = ["utf-8", "utf-16", "utf-32"]
CODEC = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
TEXTS = ["hello world", "grüße 😀 and kisses", "if x:\n    return x\n", "नमस्ते दुनिया"]
fresh = (f"file:///document-{i}.txt" for i in itertools.count())


@pytest.fixture(scope="module", params=ENCODINGS)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    with server(tmp_path_factory.mktemp("home")) as (client, _):
        general = {"positionEncodings": [request.param, "utf-16"]}
        settings = scripted_settings(*TEXTS, **{"inline.maxLines": 2})
        client.encoding = client.initialize(settings, {"general": general})["positionEncoding"]
        assert client.encoding == request.param
        yield client


def width(text: str, encoding: str) -> int:
    codec, size = CODEC[encoding]
    return len(text.encode(codec)) // size


def open_document(client: Client, marked: str) -> tuple[str, int, int]:
    """Open the text without its "|"; return its URI and the position of the "|"."""
    before, after = marked.split("|")
    uri = next(fresh)
    client.open(uri, before + after)
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return uri, len(lines) - 1, width(lines[-1], client.encoding)


def applied(client: Client, marked: str, edit: Message) -> str:
    """Return the line of the cursor after the edit."""
    line = marked.replace("\r", "\n").split("\n")
    (row,) = [text for text in line if "|" in text]
    text = row.replace("|", "")
    codec, size = CODEC[client.encoding]
    units = text.encode(codec)
    start, end = (edit["range"][side]["character"] * size for side in ("start", "end"))
    return (units[:start] + edit["newText"].encode(codec) + units[end:]).decode(codec)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("hel|", ["hello"]),
        ("hel|\n", ["hello"]),
        ("say 😀 hel|", ["say 😀 hello"]),
        ("one\r\ntwo\rhel|", ["hello"]),
        ("no line\u2028ends\x0chere: hel|", ["no line\u2028ends\x0chere: hello"]),
        ("grüße |", ["grüße 😀"]),
        ("grü|", ["grüße"]),
        ("नमस्|", ["नमस्ते"]),
    ],
)
def test_next_words(client: Client, marked: str, expected: list[str]) -> None:
    """The menu has the next words, the best first."""
    items = client.completions(*open_document(client, marked))["items"]
    lines = [
        applied(client, marked, item["textEdit"]).strip("\n ") for item in items[: len(expected)]
    ]
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("hello |", "world"),
        ("hel|", "lo world"),
        ("grüße|", " 😀 and kisses"),
        ("if x:\n|", "    return x"),
        ("qqqq|", None),
    ],
)
def test_ghost_text_is_one_suffix(client: Client, marked: str, expected: str | None) -> None:
    """Ghost text is one item that inserts at the cursor."""
    uri, line, character = open_document(client, marked)
    items = client.ghost(uri, line, character)
    if expected is None:
        assert items == []
        return
    here = {"line": line, "character": character}
    (item,) = items
    assert item["insertText"].rstrip("\n") == expected
    assert item["range"] == {"start": here, "end": here}


def test_items_survive_prefix_filters(client: Client) -> None:
    """Every item survives a client's prefix filter and keeps its order."""
    answer = client.completions(*open_document(client, "grü|"))
    items = answer["items"]
    assert answer["isIncomplete"] is True
    assert [item["sortText"] for item in items] == sorted(item["sortText"] for item in items)
    assert len({item["textEdit"]["newText"] for item in items}) == len(items)
    for item in items:
        assert item["filterText"] == item["textEdit"]["newText"]
        assert item["filterText"].startswith("grü")
        assert item["label"].strip() == item["label"] != ""
        assert "\n" not in item["label"]
    kinds = [item["command"]["arguments"][0]["kind"] for item in items]
    assert kinds == sorted(kinds, reverse=True)  # words, then characters


def test_resolved_item_has_shares(client: Client) -> None:
    """A resolved item has its probability and the shares of predictors."""
    item = client.completions(*open_document(client, "hel|"))["items"][0]
    resolved = client.request("completionItem/resolve", item)
    assert "%" in resolved["detail"]
    assert "scripted: 100 %" in resolved["documentation"]["value"]
    assert {**item, **resolved} == resolved


def test_foreign_item_is_unchanged(client: Client) -> None:
    """Resolving an item of another server changes nothing."""
    item = {"label": "x", "data": {"probability": "high"}}
    assert client.request("completionItem/resolve", item) == item


def test_edits_are_followed(client: Client) -> None:
    """Incremental edits are followed."""
    uri, line, character = open_document(client, "first 😀\r\nh|")
    client.send(
        change(
            uri,
            2,
            insertion(line, character, "el"),
            insertion(0, width("first 😀", client.encoding), "\r"),
        ),
        change(uri, 3, insertion(line + 1, character + 2, "lo")),
    )
    (item,) = client.ghost(uri, line + 1, character + 4)
    assert item["insertText"] == " world"
    client.send(change(uri, 4, {"text": "all of it: hell"}))
    assert client.ghost(uri, 0, 15)[0]["insertText"] == "o world"


def test_hundred_changes_in_one_line(client: Client) -> None:
    """A hundred changes in one notification, in one line of 1 MB, are followed."""
    uri = next(fresh)
    client.open(uri, "é " * 333_000)
    end = width("é " * 333_000, client.encoding)
    edits = [insertion(0, 2 * width("é ", client.encoding) * i, "xy") for i in range(98)]
    client.send(change(uri, 2, *edits, insertion(0, end + 2 * 98, "\n"), insertion(1, 0, "hello")))
    assert client.ghost(uri, 1, 5)[0]["insertText"] == " world"


def test_closed_document_gets_empty_answers(client: Client) -> None:
    """Requests for a document that is not open get empty answers."""
    assert client.ghost("file:///nowhere", 0, 0) == []
    client.send(change("file:///nowhere", 1, insertion(0, 0, "x")))
    assert client.completions("file:///nowhere", 0, 0) == {"isIncomplete": True, "items": []}


def test_past_the_end_is_the_end(client: Client) -> None:
    """A position past the end means the end."""
    uri, _, _ = open_document(client, "hello |")
    assert client.ghost(uri, 7, 7)[0]["insertText"] == "world"
    assert client.completions(uri, 0, 99)["items"]


@pytest.mark.parametrize("beyond", [2**31, 2**32 - 1, 2**53, 1e300])
def test_edit_to_infinity_arrives(client: Client, beyond: float) -> None:
    """An edit up to a line far past the end replaces the rest."""
    uri, _, _ = open_document(client, "what was there\nbefore|")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": beyond, "character": beyond}}
    client.send(change(uri, 2, {"range": whole, "text": "hello "}))
    assert client.ghost(uri, 0, 6)[0]["insertText"] == "world"


def test_closing_releases_a_document(client: Client) -> None:
    """After didClose a document has no answers."""
    uri, line, character = open_document(client, "hello |")
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert client.ghost(uri, line, character) == []
    client.open(uri, "grüße")
    assert (
        client.ghost(uri, 0, width("grüße", client.encoding))[0]["insertText"] == " 😀 and kisses"
    )


def test_accepted_characters_are_counted(client: Client) -> None:
    """The characters of an accepted suggestion are counted."""

    def count() -> dict[str, int]:
        return client.request("workspace/executeCommand", {"command": "foretype.status"})[
            "accepted"
        ]

    before = count()
    (item,) = client.ghost(*open_document(client, "hello |"))
    client.request(
        "workspace/executeCommand", {k: item["command"][k] for k in ("command", "arguments")}
    )
    assert count() == {
        **before,
        "characters": before["characters"] + 5,
        "ghost": before["ghost"] + 1,
    }
    for wrong in (
        [],
        [{"kind": "ghost", "characters": -1}],
        [{"kind": "x", "characters": 1}],
        ["x"],
        [1, 2],
    ):
        answer = client.answer(
            client.send_request(
                "workspace/executeCommand", {"command": "foretype.accepted", "arguments": wrong}
            )
        )
        assert answer["error"]["code"] == -32602


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/inlineCompletion", inline_completion_params("file:///x", 0, -1)),
        ("textDocument/completion", position_params("file:///x", 0, "one")),  # type: ignore[arg-type]
        ("textDocument/completion", {"textDocument": {"uri": "file:///x"}}),
        ("textDocument/completion", None),
        ("completionItem/resolve", []),
        ("workspace/executeCommand", {"command": "foretype.nonsense"}),
    ],
)
def test_malformed_params_get_an_error(client: Client, method: str, params: Any) -> None:
    """Malformed parameters get an error response, and no message to the user."""
    error = client.answer(client.send_request(method, params))["error"]
    assert error["code"] == -32602
    assert "data" not in error
    assert client.warnings() == []


def test_broken_messages_get_errors(client: Client) -> None:
    """Unknown methods and broken messages get error responses."""
    assert (
        client.answer(client.send_request("textDocument/nonsense", {}))["error"]["code"] == -32601
    )
    client.notify("$/nonsense", {"jsonrpc": 1})
    client.send_raw(b"content-length: 5\r\nContent-Type: x\r\n\r\n{oops")
    assert client.answer(None)["error"]["code"] == -32700
    client.send_raw(b"Content-Length: 2\r\n\r\n[]")
    assert client.answer(None)["error"]["code"] == -32600
    client.send_raw(b"\r\nnonsense\r\n\r\n")
    assert client.warnings() == []


def test_jsonrpc_key_is_plain_data(client: Client) -> None:
    """An object with a key `jsonrpc` inside a message is plain data."""
    item = {"label": "x", "data": {"jsonrpc": "2.0", "method": "exit"}}
    assert client.request("completionItem/resolve", item) == item
