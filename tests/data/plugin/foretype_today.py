"""A predictor that knows today's date: it goes on where you begin to write it.

Copy this folder, change its names, and say how likely each next byte is. ``{"predictors":
{"network": {}, "today": {"formats": ["%d %B %Y"]}}}`` in the settings puts it to work beside the
network, with an option of its own.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from foretype_model.errors import PredictorError
from foretype_model.predictor import VOCABULARY, LogProbabilities, PredictorConfig

MAX_MATCH_BYTES = 40  # bytes of the text that are remembered: more than any date has
MIN_MATCH_BYTES = 2  # bytes of the date that have to stand there already
# probability of the date's next byte; the other bytes share what is left, for nothing is impossible
CERTAINTY = 0.98


class TodayPredictor:
    def __init__(self, formats: Sequence[str]) -> None:
        self._formats = formats

    # A state is what the predictor knows at one point of the text. It may be anything, so long as
    # nobody changes it once it is made: it will be kept, gone back to, and gone on from with many
    # different bytes.
    def start(self) -> bytes:
        return b""

    def feed(self, state: bytes, text: bytes) -> bytes:
        return (state + text)[-MAX_MATCH_BYTES:]

    # One byte further in many places at once. Here they are taken one by one; a network would take
    # them together.
    def step(self, states: Sequence[bytes], following: Sequence[int]) -> list[bytes]:
        return [
            self.feed(state, bytes([byte])) for state, byte in zip(states, following, strict=True)
        ]

    # Natural logarithms of each next byte's probability, a row of 256 for each state. All alike say
    # "I don't know".
    def predict(self, states: Sequence[bytes]) -> LogProbabilities:
        probabilities = np.full((len(states), VOCABULARY), 1 / VOCABULARY, np.float32)
        dates = [date.today().strftime(form).encode() for form in self._formats]
        for row, state in zip(probabilities, states, strict=True):
            if following := {byte for one in dates if (byte := _next_byte(one, state)) is not None}:
                row[:] = (1 - CERTAINTY) / VOCABULARY
                row[list(following)] += CERTAINTY / len(following)
        return np.log(probabilities)


def _next_byte(written: bytes, state: bytes) -> int | None:
    """The byte of `written` that follows the part of it at the end of `state`, if a part of it
    stands there.
    """
    for length in range(len(written) - 1, MIN_MATCH_BYTES - 1, -1):
        before, end = state[:-length], state[-length:]
        if end == written[:length] and (not before or before[-1:].isspace()):
            return written[length]
    return None


def create(config: PredictorConfig) -> TodayPredictor:
    formats = config.options.get("formats", ["%Y-%m-%d"])
    if not isinstance(formats, list) or not all(isinstance(form, str) for form in formats):
        # Shown to the user, and the others go on. Of any other error, the kind and the line are: it
        # may hold the text.
        raise PredictorError('today takes {"formats": ["%Y-%m-%d", ...]}')
    return TodayPredictor(formats)
