"""Copies of the project, and its tests run on a mutant in one of them."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

import coverage
import pytest
from tests.mutation.rooms import ROOT, Room

_PRELOADED: Final = (
    *("hypothesis", "lsprotocol.types", "numpy", "onnx", "onnxruntime", "pygls.protocol"),
    *("regex", "rich", "torch", "typer"),
)
"""Imported once: each trial is a fork, and would take seconds to import them again."""
_PATIENCE: Final = 60.0
"""Seconds until a trial counts as hanging, beside ten times those of its tests."""
_NOT_COPIED: Final = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "__pycache__", ".hypothesis", "*.egg-info"
)


def preload() -> None:
    """Import the packages of others."""
    for name in _PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


@dataclass(frozen=True)
class Baseline:
    """Which tests reach each line (by file and line number), and the seconds of each test."""

    reached: dict[str, dict[str, list[str]]]
    seconds: dict[str, float]

    def tests(self, path: Path, line: int) -> list[str]:
        """Return the tests that reach a line, the quickest first; all, if it runs on import or in
        another process.
        """
        reaching = self.reached.get(str(path), {}).get(str(line)) or list(self.seconds)
        return sorted(reaching, key=lambda test: self.seconds.get(test, 0.0))


class Copy:
    """A copy of the project in which files may be changed; it shares those that are not."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="foretype-mutation-")
        self.root = Path(self._folder.name) / "foretype"
        shutil.copytree(ROOT, self.root, ignore=_NOT_COPIED, copy_function=_link, symlinks=True)
        # The indexer gives way to all other programs: on a busy machine, trials would wait for it.
        (self.root.parent / "sitecustomize.py").write_text("import os; os.nice = lambda _: 0\n")

    def remove(self) -> None:
        """Remove the copy."""
        self._folder.cleanup()

    def baseline(self, room: Room) -> Baseline:
        """Run the tests of a room as they are, and leave out those that fail, as on a busy machine.

        Raises SystemExit if none passes.
        """
        report = self.root.parent / "baseline.json"
        tests = [test for test in room.tests if (ROOT / test).exists()]
        self._fork(lambda: _measure(self.root, tests, report), 3600.0)
        output = (self.root.parent / "output").read_text("utf-8", "replace")
        baseline = Baseline(**json.loads(report.read_text("utf-8"))) if report.exists() else None
        if not baseline or not baseline.seconds:
            sys.exit(f"the tests fail without a fault: {output[-3000:]}")
        for line in output.splitlines():
            if line.startswith("FAILED "):
                print("left out:", line, file=sys.stderr)
        return baseline

    def notices(self, path: Path, source: str, tests: Collection[str], seconds: float) -> bool:
        """Return whether a test fails, or hangs, with this source of a file."""
        target = self.root / path
        target.unlink()
        target.write_text(source, "utf-8")
        try:
            return self._fork(lambda: _pytest(["-x", *tests]), _PATIENCE + 10 * seconds) != 0
        finally:
            target.unlink()
            _link(ROOT / path, target)
            # Python compares times in whole seconds, in which two faults may have been tried.
            Path(cache_from_source(target)).unlink(missing_ok=True)

    def _fork(self, run: Callable[[], int], seconds: float) -> int:
        """Run a function in a fork whose modules come from the copy; return its status, or -1 if it
        had to be killed.
        """
        if (child := os.fork()) == 0:
            status = 70
            try:
                self._enter()
                status = run()
            except Exception:  # noqa: BLE001 (the output reports any error)
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        deadline = time.monotonic() + seconds
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        if not ended[0]:
            os.waitpid(child, 0)
            return -1
        return os.waitstatus_to_exitcode(ended[1])

    def _enter(self) -> None:
        """Let this process, a fork, and its children take every module from the copy."""
        os.setsid()
        os.chdir(self.root)
        output = os.open(self.root.parent / "output", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(output, stream)
        folders = [str(self.root / name) for name in ("server", "model")]
        os.environ["PYTHONPATH"] = os.pathsep.join([*folders, str(self.root.parent)])
        # Compiled files halve the time of a trial.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        sys.dont_write_bytecode = False
        others = [entry for entry in sys.path if entry and Path(entry).resolve() != ROOT]
        sys.path[:] = [*folders, str(self.root), *others]
        for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
            del sys.modules[name]


def _link(source: str | Path, target: str | Path) -> None:
    """Give a file a second name, or copy it where that cannot be done."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _pytest(arguments: list[str], plugins: Collection[object] = ()) -> int:
    return int(pytest.main(["-p", "no:cacheprovider", "-p", "no:xdist", *arguments], [*plugins]))


class _Contexts:
    """A plugin for pytest: names to coverage the test that runs, and measures its time."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        self._measured.switch_context(item.nodeid)
        began = time.monotonic()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.monotonic() - began
            self._measured.switch_context("")


def _measure(root: Path, tests: list[str], report: Path) -> int:
    measured = coverage.Coverage(data_file=None, config_file=False, source=["model", "server"])
    contexts = _Contexts(measured)
    measured.start()
    status = _pytest(tests, [contexts])
    measured.stop()
    data = measured.get_data()
    reached = {
        str(Path(name).relative_to(root)): {
            str(line): [test for test in by if test not in contexts.failed]
            for line, by in data.contexts_by_lineno(name).items()
            if "" not in by
        }
        for name in data.measured_files()
    }
    passed = {test: took for test, took in contexts.seconds.items() if test not in contexts.failed}
    report.write_text(json.dumps({"reached": reached, "seconds": passed}), "utf-8")
    return status
