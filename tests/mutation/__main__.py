"""Put small faults into rooms and print how many their tests noticed:
``python -m tests.mutation [ROOM | FILE[:LINE] ...]``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from tests.mutation.rooms import ROOMS, ROOT

try:
    from tests.mutation.mutants import Mutant, sample
    from tests.mutation.trial import Baseline, Copy, preload
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is missing: install foretype[mutation]")

_EQUIVALENT: Final = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class _Part:
    """What is tried of a room: one of its files, and there perhaps one line."""

    room: str
    path: Path
    line: int | None = None


_copy: Copy


def main() -> int:
    """Return 1 if a fault went unnoticed that is not known to change nothing, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="ROOM | FILE[:LINE]", default=list(ROOMS))
    parser.add_argument("--sample", type=int, default=20, help="faults a file (default: 20)")
    parser.add_argument("--workers", type=int, default=2, help="trials at a time (default: 2)")
    arguments = parser.parse_args()
    parts = [part for what in arguments.what for part in _parts(what, parser)]
    equivalent = {
        (entry["file"], entry["was"], entry["now"])
        for entry in tomllib.loads(_EQUIVALENT.read_text("utf-8"))["mutant"]
    }
    preload()
    table = Table("room", "faults", "noticed", "not noticed", "of these equivalent")
    missed = 0
    for room in dict.fromkeys(part.room for part in parts):
        counts: Counter[str] = Counter()
        chosen = [part for part in parts if part.room == room]
        for path, mutant, noticed in _trials(room, chosen, arguments.sample, arguments.workers):
            known = (str(path), mutant.was, mutant.now) in equivalent
            verdict = "noticed" if noticed else "equivalent" if known else "missed"
            counts[verdict] += 1
            if not noticed:
                print(
                    f"{verdict} {path}:{mutant.line}\n  - {mutant.was}\n  + {mutant.now}",
                    file=sys.stderr,
                    flush=True,
                )
        survived = counts["equivalent"] + counts["missed"]
        missed += counts["missed"]
        figures = counts.total(), counts["noticed"], survived, counts["equivalent"]
        table.add_row(room, *map(str, figures))
    Console().print(table)
    return 1 if missed else 0


def _parts(what: str, parser: argparse.ArgumentParser) -> Iterator[_Part]:
    """Yield the parts that an argument names."""
    if what in ROOMS:
        yield from (_Part(what, path) for path in ROOMS[what].sources())
        return
    name, _, line = what.partition(":")
    rooms = [room for room in ROOMS if Path(name) in ROOMS[room].sources()]
    if not rooms:
        parser.error(f"{what} is neither a room ({', '.join(ROOMS)}) nor a file of one")
    yield _Part(rooms[0], Path(name), int(line) if line else None)


def _trials(
    room: str, parts: list[_Part], count: int, workers: int
) -> Iterator[tuple[Path, Mutant, bool]]:
    """Try the mutants of a room; yield each, and whether a test noticed it."""
    mutants = [
        (part.path, mutant)
        for part in parts
        for mutant in sample(
            (ROOT / part.path).read_text("utf-8"),
            str(part.path),
            None if part.line else count,
            part.line,
        )
    ]
    first = Copy()
    try:
        baseline = first.baseline(ROOMS[room])
    finally:
        first.remove()
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, fork, initializer=_start_worker) as pool:
        jobs = [pool.submit(_try, path, mutant, baseline) for path, mutant in mutants]
        for (path, mutant), job in zip(mutants, jobs, strict=True):
            yield path, mutant, job.result()


def _start_worker() -> None:
    global _copy  # noqa: PLW0603 (one for each process)
    _copy = Copy()
    multiprocessing.util.Finalize(_copy, _copy.remove, exitpriority=1)


def _try(path: Path, mutant: Mutant, baseline: Baseline) -> bool:
    tests = baseline.tests(path, mutant.line)
    seconds = sum(baseline.seconds.get(test, 0.0) for test in tests)
    return _copy.notices(path, mutant.source, tests, seconds)


if __name__ == "__main__":
    sys.exit(main())
