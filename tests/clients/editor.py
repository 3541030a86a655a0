"""Shared by the tests of all editors: the server's folder, finding an editor, waiting for a
state.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from foretype_server.setup import editors

T = TypeVar("T")

SCRIPTS = sysconfig.get_path("scripts")
"""The folder with the program `foretype`."""

ODD_LINES = {
    "NUL": b"one\0two\n",
    "carriage return": b"one\rtwo\n",
    "both, in pairs": b"\r\rone\0\r\0two\n",
    "a line end of DOS": b"one\r\ntwo\n",
}
"""Lines with characters that end a line in some programs."""


def find(name: str, variable: str) -> str | None:
    """Return a supported version of an editor: $`variable`, or one on the PATH; None if there is
    none.
    """
    programs = [os.environ.get(variable), *editors.EDITORS[name].programs]
    program = next((path for one in programs if one and (path := shutil.which(one))), None)
    here = editors.inspect_editor(name, program) if program else None
    return program if here and here.version and here.new_enough else None


def wait_until(
    probe: Callable[[], T],
    is_done: Callable[[T], bool],
    timeout: float,
    describe: Callable[[], str],
    pause: Callable[[], object] = lambda: time.sleep(0.05),
) -> T:
    """Return the value of `probe` once `is_done` accepts it; after `timeout` seconds, fail with
    `describe()`.
    """
    end = time.monotonic() + timeout
    while not is_done(found := probe()):
        assert time.monotonic() < end, f"still {found!r}; {describe()}"
        pause()
    return found


def accepted(folder: Path) -> int:
    """Return how many suggestions the statistics in `folder`/foretype have as accepted."""
    command = [str(Path(SCRIPTS) / "foretype"), "stats", "--json"]
    environment = {**os.environ, "FORETYPE_HOME": str(folder / "foretype")}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return sum(row["accepted"] for row in json.loads(ran.stdout))
