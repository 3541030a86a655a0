"""`foretype.outlook` on a real server: the next words, and the probabilities of past characters."""

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


def test_next_characters_have_shares(client: Client) -> None:
    """The next characters have shares of predictors, and sum to at most 1."""
    client.initialize(BOTH)
    client.open(URI, "hello")
    seen = outlook(client, 5)
    assert seen["characters"] == []
    first = seen["next"][0]
    assert first["text"] == " "
    assert first["probability"] > 0.9
    assert first["shares"]["scripted"] > 0.9
    assert sum(one["probability"] for one in seen["next"]) <= 1.001


def test_sampled_shares_follow_settings(client: Client) -> None:
    """The sampled shares follow temperature, top-k and top-p."""
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


def test_characters_keep_their_first_probability(
    client: Client,
) -> None:
    """Each character has its probability from the time it was typed, though `copy` knows the text
    by now.
    """
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


def test_typed_key_has_shown_probability(client: Client) -> None:
    """A typed character has the probability that was shown before it."""
    client.initialize(BOTH)
    client.open(URI, "hello wor")
    shown = outlook(client, 9, 0, 9)["next"][0]
    client.send(change(URI, 2, insertion(0, 9, shown["text"])))
    (typed,) = outlook(client, 10, 9, 10)["characters"]
    assert typed["text"] == shown["text"] == "l"
    assert typed["probability"] == pytest.approx(shown["probability"], rel=1e-4)


def test_outlook_uses_agreed_encoding(client: Client) -> None:
    """Positions are counted in the agreed encoding."""
    client.initialize(BOTH)
    client.open(URI, "😀é!")
    assert [one["text"] for one in outlook(client, 4, 2, 4)["characters"]] == ["é", "!"]
    assert [one["text"] for one in outlook(client, 99, 0, 99)["characters"]] == ["😀", "é", "!"]


def test_long_range_comes_in_parts(
    client: Client,
) -> None:
    """A long range is answered in parts, without the text before it."""
    client.initialize(BOTH)
    client.open(URI, "words " * 500)
    characters = outlook(client, 3000, 1000, 3000)["characters"]
    assert 0 < len(characters) < 1000
    assert all(one["probability"] for one in characters)


def in_parts(client: Client, start: int, end: int) -> list[float]:
    """Return the probabilities of a range, asked for until it is complete."""
    found: list[float] = []
    while start + len(found) < end:
        part = outlook(client, end, start + len(found), end)["characters"]
        found += [one["probability"] for one in part]
    return found


def test_earlier_text_is_unspoilt(client: Client) -> None:
    """Text scored after the text that follows it has the same probabilities as in its order."""
    client.initialize(BOTH)
    text = "Wainwright is here, and " * 20
    client.open(URI, text)
    in_order = in_parts(client, 0, len(text))
    client.open(URI, text)
    late = in_parts(client, 400, len(text))
    early = in_parts(client, 0, 100) + in_parts(client, 100, 400)
    assert late == pytest.approx(in_order[400:], rel=1e-3)
    assert early == pytest.approx(in_order[:400], rel=1e-3)
    assert max(early[1:10]) < 0.1 < min(late[1:10])
    assert in_parts(client, 400, len(text)) == late
    # A place before that again.
    client.open(URI, text)
    assert in_parts(client, 300, 310) == pytest.approx(in_order[300:310], rel=1e-3)
    assert in_parts(client, 150, 160) == pytest.approx(in_order[150:160], rel=1e-3)
    assert in_parts(client, 0, 30) == pytest.approx(in_order[:30], rel=1e-3)


def test_edit_supersedes_outlook(client: Client) -> None:
    """An edit supersedes the request."""
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
def test_malformed_place_is_refused(client: Client, argument: Any) -> None:
    """A malformed position or range is refused."""
    client.initialize(BOTH)
    with pytest.raises(RuntimeError, match="position"):
        client.request(
            "workspace/executeCommand", {"command": "foretype.outlook", "arguments": [argument]}
        )


def test_closed_document_has_no_outlook(client: Client) -> None:
    """A document that is not open has no answer."""
    client.initialize(BOTH)
    assert outlook(client, 0, uri="untitled:other") is None


def test_failing_predictor_is_left_out(client: Client) -> None:
    """A predictor that fails is left out, with one warning."""
    client.initialize(
        {"predictors": {"failing": {"texts": ["wow! wow"]}, "copy": {}, "scripted": {"texts": []}}}
    )
    client.open(URI, "wow! wow")
    seen = outlook(client, 8, 0, 8)
    assert len(seen["characters"]) == 8
    assert set(seen["characters"][0]["shares"]) == {"copy", "scripted"}
    client.ghost(URI, 0, 8)
    assert len([text for text in client.warnings() if "failing" in text]) == 1


def test_reopened_document_is_read_anew(client: Client) -> None:
    """A document that is opened again is scored anew."""
    client.initialize(BOTH)
    bits = []
    for _ in range(2):
        client.open(URI, TEXT)
        characters = outlook(client, 0, 0, len(TEXT))["characters"]
        bits.append(-sum(math.log2(one["probability"]) for one in characters))
        client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert bits[0] == pytest.approx(bits[1])


def test_default_predictors_have_outlook(tmp_path) -> None:
    """The default predictors answer too."""
    with server(tmp_path / "home") as (client, _):
        client.initialize()
        client.open(URI, "The quick brown fox jum")
        seen = outlook(client, 23, 0, 23)
        assert seen["next"][0]["text"] == "p"
        assert set(seen["next"][0]["shares"]) == {"network", "copy", "ngrams"}
        assert len(seen["characters"]) == 23
