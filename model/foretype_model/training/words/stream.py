"""Texts as one stream of words, cut into windows, and the score of a network on held-out words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from foretype_model.errors import CorpusError
from foretype_model.predictor import END_OF_TEXT
from foretype_model.predictors.words.vocabulary import UNKNOWN, Vocabulary, split_words
from foretype_model.training.network import Recurrent
from foretype_model.training.words.network import WordNetwork

WordIds = NDArray[np.int32]

BITS_PER_UNKNOWN_BYTE: Final = 8.0
"""Bits for each byte of an unknown word: a uniform distribution."""

MAX_STREAMS: Final = 32
MIN_STREAM_WORDS: Final = 64
"""Parallel rows while scoring, and the least words of each."""


@dataclass(frozen=True)
class HeldOutWords:
    """Text held back from training.

    Attributes:
        numbers: of its words, in a row.
        unknown: bytes of those that are not known.
        characters: in all, the end of each text being one.
    """

    word_ids: WordIds
    unknown_bytes: int
    characters: int

    @classmethod
    def of(cls, texts: Sequence[bytes], vocabulary: Vocabulary) -> HeldOutWords:
        words = [word for text in texts for word in split_words(text + bytes([END_OF_TEXT]))]
        numbers = np.array(vocabulary.encode_words(words), np.int32)
        unknown_bytes = sum(
            len(word)
            for word, number in zip(words, numbers.tolist(), strict=True)
            if number == UNKNOWN
        )
        return cls(
            numbers, unknown_bytes, sum(byte & 0xC0 != 0x80 for word in words for byte in word)
        )


class WordBatches:
    """All texts, end to end, cut into `batch` rows; window after window along the rows, epoch after
    epoch.

    Like `foretype_model.training.batches`, with words in the place of bytes.
    """

    def __init__(
        self, texts: Sequence[bytes], vocabulary: Vocabulary, batch: int, window: int, seed: int
    ) -> None:
        self._texts = [
            np.array(vocabulary.encode_words(split_words(text + bytes([END_OF_TEXT]))), np.int32)
            for text in texts
        ]
        size = sum(map(len, self._texts))
        if size < 2 * (window + 1) or len(vocabulary.words) < 3:
            raise CorpusError(f"only {size} words to learn from: give more or larger files")
        self.batch = min(batch, size // (window + 1))
        self.window, self._seed = window, seed
        self.per_epoch = (size // self.batch - 1) // window
        self.bytes_per_word = sum(map(len, texts)) / size

    def windows(self, step: int) -> Iterator[tuple[WordIds, WordIds]]:
        """Yield windows from number `step` on, without end: x and y, each of shape (window, batch),
        with y[t] = x[t+1].
        """
        epoch, first = divmod(step, self.per_epoch)
        while True:
            rows = self._rows(epoch)
            for i in range(first, self.per_epoch):
                span = rows[:, i * self.window : (i + 1) * self.window + 1].T
                yield span[:-1], span[1:]
            epoch, first = epoch + 1, 0

    def _rows(self, epoch: int) -> WordIds:
        order = np.random.default_rng((self._seed, epoch)).permutation(len(self._texts))
        stream = np.concatenate([self._texts[i] for i in order])
        length = len(stream) // self.batch
        return stream[: length * self.batch].reshape(self.batch, length)


def as_tensor(numbers: WordIds, device: torch.device) -> torch.Tensor:
    """Return numbers of words as torch looks them up."""
    return torch.from_numpy(numbers.astype(np.int64)).to(device)


@torch.no_grad()
def bits_per_character(
    network: WordNetwork, held: HeldOutWords, device: torch.device, window: int = 64
) -> float | None:
    """Return the bits for the words plus those for the bytes of unknown ones, divided by the
    characters of `held`.

    The first word of each row is not predicted and counts as an average one. None if there is too
    little text.
    """
    if len(held.word_ids) < 2:
        return None
    parallel = max(1, min(MAX_STREAMS, len(held.word_ids) // MIN_STREAM_WORDS))
    length = len(held.word_ids) // parallel
    rows = as_tensor(held.word_ids[: parallel * length].reshape(parallel, length).T, device)
    recurrent: Recurrent = None
    nats = 0.0
    for first in range(0, length - 1, window):
        x, y = (
            rows[first : first + window][: length - 1 - first],
            rows[first + 1 : first + 1 + window],
        )
        h, recurrent = network(x, recurrent)
        nats -= network.log_probabilities(h, y).sum().item()
    bits_per_word = nats / math.log(2) / (parallel * (length - 1))
    return (bits_per_word * len(held.word_ids) + BITS_PER_UNKNOWN_BYTE * held.unknown_bytes) / max(
        1, held.characters
    )
