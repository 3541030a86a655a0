"""Generation of text from a prompt, as a stream of characters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from foretype_model.completion.candidates import Options
from foretype_model.predictor import END_OF_TEXT, LogProbabilities, Predictor
from foretype_model.sampling import adjusted, log_softmax
from foretype_model.text import utf8

SPACE: Final = 0x20


def generate(predictor: Predictor, prompt: bytes, length: int, options: Options) -> Iterator[str]:
    """Yield up to `length` characters after `prompt`, each as soon as it is whole, and stop at
    END_OF_TEXT.

    Temperature 0 is argmax. Above it, bytes are drawn from p^(1/temperature) within top-k and
    top-p. The same seed gives the same draws.
    """
    rng = np.random.default_rng(options.seed)
    state, character, written = predictor.feed(predictor.start(), prompt), b"", 0
    while written < length:
        byte = _next(predictor.predict([state])[0], character, options, rng)
        if byte == END_OF_TEXT:
            return
        character += bytes([byte])
        state = predictor.step([state], [byte])[0]
        if not utf8.incomplete_suffix(character):
            yield character.decode()
            character, written = b"", written + 1


def _next(
    row: LogProbabilities, character: bytes, options: Options, rng: np.random.Generator
) -> int:
    """Draw a byte that may follow the first bytes of a character; END_OF_TEXT only between
    characters.
    """
    allowed = utf8.allowed_next(character).copy()
    allowed[END_OF_TEXT] = not character
    row = np.where(allowed, row, -np.inf)
    if row.max() == -np.inf:
        # The prompt ends with a word that a word-level model does not know: end the word.
        return SPACE
    log_q = adjusted(log_softmax(row), options.temperature, options.top_k, options.top_p)
    # Gumbel-max: the argmax of perturbed log-probabilities is a draw from them. At temperature 0 it
    # is the only byte left.
    return int((log_q + rng.gumbel(size=log_q.shape)).argmax())
