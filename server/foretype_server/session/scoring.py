"""The scoring of documents for `foretype.outlook`: a `SurprisalTracker` for each, on predictors of
its own.

For the worker thread alone. Nothing is loaded before the first question about a document.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from foretype_model.cancellation import Cancelled, IsCancelled
from foretype_model.completion.scoring import CharacterScore, NextCharacter, SurprisalTracker
from foretype_model.predictor import Predictor
from foretype_model.predictors.mixture import Mixture, PredictorFailed
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.text.rope import Rope
from foretype_server.document import Snapshot
from foretype_server.session.ensembles import Ensemble, Ensembles
from foretype_server.settings import Settings

MAX_BYTES_AFTER: Final = 100_000
"""Bytes of the text after the cursor that the predictors see at most."""


@dataclass(frozen=True)
class OutlookAnswer:
    """The scores of a range's characters, as far as they are read by now, and the next characters
    at the cursor.
    """

    characters: list[CharacterScore]
    next: list[NextCharacter]


class ScoringSessions:
    """The trackers of the open documents that were asked about.

    A client may ask about the text near its cursor first. The text before that is scored by an
    *earlier tracker*, on predictors of its own: those of the document know what comes later.
    """

    def __init__(
        self,
        load: Callable[[], Ensembles],
        on_drop: Callable[[str, Exception], None],
        policy: LearningPolicy,
    ) -> None:
        """`load` makes predictors that have seen no document; `on_drop` is called with the name and
        the error of a dropped one. `policy` decides about learning from typed text.
        """
        self._load, self._on_drop, self._policy = load, on_drop, policy
        self._ensembles: Ensembles | None = None
        self._failed: set[str] = set()
        self._trackers: dict[str, tuple[Ensemble, SurprisalTracker]] = {}
        self._earlier: tuple[str, SurprisalTracker] | None = None

    def outlook(
        self,
        snapshot: Snapshot,
        settings: Settings,
        span: tuple[int, int],
        is_cancelled: IsCancelled,
    ) -> OutlookAnswer | None:
        """Return the scores of the characters in `span` (byte offsets in the text), and the next
        characters. None once `is_cancelled`, or if no predictor is left.
        """
        text, at = snapshot.before + snapshot.after.upto(MAX_BYTES_AFTER), len(snapshot.before)
        while tracker := self._tracker(snapshot):
            try:
                tracker.follow(text)
                read = self._read(tracker, snapshot, text, span, is_cancelled)
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
        """Discard the trackers of a document; with the last one, the predictors too."""
        self._trackers.pop(uri, None)
        if self._earlier and self._earlier[0] == uri:
            self._earlier = None
        if not self._trackers:
            self.reset()
        elif self._ensembles:
            self._ensembles.discard_unused(ensemble for ensemble, _ in self._trackers.values())

    def reset(self) -> None:
        """Discard all trackers and predictors: the next question loads predictors and reads the
        document anew.
        """
        self._ensembles, self._trackers, self._earlier = None, {}, None

    def _read(
        self,
        tracker: SurprisalTracker,
        snapshot: Snapshot,
        text: Rope,
        span: tuple[int, int],
        is_cancelled: IsCancelled,
    ) -> list[CharacterScore]:
        """Return the scores of the first characters in `span`, as `SurprisalTracker.read` does."""
        start, end = span
        passed = min(end, tracker.end_of_passed_over(start))
        if passed <= start:
            return tracker.read(start, end, is_cancelled)
        earlier = self._earlier_tracker(snapshot, text, start)
        scores = earlier.read(start, passed, is_cancelled) if earlier else []
        if start + sum(len(one.text.encode()) for one in scores) < passed:
            return scores
        self._earlier = None
        return scores + tracker.read(passed, end, is_cancelled)

    def _earlier_tracker(
        self, snapshot: Snapshot, text: Rope, start: int
    ) -> SurprisalTracker | None:
        """Return a tracker that has read nothing from byte `start` on; None if no predictor is
        left.
        """
        uri = snapshot.uri
        if self._earlier and self._earlier[0] == uri:
            self._earlier[1].follow(text)
            if self._earlier[1].end_of_passed_over(start) <= start:
                return self._earlier[1]
        ensemble = self._load().for_document(uri, snapshot.near())
        members = self._members(ensemble)
        if not members:
            return None
        tracker = SurprisalTracker(Mixture(members, ensemble.mixer_weights), uri, self._policy)
        tracker.follow(text)
        self._earlier = uri, tracker
        return tracker

    def _members(self, ensemble: Ensemble) -> dict[str, Predictor]:
        """Return the predictors of an ensemble that have not failed."""
        return {name: one for name, one in ensemble.predictors.items() if name not in self._failed}

    def _tracker(self, snapshot: Snapshot) -> SurprisalTracker | None:
        uri = snapshot.uri
        self._ensembles = self._ensembles or self._load()
        ensemble = self._ensembles.for_document(uri, snapshot.near())
        if uri not in self._trackers or self._trackers[uri][0] is not ensemble:
            members = self._members(ensemble)
            if not members:
                return None
            self._trackers[uri] = (
                ensemble,
                SurprisalTracker(Mixture(members, ensemble.mixer_weights), uri, self._policy),
            )
            self._ensembles.discard_unused(one for one, _ in self._trackers.values())
        return self._trackers[uri][1]
