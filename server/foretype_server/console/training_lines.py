"""A training as JSON lines on standard error, for the programs that start ``foretype train``."""

from __future__ import annotations

import json
import math
import signal
import sys
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Self

from foretype_server.console.training_clock import TrainingClock

if TYPE_CHECKING:
    from types import TracebackType

    from foretype_model.training.corpus import Corpus
    from foretype_model.training.trainer import Progress, Stage

MAX_LINE_INTERVAL: Final = 1.0
"""Seconds after which the progress is written even if nothing was reported since the last line."""


class TrainingLines:
    """Writes one JSON object a line: a ``message``, the ``corpus``, or the ``progress``. It has the
    methods of `TrainingScreen`.

    As a context manager, it writes the progress every second: the time left goes down also while
    torch is imported or a network is scored.
    """

    def __init__(self, seconds: float = math.inf) -> None:
        """Write the lines of a training of so many seconds; infinity if they are unknown."""
        self.clock = TrainingClock(seconds)
        self._last_line = monotonic()
        self._figures: dict[str, Any] = {"step": 0, "bytesPerSecond": 0.0, "trainingBits": None}
        self._lock, self._ended = Lock(), Event()
        self._ticking = Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        # The server, which reads these lines, stops the training by SIGINT. Both inherit that it is
        # ignored if a shell has started the editor in the background.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._ticking.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the writing of the progress; each line was written at once."""
        self._ended.set()
        self._ticking.join()

    def show_stage(self, stage: Stage) -> None:
        """Write what the training is doing."""
        self.clock.stage = stage
        self._write_progress(None)

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
        is_new = progress.stage != self.clock.stage
        self.clock.update(progress)
        self._figures = {
            "step": progress.step,
            "bytesPerSecond": progress.bytes_per_second,
            "trainingBits": _finite(progress.training_bits),
        }
        if progress.held_out_bits is not None or is_new or self._is_due():
            self._write_progress(progress.held_out_bits)

    def _is_due(self) -> bool:
        return monotonic() - self._last_line > MAX_LINE_INTERVAL

    def _tick(self) -> None:
        """Write the progress whenever no line was written for a while, until the end."""
        while not self._ended.wait(MAX_LINE_INTERVAL / 4):
            if self._is_due():
                self._write_progress(None)

    def _write_progress(self, held_out_bits: float | None) -> None:
        about = {
            "stage": self.clock.stage,
            "fraction": self.clock.fraction(),
            "secondsLeft": _finite(self.clock.seconds_left()),
            "heldOutBits": held_out_bits,
        }
        self._write("progress", about | self._figures)

    def _write(self, name: str, value: Any) -> None:
        with self._lock:
            self._last_line = monotonic()
            print(json.dumps({name: value}), file=sys.stderr, flush=True)


def _finite(number: float) -> float | None:
    """Return `number`; None, which JSON has, for infinity and NaN, which it has not."""
    return number if math.isfinite(number) else None
