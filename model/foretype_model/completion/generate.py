"""Generation of text from a prompt, as a stream of characters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from foretype_model.completion.candidates import Options
from foretype_model.predictor import END_OF_TEXT, LogProbabilities, Predictor
from foretype_model.sampling import adjusted, log_softmax
from foretype_model.text import prose, utf8
from foretype_model.text.grammar import WORD_BYTES

SPACE: Final = 0x20

MAX_REPEATED_BYTES: Final = 24
"""Bytes that may occur again, if repetition is to be avoided: some four words."""


def generate(
    predictor: Predictor,
    prompt: bytes,
    length: int,
    options: Options,
    *,
    may_repeat: bool = True,
) -> Iterator[str]:
    """Yield up to `length` characters after `prompt`, each as soon as it is whole, and stop at
    END_OF_TEXT.

    Temperature 0 is argmax. Above it, bytes are drawn from p^(1/temperature) within top-k and
    top-p. The same seed gives the same draws. Unless it `may_repeat` itself, the text goes on
    differently after `MAX_REPEATED_BYTES` that have occurred before.
    """
    rng = np.random.default_rng(options.seed)
    state, character, written = predictor.feed(predictor.start(), prompt), b"", 0
    text = bytearray(prompt)
    while written < length:
        row = predictor.predict([state])[0]
        if not may_repeat and not character:
            row = _without_repetition(row, bytes(text))
        byte = _next(row, character, options, rng)
        if byte == END_OF_TEXT:
            return
        character += bytes([byte])
        text.append(byte)
        state = predictor.step([state], [byte])[0]
        if not utf8.incomplete_suffix(character):
            yield character.decode()
            character, written = b"", written + 1


def until_sentence_end(pieces: Iterable[str], length: int) -> Iterator[str]:
    """Yield the characters of a text of at most `length`, to the end of a sentence in its second
    half, if it has one.
    """
    text = ""
    for piece in pieces:
        if 2 * len(text) >= length and piece.isspace() and prose.ends_sentence(text.encode()):
            return
        text += piece
        yield piece


def _without_repetition(row: LogProbabilities, text: bytes) -> LogProbabilities:
    """Return `row` without the bytes that have followed the end of `text` before; inside a word,
    where hardly another byte may follow, `row` as it is.
    """
    end = text[-MAX_REPEATED_BYTES:]
    if len(end) < MAX_REPEATED_BYTES or WORD_BYTES[end[-1]]:
        return row
    row = row.copy()
    place = text.find(end)
    while place < len(text) - len(end):
        row[text[place + len(end)]] = -np.inf
        place = text.find(end, place + 1)
    return row


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
