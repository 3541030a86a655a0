"""The texts that a language server's answers would insert at the cursor.

An editor's rules are followed: items are filtered by the word typed so far, and sorted. An answer
may break the protocol; whatever cannot be understood offers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from foretype_server.document import CodeUnits

SNIPPET: Final = 2
"""The `insertTextFormat` of snippets."""

_TYPED_WORD: Final = re.compile(r"\w*\Z")
_ESCAPED: Final = re.compile(r"\\([\\$}|,])")
_CHOICE: Final = re.compile(r"\$\{\d+\|([^|,]*)[^|}]*\|\}")
_DEFAULT: Final = re.compile(r"\$\{\w+:([^${}]*)\}")
_TAB_STOP: Final = re.compile(r"\$(?:\d+|[A-Za-z_]\w*)")
_OTHER: Final = re.compile(r"\$\{[^{}]*\}")

PRIVATE_USE: Final = 0xF0000
"""Distance of the code points that stand for escaped characters while a snippet is expanded."""


class Cursor(NamedTuple):
    """The cursor in its line: the line's number, its text before and after the cursor, and the
    units of positions.
    """

    line: int
    before: str
    after: str
    units: CodeUnits


class _Edit(NamedTuple):
    """An edit at the cursor: the text on both sides of it that goes, and the new text."""

    before: str
    after: str
    text: str

    @property
    def inserted(self) -> str | None:
        """The text that appears at the cursor; None if the edit changes the text around it."""
        if len(self.before) + len(self.after) > len(self.text):
            return None
        end = len(self.text) - len(self.after)
        kept = self.text.startswith(self.before) and self.text[end:] == self.after
        return self.text[len(self.before) : end] if kept else None


def menu_texts(answer: Any, cursor: Cursor) -> list[str]:
    """Return the texts that the items of a menu would insert, best first.

    `answer` is the result of ``textDocument/completion``.
    """
    items, defaults = _items(answer)
    shown = sorted(
        filter(None, (_menu_item(item, defaults, cursor) for item in items)),
        key=lambda item: item[0],
    )
    return [text for _, text in shown]


def ghost_text(answer: Any, cursor: Cursor) -> str | None:
    """Return the text that the first inline completion would insert, or None.

    `answer` is the result of ``textDocument/inlineCompletion``.
    """
    first = next(iter(_items(answer)[0]), {})
    text = first.get("insertText")
    if isinstance(text, dict):
        value = _string(text, "value")
        text = expand_snippet(value) if text.get("kind") == "snippet" else value
    if not isinstance(text, str):
        return None
    edit = _edit(first["range"], text, cursor) if first.get("range") else _Edit("", "", text)
    return (edit.inserted or None) if edit else None


def _items(answer: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the items of an answer, and the defaults of their members."""
    listed = answer if isinstance(answer, dict) else {"items": answer}
    items, defaults = listed.get("items"), listed.get("itemDefaults")
    return (
        [item for item in items if isinstance(item, dict)] if isinstance(items, list) else [],
        defaults if isinstance(defaults, dict) else {},
    )


def _menu_item(
    item: dict[str, Any], defaults: dict[str, Any], cursor: Cursor
) -> tuple[str, str] | None:
    """Return an item's key for sorting and its inserted text; None if it is not shown."""
    label = _string(item, "label")
    edit = _menu_edit(item, defaults, cursor, label)
    is_match = edit and _matches(_string(item, "filterText") or label, edit.before)
    if edit is None or not is_match or not edit.inserted:
        return None
    return _string(item, "sortText") or label, edit.inserted


def _menu_edit(
    item: dict[str, Any], defaults: dict[str, Any], cursor: Cursor, label: str
) -> _Edit | None:
    is_snippet = item.get("insertTextFormat", defaults.get("insertTextFormat")) == SNIPPET
    own = item.get("textEdit")
    if isinstance(own, dict):
        text, span = _string(own, "newText"), own.get("range") or own.get("insert")
    else:
        default = defaults.get("editRange")
        text = (_string(item, "textEditText") if default else "") or _string(item, "insertText")
        span = default.get("insert") or default if isinstance(default, dict) else None
    text = expand_snippet(text or label) if is_snippet else text or label
    if span:
        return _edit(span, text, cursor)
    found = _TYPED_WORD.search(cursor.before)
    return _Edit(found[0] if found else "", "", text)


def _edit(span: Any, text: str, cursor: Cursor) -> _Edit | None:
    """Return the edit that puts `text` in the place of `span`; None if the cursor is not in it, or
    if it spans lines.
    """
    match span:
        case {
            "start": {"line": cursor.line, "character": int() as start},
            "end": {"line": cursor.line, "character": int() as end},
        } if start >= 0:
            line = (cursor.before + cursor.after).encode()
            place = len(cursor.before.encode())
            first, last = (_byte(line, unit, cursor.units) for unit in (start, end))
            if first <= place <= last:
                return _Edit(line[first:place].decode(), line[place:last].decode(), text)
    return None


def _byte(line: bytes, unit: int, units: CodeUnits) -> int:
    """Return the place of a code unit in the line, in bytes; its end for those beyond."""
    return len(line) if unit >= units.width(line) else len(units.split(line, unit)[0])


def _matches(filtered: str, typed: str) -> bool:
    return filtered.casefold().startswith(typed.casefold())


def _string(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def expand_snippet(snippet: str) -> str:
    """Return the text of a snippet as it is first shown: with the default of each placeholder, the
    first of its choices, or nothing.
    """
    text = _ESCAPED.sub(lambda found: chr(PRIVATE_USE + ord(found[1])), snippet)
    text = _TAB_STOP.sub("", _CHOICE.sub(r"\1", text))
    while (expanded := _DEFAULT.sub(r"\1", text)) != text:  # one may contain others
        text = expanded
    return "".join(_unescaped(_OTHER.sub("", text)))


def _unescaped(text: str) -> Iterator[str]:
    for character in text:
        number = ord(character) - PRIVATE_USE
        yield chr(number) if 0 <= number < 128 else character
