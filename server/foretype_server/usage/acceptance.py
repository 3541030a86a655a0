"""What users take, told from their edits: many editors insert an item and never run the command
that comes with it.

An item counts as taken when one change of a document inserts it where it was offered. A client that
has told once what was taken (``foretype.accepted``) is believed from then on, and its edits are not
looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from foretype_server.document import Point, Text

if TYPE_CHECKING:
    from foretype_model.completion.candidates import Candidate

Record = Callable[[str, str, int], None]
"""Counts for a document that an offer of a kind was taken, of so many characters."""

CONTEXT: Final = 64
"""Bytes on both sides of the cursor that must be as they were."""

LEAST: Final = 2
"""Characters that are taken: one is as well typed."""

TOLD_LATE: Final = 2.0
"""Seconds in which a client may still tell of what its edit has shown."""


class _Offer(NamedTuple):
    text: bytes
    kind: str


class _Taken(NamedTuple):
    """Something that was taken, and the moment at which it counts."""

    timer: asyncio.TimerHandle
    uri: str
    kind: str
    characters: int


@dataclass
class _Place:
    """Where something was offered: what stands before and after, the length of the text, and what
    was typed since.
    """

    offset: int
    before: bytes
    after: bytes
    length: int
    offers: tuple[_Offer, ...]
    typed: bytes = b""


class Observer:
    """Looks at one client's edits. Lives on the event loop."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._places: dict[str, list[_Place]] = {}
        self._pending: list[_Taken] = []
        self._tells = False

    def offered(self, uri: str, text: Text, point: Point, offers: Sequence[Candidate]) -> None:
        """Remember what was offered at a point of a document; the text is still the one it was made
        for.
        """
        if self._tells or not offers:
            return
        offset = text.offset(point)
        first = max(0, offset - CONTEXT)
        place = _Place(
            offset,
            text.slice(first, offset - first),
            text.slice(offset, CONTEXT),
            len(text),
            tuple(_Offer(one.text.encode(), one.kind) for one in offers),
        )
        # Ghost text and menu stand at the same place; what was offered elsewhere has gone.
        same = [one for one in self._places.get(uri, []) if one.offset == offset and not one.typed]
        self._places[uri] = [*(one for one in same if one.offers[0].kind != offers[0].kind), place]

    def edited(self, uri: str, text: Text, inserted: str) -> None:
        """See what a change has taken; `inserted` is the longest text that it put somewhere."""
        if uri not in self._places:
            return
        places = self._places.pop(uri)
        if self._tells:
            return
        going = [(place, typed) for place in places if (typed := _typed(place, text)) is not None]
        taken = [
            (offer.kind, typed[len(place.typed) :].decode(errors="replace"))
            for place, typed in going
            for offer in place.offers
            if _is_taken(offer, typed)
        ]
        if taken and len(inserted) >= LEAST and len(taken[0][1]) >= LEAST:
            kind, new = next((one for one in taken if one[0] == "ghost"), taken[0])
            self._await(uri, kind, len(new))
            return
        for place, typed in going:
            place.typed = typed
        self._places[uri] = [place for place, _ in going]

    def told(self) -> None:
        """The client tells by itself what is taken."""
        self._tells = True
        self._places.clear()
        while self._pending:
            self._pending.pop().timer.cancel()

    def closed(self, uri: str) -> None:
        """Forget about a document."""
        self._places.pop(uri, None)

    def end(self) -> None:
        """Count what is still waited with."""
        while self._pending:
            self._pending[0].timer.cancel()
            self._count()

    def _await(self, uri: str, kind: str, characters: int) -> None:
        timer = asyncio.get_running_loop().call_later(TOLD_LATE, self._count)
        self._pending.append(_Taken(timer, uri, kind, characters))

    def _count(self) -> None:
        taken = self._pending.pop(0)
        self._record(taken.uri, taken.kind, taken.characters)


def _typed(place: _Place, text: Text) -> bytes | None:
    """What the text has at the cursor that it had not, where it is a beginning of an offer; None
    elsewhere.
    """
    grown = len(text) - place.length
    if not 0 < grown <= max(len(offer.text) for offer in place.offers):
        return None
    start = place.offset - len(place.before)
    around = text.slice(start, len(place.before) + grown + len(place.after))
    typed = around[len(place.before) : len(place.before) + grown]
    same = around == place.before + typed + place.after
    return typed if same and any(offer.text.startswith(typed) for offer in place.offers) else None


def _is_taken(offer: _Offer, typed: bytes) -> bool:
    """All of an item of the menu, or whole words of the ghost text."""
    if typed == offer.text:
        return True
    rest = offer.text[len(typed) :].decode(errors="replace")
    within_word = rest[:1].isalnum() and typed.decode(errors="replace")[-1:].isalnum()
    return offer.kind == "ghost" and offer.text.startswith(typed) and not within_word
