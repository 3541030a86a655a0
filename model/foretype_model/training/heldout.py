"""Held-out text, the bits per character that a network needs for it, and the comparison of two
networks by it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
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

WINDOW: Final = 256
"""Bytes of each row that are scored at once."""

PIECE_BYTES: Final = 64
"""Bytes of a piece of the comparison, a line or two: long enough that one piece's difference tells
little about the next one's. It divides WINDOW.
"""

MIN_PIECES: Final = 16
"""Fewer pieces cannot tell a gain from chance: 1 kB of held-out text, of 20 kB of text."""

STANDARD_ERRORS: Final = 2.0
"""A mean difference beyond these comes by chance once in forty times."""

MIN_GAIN: Final = 0.005
"""Bits per character. A single step can gain 0.00003 in nearly every piece: beyond chance, and no
reason to change the model.
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


@dataclass(frozen=True)
class Score:
    """The cross-entropy of a network on held-out text.

    Attributes:
        bits: over all bytes that were scored.
        characters: their number; the end of a text counts as one more.
        pieces: the bits of each whole piece of PIECE_BYTES, in the same order for every network.
        windows: windows that were scored.
    """

    bits: float
    characters: int
    pieces: NDArray[np.float64]
    windows: int

    @property
    def per_character(self) -> float:
        return self.bits / max(1, self.characters)


@dataclass(frozen=True)
class Comparison:
    """A paired comparison of a network with its rival, piece by piece of the held-out text.

    Attributes:
        rival_bits: bits per character of the rival.
        gain: bits per character that the network needs fewer; negative if it needs more.
        pieces: number of pieces compared.
        is_beyond_chance: whether the mean difference of the pieces is more than two standard errors
            above 0, on MIN_PIECES pieces or more.
    """

    rival_bits: float
    gain: float
    pieces: int
    is_beyond_chance: bool

    @property
    def has_enough_text(self) -> bool:
        """Whether there are enough pieces to tell a gain from chance."""
        return self.pieces >= MIN_PIECES

    @property
    def counts(self) -> bool:
        """Whether the gain is beyond chance and large enough to use the network."""
        return self.is_beyond_chance and self.gain >= MIN_GAIN


def compare(network: Score, rival: Score) -> Comparison:
    """Compare two scores of the same held-out text."""
    gains = rival.pieces - network.pieces
    beyond = len(gains) >= MIN_PIECES and bool(
        gains.mean() > STANDARD_ERRORS * gains.std(ddof=1) / math.sqrt(len(gains))
    )
    gain = rival.per_character - network.per_character
    return Comparison(rival.per_character, gain, len(gains), beyond)


def bits_per_character(
    network: ByteNetwork, texts: Sequence[bytes], device: torch.device
) -> float | None:
    """Return the cross-entropy in bits over all bytes of `texts`, divided by their number of
    characters.

    Each text counts its end-of-text byte as one more character. None if there is too little text.
    """
    scored = score(network, texts, device)
    return None if scored is None else scored.per_character


@torch.no_grad()
def score(
    network: ByteNetwork,
    texts: Sequence[bytes],
    device: torch.device,
    *,
    windows: int | None = None,
    seconds: float = math.inf,
) -> Score | None:
    """Score a network on held-out texts. None if there is too little text.

    Args:
        windows: score only so many, from the start of each row; None is all.
        seconds: begin no further window after this time; one is always scored.
    """
    rows = _rows(texts, device)
    if rows is None:
        return None
    began, last, done = monotonic(), len(rows) - 1, 0
    carry, pieces, bits, read = None, list[NDArray[np.float64]](), 0.0, 0
    with single_thread(when=rows.shape[1] < MAX_STREAMS):
        while read < last and done != windows and (not done or monotonic() - began < seconds):
            x, y = (rows[read + i : min(read + WINDOW, last) + i] for i in (0, 1))
            logits, carry = network(x, carry)
            nats = nn.functional.cross_entropy(
                logits.reshape(-1, VOCABULARY), y.reshape(-1), reduction="none"
            )
            each = nats.reshape(y.shape).double().cpu().numpy() / math.log(2)  # (T, B)
            for first in range(0, len(each) - PIECE_BYTES + 1, PIECE_BYTES):
                pieces.append(each[first : first + PIECE_BYTES].sum(0))
            bits, read, done = bits + float(each.sum()), read + len(x), done + 1
    characters = int(((rows[1 : read + 1] & 0xC0) != 0x80).sum())
    return Score(bits, characters, np.concatenate([np.zeros(0), *pieces]), done)


def _rows(texts: Sequence[bytes], device: torch.device) -> torch.Tensor | None:
    """Return the texts end to end as parallel rows, shape (T, B)."""
    stream = np.frombuffer(b"".join(text + bytes([END_OF_TEXT]) for text in texts), np.uint8)
    if len(stream) < 2:
        return None
    parallel = max(1, min(MAX_STREAMS, len(stream) // MIN_STREAM_BYTES))
    length = len(stream) // parallel
    rows = stream[: length * parallel].reshape(parallel, length).T.astype(np.int64)
    return torch.from_numpy(rows).to(device)


@contextmanager
def single_thread(*, when: bool = True) -> Iterator[None]:
    """Within, torch uses one thread.

    A step of few rows is too short to share: on two cores that others used too, 2 kB in 8 rows took
    40 s with two threads, which waited for each other at each step, and 2 s with one.
    """
    threads = torch.get_num_threads()
    if when:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
