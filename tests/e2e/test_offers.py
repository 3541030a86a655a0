"""Offers over the protocol: alternatives, selected items, order in code, ends, characters."""

from __future__ import annotations

from typing import Any

from .client import (
    Client,
    Message,
    change,
    inline_completion_params,
    scripted_settings,
)

URI = "file:///a.txt"
TEXTS = ["we go home now", "we go away again", "we go on and on", "hello world, my friend"]
INVOKED = 1


def opened(client: Client, text: str, language: str = "plaintext", **settings: Any) -> None:
    client.initialize(scripted_settings(*TEXTS, **settings))
    client.open(URI, text, language)


def ghosts(client: Client, character: int, **context: Any) -> list[Message]:
    params = inline_completion_params(URI, 0, character)
    params["context"] |= context
    return client.request("textDocument/inlineCompletion", params)["items"]


def selected(start: int, end: int, text: str) -> Message:
    """Return the context of a request while an item of the menu is selected."""
    place = {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}}
    return {"selectedCompletionInfo": {"range": place, "text": text}}


def test_explicit_request_has_alternatives(client: Client) -> None:
    """An explicit request answers with three ghost texts that begin with different words; one for
    a key with the first of them.
    """
    opened(client, "we go ")
    (automatic,) = ghosts(client, 6)
    items = ghosts(client, 6, triggerKind=INVOKED)
    assert items[0] == automatic
    assert {item["insertText"].split()[0] for item in items} == {"home", "away", "on"}
    here = {"line": 0, "character": 6}
    assert all(item["range"] == {"start": here, "end": here} for item in items)
    assert ghosts(client, 6, triggerKind=INVOKED) == items


def test_ghost_text_extends_selected_item(client: Client) -> None:
    """While an item is selected, ghost text replaces its range by its text and more."""
    opened(client, "say hel")
    context = selected(4, 7, "hello")
    (item,) = ghosts(client, 7, **context)
    assert item["insertText"] == "hello world, my friend"
    assert item["range"] == context["selectedCompletionInfo"]["range"]
    assert item["command"]["arguments"][0]["characters"] == len("lo world, my friend")
    (other,) = ghosts(client, 7, **selected(4, 7, "we go"))
    assert other["insertText"].startswith("we go ")
    assert ghosts(client, 7, **selected(4, 7, "zqzq")) == []
    assert ghosts(client, 7, **selected(0, 3, "hello")) == []


def test_selected_item_is_not_typed(client: Client) -> None:
    """The document stays as it is, and so does the ghost text at the cursor."""
    opened(client, "say hel")
    before = ghosts(client, 7)
    ghosts(client, 7, **selected(4, 7, "we go"))
    assert ghosts(client, 7) == before


def test_menu_in_code_comes_last(client: Client) -> None:
    """In code, the items sort below those of language servers; in prose, by their rank alone."""
    opened(client, "we go ", "python")
    ranks = [item["sortText"] for item in client.completions(URI, 0, 6)["items"]]
    assert ranks == sorted(ranks)
    assert all(rank > "zzz" for rank in ranks)
    client.open("file:///b.txt", "we go ", "markdown")
    items = client.completions("file:///b.txt", 0, 6)["items"]
    assert items[0]["sortText"] == "0000"
    assert not any(item.get("preselect") for item in items)


def test_next_characters_are_likely(client: Client) -> None:
    """Next characters come last in the menu, and only those that are likely."""
    opened(client, "we go o")
    items = client.completions(URI, 0, 7)["items"]
    kinds = [item["command"]["arguments"][0]["kind"] for item in items]
    assert kinds == sorted(kinds, reverse=True)
    assert "character" in kinds
    for item, kind in zip(items, kinds, strict=True):
        assert kind == "word" or float(item["data"]["probability"]) >= 0.05


