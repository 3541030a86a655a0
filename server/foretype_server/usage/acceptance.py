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

from foretype_model.text.rope import to_lf
from foretype_server.document import Point, Text

if TYPE_CHECKING:
    from foretype_model.completion.candidates import Candidate

OnAccepted = Callable[[str, str, int], None]
"""Counts for a document that an offer of a kind was taken, of so many characters."""

CONTEXT_BYTES: Final = 64
"""Bytes on both sides of the cursor that must be as they were."""

MIN_CHARACTERS: Final = 2
"""Characters of an accepted suggestion at least: a single one may as well have been typed."""

PAIRS: Final = frozenset(["()", "[]", "{}", "<>", '""', "''", "``"])
"""Texts of two characters that editors insert for a single key."""

REPORT_TIMEOUT: Final = 2.0
"""Seconds in which a client may still tell of what its edit has shown."""


class _Offer(NamedTuple):
    text: bytes
    kind: str


@dataclass(eq=False)
class _PendingAcceptance:
    """An accepted suggestion, and the timer that will count it; None if only the client's command
    can.
    """

    uri: str
    kind: str
    characters: int
    timer: asyncio.TimerHandle | None = None


@dataclass
class _OfferPosition:
    """Where something was offered: what stands before and after, the length of the text, and what
    was typed since.
    """

    offset: int
    before: bytes
    after: bytes
    length: int
    offers: tuple[_Offer, ...]
    typed: bytes = b""


class AcceptanceTracker:
    """Looks at one client's edits. Lives on the event loop."""

    def __init__(self, record: OnAccepted) -> None:
        self._record = record
        self._positions: dict[str, list[_OfferPosition]] = {}
        self._pending: list[_PendingAcceptance] = []
        self._latest: dict[str, _PendingAcceptance] = {}
        self._client_reports = False

    def offered(self, uri: str, text: Text, point: Point, offers: Sequence[Candidate]) -> None:
        """Remember what was offered at a point of a document; the text is still the one it was made
        for.
        """
        if self._client_reports or not offers:
            return
        offset = text.offset(point)
        first = max(0, offset - CONTEXT_BYTES)
        position = _OfferPosition(
            offset,
            text.slice(first, offset - first),
            text.slice(offset, CONTEXT_BYTES),
            len(text),
            tuple(_Offer(one.text.encode(), one.kind) for one in offers),
        )
        # Ghost text and menu stand at the same place; what was offered elsewhere has gone.
        same = [
            one for one in self._positions.get(uri, []) if one.offset == offset and not one.typed
        ]
        self._positions[uri] = [
            *(one for one in same if one.offers[0].kind != offers[0].kind),
            position,
        ]

    def edited(self, uri: str, text: Text, inserted: str) -> None:
        """Detect the suggestion that a change has inserted; `inserted` is the longest text of the
        change.
        """
        self._latest.pop(uri, None)
        positions = self._positions.pop(uri, [])
        continued = [
            (position, typed)
            for position in positions
            if (typed := _typed(position, text)) is not None
        ]
        accepted = [
            (offer.kind, typed[len(position.typed) :].decode(errors="replace"))
            for position, typed in continued
            for offer in position.offers
            if _is_accepted(offer, typed)
        ]
        for position, typed in continued:
            position.typed = typed
        kind, new = next(
            (one for one in accepted if one[0] == "ghost"), accepted[0] if accepted else ("", "")
        )
        if new:
            self._latest[uri] = _PendingAcceptance(uri, kind, len(new))
        if len(inserted) >= MIN_CHARACTERS and _is_more_than_a_key(new):
            self._schedule(self._latest[uri])
            # Ghost text goes on after its accepted words. A menu ends: editors preview one item
            # after the other.
            continued = [
                (position, typed)
                for position, typed in continued
                if position.offers[0].kind == kind == "ghost"
            ]
        self._positions[uri] = [position for position, _ in continued]

    def on_client_report(self) -> None:
        """Ignore edits from now on: the client reports all that is accepted."""
        self._client_reports = True
        self._positions.clear()
        self._latest.clear()
        while self._pending:
            self._cancel(self._pending[-1])

    def told_whole(self, uri: str) -> int | None:
        """Return the characters of the suggestion that the last edit has inserted, and leave
        counting to the caller.

        None if the edit is not known to be that of a suggestion. The client has run the command for
        it.
        """
        accepted = self._latest.pop(uri, None)
        if accepted is None:
            return None
        self._cancel(accepted)
        return accepted.characters

    def closed(self, uri: str) -> None:
        """Forget about a document."""
        self._positions.pop(uri, None)
        self._latest.pop(uri, None)

    def end(self) -> None:
        """Count the suggestions whose timers still run."""
        while self._pending:
            self._record_next(self._pending[0])

    def _schedule(self, accepted: _PendingAcceptance) -> None:
        accepted.timer = asyncio.get_running_loop().call_later(
            REPORT_TIMEOUT, self._record_next, accepted
        )
        self._pending.append(accepted)

    def _record_next(self, accepted: _PendingAcceptance) -> None:
        self._cancel(accepted)
        self._record(accepted.uri, accepted.kind, accepted.characters)

    def _cancel(self, accepted: _PendingAcceptance) -> None:
        if accepted.timer is not None:
            accepted.timer.cancel()
            accepted.timer = None
            self._pending.remove(accepted)


def _typed(position: _OfferPosition, text: Text) -> bytes | None:
    r"""Return the text typed at the place since, with ``\n`` for line ends; None unless a
    suggestion starts with it.
    """
    added = len(text) - position.length
    if not 0 < added <= max(len(offer.text) + offer.text.count(b"\n") for offer in position.offers):
        return None
    start = position.offset - len(position.before)
    around = text.slice(start, len(position.before) + added + len(position.after))
    typed = around[len(position.before) : len(position.before) + added]
    same = around == position.before + typed + position.after
    typed = to_lf(typed)
    return (
        typed if same and any(offer.text.startswith(typed) for offer in position.offers) else None
    )


def _is_more_than_a_key(text: str) -> bool:
    """Return False for insertions of a single key: a character, a pair of brackets, a line break
    with indentation.
    """
    return len(text) >= MIN_CHARACTERS and text.strip() != "" and text not in PAIRS


def _is_accepted(offer: _Offer, typed: bytes) -> bool:
    """All of an item of the menu, or whole words of the ghost text."""
    if typed == offer.text:
        return True
    rest = offer.text[len(typed) :].decode(errors="replace")
    within_word = rest[:1].isalnum() and typed.decode(errors="replace")[-1:].isalnum()
    return offer.kind == "ghost" and offer.text.startswith(typed) and not within_word
