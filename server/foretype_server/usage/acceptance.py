"""Detects accepted suggestions from edits: many editors insert an item without running the command
that comes with it.

A suggestion counts as accepted when one change of a document inserts it, or whole words of ghost
text, at its position. A client that runs the command (``foretype.accepted``) is believed from then
on, and its edits are ignored: it reports parts too. Only if the command's argument says ``whole``
does the client run it for whole suggestions alone, as VS Code does. Then the edits still show the
accepted parts, and how much of a suggestion had been typed before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from foretype_model.rope import unix

from foretype_server.document import Point, Text

if TYPE_CHECKING:
    from foretype_model.completion.candidates import Candidate

Record = Callable[[str, str, int], None]
"""Counts for a document that an offer of a kind was taken, of so many characters."""

CONTEXT: Final = 64
"""Bytes on both sides of the cursor that must be as they were."""

LEAST: Final = 2
"""Characters of an accepted suggestion at least: a single one may as well have been typed."""

PAIRS: Final = frozenset(["()", "[]", "{}", "<>", '""', "''", "``"])
"""Texts of two characters that editors insert for a single key."""

TOLD_LATE: Final = 2.0
"""Seconds in which a client may still tell of what its edit has shown."""


class _Offer(NamedTuple):
    text: bytes
    kind: str


@dataclass(eq=False)
class _Taken:
    """An accepted suggestion, and the timer that will count it; None if only the client's command
    can.
    """

    uri: str
    kind: str
    characters: int
    timer: asyncio.TimerHandle | None = None


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
        self._latest: dict[str, _Taken] = {}
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
        """Detect the suggestion that a change has inserted; `inserted` is the longest text of the
        change.
        """
        self._latest.pop(uri, None)
        places = self._places.pop(uri, [])
        going = [(place, typed) for place in places if (typed := _typed(place, text)) is not None]
        taken = [
            (offer.kind, typed[len(place.typed) :].decode(errors="replace"))
            for place, typed in going
            for offer in place.offers
            if _is_taken(offer, typed)
        ]
        for place, typed in going:
            place.typed = typed
        kind, new = next(
            (one for one in taken if one[0] == "ghost"), taken[0] if taken else ("", "")
        )
        if new:
            self._latest[uri] = _Taken(uri, kind, len(new))
        if len(inserted) >= LEAST and _is_more_than_a_key(new):
            self._await(self._latest[uri])
            # Ghost text goes on after its accepted words. A menu ends: editors preview one item
            # after the other.
            going = [
                (place, typed) for place, typed in going if place.offers[0].kind == kind == "ghost"
            ]
        self._places[uri] = [place for place, _ in going]

    def told(self) -> None:
        """Ignore edits from now on: the client reports all that is accepted."""
        self._tells = True
        self._places.clear()
        self._latest.clear()
        while self._pending:
            self._cancel(self._pending[-1])

    def told_whole(self, uri: str) -> int | None:
        """Return the characters of the suggestion that the last edit has inserted, and leave
        counting to the caller.

        None if the edit is not known to be that of a suggestion. The client has run the command for
        it.
        """
        taken = self._latest.pop(uri, None)
        if taken is None:
            return None
        self._cancel(taken)
        return taken.characters

    def closed(self, uri: str) -> None:
        """Forget about a document."""
        self._places.pop(uri, None)
        self._latest.pop(uri, None)

    def end(self) -> None:
        """Count the suggestions whose timers still run."""
        while self._pending:
            self._count(self._pending[0])

    def _await(self, taken: _Taken) -> None:
        taken.timer = asyncio.get_running_loop().call_later(TOLD_LATE, self._count, taken)
        self._pending.append(taken)

    def _count(self, taken: _Taken) -> None:
        self._cancel(taken)
        self._record(taken.uri, taken.kind, taken.characters)

    def _cancel(self, taken: _Taken) -> None:
        if taken.timer is not None:
            taken.timer.cancel()
            taken.timer = None
            self._pending.remove(taken)


def _typed(place: _Place, text: Text) -> bytes | None:
    r"""Return the text typed at the place since, with ``\n`` for line ends; None unless a
    suggestion starts with it.
    """
    grown = len(text) - place.length
    if not 0 < grown <= max(len(offer.text) + offer.text.count(b"\n") for offer in place.offers):
        return None
    start = place.offset - len(place.before)
    around = text.slice(start, len(place.before) + grown + len(place.after))
    typed = around[len(place.before) : len(place.before) + grown]
    same = around == place.before + typed + place.after
    typed = unix(typed)
    return typed if same and any(offer.text.startswith(typed) for offer in place.offers) else None


def _is_more_than_a_key(text: str) -> bool:
    """Return False for insertions of a single key: a character, a pair of brackets, a line break
    with indentation.
    """
    return len(text) >= LEAST and text.strip() != "" and text not in PAIRS


def _is_taken(offer: _Offer, typed: bytes) -> bool:
    """All of an item of the menu, or whole words of the ghost text."""
    if typed == offer.text:
        return True
    rest = offer.text[len(typed) :].decode(errors="replace")
    within_word = rest[:1].isalnum() and typed.decode(errors="replace")[-1:].isalnum()
    return offer.kind == "ghost" and offer.text.startswith(typed) and not within_word
