"""The command `foretype.outlook`, on the protocol's side: it shows the server's probabilities."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from pygls.exceptions import JsonRpcInvalidParams

from foretype_server.lsp import to_proto

if TYPE_CHECKING:
    from foretype_server.document import Point
    from foretype_server.session.session import ClientSession

OUTLOOK: Final = "foretype.outlook"


async def outlook(session: ClientSession, *arguments: object) -> dict[str, Any] | None:
    """Return the next characters at a position, and the probability of each character of a range
    when it was typed.

    The answer covers as much of the range as one slice can read, from its start: ask again for the
    rest. None if no predictor is left, or a newer request has superseded this one.
    """
    match arguments:
        case [{"uri": str() as uri, "position": position, **more}]:
            point, span = _parse_point(position), _parse_span(more.get("range"))
        case _:
            raise _invalid_arguments()
    answer = await session.outlook(uri, point, span)
    return asdict(answer) if answer else None


def _parse_span(value: object) -> tuple[Point, Point] | None:
    match value:
        case None:
            return None
        case {"start": start, "end": end}:
            return _parse_point(start), _parse_point(end)
    raise _invalid_arguments()


def _parse_point(value: object) -> Point:
    if point := to_proto.parse_position(value):
        return point
    raise _invalid_arguments()


def _invalid_arguments() -> JsonRpcInvalidParams:
    return JsonRpcInvalidParams(
        'give one {"uri": ..., "position": {"line": ..., "character": ...}, "range": optional, '
        "with start and end}"
    )
