"""Conversion of candidates to types of the Language Server Protocol. Only this module knows the
position encodings.

All editors tried show and insert these forms in the same way: ghost text is one plain string with
an empty range at the cursor; a completion item replaces the word typed so far by that word and its
continuation, and filters by exactly that text. For a client with `replaceAfterCursor`, both ranges
also cover the closing marks after the cursor that the text replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lsprotocol import types

from foretype_server.document import CodeUnits, Point
from foretype_server.session.open_document import SelectedItem

if TYPE_CHECKING:
    import regex

    from foretype_model.completion.candidates import Candidate
    from foretype_model.text.rope import Rope

ACCEPTED: Final = "foretype.accepted"
"""The command that clients run once they have inserted an item; its argument has `kind`,
`characters` and `uri`, and `whole` if the client reports whole suggestions alone.
"""

BELOW_OTHERS: Final = "~"
"""Begins the `sortText` of items in code: the last visible character of ASCII. Other language
servers begin theirs with digits or letters.
"""

MAX_WORD_BYTES: Final = 400
"""Bytes before the cursor that are searched for the word typed so far at most."""

_WHITE_SPACE_SIGNS: Final = str.maketrans({"\n": "↵", "\r": None, "\t": "⇥", " ": "␣"})


class ItemContext(NamedTuple):
    """The origin of an item: a version of a document, the position in it, and the offered text."""

    uri: str
    version: int | None
    position: types.Position
    text: str = ""


class _Utf8:
    """The encoding whose units are bytes."""

    def width(self, text: bytes) -> int:
        return len(text)

    def split(self, text: bytes, units: int) -> tuple[bytes, bytes]:
        while text[units] & 0xC0 == 0x80:
            units -= 1
        return text[:units], text[units:]


class _Utf16:
    """The encoding whose units are 16 bits: two for characters beyond U+FFFF."""

    def width(self, text: bytes) -> int:
        return len(text) if text.isascii() else len(text.decode().encode("utf-16-le")) // 2

    def split(self, text: bytes, units: int) -> tuple[bytes, bytes]:
        if text.isascii():
            return text[:units], text[units:]
        pairs = text.decode().encode("utf-16-le")
        # In the middle of a surrogate pair each half becomes U+FFFD, one unit as before.
        head, tail = (
            half.decode("utf-16-le", "replace") for half in (pairs[: 2 * units], pairs[2 * units :])
        )
        return head.encode(), tail.encode()


class _Utf32:
    """The encoding whose units are code points."""

    def width(self, text: bytes) -> int:
        return len(text) if text.isascii() else len(text.decode())

    def split(self, text: bytes, units: int) -> tuple[bytes, bytes]:
        decoded = text.decode()
        return decoded[:units].encode(), decoded[units:].encode()


POSITION_ENCODINGS: Final[Mapping[str, CodeUnits]] = {
    "utf-8": _Utf8(),
    "utf-16": _Utf16(),
    "utf-32": _Utf32(),
}
"""The position encodings by name."""


def chosen_encoding(capabilities: Mapping[str, Any]) -> CodeUnits | None:
    """Return the encoding in a server's answer to ``initialize``, by default UTF-16; None if it is
    unknown.
    """
    return POSITION_ENCODINGS.get(str(capabilities.get("positionEncoding") or "utf-16"))


def to_point(position: types.Position) -> Point:
    """Return a position of the protocol as a point."""
    return Point(position.line, position.character)


def to_changes(
    changes: Iterable[types.TextDocumentContentChangeEvent],
) -> list[tuple[Point, Point, str] | str]:
    """Return the changes of a document: each replaces a range, or the whole text."""
    return [
        (to_point(change.range.start), to_point(change.range.end), change.text)
        if isinstance(change, types.TextDocumentContentChangePartial)
        else change.text
        for change in changes
    ]


def to_position(point: Point) -> types.Position:
    """Return `point` as a position of the protocol."""
    return types.Position(point.line, point.character)


def parse_position(position: object) -> Point | None:
    """Return the position in a command's arguments as a point; None if it is not a valid one."""
    match position:
        case {"line": int() as line, "character": int() as character} if min(line, character) >= 0:
            return Point(line, character)
    return None


def to_selected_item(info: types.SelectedCompletionInfo) -> SelectedItem:
    """Return the selected item of the editor's menu."""
    return SelectedItem(to_point(info.range.start), to_point(info.range.end), info.text)


def inline_completions(
    candidates: Iterable[Candidate], uri: str, edit_range: types.Range, typed: str = ""
) -> types.InlineCompletionList:
    """Return ghost texts as items that replace `edit_range`, where `typed` is typed already."""
    return types.InlineCompletionList(
        items=[
            types.InlineCompletionItem(
                insert_text=typed + candidate.text,
                range=types.Range(edit_range.start, _end(edit_range.end, candidate)),
                command=_accepted_command(candidate, uri),
            )
            for candidate in candidates
        ]
    )


