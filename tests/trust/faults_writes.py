"""Every write to the disk, killed at each of its steps: all of the old or the new remains."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tests.trust.faults_state import state_faults
from tests.trust.outcome import Outcome

from foretype_model.errors import ForetypeError
from foretype_model.predictors.copy.index.update import IndexUpdate, Request
from foretype_model.predictors.network.dynamic_evaluation import Adaptation
from foretype_model.privacy.forget_list import FORGET_LIST_FILE, ForgetList
from foretype_model.store.store import BUNDLED, Store
from foretype_server.usage import store
from foretype_server.usage.store import Count, CountKey

AUDIT_EVENTS = ("open", "os.", "tempfile.", "sqlite3.", "shutil.")
"""Prefixes of Python's audit events before an operation on files: open, rename, remove, lock."""

COUNTING_KILLS = 100
"""Kills of a process that writes statistics."""

ONE_LINE_STATUS = 3
"""Exit status of a child that raised an error which users see as one line."""

FILE_SIZE_LIMITS = (
    0,
    1,
    20,
    100,
    500,
    1000,
    2000,
    5000,
    10_000,
    20_000,
    50_000,
    100_000,
    1_000_000,
    5_000_000,
    10_000_000,
)
"""Maximum sizes of a file, in bytes."""

MAX_STEPS = 60
"""Maximum number of steps of one write at which it is killed."""


def write_index(home: Path) -> None:
    """Update an index after one file has changed and one was forgotten."""
    texts, index = home / "texts", home / "predictors" / "copy" / "1"
    IndexUpdate(Request([str(texts)], str(index), (), None), lambda _done, _total: None).run()


def write_forgotten(home: Path) -> None:
    """Forget one more word."""
    ForgetList.change(
        home / "predictors" / "copy", lambda before: before.with_word(f"word{len(before.words)}")
    )


def merge_forgotten(home: Path) -> None:
    """Merge the list that an earlier release has left in an index, with one word more."""
    indexes = home / "predictors" / "copy"
    if not (indexes / "1" / FORGET_LIST_FILE).exists():
        ForgetList(words=(f"word{len(ForgetList.read(indexes).words)}",)).write(indexes / "1")
    ForgetList.read(indexes)


def write_adaptation(home: Path) -> None:
    """Learn one more byte."""
    adaptation = Adaptation(8, home / "predictors" / "network" / "adapted-0-0.npy")
    adaptation.learn(np.full(256, -np.log(256), np.float32), np.ones(8, np.float32), 65)
    adaptation.save()


def write_statistics(home: Path) -> None:
    """Count one more suggestion."""
    store.write(home, {CountKey("2026-01-01", "python", "vim", "word"): Count(1, 1, 5)})


def write_model(home: Path) -> None:
    """Import a model in place of another, and use it."""
    models = Store(home / "models")
    if "other" in models.names():
        models.remove("other")
    models.import_file(BUNDLED, "other")
    models.use("other")


WRITES: dict[str, Callable[[Path], None]] = {
    "an index": write_index,
    "the forget list": write_forgotten,
    "the forget list of one index": merge_forgotten,
    "an adaptation": write_adaptation,
    "statistics": write_statistics,
    "a model": write_model,
}


def outcomes(scale: float) -> Iterator[Outcome]:
    """Kill each of the writes at each step, and then repeat it."""
    for name, write in WRITES.items():
        with TemporaryDirectory() as folder:
            home = Path(folder)
            (home / "texts").mkdir()
            for number in range(5):
                (home / "texts" / f"{number}.txt").write_text(
                    f"This is text number {number}.\n" * 20
                )
            (home / "predictors" / "copy" / "1").mkdir(parents=True)
            write(home)
            yield killed(name, write, home)
            yield full(name, write, home)
    with TemporaryDirectory() as folder:
        yield counting_killed(Path(folder), max(3, round(COUNTING_KILLS * scale)))


