"""From candidates to the Language Server Protocol's types. The only room that knows position
encodings and those types.

What each kind of item looks like is what every editor tried shows and inserts in the same way: a
ghost text is one plain string with an empty range at the cursor; a completion item replaces the
word typed so far by that word and what follows it, and filters by exactly that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lsprotocol import types

from foretype_server.document import CodeUnits, Point

if TYPE_CHECKING:
    import regex

    from foretype_model.completion.candidates import Candidate
    from foretype_model.text.rope import Rope

ACCEPTED: Final = "foretype.accepted"
"""The command that clients run once they have inserted an item; its argument has `kind`,
`characters` and `uri`.
"""

MAX_WORD_BYTES: Final = 400
"""Bytes before the cursor that are searched for the word typed so far."""

_WHITE_SPACE_SIGNS: Final = str.maketrans({"\n": "↵", "\r": None, "\t": "⇥", " ": "␣"})


class ItemContext(NamedTuple):
    """What an item was made for: a version of a document, the position in it, and the text that is
    offered there.
    """

    uri: str
    version: int | None
    position: types.Position
    text: str = ""


class _Utf8:
    def width(self, text: bytes) -> int:
        return len(text)

    def split(self, text: bytes, units: int) -> tuple[bytes, bytes]:
        while text[units] & 0xC0 == 0x80:
            units -= 1
        return text[:units], text[units:]


class _Utf16:
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
"""By the name of the position encoding."""


def to_point(position: types.Position) -> Point:
    """The place a client means."""
    return Point(position.line, position.character)


def to_position(point: Point) -> types.Position:
    """Return `point` as a position of the protocol."""
    return types.Position(point.line, point.character)


def parse_position(position: object) -> Point | None:
    """The place that a client means by a position in a command's arguments; None where it is
    none.
    """
    match position:
        case {"line": int() as line, "character": int() as character} if min(line, character) >= 0:
            return Point(line, character)
    return None


def inline_completions(
    candidate: Candidate | None, uri: str, position: types.Position
) -> types.InlineCompletionList:
    """The ghost text at `position` of a document, or none."""
    if candidate is None:
        return types.InlineCompletionList(items=[])
    item = types.InlineCompletionItem(
        insert_text=candidate.text,
        range=types.Range(start=position, end=position),
        command=_accepted_command(candidate, uri),
    )
    return types.InlineCompletionList(items=[item])


def completions(
    candidates: Iterable[Candidate], before: Rope, context: ItemContext, encoding: CodeUnits
) -> types.CompletionList:
    """The items for `candidates`, in their order, where `before` is the text before the position
    asked for.
    """
    position = context.position
    typed = typed_word(before)
    start = types.Position(
        position.line, max(0, position.character - encoding.width(typed.encode()))
    )
    edit_range = types.Range(start=start, end=position)
    distinct: dict[str, Candidate] = {}
    for candidate in candidates:
        distinct.setdefault(candidate.text, candidate)
    items = [
        _completion_item(candidate, typed, edit_range, rank)
        for rank, candidate in enumerate(distinct.values())
    ]
    for item, candidate in zip(items, distinct.values(), strict=True):
        item.command = _accepted_command(candidate, context.uri)
        item.data = _item_data(candidate, context)
    return types.CompletionList(is_incomplete=True, items=items)


@cache
def _word_pattern() -> regex.Pattern[str]:
    import regex  # noqa: PLC0415 (25 ms, for which initialize won't wait)

    return regex.compile(r"[\w\p{M}]*\Z")


def typed_word(before: Rope) -> str:
    """The word that the cursor stands at the end of; empty after anything that no word has."""
    text = before[-MAX_WORD_BYTES:].decode(errors="ignore")
    found = _word_pattern().search(text)
    return found[0] if found else ""


def _completion_item(
    candidate: Candidate, typed: str, edit_range: types.Range, rank: int
) -> types.CompletionItem:
    text = typed + candidate.text
    return types.CompletionItem(
        label=_label(text),
        kind=types.CompletionItemKind.Text,
        sort_text=f"{rank:04}",
        filter_text=text,
        insert_text_format=types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(range=edit_range, new_text=text),
    )


def _label(text: str) -> str:
    """What the menu shows: the words as they are, white space after them or alone as signs for it.

    Without the sign, a word with the space after it would look like the word alone.
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
    """What an item keeps, to be explained by.

    Fractions as strings: Neovim keeps items as Vim's values, and a fraction that comes out of them
    is no JSON to it.
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
    """What an item was made for, if it is one of ours."""
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
    """`item` with its probability, each predictor's share and `sources` spelt out, where it is one
    of ours.
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
    return f"{100 * probability:.2g} %" if probability < 0.1 else f"{100 * probability:.0f} %"