def completions(
    candidates: Iterable[Candidate],
    before: Rope,
    context: ItemContext,
    encoding: CodeUnits,
    *,
    is_code: bool = False,
) -> types.CompletionList:
    """Return the items for `candidates`, in their order; `before` is the text before the cursor.

    In code they are sorted below the items of other language servers.
    """
    first = BELOW_OTHERS if is_code else ""
    position = context.position
    typed = typed_word(before)
    start = types.Position(
        position.line, max(0, position.character - encoding.width(typed.encode()))
    )
    distinct: dict[str, Candidate] = {}
    for candidate in candidates:
        distinct.setdefault(candidate.text, candidate)
    items = [
        _completion_item(
            candidate,
            typed,
            types.Range(start=start, end=_end(position, candidate)),
            f"{first}{rank:04}",
        )
        for rank, candidate in enumerate(distinct.values())
    ]
    for item, candidate in zip(items, distinct.values(), strict=True):
        item.command = _accepted_command(candidate, context.uri)
        item.data = _item_data(candidate, context)
    return types.CompletionList(is_incomplete=True, items=items)


def _end(position: types.Position, candidate: Candidate) -> types.Position:
    """Return the end of the text that `candidate` replaces, in the cursor's line: closing marks are
    one unit long in every encoding.
    """
    return types.Position(position.line, position.character + candidate.replaces_after)


@cache
def _word_pattern() -> regex.Pattern[str]:
    import regex  # noqa: PLC0415 (25 ms, for which initialize won't wait)

    return regex.compile(r"[\w\p{M}]*\Z")


def typed_word(before: Rope) -> str:
    """Return the word that ends at the cursor; empty after any other character."""
    text = before[-MAX_WORD_BYTES:].decode(errors="ignore")
    found = _word_pattern().search(text)
    return found[0] if found else ""


def _completion_item(
    candidate: Candidate, typed: str, edit_range: types.Range, sort_text: str
) -> types.CompletionItem:
    text = typed + candidate.text
    return types.CompletionItem(
        label=_label(text),
        kind=types.CompletionItemKind.Text,
        sort_text=sort_text,
        filter_text=text,
        insert_text_format=types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(range=edit_range, new_text=text),
    )


def _label(text: str) -> str:
    """Return the menu's text for an item: its words, with signs for white space after them or
    alone.

    Without the sign, a word with a space after it would look like the word alone.
    """
    shown = text.lstrip()
    body = shown.rstrip()
    return body.translate({**_WHITE_SPACE_SIGNS, ord(" "): " "}) + (
        shown[len(body) :] if body else text
    ).translate(_WHITE_SPACE_SIGNS)


def _accepted_command(candidate: Candidate, uri: str) -> types.Command:
    argument = {"kind": candidate.kind, "characters": len(candidate.text), "uri": uri}
    return types.Command(title="", command=ACCEPTED, arguments=[argument])


def _item_data(candidate: Candidate, context: ItemContext) -> dict[str, Any]:
    """Return the data by which an item is explained later.

    Fractions are strings: Neovim keeps items as Vim's values, and cannot encode the fractions in
    them as JSON.
    """
    position = {"line": context.position.line, "character": context.position.character}
    fields = {
        "uri": context.uri,
        "version": context.version,
        "position": position,
        "text": candidate.text,
    }
    shares = {name: str(share) for name, share in candidate.shares.items()}
    return {"probability": str(candidate.probability), "shares": shares, **fields}


def item_context(item: types.CompletionItem) -> ItemContext | None:
    """Return the context of an item; None if the item is not Foretype's."""
    match item.data:
        case {
            "uri": str() as uri,
            "version": int() | None as version,
            "position": {"line": int() as line, "character": int() as character},
            "text": str() as text,
        } if text and min(line, character) >= 0:
            return ItemContext(uri, version, types.Position(line, character), text)
    return None


def resolve_item(item: types.CompletionItem, sources: Iterable[str]) -> types.CompletionItem:
    """Return `item` with its probability, each predictor's share and `sources` as documentation;
    unchanged if it is not Foretype's.
    """
    match item.data:
        case {"probability": value, "shares": dict() as shares} if (
            probability := _parse_fraction(value)
        ) is not None:
            item.detail = _format_percent(probability)
            text = "\n".join([*_format_origin(probability, shares), *sources])
            item.documentation = types.MarkupContent(kind=types.MarkupKind.PlainText, value=text)
    return item


def _parse_fraction(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _format_origin(probability: float, shares: Mapping[str, Any]) -> list[str]:
    ranked = sorted(
        (-share, name)
        for name, value in shares.items()
        if (share := _parse_fraction(value)) is not None
    )
    return [
        f"probability: {_format_percent(probability)}",
        *(f"{name}: {_format_percent(-share)} of it" for share, name in ranked),
    ]


def _format_percent(probability: float) -> str:
    """Return a percentage for people: at most one decimal, and never an exponent."""
    percent = 100 * probability
    if percent < 0.1:
        return "<0.1 %"
    return f"{percent:.1f} %" if percent < 9.95 else f"{percent:.0f} %"
