"""What a network learns while its user types: a correction of its output layer, one gradient step
for each byte.

Dynamic evaluation (Krause et al. 2018, "Dynamic Evaluation of Neural Sequence Models") of the last
layer alone. Of seven texts of 8,000 bytes it took 2.5 to 21 % of the bits less; adapting all of the
network, in segments of 32 bytes, took 1 to 15 % less, needs backpropagation through time, and makes
every warm state stale.
"""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.files.atomic import atomic_write
from foretype_model.predictor import VOCABULARY, LogProbabilities
from foretype_model.sampling import log_softmax

LEARNING_RATE: Final = 1e-3
"""Of 0.0003, 0.001 and 0.003 the one that helped most without harming any of the seven texts."""

DECAY: Final = 3e-4
"""How much of what was learnt is unlearnt with each byte, so that it fits the text at hand."""

MIN_ERROR: Final = 2e-3
"""A byte whose probability was that near to what it should have been is left alone: a tenth of the
time.
"""

FILE_PREFIX: Final = "adapted-"
"""What the files of adaptations begin with, each of which is for one network in one workspace."""

RESET_FILE: Final = "reset"
"""The file beside them that says, by another word each time, that all of them were reset."""

Floats = NDArray[np.float32]


def reset(folder: Path) -> int:
    """Delete all adaptations in a folder; servers that are running reset theirs when they would
    save them next.

    How many there were is returned.
    """
    try:
        # First, so that a server that saves at this very moment finds it, or its file is found
        # below.
        with atomic_write(folder / RESET_FILE) as partial:
            partial.write_text(token_hex(8), "ascii")
    finally:
        kept = list(folder.glob(f"{FILE_PREFIX}*"))
        for path in kept:
            path.unlink(missing_ok=True)
    return len(kept)


class Adaptation:
    """Corrections of the logits: for each byte that has one, `hidden` weights and a bias.

    In most texts half of the bytes never get one, and a prediction takes as long as it takes to
    read the weights.
    """

    def __init__(self, hidden: int, path: Path | None = None) -> None:
        """Go on from the file at `path`, where there is a whole one for a network of this size."""
        self._path = path
        self._hidden = hidden
        self._reset_seen: str | None = None
        """The last reset when the first of it was learnt; None while nothing is."""
        self._clear()
        if path and path.exists():
            self._reset_seen = self._last_reset()
            self._read(path)

    def corrected(self, log_probabilities: LogProbabilities, h: Floats) -> LogProbabilities:
        """`log_probabilities`, shape (rows, 256), of the states `h`, shape (rows, hidden), as they
        are by now.
        """
        logits = log_probabilities.copy()
        logits[:, self._bytes] += h @ self._weights[:, :-1].T + self._weights[:, -1]
        return log_softmax(logits)

    def learn(self, log_probabilities: LogProbabilities, h: Floats, following: int) -> None:
        """One gradient step on the byte that followed; shapes (256,), as they are by now, and
        (hidden,).
        """
        if self._reset_seen is None:
            self._reset_seen = self._last_reset()
        error = np.exp(log_probabilities)
        error[following] -= 1
        wrong = np.flatnonzero(np.abs(error) > MIN_ERROR)
        self._add_rows(wrong[self._rows[wrong] < 0])
        self._weights *= np.float32(1 - DECAY)
        self._weights[self._rows[wrong]] -= np.outer(
            LEARNING_RATE * error[wrong], np.append(h, np.float32(1))
        )
        self._changed = True

    def save(self) -> None:
        """Keep it for the next start, where it has a place; or be as at first, where all were
        `reset` meanwhile.
        """
        if self._is_outdated():
            self._clear()
        elif self._path and self._changed:
            whole = np.zeros((VOCABULARY, self._hidden + 1), np.float32)
            whole[self._bytes] = self._weights
            with atomic_write(self._path) as partial, partial.open("wb") as file:
                np.save(file, whole)
            self._changed = False
            if self._is_outdated():
                self.forget()

    def forget(self) -> None:
        """Be as at first, on the disk too."""
        self._clear()
        if self._path:
            self._path.unlink(missing_ok=True)

    def _is_outdated(self) -> bool:
        return self._reset_seen is not None and self._reset_seen != self._last_reset()

    def _last_reset(self) -> str:
        """What tells the last reset from others; "" where there was none, or none that can be
        read.
        """
        try:
            return (self._path.parent / RESET_FILE).read_text("ascii") if self._path else ""
        except (OSError, ValueError):
            return ""

    def _clear(self) -> None:
        self._changed = False
        self._reset_seen = None
        self._bytes = np.empty(0, np.intp)
        self._rows: NDArray[np.intp] = np.full(VOCABULARY, -1)
        self._weights: Floats = np.empty((0, self._hidden + 1), np.float32)

    def _add_rows(self, new: NDArray[np.intp]) -> None:
        """Have weights, of 0, for these bytes too."""
        if len(new):
            self._rows[new] = np.arange(len(self._bytes), len(self._bytes) + len(new))
            self._bytes = np.append(self._bytes, new)
            self._weights = np.pad(self._weights, ((0, len(new)), (0, 0)))

    def _read(self, path: Path) -> None:
        try:
            weights = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):  # it is learnt anew
            return
        if weights.shape == (VOCABULARY, self._hidden + 1) and np.isfinite(weights).all():
            self._add_rows(np.flatnonzero(weights.any(1)))
            self._weights[:] = weights[self._bytes]
