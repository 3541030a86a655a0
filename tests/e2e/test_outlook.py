"""`foretype.outlook`: what may come next, and how probable what there is was; asked of a real
server.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from .client import Client, change, insertion, scripted_settings, server

URI = "untitled:playground"
TEXT = "Wainwright is here, Wainwright"
BOTH = {"predictors": {"scripted": {"texts": ["hello world"]}, "copy": {}}}


def outlook(
    client: Client, character: int, start: int | None = None, end: int = 0, uri: str = URI
) -> Any:
    params: dict[str, Any] = {"uri": uri, "position": {"line": 0, "character": character}}
    if start is not None:
        params["range"] = {
            "start": {"line": 0, "character": start},
            "end": {"line": 0, "character": end},
        }
    return client.request(
        "workspace/executeCommand", {"command": "foretype.outlook", "arguments": [params]}
    )


def test_the_next_characters_have_shares_and_sum_to_no_more_than_one(client: Client) -> None:
    client.initialize(BOTH)
    client.open(URI, "hello")
    seen = outlook(client, 5)
    assert seen["characters"] == []
    first = seen["next"][0]
    assert first["text"] == " "
    assert first["probability"] > 0.9
    assert first["shares"]["scripted"] > 0.9
    assert sum(one["probability"] for one in seen["next"]) <= 1.001


def test_what_is_drawn_follows_the_settings(client: Client) -> None:
    client.initialize(scripted_settings("hello world"))
    client.open(URI, "hello")
    drawn = []
    for temperature in (0, 1, 3):
        client.notify(
            "workspace/didChangeConfiguration",
            {"settings": {"foretype": {"temperature": temperature}}},
        )
        seen = outlook(client, 5)["next"]
        drawn.append(seen[0]["drawn"])
        assert seen[0]["probability"] == pytest.approx(0.98, abs=0.01)
    assert drawn[0] == 1 > drawn[1] > 2 * drawn[2]
    assert drawn[1] == pytest.approx(0.98, abs=0.01)


def test_each_character_has_the_probability_of_when_it_came_though_all_is_known_by_now(
    client: Client,
) -> None:
    client.initialize(BOTH)
    client.open(URI, TEXT)
    client.ghost(URI, 0, len(TEXT))
    client.ghost(URI, 0, 4)
    characters = outlook(client, len(TEXT), 0, len(TEXT))["characters"]
    assert "".join(one["text"] for one in characters) == TEXT
    for first, second in zip(characters[5:10], characters[25:30], strict=True):
        assert second["probability"] > 10 * first["probability"]
        assert second["shares"]["copy"] > 0.5
    assert outlook(client, 0, 0, len(TEXT))["characters"] == characters


def test_a_key_is_as_probable_as_it_was_shown(client: Client) -> None:
    client.initialize(BOTH)
    client.open(URI, "hello wor")
    shown = outlook(client, 9, 0, 9)["next"][0]
    client.send(change(URI, 2, insertion(0, 9, shown["text"])))
    (typed,) = outlook(client, 10, 9, 10)["characters"]
    assert typed["text"] == shown["text"] == "l"
    assert typed["probability"] == pytest.approx(shown["probability"], rel=1e-4)


def test_positions_are_counted_as_agreed(client: Client) -> None:
    client.initialize(BOTH)
    client.open(URI, "😀é!")
    assert [one["text"] for one in outlook(client, 4, 2, 4)["characters"]] == ["é", "!"]
    assert [one["text"] for one in outlook(client, 99, 0, 99)["characters"]] == ["😀", "é", "!"]


def test_a_long_range_is_answered_for_in_parts_and_what_stood_before_it_is_missed(
    client: Client,
) -> None:
    client.initialize(BOTH)
    client.open(URI, "words " * 500)
    characters = outlook(client, 3000, 1000, 3000)["characters"]
    assert 0 < len(characters) < 1000
    assert all(one["probability"] for one in characters)
    assert {one["probability"] for one in outlook(client, 0, 0, 1000)["characters"]} == {None}


def test_an_edit_supersedes_it(client: Client) -> None:
    client.initialize(BOTH)
    client.open(URI, "words " * 500)
    at = {"line": 0, "character": 0}
    params = {
        "uri": URI,
        "position": at,
        "range": {"start": at, "end": {"line": 0, "character": 3000}},
    }
    message = client.new_request(
        "workspace/executeCommand", {"command": "foretype.outlook", "arguments": [params]}
    )
    client.send(message, change(URI, 2, insertion(0, 0, "hello")))
    assert client.result(message["id"]) is None
    assert outlook(client, 5, 0, 5)["next"][0]["text"] == " "


@pytest.mark.parametrize(
    "argument", [{}, "a", {"uri": URI}, {"uri": URI, "position": {"line": -1, "character": 0}}]
)
def test_what_is_no_place_is_refused(client: Client, argument: Any) -> None:
    client.initialize(BOTH)
    with pytest.raises(RuntimeError, match="position"):
        client.request(
            "workspace/executeCommand", {"command": "foretype.outlook", "arguments": [argument]}
        )


def test_nothing_is_said_of_a_document_that_is_not_open(client: Client) -> None:
    client.initialize(BOTH)
    assert outlook(client, 0, uri="untitled:other") is None


def test_a_predictor_that_fails_is_left_out_with_one_warning(client: Client) -> None:
    client.initialize(
        {"predictors": {"failing": {"texts": ["wow! wow"]}, "copy": {}, "scripted": {"texts": []}}}
    )
    client.open(URI, "wow! wow")
    seen = outlook(client, 8, 0, 8)
    assert len(seen["characters"]) == 8
    assert set(seen["characters"][0]["shares"]) == {"copy", "scripted"}
    client.ghost(URI, 0, 8)
    assert len([text for text in client.warnings() if "failing" in text]) == 1


def test_a_document_that_is_opened_again_is_read_anew(client: Client) -> None:
    client.initialize(BOTH)
    bits = []
    for _ in range(2):
        client.open(URI, TEXT)
        characters = outlook(client, 0, 0, len(TEXT))["characters"]
        bits.append(-sum(math.log2(one["probability"]) for one in characters))
        client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert bits[0] == pytest.approx(bits[1])


def test_the_default_predictors_show_what_they_think(tmp_path) -> None:
    with server(tmp_path / "home") as (client, _):
        client.initialize()
        client.open(URI, "The quick brown fox jum")
        seen = outlook(client, 23, 0, 23)
        assert seen["next"][0]["text"] == "p"
        assert set(seen["next"][0]["shares"]) == {"network", "copy"}
        assert len(seen["characters"]) == 23
