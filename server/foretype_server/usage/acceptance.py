"""Detects accepted suggestions from edits: many editors insert an item without running its command.

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
"""Counts an accepted suggestion: the document's URI, the kind, the number of characters."""

CONTEXT_BYTES: Final = 64
"""Bytes on both sides of the cursor that must be unchanged."""

MIN_CHARACTERS: Final = 2
"""Minimum of characters of an accepted suggestion: a single one may have been typed."""

PAIRS: Final = frozenset(["()", "[]", "{}", "<>", '""', "''", "``"])
"""Texts of two characters that editors insert for a single key."""

REPORT_TIMEOUT: Final = 2.0
"""Seconds after an edit in which the client may still run the command of the suggestion."""


class _Offer(NamedTuple):
    text: bytes
    kind: str


@dataclass(eq=False)
class _PendingAcceptance:
    """An accepted suggestion that is not counted yet.

    Attributes:
        timer: will count it; None if only the client's command can.
    """

    uri: str
    kind: str
    characters: int
    timer: asyncio.TimerHandle | None = None


@dataclass
class _OfferPosition:
    """The suggestions offered at one position.

    Attributes:
        offset: the position, in bytes.
        end: the end of the bytes inserted there since.
        before: the bytes before it.
        after: the bytes after it.
        length: the length of the whole text without them, in bytes.
        offers: the suggestions.
        typed: the bytes inserted there since.
    """

    offset: int
    end: int
    before: bytes
    after: bytes
    length: int
    offers: tuple[_Offer, ...]
    typed: bytes = b""

    def follow(self, start: int, end: int, inserted: bytes) -> None:
        """Follow an edit, which replaces the bytes from `start` to `end`: one before or after the
        position moves it or its context, as it does if the editor has several cursors.
        """
        growth = len(inserted) - (end - start)
        if start <= self.end and end >= self.offset:
            self.end += growth
            return
        if end < self.offset:
            first = self.offset - len(self.before)
            if end > first:
                kept = self.before[: max(0, start - first)]
                context = kept + inserted + self.before[end - first :]
                self.before = context[-CONTEXT_BYTES:]
            self.offset += growth
            self.end += growth
        else:
            context = self.after[: start - self.end] + inserted + self.after[end - self.end :]
            self.after = context[:CONTEXT_BYTES]
        self.length += growth


class AcceptanceTracker:
    """Looks at one client's edits. Lives on the event loop."""

    def __init__(self, record: OnAccepted) -> None:
        self._record = record
        self._positions: dict[str, list[_OfferPosition]] = {}
        self._pending: list[_PendingAcceptance] = []
        self._latest: dict[str, _PendingAcceptance] = {}
        self._client_reports = False

    def offered(self, uri: str, text: Text, point: Point, offers: Sequence[Candidate]) -> None:
        """Remember the suggestions at `point`; `text` is unchanged since they were made."""
        if self._client_reports or not offers:
            return
        offset = text.offset(point)
        first = max(0, offset - CONTEXT_BYTES)
        position = _OfferPosition(
            offset,
            offset,
            text.slice(first, offset - first),
            text.slice(offset, CONTEXT_BYTES),
            len(text),
            tuple(_Offer(offer.text.encode(), offer.kind) for offer in offers),
        )
        # Ghost text and menu share a position; suggestions elsewhere are no longer on the screen.
        same = [
            other
            for other in self._positions.get(uri, [])
            if other.offset == offset and not other.typed
        ]
        self._positions[uri] = [
            *(other for other in same if other.offers[0].kind != offers[0].kind),
            position,
        ]

    def before_edit(self, uri: str, text: Text, start: Point, end: Point, inserted: str) -> None:
        """Follow one of the edits of a change; `text` is the document before it."""
        if positions := self._positions.get(uri):
            first, last = sorted([text.offset(start), text.offset(end)])
            new = inserted.encode(errors="replace")
            for position in positions:
                position.follow(first, last, new)

    def edited(self, uri: str, text: Text, inserted: str) -> None:
        """Detect the suggestion that a change has inserted.

        `text` is the document after the change; `inserted` is the longest text that it inserted.
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
            position.end = position.offset + len(text) - position.length
        kind, new = next(
            (one for one in accepted if one[0] == "ghost"), accepted[0] if accepted else ("", "")
        )
        if new:
            self._latest[uri] = _PendingAcceptance(uri, kind, len(new))
        if len(inserted) >= MIN_CHARACTERS and _is_more_than_a_key(new):
            self._schedule(self._latest[uri])
            # Ghost text continues after its accepted words. A menu closes, and editors preview one
            # item after the other.
            continued = [
                (position, typed)
                for position, typed in continued
                if position.offers[0].kind == kind == "ghost"
            ]
        self._positions[uri] = [position for position, _ in continued]

    def on_client_report(self) -> None:
        """Ignore edits from now on: the client reports every acceptance."""
        self._client_reports = True
        self._positions.clear()
        self._latest.clear()
        while self._pending:
            self._cancel(self._pending[-1])

    def claim_last_edit(self, uri: str) -> int | None:
        """Return the characters of the suggestion that the last edit has inserted; do not count it.

        The client has run the command of that suggestion, so the caller counts it. Return None if
        the last edit is not known to have inserted a suggestion.
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
    r"""Return the text inserted at the position since, with ``\n`` for line ends.

    Return None if no suggestion starts with it, or if the text around the position has changed.
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
    """Return False for a text that one key inserts: a character, brackets, an indented new line."""
    return len(text) >= MIN_CHARACTERS and text.strip() != "" and text not in PAIRS


def _is_accepted(offer: _Offer, typed: bytes) -> bool:
    """Return whether `typed` is a whole menu item, or whole words of ghost text."""
    if typed == offer.text:
        return True
    rest = offer.text[len(typed) :].decode(errors="replace")
    within_word = rest[:1].isalnum() and typed.decode(errors="replace")[-1:].isalnum()
    return offer.kind == "ghost" and offer.text.startswith(typed) and not within_word
