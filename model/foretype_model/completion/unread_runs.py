"""The unread bytes of a text, as runs."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Run(NamedTuple):
    """Bytes that came in the same way, from `start` up to `end`: typed, or pasted."""

    start: int
    end: int
    is_typed: bool


class UnreadRuns:
    """The unread bytes of one text that is edited.

    The runs rise, do not overlap and are not empty. A lookup bisects them: it costs the same in a
    text of any length.
    """

    def __init__(self) -> None:
        self._runs: list[Run] = []

    def replace(self, start: int, end: int, count: int, *, is_typed: bool) -> None:
        """Replace the bytes from `start` up to `end` by `count` unread bytes."""
        shift = count - (end - start)
        before = [Run(run.start, min(run.end, start), run.is_typed) for run in self._runs]
        after = [
            Run(max(run.start, end) + shift, run.end + shift, run.is_typed) for run in self._runs
        ]
        new = Run(start, start + count, is_typed)
        self._runs = []
        for run in (*before, new, *after):
            if run.start < run.end:
                self._append(run)

    def _append(self, run: Run) -> None:
        """Append a run, or extend the last one if the two touch and are of one kind."""
        last = self._runs[-1] if self._runs else None
        if last and last.end == run.start and last.is_typed == run.is_typed:
            self._runs[-1] = Run(last.start, run.end, run.is_typed)
        else:
            self._runs.append(run)

    def discard_before(self, at: int) -> None:
        """Mark all bytes before `at` as read."""
        del self._runs[: bisect_right(self._runs, at, key=lambda run: run.end)]
        if self._runs and self._runs[0].start < at:
            self._runs[0] = self._runs[0]._replace(start=at)

    def next_from(self, at: int) -> Run | None:
        """Return the first run, or rest of a run, from byte `at` on."""
        index = bisect_right(self._runs, at, key=lambda run: run.end)
        if index == len(self._runs):
            return None
        run = self._runs[index]
        return run._replace(start=max(run.start, at))

    def end_of_unread(self, at: int) -> int:
        """Return the first byte from `at` on that has been read."""
        index = bisect_right(self._runs, at, key=lambda run: run.end)
        for run in self._runs[index:]:
            if run.start > at:
                break
            at = run.end
        return at
