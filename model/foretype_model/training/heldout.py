"""Text kept back from training, and the bits per character a network needs for it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import nn

from foretype_model.predictor import END_OF_TEXT, VOCABULARY
from foretype_model.training.network import ByteNetwork

MOST: Final = 200_000
"""Bytes held back at most: enough for two figures after the point, scored in seconds."""

SHARE: Final = 0.05
MANY: Final = 20
"""From this many texts on, whole texts are held back; of fewer, the end of each."""

ROWS: Final = 32
ROW: Final = 256
"""Parallel streams while scoring, and the bytes of each at least. Each begins without context: 0.01 bits at 200 kB."""


def split(texts: Sequence[bytes], seed: int) -> tuple[list[bytes], list[bytes]]:
    """The texts to train on and those held back."""
    budget = min(MOST, int(SHARE * sum(map(len, texts))))
    if len(texts) >= MANY:
        kept, held = _split_whole(texts, budget, seed)
        if held:
            return kept, held
    cuts = [_character_start(text, len(text) - budget * len(text) // sum(map(len, texts))) for text in texts]
    return [t[:cut] for t, cut in zip(texts, cuts, strict=True)], [t[cut:] for t, cut in zip(texts, cuts, strict=True)]


def _split_whole(texts: Sequence[bytes], budget: int, seed: int) -> tuple[list[bytes], list[bytes]]:
    kept, held, room = [], [], budget
    for text in random.Random(seed).sample(list(texts), len(texts)):
        if len(text) <= room:
            held.append(text)
            room -= len(text)
        else:
            kept.append(text)
    return kept, held


def _character_start(text: bytes, at: int) -> int:
    while at < len(text) and text[at] & 0xC0 == 0x80:
        at += 1
    return at


@torch.no_grad()
def bits_per_character(
    network: ByteNetwork, texts: Sequence[bytes], device: torch.device, window: int = 256
) -> float | None:
    """Cross-entropy in bits over all bytes of `texts`, divided by their number of characters.

    Each text counts its end-of-text byte as one more character. None where there is too little text to say.
    """
    stream = np.frombuffer(b"".join(text + bytes([END_OF_TEXT]) for text in texts), np.uint8)
    if len(stream) < 2:
        return None
    parallel = max(1, min(ROWS, len(stream) // ROW))
    length = len(stream) // parallel
    rows = torch.from_numpy(stream[: length * parallel].reshape(parallel, length).T.astype(np.int64)).to(device)
    carry, nats = None, 0.0
    for first in range(0, length - 1, window):
        x, y = rows[first : first + window][: length - 1 - first], rows[first + 1 : first + 1 + window]
        logits, carry = network(x, carry)
        nats += nn.functional.cross_entropy(logits.reshape(-1, VOCABULARY), y.reshape(-1), reduction="sum").item()
    characters = int(((rows[1:] & 0xC0) != 0x80).sum())
    return nats / math.log(2) / max(1, characters)
