"""The first offers that a new user meets, with the default model: words that a person could have
meant, and nothing that reads as debris.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

import pytest

from foretype_model.predictors.ngrams import model_file
from foretype_model.predictors.ngrams.predictor import DEFAULT
from foretype_model.predictors.ngrams.vocabulary import Vocabulary

from .client import Client, Message, server

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
NUMBERS = count()

SHOWN = 5
"""Items that a menu shows without scrolling."""


@pytest.fixture(scope="module")
def default(tmp_path_factory) -> Iterator[Client]:
    """A client of one server, with the default predictors and settings."""
    with server(tmp_path_factory.mktemp("default") / "home") as (client, _process):
        client.initialize({})
        yield client


@pytest.fixture(scope="module")
def vocabulary() -> set[str]:
    """The words of the n-gram model, in lower case."""
    known = Vocabulary(model_file.read(DEFAULT))
    return {known.text(token).decode().lower() for token in known.words}


def opened(client: Client, text: str, language: str) -> tuple[str, int, int]:
    """Open a new document with `text`, in which "|" is the cursor; return its URI and place."""
    before, _, after = text.partition("|")
    uri = f"file:///first/{next(NUMBERS)}.{'py' if language == 'python' else 'txt'}"
    client.open(uri, before + after, language)
    return uri, before.count("\n"), len(before.rpartition("\n")[2])


def menu(client: Client, text: str, language: str = "plaintext") -> list[Message]:
    """Return the items of the menu as they are shown."""
    items = client.completions(*opened(client, text, language))["items"]
    return sorted(items, key=lambda item: item["sortText"])


def words(client: Client, text: str, language: str = "plaintext") -> list[str]:
    """Return the words and phrases of the menu, with the typed beginning of the word."""
    before = text.partition("|")[0]
    typed = re.search(r"\w*\Z", before)[0]
    found = []
    for item in menu(client, text, language):
        if item["command"]["arguments"][0]["kind"] == "word":
            edit = item["textEdit"]
            start = edit.get("range", edit.get("insert"))["start"]["character"]
            replaced = len(before.rpartition("\n")[2]) - start
            found.append(typed[: len(typed) - replaced] + edit["newText"])
    return found


def ghost(client: Client, text: str, language: str = "plaintext") -> str:
    """Return the ghost text, empty if there is none."""
    items = client.ghost(*opened(client, text, language))
    return items[0]["insertText"] if items else ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please find attached the ",
        "Kind ",
        "The weather is ",
        "I am wri",
        "Thank you for your ",
        "We will meet at the stat",
        "See you tom",
        "The results of the exp",
        "She opened the ",
        "It would be gr",
    ],
)
def test_menu_has_whole_words(default: Client, vocabulary: set[str], text: str) -> None:
    """The first five items are whole words, three or more, and phrases that begin with them."""
    shown = words(default, text)[:SHOWN]
    assert shown
    first = [WORD.match(item.lstrip())[0] for item in shown]
    assert len(set(shown)) == len(shown)
    assert len(set(first)) >= 3 or len(shown) < SHOWN, shown
    for word in first:
        assert word.lower() in vocabulary, shown
        assert len(word) > 1 or word in {"a", "I"}, shown


@pytest.mark.parametrize(("text", "word"), [("tomor", "tomorrow"), ("sincere", "sincerely")])
def test_sure_word_stands_once(default: Client, text: str, word: str) -> None:
    """A word of which little is open stands once, whatever may follow it."""
    shown = words(default, text)
    assert [item for item in shown if item.startswith(word)] == [shown[0]]


def test_names_have_no_signs(default: Client) -> None:
    """In Python, the items after the beginning of a name are names."""
    shown = words(default, "import os\n\nPa", "python")
    assert shown
    assert all(re.match(r"\w\w", item) for item in shown), shown
    assert len({re.match(r"\w+", item)[0] for item in shown}) == len(shown)


@pytest.mark.parametrize("used", ["", "scanner.read_all()\n"])
def test_own_names_follow_a_dot(default: Client, used: str) -> None:
    """After a dot come the names of the document that may follow it, first in the menu."""
    text = f"class Scanner:\n    def scan_tokens(self):\n        pass\n\n{used}scanner."
    shown = words(default, text, "python")
    expected = ["read_all", "scan_tokens"] if used else ["scan_tokens"]
    assert [item.rstrip("(): ") for item in shown[: len(expected)]] == expected


@pytest.mark.parametrize(
    "text", ["The quick bro| fox", "I have been wait| for you", "Let me kn| if it works"]
)
def test_word_before_space_ends(default: Client, text: str) -> None:
    """In front of a space, an offer does not end with another."""
    offered = [ghost(default, text), *(item["textEdit"]["newText"] for item in menu(default, text))]
    assert not any(text.endswith(" ") for text in offered)


@pytest.mark.parametrize(
    ("text", "rest"), [("x = va|(strict=True)\n", "(strict=True)"), ("print(it|ems)\n", "ems)")]
)
def test_rest_of_line_is_known(default: Client, text: str, rest: str) -> None:
    """The text after the cursor is not offered once more."""
    assert not ghost(default, text, "python").endswith(rest)
    assert not any(item.endswith(rest) for item in words(default, text, "python"))


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("", "---"),
        ("", "SPDX"),
        ("import os\n", ">>>"),
        ("try:\n    ", '"""'),
        ("- milk\n- bread\n", "--"),
        ("# Notes\n\n", "---"),
    ],
)
def test_silly_ghosts_are_gone(default: Client, text: str, unwanted: str) -> None:
    """Heads of files, doctests, quotes and rulers are not offered where few people type them."""
    for language in ("plaintext", "python"):
        assert not ghost(default, text, language).strip().startswith(unwanted)
