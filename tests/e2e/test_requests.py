"""Superseded, cancelled and slow requests, and faulty predictors."""

from __future__ import annotations

import time

import pytest

from .client import Client, change, inline_completion_params, insertion, scripted_settings

URI = "file:///a.txt"
TEXT = "hello world, slowly"
SLOW = {"predictors": {"slow": {"texts": [TEXT]}}, "inline.minConfidence": 0.01}


def slow(client: Client) -> None:
    client.initialize(SLOW)
    client.open(URI, "hello")


def test_newer_request_supersedes_older(client: Client) -> None:
    """A newer request of the same kind supersedes an older one."""
    slow(client)
    older, newer = (
        client.new_request("textDocument/inlineCompletion", inline_completion_params(URI, 0, 5))
        for _ in range(2)
    )
    client.send(older, newer)
    assert client.result(older["id"]) == {"items": []}
    assert newer["id"] not in client.answers
    assert client.result(newer["id"])["items"]


def test_edit_supersedes_requests(client: Client) -> None:
    """An edit supersedes the requests before it, at once."""
    slow(client)
    began = time.monotonic()
    assert client.ghost(URI, 0, 5)
    uninterrupted = time.monotonic() - began
    waiting = client.send_request(
        "textDocument/inlineCompletion", inline_completion_params(URI, 0, 4)
    )
    time.sleep(0.1)
    began = time.monotonic()
    client.send(change(URI, 2, insertion(0, 5, " ")))
    assert client.result(waiting) == {"items": []}
    assert time.monotonic() - began < uninterrupted / 2


def test_a_request_sees_the_text_of_its_moment(client: Client) -> None:
    """Of an edit, a request and an edit that come in one piece, the request sees the first edit
    only.
    """
    client.initialize({"predictors": {"scripted": {"texts": ["hello world"]}}})
    client.open(URI, "hel")
    request = client.new_request(
        "textDocument/inlineCompletion", inline_completion_params(URI, 0, 5)
    )
    client.open("file:///b.txt", "")
    client.send(
        change(URI, 2, insertion(0, 3, "lo")),
        request,
        change("file:///b.txt", 2, insertion(0, 0, "!")),
    )
    assert client.result(request["id"])["items"][0]["insertText"] == " world"


def test_cancelled_request_is_answered(client: Client) -> None:
    """A cancelled request is answered at once."""
    slow(client)
    ident = client.send_request(
        "textDocument/inlineCompletion", inline_completion_params(URI, 0, 5)
    )
    client.notify("$/cancelRequest", {"id": ident})
    client.notify("$/cancelRequest", {"id": 12345})
    began = time.monotonic()
    assert client.answer(ident)["error"]["code"] == -32800
    assert client.warnings() == []
    assert time.monotonic() - began < 1


def test_loop_is_free_while_loading(client: Client) -> None:
    """The event loop is free while models load, and requests wait for them."""
    client.initialize({"predictors": {"sleeping": {"texts": ["hello world"]}}})
    client.open(URI, "hello")
    waiting = client.send_request(
        "textDocument/inlineCompletion", inline_completion_params(URI, 0, 5)
    )
    began = time.monotonic()
    status = client.request("workspace/executeCommand", {"command": "foretype.status"})
    assert status["loading"]
    assert time.monotonic() - began < 1
    assert client.result(waiting)["items"][0]["insertText"] == " world"


def test_raising_predictor_is_one_warning(client: Client) -> None:
    """A predictor that raises is dropped with one warning."""
    settings = {
        "predictors": {"failing": {"texts": ["hello there"]}, "scripted": {"texts": ["hello! you"]}}
    }
    client.initialize(settings)
    client.open(URI, "hello! ")
    for _ in range(3):
        assert client.ghost(URI, 0, 7)[0]["insertText"] == "you"
    (warning,) = client.warnings()
    assert '"failing"' in warning
    assert "OSError at " in warning
    assert "misbehaving.py:" in warning
    assert "the disk is full" not in warning


LONG_EXPLANATION = 250
"""Length of a text in characters: the predictor `slow` takes 12.5 s to explain it."""


def explain_slowly(client: Client) -> int:
    """Request a long explanation; return the request's id."""
    client.open("file:///b.txt", "hello")
    argument = {
        "uri": URI,
        "position": {"line": 0, "character": 5},
        "text": "x" * LONG_EXPLANATION,
    }
    ident = client.send_request(
        "workspace/executeCommand", {"command": "foretype.explain", "arguments": [argument]}
    )
    time.sleep(1)
    return ident


@pytest.mark.parametrize("way", ["newer", "edit", "cancel"])
def test_cancelled_explanation_frees_the_worker(client: Client, way: str) -> None:
    """An explanation that is superseded, outdated or cancelled no longer holds up other answers."""
    slow(client)
    assert client.ghost(URI, 0, 5)
    explanation = explain_slowly(client)
    began = time.monotonic()
    if way == "newer":
        short = {"uri": URI, "position": {"line": 0, "character": 5}, "text": "x"}
        client.request(
            "workspace/executeCommand", {"command": "foretype.explain", "arguments": [short]}
        )
    elif way == "edit":
        client.send(change(URI, 2, insertion(0, 5, " ")))
    else:
        client.notify("$/cancelRequest", {"id": explanation})
    assert client.ghost("file:///b.txt", 0, 5)
    assert time.monotonic() - began < 5
    answer = client.answer(explanation)
    assert answer["error"]["code"] == -32800 if way == "cancel" else answer["result"] is None


def test_long_explanation_is_refused(client: Client) -> None:
    """A text of 20 kB, which took 12 s to explain, is an error that names the limit."""
    client.initialize({"predictors": {"scripted": {"texts": [TEXT]}}})
    client.open(URI, "hello")
    argument = {"uri": URI, "position": {"line": 0, "character": 5}, "text": "x" * 20_000}
    with pytest.raises(RuntimeError, match="20,000 characters; give 256 at most"):
        client.request(
            "workspace/executeCommand", {"command": "foretype.explain", "arguments": [argument]}
        )


def test_status_tells_the_speed(client: Client) -> None:
    """The status has the milliseconds of the answers and the steps a second, once there are any."""
    client.initialize(scripted_settings("hello world"))
    client.open(URI, "hello")
    status = {"command": "foretype.status"}
    assert client.request("workspace/executeCommand", status)["speed"] is None
    assert client.ghost(URI, 0, 5)
    speed = client.request("workspace/executeCommand", status)["speed"]
    assert speed["last"] == speed["median"] > 0
    assert speed["stepsPerSecond"] > 0
