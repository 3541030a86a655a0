"""The command `foretype.train`: it runs ``foretype train`` as a process of its own, and shows its
progress as ``$/progress``.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import Any, Final

from pygls.exceptions import JsonRpcInternalError, JsonRpcInvalidParams

from foretype_server import logs
from foretype_server.lsp.progress import WorkDoneProgress

TRAIN: Final = "foretype.train"
TITLE: Final = "Foretype: training on your text"
# -P: Python must not import modules from the working directory, which may be the workspace.
COMMAND: Final = (sys.executable, "-P", "-m", "foretype_server", "train", "--json")


class TrainingProcess:
    """The training process of a client, one at a time. Lives on the event loop."""

    def __init__(
        self,
        warn: Callable[[str], None],
        notify: Callable[[str], None],
        create_progress: Callable[[str, Callable[[], None]], WorkDoneProgress],
    ) -> None:
        """`warn` and `notify` show the user one line; `create_progress` gets the title and the
        cancellation.
        """
        self._warn, self._notify = warn, notify
        self._progress = create_progress(TITLE, self.cancel)
        self._process: asyncio.subprocess.Process | None = None
        self._reporting: asyncio.Task[None] | None = None

    async def start(self, workspace: Sequence[Path], *arguments: object) -> dict[str, Any]:
        """Train on the paths in `arguments`, by default the workspace. Raise JsonRpcInvalidParams
        for other arguments, JsonRpcInternalError while a training runs.
        """
        if self._process and self._process.returncode is None:
            raise JsonRpcInternalError("a training is under way: cancel it, or wait for its end")
        paths, options = _parse_arguments(workspace, arguments)
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *COMMAND, *options, "--", *paths, stdin=asyncio.subprocess.DEVNULL, stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )  # fmt: skip
        if hasattr(os, "setpriority"):
            with suppress(ProcessLookupError):
                # It takes all cores for minutes, while the user types.
                os.setpriority(os.PRIO_PROCESS, self._process.pid, 10)
        self._reporting = asyncio.ensure_future(self._report(self._process))
        return {"paths": paths}

    def cancel(self) -> None:
        """Stop the training. Its checkpoint is kept, for ``foretype train --resume``."""
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)

    async def _report(self, process: asyncio.subprocess.Process) -> None:
        """Show the progress, which the process writes to stderr, then its result or its error."""
        assert process.stdout
        assert process.stderr
        self._progress(0, 100)
        held_out: float | None = None
        last, crashed = "", False
        async for line in process.stderr:
            match _parse_line(line):
                case {"progress": progress}:
                    held_out = progress["heldOutBits"] or held_out
                    # At 100 % the model's file is not yet written.
                    percent = min(99, int(100 * progress["fraction"]))
                    about = _describe(progress["stage"], progress["secondsLeft"], held_out)
                    self._progress(percent, 100, about)
                case {"message": str() as last}:
                    pass
                case {"error": str() as error}:
                    last = error or last
                    crashed |= error.startswith("Traceback ")
        output = await process.stdout.read()
        status = await process.wait()
        self._progress(100, 100)
        if status == 0:
            self._notify(json.loads(output)["summary"])
        elif crashed and not logs.is_text_logged():
            # The last line is the message of a foreign error, which may contain the user's text.
            self._warn(
                f"the training ended with status {status}; run foretype train in a terminal for "
                f"the reason"
            )
        else:
            self._warn(last.removeprefix("foretype: "))


def _parse_line(line: bytes) -> dict[str, Any]:
    """Return the JSON object in a line of the process; an ``error`` in words if it is none."""
    text = line.decode(errors="replace").strip()
    with suppress(ValueError):
        value = json.loads(text)
        if isinstance(value, dict):
            return value
    return {"error": text}


def _describe(stage: str, seconds_left: float | None, held_out: float | None) -> str:
    left = "" if seconds_left is None else f", {timedelta(seconds=round(seconds_left))} left"
    return f"{stage}{left}" + (f", held-out {held_out:.3f} bits/char" if held_out else "")


def _parse_arguments(
    workspace: Sequence[Path], arguments: tuple[object, ...]
) -> tuple[list[str], list[str]]:
    """Return the paths to train on, and the options of ``foretype train``."""
    match arguments or ({},):
        case [{**given}] if set(given) <= {"paths", "minutes", "from"}:
            paths: Any = given.get("paths", [str(path) for path in workspace])
            minutes, origin = given.get("minutes", 10), given.get("from", "default")
            if _are_paths(paths) and _is_duration(minutes) and isinstance(origin, str):
                return list(paths), ["--minutes", str(minutes), "--from", origin]
    raise JsonRpcInvalidParams(
        'give at most one {"paths": absolute ones (by default the workspace, if there is one), '
        '"minutes": 10, '
        '"from": the name of a model}'
    )


def _are_paths(paths: Any) -> bool:
    return (
        isinstance(paths, list)
        and bool(paths)
        and all(isinstance(p, str) and Path(p).is_absolute() for p in paths)
    )


def _is_duration(minutes: Any) -> bool:
    return isinstance(minutes, int | float) and isfinite(minutes) and minutes > 0
