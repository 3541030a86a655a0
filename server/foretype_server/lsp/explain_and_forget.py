"""The commands about learnt text, on the protocol's side: explain an offer, and forget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcInternalError, JsonRpcInvalidParams

from foretype_model.files.uris import is_valid_path, location
from foretype_model.text.encodable import is_encodable
from foretype_server import logs
from foretype_server.lsp import to_proto

if TYPE_CHECKING:
    from foretype_model.predictor import Source
    from foretype_server.document import Point
    from foretype_server.session.session import ClientSession

EXPLAIN: Final = "foretype.explain"
FORGET: Final = "foretype.forget"

MAX_EXPLAINED_CHARACTERS: Final = 256
"""Characters of a text to explain (0.6 ms a byte): 20 kB took 12 s. Ghost text has at most 60
bytes.
"""


async def resolve(session: ClientSession, item: types.CompletionItem) -> types.CompletionItem:
    """Add the item's probability and shares, and its sources while the document is unchanged."""
    context = to_proto.item_context(item)
    if (
        context is None
        or context.version != session.version(context.uri)
        or len(context.text) > MAX_EXPLAINED_CHARACTERS
        or not is_encodable(context.text)
    ):
        return to_proto.resolve_item(item, [])
    explanation = await session.explain(
        context.uri, to_proto.to_point(context.position), context.text
    )
    return to_proto.resolve_item(
        item, _describe_sources(session, context.uri, explanation.sources if explanation else ())
    )


def _describe_sources(session: ClientSession, uri: str, sources: Iterable[Source]) -> list[str]:
    return [
        " ".join(f"{_format_location(session, uri, one)}: {one.excerpt}".split()) for one in sources
    ]


def _format_location(session: ClientSession, uri: str, source: Source) -> str:
    opened = session.notebooks.text_of(uri)
    return location(source.document, source.line, session.workspace, opened)


async def explain(session: ClientSession, *arguments: object) -> dict[str, Any] | None:
    """Return the offers at a point, and the reasons for one of them or for another text; None if
    there is nothing to explain.
    """
    uri, point, text = _parse_explain_arguments(arguments)
    answer = await session.explain_offers(uri, point, text)
    if answer is None:
        return None
    candidates, explanation = answer
    sources = [
        {**asdict(one), "where": _format_location(session, uri, one)} for one in explanation.sources
    ]
    return {
        "text": explanation.text,
        "probability": explanation.probability,
        "shares": explanation.shares,
        "sources": sources,
        "candidates": [asdict(one) for one in candidates],
    }


def _parse_explain_arguments(arguments: tuple[object, ...]) -> tuple[str, Point, str | None]:
    match arguments:
        case [{"uri": str() as uri, "position": position, **more}]:
            point, text = to_proto.parse_position(position), more.get("text")
            if point and (text is None or isinstance(text, str)):
                _check_text(text or "")
                return uri, point, text
    raise JsonRpcInvalidParams(
        'give one {"uri": ..., "position": {"line": ..., "character": ...}, "text": optional}'
    )


def _check_text(text: str) -> None:
    if len(text) > MAX_EXPLAINED_CHARACTERS:
        raise JsonRpcInvalidParams(
            f"the text has {len(text):,} characters; give {MAX_EXPLAINED_CHARACTERS} at most"
        )
    if not is_encodable(text):
        raise JsonRpcInvalidParams("no text can contain this one: give one in UTF-8")


async def forget(session: ClientSession, *arguments: object) -> dict[str, Any]:
    """Forget a file, a folder or a word; return the files, bytes and occurrences removed."""
    path, word = _parse_forget_arguments(arguments)
    try:
        removed = await session.forget(path, word)
    except Exception as error:
        raise JsonRpcInternalError(
            f"something was not forgotten: {logs.describe_error(error)}"
        ) from error
    return {"files": removed.names, "bytes": removed.size, "occurrences": removed.occurrences}


def _parse_forget_arguments(arguments: tuple[object, ...]) -> tuple[Path | None, str | None]:
    # Imported here: initialize must not wait for its imports.
    from foretype_model.privacy.forget_list import is_valid_word  # noqa: PLC0415

    match arguments:
        case [{"path": str() as path, **more}] if (
            not more and Path(path).is_absolute() and is_valid_path(path)
        ):
            return Path(path), None
        case [{"word": str() as word, **more}] if not more and is_valid_word(word):
            return None, word
    raise JsonRpcInvalidParams(
        'give one {"path": the absolute path of a file or folder}, or one {"word": a word that '
        "is not blank}"
    )
