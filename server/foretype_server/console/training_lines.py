"""A training as JSON lines on standard error, for the programs that start ``foretype train``."""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

    from foretype_model.training.corpus import Corpus
    from foretype_model.training.trainer import Progress

MAX_LINE_INTERVAL: Final = 1.0
"""Seconds after which a line is written even if the network was not scored since the last one."""


class TrainingLines:
    """Writes one JSON object a line: a ``message``, the ``corpus``, or the ``progress``. It has the
    methods of `TrainingScreen`.
    """

    def __init__(self) -> None:
        self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        # The server, which reads these lines, stops the training by SIGINT. Both inherit that it is
        # ignored if a shell has started the editor in the background.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: each line was written at once."""

    def print_line(self, message: str) -> None:
        """Write a message for the user."""
        self._write("message", message)

    def print_corpus(self, corpus: Corpus) -> None:
        """Write how many texts are read, their bytes, and how many files were skipped, by
        reason.
        """
        size = sum(map(len, corpus.texts))
        self._write(
            "corpus",
            {"texts": len(corpus.texts), "bytes": size, "skipped": dict(corpus.skipped)},
        )

    def report(self, progress: Progress) -> None:
        """Write how far the training is: at each scoring, and at least once a second."""
        is_due = time.monotonic() - self._last_line > MAX_LINE_INTERVAL
        if progress.held_out_bits is None and not is_due:
            return
        self._write(
            "progress",
            {
                "fraction": progress.fraction,
                "step": progress.step,
                "bytesPerSecond": progress.bytes_per_second,
                "secondsLeft": _finite(progress.seconds_left),
                "trainingBits": _finite(progress.training_bits),
                "heldOutBits": progress.held_out_bits,
            },
        )

    def _write(self, name: str, value: Any) -> None:
        self._last_line = time.monotonic()
        print(json.dumps({name: value}), file=sys.stderr, flush=True)


def _finite(number: float) -> float | None:
    """Return `number`; None, which JSON has, for infinity and NaN, which it has not."""
    return number if math.isfinite(number) else None
