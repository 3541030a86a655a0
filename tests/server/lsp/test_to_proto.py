"""Candidates as items of the protocol."""

from __future__ import annotations

import pytest
from lsprotocol.types import CompletionItem, Position, Range

from foretype_model.completion.candidates import Candidate
from foretype_server.lsp.to_proto import (
    POSITION_ENCODINGS,
    ItemContext,
    completions,
    inline_completions,
    item_context,
    resolve_item,
    typed_word,
)


def context_at(character: int, line: int = 0) -> ItemContext:
    return ItemContext("file:///a", 7, Position(line, character))


@pytest.mark.parametrize(
    ("before", "word"),
    [
        ("hel", "hel"),
        ("say hel", "hel"),
        ("say ", ""),
        ("hello\n", ""),
        ("x.y_2", "y_2"),
        ("grü", "grü"),
        ("मैं हिन्दी", "हिन्दी"),
        ("😀", ""),
        ("é" * 1000, "é" * 200),
    ],
)
def test_typed_word_ends_at_cursor(before: str, word: str) -> None:
    """The typed word is the letters, marks and digits before the cursor, 400 bytes at most."""
    assert typed_word(before.encode()) == word


@pytest.mark.parametrize(
    ("before", "text", "label"),
    [
        ("wo", "rld ", "world␣"),
        ("hel", "lo", "hello"),
        ("hello", " world", "hello world"),
        ("", " world", "world"),
        ("", "\n", "↵"),
        ("", "\r\n", "↵"),
        ("", " ", "␣"),
        ("", "\t\t", "⇥⇥"),
        ("if x:", "\n    return", "return"),
        ("x", "\n    y", "x↵    y"),
    ],
)
def test_labels_show_white_space(before: str, text: str, label: str) -> None:
    """A label shows its words as they are, and white space after them or alone as signs."""
    candidates = [Candidate(text, 0.5, "word")]
    (item,) = completions(
        candidates, before.encode(), context_at(len(before)), POSITION_ENCODINGS["utf-16"]
    ).items
    assert item.label == label


@pytest.mark.parametrize(
    ("encoding", "character", "start"), [("utf-8", 9, 5), ("utf-16", 7, 4), ("utf-32", 7, 4)]
)
def test_range_covers_typed_word(encoding: str, character: int, start: int) -> None:
    """The range of an item covers the typed word in the client's units."""
    context, candidate = context_at(character, line=3), Candidate("ße", 1.0, "word")
    (item,) = completions(
        [candidate], "grü grü".encode(), context, POSITION_ENCODINGS[encoding]
    ).items
    assert item.text_edit.range.start == Position(3, start)
    assert item.text_edit.range.end == context.position
    assert item.text_edit.new_text == "grüße"


def test_ranges_cover_replaced_closers() -> None:
    """The ranges of ghost text and of an item cover the closing marks that the text replaces."""
    position, candidate = Position(3, 7), Candidate("th):", 0.5, "ghost", replaces_after=1)
    (ghost,) = inline_completions([candidate], "file:///a", Range(position, position)).items
    (item,) = completions(
        [candidate], b"exists(pa", context_at(7, line=3), POSITION_ENCODINGS["utf-16"]
    ).items
    assert (ghost.range.start, ghost.range.end) == (position, Position(3, 8))
    assert (item.text_edit.range.start, item.text_edit.range.end) == (
        Position(3, 5),
        Position(3, 8),
    )


def test_repeated_text_is_offered_once() -> None:
    """Of candidates with the same text, only the first becomes an item."""
    offered = [
        Candidate("b", 0.5, "word"),
        Candidate("a", 0.4, "word"),
        Candidate("b", 0.5, "character"),
    ]
    items = completions(offered, b"", context_at(0), POSITION_ENCODINGS["utf-8"]).items
    assert [(item.label, item.sort_text, item.data["probability"]) for item in items] == [
        ("b", "0000", "0.5"),
        ("a", "0001", "0.4"),
    ]


def test_no_candidates_give_empty_lists() -> None:
    """Without candidates, both lists are empty."""
    assert list(completions([], b"", context_at(0), POSITION_ENCODINGS["utf-8"]).items) == []
    here = Range(Position(0, 0), Position(0, 0))
    assert list(inline_completions([], "file:///a", here).items) == []


def test_items_in_code_come_last() -> None:
    """In code, items are sorted below those of other servers, in their own order."""
    offered = [Candidate("lo", 0.5, "word"), Candidate("p", 0.3, "word")]
    context, encoding = context_at(3), POSITION_ENCODINGS["utf-8"]
    ours = completions(offered, b"hel", context, encoding, is_code=True).items
    others = ["0001", "09.9999.zeta", "11", "help", "zzz", "_private", "Zeta"]
    ranked = sorted([*others, *(item.sort_text for item in ours)])
    assert ranked[len(others) :] == [item.sort_text for item in ours]
    assert not any(item.preselect for item in ours)


def test_item_data_has_no_fractions() -> None:
    """The data of an item has fractions as strings only: Neovim cannot send numbers back."""
    (item,) = completions(
        [Candidate("lo", 0.5, "word", {"network": 1.0})],
        b"hel",
        context_at(3),
        POSITION_ENCODINGS["utf-8"],
    ).items
    assert not [
        value
        for value in (*item.data.values(), *item.data["shares"].values())
        if isinstance(value, float)
    ]
    assert resolve_item(item, []).detail == "50 %"


def test_item_data_explains_item() -> None:
    """An item is resolved from the probability and the shares in its data."""
    data = {"probability": "0.034", "shares": {"network": "0.25", "words": "0.75", "odd": "?"}}
    item = resolve_item(CompletionItem("x", data=data), ["notes.txt:3: an x"])
    assert item.detail == "3.4 %"
    assert (
        item.documentation.value
        == "probability: 3.4 %\nwords: 75 % of it\nnetwork: 25 % of it\nnotes.txt:3: an x"
    )


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        ("0.0000000532", "<0.1 %"),
        ("0.00099", "<0.1 %"),
        ("0.001", "0.1 %"),
        ("0.0994", "9.9 %"),
        ("0.0996", "10 %"),
        ("1", "100 %"),
    ],
)
def test_percentages_have_no_exponent(probability: str, shown: str) -> None:
    """A small probability is shown as people write numbers."""
    data = {"probability": probability, "shares": {}}
    assert resolve_item(CompletionItem("x", data=data), []).detail == shown


def test_item_context_survives_round_trip() -> None:
    """The context of an item is read back from its data."""
    candidates = [Candidate("lo", 0.5, "word")]
    (item,) = completions(candidates, b"hel", context_at(3), POSITION_ENCODINGS["utf-16"]).items
    assert item_context(item) == ItemContext("file:///a", 7, Position(0, 3), "lo")


@pytest.mark.parametrize(
    "spoilt", [{"uri": 3}, {"position": {"line": -1, "character": 0}}, {"text": ""}, {"text": None}]
)
def test_foreign_item_has_no_context(spoilt) -> None:
    """An item with other data has no context."""
    data = {"uri": "file:///a", "version": 1, "position": {"line": 0, "character": 0}, "text": "x"}
    assert item_context(CompletionItem("x", data=data))
    assert item_context(CompletionItem("x", data={**data, **spoilt})) is None
    assert item_context(CompletionItem("x")) is None
