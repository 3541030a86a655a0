"""Counts the suggestions shown and accepted in one client, by its reports and by its edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from foretype_model.store.store import data_folder
from foretype_server.document import Point, Text
from foretype_server.usage.acceptance import AcceptanceTracker
from foretype_server.usage.store import Count, Counts, UsageRecorder, try_write

if TYPE_CHECKING:
    from collections.abc import Callable

    from foretype_model.completion.candidates import Candidate


class UsageTally:
    """The usage counts of one session. It lives on the event loop, as the session does.

    Attributes:
        is_recording: whether counts go into the user's statistics.
    """

    def __init__(
        self, editor: str, run_in_background: Callable[[Callable[[], None]], object]
    ) -> None:
        """Count for `editor`; `run_in_background` calls a function on another thread."""

        def write_counts(counts: Counts) -> None:
            run_in_background(lambda: try_write(data_folder(), counts))

        self._recorder = UsageRecorder(editor, write_counts)
        self.is_recording = True
        self._tracker = AcceptanceTracker(self._record_accepted)
        self._accepted: Counter[str] = Counter()
        self._languages: dict[str, str] = {}

    @property
    def accepted(self) -> dict[str, int]:
        """The characters accepted so far, and the acceptances of each kind of suggestion."""
        return {name: self._accepted[name] for name in ("characters", "ghost", "word", "character")}

    def opened(self, uri: str, language: str) -> None:
        """Remember the language of a document that was opened."""
        self._languages[uri] = language

    def closed(self, uri: str) -> None:
        """Forget a document that was closed."""
        self._languages.pop(uri, None)
        self._tracker.closed(uri)

    def shown(
        self, kind: str, uri: str, text: Text, point: Point, offers: Sequence[Candidate]
    ) -> None:
        """Count the suggestions shown at `point`, if any; `text` is as when they were made."""
        if offers:
            self._record(uri, kind, Count(shown=1))
            self._tracker.offered(uri, text, point, offers)

    def before_edit(self, uri: str, text: Text, edit: tuple[Point, Point, str]) -> None:
        """Follow one of the edits of a change; `text` is the document before it."""
        self._tracker.before_edit(uri, text, *edit)

    def edited(
        self, uri: str, text: Text, changes: Sequence[tuple[Point, Point, str] | str]
    ) -> None:
        """Detect a suggestion that a change has inserted; `text` is the document after it."""
        inserted = [change if isinstance(change, str) else change[2] for change in changes]
        self._tracker.edited(uri, text, max(inserted, key=len, default=""))

    def report_accepted(self, uri: str, kind: str, characters: int, *, whole: bool = False) -> None:
        """Count a suggestion that the client reports as accepted.

        `whole` means that the client reports whole suggestions alone, with all their characters:
        those that had been typed before do not count.
        """
        if whole:
            inserted = self._tracker.claim_last_edit(uri)
            characters = characters if inserted is None else min(characters, inserted)
        else:
            self._tracker.on_client_report()
        self._record_accepted(uri, kind, characters)

    def saved(self) -> None:
        """Count pending acceptances, and have the counts written: an editor that saves a document
        may be about to end, and Helix then kills the server at once.
        """
        self._tracker.end()
        self._recorder.write()

    def end(self) -> None:
        """Count pending acceptances, and write the counts before the return: an editor that has the
        answer to `shutdown` may kill the server.
        """
        self._tracker.end()
        if counts := self._recorder.take():
            try_write(data_folder(), counts)

    def _record_accepted(self, uri: str, kind: str, characters: int) -> None:
        self._accepted[kind] += 1
        self._accepted["characters"] += characters
        self._record(uri, kind, Count(accepted=1, characters=characters))

    def _record(self, uri: str, kind: str, count: Count) -> None:
        if self.is_recording:
            self._recorder.add(self._languages.get(uri, ""), kind, count)
