"""How the server thinks, for clients that show it: the command `foretype.outlook`. The protocol's
side of it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from pygls.exceptions import JsonRpcInvalidParams

from foretype_server.lsp import to_proto

if TYPE_CHECKING:
    from foretype_server.document import Point
    from foretype_server.session.session import Session

OUTLOOK: Final = "foretype.outlook"


async def outlook(session: Session, *arguments: object) -> dict[str, Any] | None:
    """What may come next at a position, and how probable the characters in a range were when they
    came.

    Of the range, as many characters as can be read in one go, from its start on: ask again for the
    rest. None where nothing predicts, or somebody has asked again meanwhile.
    """
    match arguments:
        case [{"uri": str() as uri, "position": position, **more}]:
            at, span = _point(position), _span(more.get("range"))
        case _:
            raise _wrong()
    seen = await session.outlook(uri, at, span)
    return asdict(seen) if seen else None


def _span(told: object) -> tuple[Point, Point] | None:
    match told:
        case None:
            return None
        case {"start": start, "end": end}:
            return _point(start), _point(end)
    raise _wrong()


def _point(told: object) -> Point:
    if point := to_proto.told_point(told):
        return point
    raise _wrong()


def _wrong() -> JsonRpcInvalidParams:
    return JsonRpcInvalidParams(
        'give one {"uri": ..., "position": {"line": ..., "character": ...}, "range": optional, '
        "with start and end}"
    )
