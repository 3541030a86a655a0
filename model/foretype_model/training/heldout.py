"""Held-out text, and the bits per character that a network needs for it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import nn

from foretype_model.predictor import END_OF_TEXT, VOCABULARY
from foretype_model.training.network import ByteNetwork
from foretype_model.training.stream import Documents, Excerpts

MAX_HELD_OUT_BYTES: Final = 200_000
"""Upper bound of held-out bytes: enough for two figures after the point, scored in seconds."""

HELD_OUT_SHARE: Final = 0.05
MIN_WHOLE_TEXTS: Final = 20
"""From this many texts on, whole texts are held out; of fewer, the end of each."""

MAX_STREAMS: Final = 32
MIN_STREAM_BYTES: Final = 256
"""Parallel rows while scoring, and the least bytes of each. Each begins without context: 0.01 bits
at 200 kB.
"""


def split_held_out(documents: Documents, seed: int) -> tuple[Excerpts, Excerpts]:
    """Divide the documents into those to train on and held-out ones."""
    sizes = documents.sizes.tolist()
    budget = min(MAX_HELD_OUT_BYTES, int(HELD_OUT_SHARE * sum(sizes)))
    if len(sizes) >= MIN_WHOLE_TEXTS:
        kept, held = _split_whole(sizes, budget, seed)
        if held:
            return _excerpts(documents, kept), _excerpts(documents, held)
    everything = _excerpts(documents, range(len(sizes)))
    cuts = [
        _character_start(documents, i, size - (budget * size // sum(sizes) if size else 0))
        for i, size in enumerate(sizes)
    ]
    at = np.array(cuts, np.int64)
    return replace(everything, stops=at), replace(everything, starts=at)


def _split_whole(sizes: Sequence[int], budget: int, seed: int) -> tuple[list[int], list[int]]:
    kept, held, room = [], [], budget
    for document in random.Random(seed).sample(range(len(sizes)), len(sizes)):
        if sizes[document] <= room:
            held.append(document)
            room -= sizes[document]
        else:
            kept.append(document)
    return kept, held


def _excerpts(documents: Documents, which: Sequence[int]) -> Excerpts:
    """Return some of the documents, whole."""
    chosen = np.array(which, np.int64)
    return Excerpts(documents, chosen, np.zeros_like(chosen), documents.sizes[chosen])


def _character_start(documents: Documents, document: int, at: int) -> int:
    while (byte := documents.read(document, at, at + 1)) and byte[0] & 0xC0 == 0x80:
        at += 1
    return at


@torch.no_grad()
def bits_per_character(
    network: ByteNetwork, texts: Sequence[bytes], device: torch.device, window: int = 256
) -> float | None:
    """Return the cross-entropy in bits over all bytes of `texts`, divided by their number of
    characters.

    Each text counts its end-of-text byte as one more character. None if there is too little text.
    """
    stream = np.frombuffer(b"".join(text + bytes([END_OF_TEXT]) for text in texts), np.uint8)
    if len(stream) < 2:
        return None
    parallel = max(1, min(MAX_STREAMS, len(stream) // MIN_STREAM_BYTES))
    length = len(stream) // parallel
    rows = torch.from_numpy(
        stream[: length * parallel].reshape(parallel, length).T.astype(np.int64)
    ).to(device)
    carry, nats = None, 0.0
    for first in range(0, length - 1, window):
        x, y = (
            rows[first : first + window][: length - 1 - first],
            rows[first + 1 : first + 1 + window],
        )
        logits, carry = network(x, carry)
        nats += nn.functional.cross_entropy(
            logits.reshape(-1, VOCABULARY), y.reshape(-1), reduction="sum"
        ).item()
    characters = int(((rows[1:] & 0xC0) != 0x80).sum())
    return nats / math.log(2) / max(1, characters)
