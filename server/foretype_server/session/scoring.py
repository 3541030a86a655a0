"""The documents that somebody wants to see read: each has a `SurprisalTracker`, on predictors that
see nothing else.

All of it is used by the worker. Nothing is loaded before a document is asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from foretype_model.cancellation import Cancelled, IsCancelled
from foretype_model.completion.scoring import CharacterScore, NextCharacter, SurprisalTracker
from foretype_model.predictors.mixture import Mixture, PredictorFailed
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_server.document import Snapshot
from foretype_server.session.ensembles import Ensemble, Ensembles
from foretype_server.settings import Settings

MAX_BYTES_AFTER: Final = 100_000
"""How much of the text after the cursor is shown to the predictors."""


@dataclass(frozen=True)
class OutlookAnswer:
    """What came in a part of a text, as far as it was read by now, and what may come at the
    cursor.
    """

    characters: list[CharacterScore]
    next: list[NextCharacter]


class ScoringSessions:
    """A reading of each document that was asked about and is open."""

    def __init__(
        self,
        load: Callable[[], Ensembles],
        on_drop: Callable[[str, Exception], None],
        policy: LearningPolicy,
    ) -> None:
        """`load` makes predictors that have seen no document; `on_drop` is told name and error.

        What is typed is learnt from with the `policy` alone.
        """
        self._load, self._on_drop, self._policy = load, on_drop, policy
        self._ensembles: Ensembles | None = None
        self._failed: set[str] = set()
        self._trackers: dict[str, tuple[Ensemble, SurprisalTracker]] = {}

    def outlook(
        self,
        snapshot: Snapshot,
        settings: Settings,
        span: tuple[int, int],
        is_cancelled: IsCancelled,
    ) -> OutlookAnswer | None:
        """The characters in `span`, bytes of the text from its start, and the next ones.

        None once `is_cancelled`, or where no predictor is left.
        """
        text, at = bytes(snapshot.before + snapshot.after[:MAX_BYTES_AFTER]), len(snapshot.before)
        while tracker := self._tracker(snapshot.uri):
            try:
                tracker.follow(text)
                read = tracker.read(*span, is_cancelled)
                return OutlookAnswer(
                    read, tracker.next_characters(at, settings.options(), is_cancelled)
                )
            except Cancelled:
                return None
            except PredictorFailed as failure:
                self._failed.add(failure.name)
                self.reset()
                self._on_drop(failure.name, failure.cause)
        return None

    def close(self, uri: str) -> None:
        """Let go of a document, and of what it has taught the predictors with the last one."""
        self._trackers.pop(uri, None)
        if not self._trackers:
            self.reset()
        elif self._ensembles:
            self._ensembles.discard_unused(ensemble for ensemble, _ in self._trackers.values())

    def reset(self) -> None:
        """Let go of all: whatever is asked about again is read anew, by predictors as they are made
        then.
        """
        self._ensembles, self._trackers = None, {}

    def _tracker(self, uri: str) -> SurprisalTracker | None:
        self._ensembles = self._ensembles or self._load()
        ensemble = self._ensembles.for_document(uri)
        if uri not in self._trackers or self._trackers[uri][0] is not ensemble:
            members = {
                name: one for name, one in ensemble.predictors.items() if name not in self._failed
            }
            if not members:
                return None
            self._trackers[uri] = (
                ensemble,
                SurprisalTracker(Mixture(members, ensemble.mixer_weights), uri, self._policy),
            )
            self._ensembles.discard_unused(one for one, _ in self._trackers.values())
        return self._trackers[uri][1]