def counting_killed(home: Path, kills: int) -> Outcome:
    """Kill a counting process at any moment; SQLite raises no audit events for its steps."""
    write_statistics(home)
    lost = 0
    for kill in range(kills):
        before = counts(home)["statistics"]
        read_end, write_end = os.pipe()
        child = os.fork()
        while not child:
            write_statistics(home)
            os.write(write_end, b".")
        os.close(write_end)
        time.sleep(0.02 + 0.0007 * kill)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(read_end, "rb") as pipe:
            done = len(pipe.read())
        # The last count may have been written but not yet reported.
        lost += counts(home)["statistics"] - before - done not in {0, 1}
    return Outcome("kill -9 of a counting process", kills, kills - lost)


def killed(file: str, write: Callable[[Path], None], home: Path) -> Outcome:
    """Kill the write at its first step, its second, and so on, until it ends by itself."""
    faults: list[str] = []
    for step in range(MAX_STEPS):
        (home / "texts" / "1.txt").write_text(f"This is text one, written {step} times.\n" * 20)
        count = counts(home)
        status = in_a_child(write, home, step=step)
        found = [
            *state_faults(home, least=0),
            *(f"{name} has fewer" for name in count if counts(home)[name] < count[name]),
        ]
        faults += [f"{step}: {fault}" for fault in found]
        if status == 0:
            break
    write(home)
    faults += [f"{step}: {fault}" for fault in state_faults(home, least=0)]
    left = [path.name for path in home.rglob(".*") if path.is_file()]
    faults += [f"{step}: leftover file: {name}" for name in left]
    return Outcome(
        f"kill -9 at each step of writing {file}",
        step,
        step - broken(faults),
        "; ".join(faults[:3]),
    )


def full(file: str, write: Callable[[Path], None], home: Path) -> Outcome:
    """Write with a limit on the size of files: the error must be one line, and nothing is lost."""
    faults: list[str] = []
    for limit in FILE_SIZE_LIMITS:
        (home / "texts" / "1.txt").write_text(f"This is text one, with room for {limit}.\n" * 20)
        before = counts(home)
        status = in_a_child(write, home, limit=limit)
        after = counts(home)
        faults += [f"{limit}: {name} has fewer" for name in before if after[name] < before[name]]
        faults += [f"{limit}: {fault}" for fault in state_faults(home, least=0)]
        faults += (
            [f"{limit}: the error is not one line"] if status not in {0, ONE_LINE_STATUS} else []
        )
        faults += [
            f"{limit}: leftover file: {path.name}" for path in home.rglob(".*") if path.is_file()
        ]
    tried = len(FILE_SIZE_LIMITS)
    return Outcome(
        f"a full disk while writing {file}", tried, tried - broken(faults), "; ".join(faults[:3])
    )


def broken(faults: list[str]) -> int:
    """Return the number of trials with a fault."""
    return len({fault.split(":")[0] for fault in faults})


def counts(home: Path) -> dict[str, int]:
    """Return the counts that must never decrease."""
    return {
        "statistics": sum(count.shown for count in store.read(home).values()),
        "forgotten": len(ForgetList.read(home / "predictors" / "copy").words),
    }


def in_a_child(
    write: Callable[[Path], None], home: Path, step: int | None = None, limit: int | None = None
) -> int:
    """Return the exit status of a child that runs the write. It kills itself before the given step,
    or has a limit on the size of its files, in bytes.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        if step is not None:
            sys.addaudithook(killing(step))
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        write(home)
        status = 0
    except (OSError, ForetypeError):
        status = ONE_LINE_STATUS
    finally:
        os._exit(status)


def killing(step: int) -> Callable[[str, object], None]:
    """Return an audit hook that kills the process before the given step on the disk."""
    steps = iter(range(step))

    def hook(event: str, _arguments: object) -> None:
        if event.startswith(AUDIT_EVENTS) and next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook
