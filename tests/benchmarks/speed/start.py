"""The time from a program's start to its answer to `initialize`, beside an empty pygls server."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.client import SERVE, server

from .clock import quantile, table

BARE = "from pygls.lsp.server import LanguageServer; LanguageServer('bare', '0').start_io()"
TIMES = 9


def run() -> None:
    """Print the table."""
    took: dict[str, list[float]] = {"foretype serve": [], "a bare pygls server": []}
    for _ in range(TIMES):
        took["foretype serve"].append(_start(SERVE))
        took["a bare pygls server"].append(_start((sys.executable, "-c", BARE)))
    rows = [(name, f"{min(t):.2f} s", f"{quantile(t, 0.5):.2f} s") for name, t in took.items()]
    table("From start to the answer to initialize", ("server", "minimum", "median"), rows)


def _start(command: tuple[str, ...]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        with server(Path(folder), command, status=None) as (client, _):
            client.initialize({})
            return time.perf_counter() - start
