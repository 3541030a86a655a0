"""The texts that completion items of every form insert at the cursor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_server.comparison.offers import Cursor, expand_snippet, ghost_text, menu_texts
from foretype_server.lsp.to_proto import POSITION_ENCODINGS

UTF_16 = POSITION_ENCODINGS["utf-16"]
NAMES = [
    *("items", "itemDefaults", "label", "insertText", "textEdit", "newText", "range", "insert"),
    *("start", "end", "line", "character", "editRange", "kind", "value"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=20,
)


def span(start: int, end: int, line: int = 0) -> dict[str, Any]:
    return {
        "start": {"line": line, "character": start},
        "end": {"line": line, "character": end},
    }


def check(before: str, answer: Any, expected: list[str], after: str = "", units=UTF_16) -> None:
    """Assert that a menu inserts these texts, in this order."""
    assert menu_texts(answer, Cursor(0, before, after, units)) == expected


@pytest.mark.parametrize("answer", [None, [], {"items": []}, {"items": None}, "nonsense", [3]])
def test_empty_answers_offer_nothing(answer):
    """An answer without items offers nothing."""
    check("he", answer, [])
    assert ghost_text(answer, Cursor(0, "he", "", UTF_16)) is None


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"label": "hello"}, ["llo"]),
        ({"label": "greeting", "insertText": "hello"}, []),  # the editor filters by the label
        ({"label": "greeting", "filterText": "hello", "insertText": "hello"}, ["llo"]),
        ({"label": "help", "textEdit": {"range": span(2, 4), "newText": "hello"}}, ["llo"]),
        ({"label": "help", "textEdit": {"range": span(4, 4), "newText": "llo"}}, ["llo"]),
        ({"label": "help", "textEdit": {"range": span(0, 4), "newText": "A hello"}}, []),
        ({"label": "help", "textEdit": {"range": span(0, 4, 1), "newText": "hello"}}, []),
        ({"label": "help", "textEdit": {"range": span(5, 6), "newText": "hello"}}, []),
        (
            {
                "label": "help",
                "textEdit": {"insert": span(2, 4), "replace": span(2, 7), "newText": "hello"},
            },
            ["llo"],
        ),
        (
            {"label": "hello", "insertText": "hello(${1:name})$0", "insertTextFormat": 2},
            ["llo(name)"],
        ),
        ({"label": "hello", "insertText": "hello($1)"}, ["llo($1)"]),  # no snippet
        ({"label": "HELLO"}, []),  # shown, but it would change the letters typed
        ({"label": "he"}, []),  # nothing more to insert
    ],
)
def test_item_inserts_text(item, expected):
    """An item inserts its text without the part already typed, if it does not change that."""
    check("A he", [item], expected, " B")


def test_edit_after_cursor_is_kept():
    """An edit that puts back what it takes after the cursor inserts the rest; another is none."""
    edit = {"range": span(2, 3), "newText": "hello)"}
    check("(he"[1:], [{"label": "hello", "textEdit": {**edit, "range": span(0, 3)}}], ["llo"], ")")
    check(
        "he", [{"label": "hello", "textEdit": {"range": span(0, 3), "newText": "hello"}}], [], ")"
    )


def test_defaults_of_list_apply():
    """Items take the range, the text and the format from their list's defaults."""
    defaults = {"editRange": span(2, 4), "insertTextFormat": 2}
    items = [{"label": "help", "textEditText": "help$0"}, {"label": "hello"}]
    check("A he", {"items": items, "itemDefaults": defaults}, ["llo", "lp"])
    both = {"insert": span(2, 4), "replace": span(2, 6)}
    check("A he", {"items": items[1:], "itemDefaults": {"editRange": both}}, ["llo"])


def test_items_are_sorted():
    """Items are in the order of `sortText`, or of the label if there is none."""
    items = [{"label": "hz"}, {"label": "hb", "sortText": "2"}, {"label": "ha", "sortText": "3"}]
    check("h", items, ["b", "a", "z"])


@pytest.mark.parametrize(("name", "start"), [("utf-8", 7), ("utf-16", 4), ("utf-32", 3)])
def test_each_encoding_is_counted(name, start):
    """Ranges count in the units of the encoding that was agreed on."""
    edit = {"range": span(start, start + 2), "newText": "hello"}
    check("ü😀 he", [{"label": "hello", "textEdit": edit}], ["llo"], units=POSITION_ENCODINGS[name])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([{"insertText": "llo"}, {"insertText": "lp"}], "llo"),
        ({"items": [{"insertText": "hello", "range": span(0, 2)}]}, "llo"),
        ({"items": [{"insertText": "help", "range": span(1, 1)}]}, None),
        ({"items": [{"insertText": {"kind": "snippet", "value": "llo(${1:x})"}}]}, "llo(x)"),
        ({"items": [{"insertText": ""}]}, None),
        ({"items": [{"insertText": None}]}, None),
    ],
)
def test_first_ghost_text_counts(answer, expected):
    """The ghost text is the first item's text after the typed part."""
    assert ghost_text(answer, Cursor(0, "he", "", UTF_16)) == expected


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("plain", "plain"),
        ("f($1, ${2:b}, ${3|c,d|})$0", "f(, b, c)"),
        ("${1:outer ${2:inner}} end", "outer inner end"),
        (r"\$1 costs \} \\", r"$1 costs } \ ".strip()),
        ("${TM_FILENAME}$TM_LINE_INDEX.${CLIPBOARD:x}", ".x"),
        ("$1abc", "abc"),
        ("${1:open", "${1:open"),
    ],
)
def test_snippets_are_expanded(snippet, expected):
    """A snippet counts with the defaults of its placeholders."""
    assert expand_snippet(snippet) == expected


@given(JSON, st.sampled_from(sorted(POSITION_ENCODINGS)))
def test_no_answer_raises(answer, name):
    """Any answer of a server gives a list of texts."""
    cursor = Cursor(0, "ü😀 he", ")", POSITION_ENCODINGS[name])
    assert all(isinstance(text, str) and text for text in menu_texts(answer, cursor))
    assert ghost_text(answer, cursor) is None or ghost_text(answer, cursor)
