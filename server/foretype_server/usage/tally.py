"""What one client was shown and what its user took: counted, whether the client tells of it or its
edits show it.
"""

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
    """Lives on the event loop, as the session does."""

    def __init__(
        self, editor: str, run_in_background: Callable[[Callable[[], None]], object]
    ) -> None:
        """`run_in_background` runs something on another thread."""

        def write_counts(counts: Counts) -> None:
            run_in_background(lambda: try_write(data_folder(), counts))

        self._recorder = UsageRecorder(editor, write_counts)
        self._tracker = AcceptanceTracker(self._record_accepted)
        self._accepted: Counter[str] = Counter()
        self._languages: dict[str, str] = {}

    @property
    def accepted(self) -> dict[str, int]:
        """What was taken so far: characters, and how often each kind of offer."""
        return {name: self._accepted[name] for name in ("characters", "ghost", "word", "character")}

    def open_all(self, uri: str, language: str) -> None:
        """A document has been opened."""
        self._languages[uri] = language

    def closed(self, uri: str) -> None:
        """A document has been closed."""
        self._languages.pop(uri, None)
        self._tracker.closed(uri)

    def shown(
        self, kind: str, uri: str, text: Text, point: Point, offers: Sequence[Candidate]
    ) -> None:
        """At a point of a document, whose text is still the one they were made for, these were
        offered, if any.
        """
        if offers:
            self._recorder.add(self._languages.get(uri, ""), kind, Count(shown=1))
            self._tracker.offered(uri, text, point, offers)

    def edited(self, uri: str, text: Text, inserted: Sequence[str]) -> None:
        """A document was changed into `text`, by inserting these."""
        self._tracker.edited(uri, text, max(inserted, key=len, default=""))

    def report_accepted(self, uri: str, kind: str, characters: int, *, whole: bool = False) -> None:
        """Count a suggestion that the client reports as accepted.

        `whole` means that the client reports whole suggestions alone, with all their characters:
        those that had been typed before do not count.
        """
        if whole:
            inserted = self._tracker.told_whole(uri)
            characters = characters if inserted is None else min(characters, inserted)
        else:
            self._tracker.on_client_report()
        self._record_accepted(uri, kind, characters)

    def end(self) -> None:
        """Hand on what there is."""
        self._tracker.end()
        self._recorder.write()

    def _record_accepted(self, uri: str, kind: str, characters: int) -> None:
        self._accepted[kind] += 1
        self._accepted["characters"] += characters
        self._recorder.add(
            self._languages.get(uri, ""), kind, Count(accepted=1, characters=characters)
        )
