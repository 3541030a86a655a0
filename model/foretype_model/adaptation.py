"""What a network learns while its user types: a correction of its output layer, one gradient step for each byte.

Dynamic evaluation (Krause et al. 2018, "Dynamic Evaluation of Neural Sequence Models") of the last layer alone. Of
seven texts of 8,000 bytes it took 2.5 to 21 % of the bits less; adapting all of the network, in segments of 32 bytes,
took 1 to 15 % less, needs backpropagation through time, and makes every warm state stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.atomic import replacing
from foretype_model.predictor import VOCABULARY, LogProbabilities
from foretype_model.sample import normalised

RATE: Final = 1e-3
"""Of 0.0003, 0.001 and 0.003 the one that helped most without harming any of the seven texts."""

DECAY: Final = 3e-4
"""How much of what was learnt is unlearnt with each byte, so that it fits the text at hand."""

NEGLIGIBLE: Final = 2e-3
"""A byte whose probability was that near to what it should have been is left alone: a tenth of the time."""

Floats = NDArray[np.float32]


class Adaptation:
    """Corrections of the logits: for each byte that has one, `hidden` weights and a bias.

    In most texts half of the bytes never get one, and a prediction takes as long as it takes to read the weights.
    """

    def __init__(self, hidden: int, path: Path | None = None) -> None:
        """Go on from the file at `path`, where there is a whole one for a network of this size."""
        self._path = path
        self._hidden = hidden
        self._changed = False
        self._clear()
        if path and path.exists():
            self._read(path)

    def corrected(self, log_probabilities: LogProbabilities, h: Floats) -> LogProbabilities:
        """`log_probabilities`, shape (rows, 256), of the states `h`, shape (rows, hidden), as they are by now."""
        logits = log_probabilities.copy()
        logits[:, self._bytes] += h @ self._weights[:, :-1].T + self._weights[:, -1]
        return normalised(logits)

    def learn(self, log_probabilities: LogProbabilities, h: Floats, following: int) -> None:
        """One gradient step on the byte that followed; shapes (256,), as they are by now, and (hidden,)."""
        error = np.exp(log_probabilities)
        error[following] -= 1
        wrong = np.flatnonzero(np.abs(error) > NEGLIGIBLE)
        self._make_room(wrong[self._rows[wrong] < 0])
        self._weights *= np.float32(1 - DECAY)
        self._weights[self._rows[wrong]] -= np.outer(RATE * error[wrong], np.append(h, np.float32(1)))
        self._changed = True

    def save(self) -> None:
        """Keep it for the next start, where it has a place."""
        if self._path and self._changed:
            whole = np.zeros((VOCABULARY, self._hidden + 1), np.float32)
            whole[self._bytes] = self._weights
            with replacing(self._path) as partial, partial.open("wb") as file:
                np.save(file, whole)
            self._changed = False

    def forget(self) -> None:
        """Be as at first, on the disk too."""
        self._clear()
        self._changed = False
        if self._path:
            self._path.unlink(missing_ok=True)

    def _clear(self) -> None:
        self._bytes = np.empty(0, np.intp)
        self._rows = np.full(VOCABULARY, -1)
        self._weights = np.empty((0, self._hidden + 1), np.float32)

    def _make_room(self, new: NDArray[np.intp]) -> None:
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
            self._make_room(np.flatnonzero(weights.any(1)))
            self._weights[:] = weights[self._bytes]
