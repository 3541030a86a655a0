"""The documents that somebody wants to see read: each has a `Reading`, on predictors that see
nothing else.

All of it is used by the worker. Nothing is loaded before a document is asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from foretype_model.cancellation import Stale, Superseded
from foretype_model.completion.scoring import Likely, Reading, Scored
from foretype_model.predictors.mixture import Mixture, PredictorFailed
from foretype_model.privacy.learning_policy import Consent
from foretype_server.document import Snapshot
from foretype_server.session.ensembles import Ensemble, Serving
from foretype_server.settings import Settings

BYTES_AFTER: Final = 100_000
"""How much of the text after the cursor is shown to the predictors."""


@dataclass(frozen=True)
class Outlook:
    """What came in a part of a text, as far as it was read by now, and what may come at the
    cursor.
    """

    characters: list[Scored]
    next: list[Likely]


class Readings:
    """A reading of each document that was asked about and is open."""

    def __init__(
        self,
        load: Callable[[], Serving],
        on_drop: Callable[[str, Exception], None],
        consent: Consent,
    ) -> None:
        """`load` makes predictors that have seen no document; `on_drop` is told name and error.

        What is typed is learnt from with the `consent` alone.
        """
        self._load, self._on_drop, self._consent = load, on_drop, consent
        self._serving: Serving | None = None
        self._failed: set[str] = set()
        self._readings: dict[str, tuple[Ensemble, Reading]] = {}

    def outlook(
        self, snapshot: Snapshot, settings: Settings, span: tuple[int, int], stale: Stale
    ) -> Outlook | None:
        """The characters in `span`, bytes of the text from its start, and the next ones.

        None once `stale`, or where no predictor is left.
        """
        text, at = bytes(snapshot.before + snapshot.after[:BYTES_AFTER]), len(snapshot.before)
        while reading := self._reading(snapshot.uri):
            try:
                reading.follow(text)
                read = reading.read(*span, stale)
                return Outlook(read, reading.next_characters(at, settings.options(), stale))
            except Superseded:
                return None
            except PredictorFailed as failure:
                self._failed.add(failure.name)
                self.forget()
                self._on_drop(failure.name, failure.cause)
        return None

    def close(self, uri: str) -> None:
        """Let go of a document, and of what it has taught the predictors with the last one."""
        self._readings.pop(uri, None)
        if not self._readings:
            self.forget()

    def forget(self) -> None:
        """Let go of all: whatever is asked about again is read anew, by predictors as they are made
        then.
        """
        self._serving, self._readings = None, {}

    def _reading(self, uri: str) -> Reading | None:
        self._serving = self._serving or self._load()
        ensemble = self._serving.of(uri)
        if uri not in self._readings or self._readings[uri][0] is not ensemble:
            members = {
                name: one for name, one in ensemble.predictors.items() if name not in self._failed
            }
            if not members:
                return None
            self._readings[uri] = (
                ensemble,
                Reading(Mixture(members, ensemble.corrections), uri, self._consent),
            )
        return self._readings[uri][1]
