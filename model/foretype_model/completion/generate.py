"""Text from a prompt, as it comes."""

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
    """Up to `length` characters after `prompt`, each as soon as it is whole; END_OF_TEXT ends them
    sooner.

    Temperature 0 is argmax; above it bytes are drawn from p^(1/temperature) within top-k and top-p,
    repeatably by seed.
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
    """One byte that may follow those of an unfinished character; END_OF_TEXT only between
    characters.
    """
    may = utf8.allowed_next(character).copy()
    may[END_OF_TEXT] = not character
    row = np.where(may, row, -np.inf)
    if row.max() == -np.inf:
        # the prompt ends with a word that a word-level model does not know: let it be a whole one
        return SPACE
    log_q = adjusted(log_softmax(row), options.temperature, options.top_k, options.top_p)
    # Gumbel-max: the argmax of perturbed log-probabilities is a draw from them, and at temperature
    # 0 the only choice.
    return int((log_q + rng.gumbel(size=log_q.shape)).argmax())
