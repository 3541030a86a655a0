"""Dynamic evaluation: a correction of the network's output layer, learnt while the user types.

Each typed byte is one gradient step (Krause et al. 2018, "Dynamic Evaluation of Neural Sequence
Models"), on the last layer alone. Seven texts of 8,000 bytes took 2.5 to 21 % fewer bits. Adapting
the whole network, in segments of 32 bytes, took 1 to 15 % fewer, needs backpropagation through
time, and makes every cached state stale.
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
"""Of 0.0003, 0.001 and 0.003, the rate that helped most and harmed none of the seven texts."""

DECAY: Final = 3e-4
"""Decay of each weight per byte, so that the correction fits recent text."""

MIN_ERROR: Final = 2e-3
"""Least error of a probability at which a byte's weights are updated: takes a tenth of the time."""

FILE_PREFIX: Final = "adapted-"
"""Prefix of the adaptations' file names; each is for one network in one workspace."""

RESET_FILE: Final = "reset"
"""The file beside them with the random token of the last reset of all adaptations."""

Floats = NDArray[np.float32]


def reset(folder: Path) -> int:
    """Delete all adaptations in a folder, and return their number.

    Running servers discard theirs at their next save.
    """
    try:
        # Written first: a server that saves at this moment sees the token, or its file is deleted
        # below.
        with atomic_write(folder / RESET_FILE) as partial:
            partial.write_text(token_hex(8), "ascii")
    finally:
        kept = list(folder.glob(f"{FILE_PREFIX}*"))
        for path in kept:
            path.unlink(missing_ok=True)
    return len(kept)


class Adaptation:
    """A correction of the logits: for each byte that has one, `hidden` weights and a bias.

    In most texts, half of the bytes never get one; the time of a prediction is that of reading the
    weights.
    """

    def __init__(self, hidden: int, path: Path | None = None) -> None:
        """Continue from the file at `path`, if it is intact and of this size."""
        self._path = path
        self._hidden = hidden
        self._reset_seen: str | None = None
        """Token of the last reset when learning began; None before that."""
        self._clear()
        if path and path.exists():
            self._reset_seen = self._last_reset()
            self._read(path)

    def corrected(self, log_probabilities: LogProbabilities, h: Floats) -> LogProbabilities:
        """Return the corrected `log_probabilities`, shape (rows, 256), of states `h`.

        Args:
            h: the hidden states, shape (rows, hidden).
        """
        logits = log_probabilities.copy()
        if not len(self._bytes):
            return logits
        logits[:, self._bytes] += h @ self._weights[:, :-1].T + self._weights[:, -1]
        return log_softmax(logits)

    def learn(self, log_probabilities: LogProbabilities, h: Floats, following: int) -> None:
        """Take one gradient step on the byte `following`.

        The gradient of -log softmax(z)[following] with respect to the logits z is p - onehot; with
        respect to a byte's weights, that error times (h, 1).

        Args:
            log_probabilities: corrected ones, shape (256,).
            h: the hidden state, shape (hidden,).
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
        """Write the file, if there is a path; discard the adaptation if all were `reset` since."""
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
        """Discard the adaptation, and delete its file."""
        self._clear()
        if self._path:
            self._path.unlink(missing_ok=True)

    def _is_outdated(self) -> bool:
        return self._reset_seen is not None and self._reset_seen != self._last_reset()

    def _last_reset(self) -> str:
        """Return the token of the last reset; "" if there was none or it cannot be read."""
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
        """Add weights of 0 for these bytes."""
        if len(new):
            self._rows[new] = np.arange(len(self._bytes), len(self._bytes) + len(new))
            self._bytes = np.append(self._bytes, new)
            self._weights = np.pad(self._weights, ((0, len(new)), (0, 0)))

    def _read(self, path: Path) -> None:
        try:
            weights = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):  # learn from the beginning
            return
        if weights.shape == (VOCABULARY, self._hidden + 1) and np.isfinite(weights).all():
            self._add_rows(np.flatnonzero(weights.any(1)))
            self._weights[:] = weights[self._bytes]
