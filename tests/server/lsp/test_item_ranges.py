"""The ranges of items, as a real server gives them, at positions that are not in the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.client import Client, scripted_settings, server

URI = "file:///a.txt"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server whose predictor knows one sentence."""
    with server(tmp_path_factory.mktemp("home")) as (client, _):
        client.initialize(scripted_settings("hello world", **{"inline.minConfidence": 0}))
        yield client


def at(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}


def ranges(client: Client, line: int, character: int) -> list[dict[str, Any]]:
    """The range of the ghost text, then that of the first item."""
    (ghost,) = client.ghost(URI, line, character)
    item = client.completions(URI, line, character)["items"][0]
    assert item["data"]["position"] == item["textEdit"]["range"]["end"]
    return [ghost["range"], item["textEdit"]["range"]]


@pytest.mark.parametrize(
    ("text", "asked", "end"),
    [
        ("say hel\nx", (0, 7), (0, 7)),
        ("say hel\nx", (0, 99), (0, 7)),
        ("say hel\r\nx", (0, 8), (0, 7)),
        ("x\n\N{GRINNING FACE} hel", (1, 99), (1, 6)),
        ("x\nhel", (9, 0), (1, 3)),
        ("x\nhel", (9, 9), (1, 3)),
    ],
)
def test_ranges_end_within_the_line(
    client: Client, text: str, asked: tuple[int, int], end: tuple[int, int]
) -> None:
    """A position past the end of its line, or of the text, stands for that end in every range."""
    client.open(URI, text)
    place = at(*end)
    typed = at(end[0], end[1] - len("hel"))
    assert ranges(client, *asked) == [
        {"start": place, "end": place},
        {"start": typed, "end": place},
    ]
