"""The state at any place of a text, at once: from the nearest lines if many bytes are unread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from foretype_model.cancellation import IsCancelled, never
from foretype_model.predictor import Predictor, State
from foretype_model.states.state_cache import StateCache
from foretype_model.text.rope import Rope

MAX_UNREAD_BYTES: Final = 4096
"""Bytes that are read for one state, at most (0.1 s). If more are unread, the nearest lines have to
do.
"""

NEARBY_BYTES: Final = 2048
"""Bytes that the nearest lines have at least, and at most `MAX_UNREAD_BYTES`."""


class NearbyStates:
    """The states of one text, read from its beginning or from the start of a line."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._start, self._cache = 0, StateCache(predictor)

    def at(self, text: Rope, is_cancelled: IsCancelled = never) -> State:
        """Return the state at the end of `text`, after at most `MAX_UNREAD_BYTES` bytes read now.

        Raises Cancelled once `is_cancelled()` is true. The states computed by then are kept.
        """
        if (
            len(text) < self._start
            or self._cache.unread_bytes(text.since(self._start)) > MAX_UNREAD_BYTES
        ):
            self._start, self._cache = _start_nearby(text), StateCache(self._predictor)
        return self._cache.at(text.since(self._start), is_cancelled)

    def adopt(self, text: Rope, start: int, states: Sequence[State]) -> None:
        """Take over states that were computed elsewhere: the one at byte `start`, which came from
        `at`, and the states after each byte that follows.
        """
        self._cache.adopt(text.since(self._start), start - self._start, states)


def _start_nearby(text: Rope) -> int:
    """Return the start of the last line that begins `NEARBY_BYTES` to `MAX_UNREAD_BYTES` bytes
    before the end of `text`; without a line break there, the earliest of these places.
    """
    first = max(0, len(text) - MAX_UNREAD_BYTES)
    return first + text[first : max(0, len(text) - NEARBY_BYTES)].rfind(b"\n") + 1
