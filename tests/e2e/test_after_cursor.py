"""Answers of the real server at a cursor with text after it."""

from __future__ import annotations

import pytest

from .client import Client, scripted_settings

URI = "file:///a.py"
LINE = "if os.path.exists(path):"
CURSOR = len("if os.path.exists(pa")


@pytest.mark.parametrize(
    ("replaces", "text", "end"), [(None, "th", CURSOR), (True, "th):", CURSOR + 1)]
)
def test_closer_is_replaced_if_client_can(
    client: Client, replaces: bool | None, text: str, end: int
) -> None:
    """The range of ghost text covers the bracket that the editor closed if the client says so; else
    ghost text stops before it.
    """
    client.initialize(scripted_settings(LINE, replaceAfterCursor=replaces))
    client.open(URI, LINE[:CURSOR] + ")", "python")
    (item,) = client.ghost(URI, 0, CURSOR)
    assert item["insertText"] == text
    assert item["range"] == {
        "start": {"line": 0, "character": CURSOR},
        "end": {"line": 0, "character": end},
    }
    assert client.warnings() == []


def test_menu_closes_nothing_twice(client: Client) -> None:
    """No item of the menu adds the bracket that stands behind the cursor."""
    client.initialize(scripted_settings(LINE))
    client.open(URI, LINE[:CURSOR] + ")", "python")
    texts = [item["textEdit"]["newText"] for item in client.completions(URI, 0, CURSOR)["items"]]
    assert "path" in texts
    assert not [text for text in texts if ")" in text]