def test_spaces_are_for_clients_that_ask(client: Client) -> None:
    """Only for a client that takes it back does an offer end with a space."""
    texts = ["so we go on and on left", "so we go on and on right"]
    client.initialize(scripted_settings(*texts, **{"inline.minConfidence": 0.6}))
    client.open(URI, "so we go ")
    (item,) = ghosts(client, 9)
    assert item["insertText"] == "on and on"
    assert not any(
        one["textEdit"]["newText"].endswith(" ") and one["textEdit"]["newText"].strip()
        for one in client.completions(URI, 0, 9)["items"]
    )


def test_smart_space_is_offered(client: Client) -> None:
    """With `smartSpace`, ghost text and the items of the menu end with the space that follows."""
    texts = ["so we go on and on left", "so we go on and on right"]
    settings = {"inline.minConfidence": 0.6, "smartSpace": True}
    client.initialize(scripted_settings(*texts, **settings))
    client.open(URI, "so we go ")
    (item,) = ghosts(client, 9)
    assert item["insertText"] == "on and on "
    labels = [one["label"] for one in client.completions(URI, 0, 9)["items"]]
    assert any(label.endswith("␣") for label in labels)


def test_unseen_characters_are_not_offered(client: Client) -> None:
    """Neither ghost text nor the menu has a character that the user cannot see."""
    unseen = "\u200b", "\u202e", "\u2066", "\u00ad", "\ufeff", "\u2028"
    client.initialize(scripted_settings(*(f"say wo{one}rd of" for one in unseen)))
    for at, text in enumerate(("say ", "say wo", "say wo\u200b")):
        uri = f"file:///{at}.txt"
        client.open(uri, text)
        items = client.completions(uri, 0, len(text))["items"]
        offered = [item["data"]["text"] for item in items]
        offered += [item["insertText"] for item in client.ghost(uri, 0, len(text))]
        assert not any(one in text for text in offered for one in unseen)


def compose(client: Client, uri: str, prefix: str, stages: list[str]) -> None:
    """Type a word with an input method after `prefix`: each stage replaces the one before, and all
    but the last are requested for, as an editor does.
    """
    client.open(uri, prefix)
    old = ""
    for version, new in enumerate(stages, 2):
        start, end = len(prefix), len(prefix) + len(old)
        place = {
            side: {"line": 0, "character": at} for side, at in (("start", start), ("end", end))
        }
        client.send(change(uri, version, {"range": place, "text": new}))
        client.ghost(uri, 0, start + len(new))
        client.completions(uri, 0, start + len(new))
        old = new


def offered(client: Client, uri: str, text: str) -> list[str]:
    client.open(uri, text)
    found = [item["insertText"] for item in client.ghost(uri, 0, len(text))]
    return found + [item["data"]["text"] for item in client.completions(uri, 0, len(text))["items"]]


def test_compositions_are_not_offered(client: Client) -> None:
    """The letters of a composition are not offered once an input method has replaced them."""
    client.initialize({"predictors": {"copy": {}}, "inline.minConfidence": 0.0})
    ways = [
        ["n", "ni", "ni h", "ni ha", "ni hao", "你好"],
        ["n", "ni", "ni'h", "ni'hao", "你好"],
        ["k", "か", "かn", "かんj", "かんじ", "漢字"],
        ["ㅎ", "하", "한", "한ㄱ", "한그", "한글"],
    ]
    for number, stages in enumerate(ways):
        prefixes = [f"第{number}章，", f"第{number}章。我想说：", f"我 {number} 想说"]
        for at, prefix in enumerate(prefixes):
            compose(client, f"file:///{number}-{at}.txt", prefix, stages)
        for at, prefix in enumerate(prefixes):
            found = offered(client, f"file:///after-{number}-{at}.txt", prefix)
            letters = set("".join(stages[:-1])) - set(stages[-1]) - {" "}
            assert not [text for text in found if text[:1] in letters]
            assert any(text.startswith(stages[-1][0]) for text in found)
