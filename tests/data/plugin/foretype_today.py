"""A predictor of today's date, which completes a date that the user begins to write.

Copy this folder, change its names, and compute your own next-byte probabilities. The setting
``{"predictors": {"network": {}, "today": {"formats": ["%d %B %Y"]}}}`` enables it beside the
network, with an option of its own.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from foretype_model.errors import PredictorError
from foretype_model.predictor import VOCABULARY, LogProbabilities, PredictorConfig

MAX_MATCH_BYTES = 40  # bytes of the text in a state, more than any date has
MIN_MATCH_BYTES = 2  # bytes of the date that the user must have written
# probability of the date's next byte; the other bytes share the rest, as no byte may have 0
CERTAINTY = 0.98


class TodayPredictor:
    def __init__(self, formats: Sequence[str]) -> None:
        self._formats = formats

    # A state is the predictor's knowledge at one point of the text. It may be of any type, but must
    # never change: it is kept, returned to, and continued with many different bytes.
    def start(self) -> bytes:
        return b""

    def feed(self, state: bytes, text: bytes) -> bytes:
        return (state + text)[-MAX_MATCH_BYTES:]

    # Read one byte in each of many texts. This predictor loops; a network would take them in one
    # batch.
    def step(self, states: Sequence[bytes], following: Sequence[int]) -> list[bytes]:
        return [
            self.feed(state, bytes([byte])) for state, byte in zip(states, following, strict=True)
        ]

    # Natural logarithms of each next byte's probability, shape (states, 256). Equal numbers mean "I
    # don't know".
    def predict(self, states: Sequence[bytes]) -> LogProbabilities:
        probabilities = np.full((len(states), VOCABULARY), 1 / VOCABULARY, np.float32)
        dates = [date.today().strftime(form).encode() for form in self._formats]
        for row, state in zip(probabilities, states, strict=True):
            if following := {byte for one in dates if (byte := _next_byte(one, state)) is not None}:
                row[:] = (1 - CERTAINTY) / VOCABULARY
                row[list(following)] += CERTAINTY / len(following)
        return np.log(probabilities)


def _next_byte(written: bytes, state: bytes) -> int | None:
    """Return the next byte of `written` if `state` ends with a beginning of it, else None."""
    for length in range(len(written) - 1, MIN_MATCH_BYTES - 1, -1):
        before, end = state[:-length], state[-length:]
        if end == written[:length] and (not before or before[-1:].isspace()):
            return written[length]
    return None


def create(config: PredictorConfig) -> TodayPredictor:
    formats = config.options.get("formats", ["%Y-%m-%d"])
    if not isinstance(formats, list) or not all(isinstance(form, str) for form in formats):
        # The user sees this message, and the other predictors go on. Of other exceptions, the user
        # sees only the type and location, as their message may hold text.
        raise PredictorError('today takes {"formats": ["%Y-%m-%d", ...]}')
    return TodayPredictor(formats)
