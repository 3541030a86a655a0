"""The processor time and the memory of a process and its children, as Linux counts them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
BYTES_PER_KB: Final = 1024
ANY_BYTES: Final = "latin-1"
"""An encoding for the files with a command's name, which may have bytes that are no UTF-8."""

FIRST_TIME_FIELD: Final = 11
"""The field utime of /proc/PID/stat, counted from the one after the command's name; stime, cutime
and cstime follow. The last two are the times of children that have ended.
"""


def processor_seconds(pid: int) -> float | None:
    """Return the processor time of the process `pid` and all below it, in seconds; None where the
    system does not tell.
    """
    # Windows has no ticks.
    if sys.platform != "win32" and (ticks := _sum(pid, _ticks)) is not None:
        return ticks / os.sysconf("SC_CLK_TCK")
    return None


def peak_memory(pid: int) -> int | None:
    """Return the sum of the peaks of resident memory of `pid` and the processes below it that still
    run, in bytes; None where the system does not tell.
    """
    return _sum(pid, _peak_bytes)


def _sum(pid: int, figure: Callable[[Path], int]) -> int | None:
    figures = []
    for process in _tree(pid):
        with suppress(OSError, IndexError, ValueError):  # it has ended meanwhile
            figures.append(figure(process))
    return sum(figures) if figures else None


def _tree(pid: int) -> Iterator[Path]:
    process = PROC / str(pid)
    yield process
    with suppress(OSError):
        for task in (process / "task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                yield from _tree(int(child))


def _ticks(process: Path) -> int:
    # The command's name stands in parentheses, and may contain some.
    fields = (process / "stat").read_text(ANY_BYTES).rpartition(")")[2].split()
    return sum(map(int, fields[FIRST_TIME_FIELD : FIRST_TIME_FIELD + 4]))


def _peak_bytes(process: Path) -> int:
    lines = (process / "status").read_text(ANY_BYTES).splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * BYTES_PER_KB
