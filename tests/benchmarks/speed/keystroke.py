"""Measure the time of one key by stage, from the bytes of the edit and the request to the answer's.

The server is a real one with timers on some functions; each excludes the timed functions that it
calls.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections import defaultdict
from functools import wraps
from pathlib import Path
from typing import Any

from tests.e2e.client import server

from .clock import quantile, table
from .editing import TimedDocument, prose

KEYS = 200
TYPED_TEXT = (
    "and then it was as if somebody had known all along what the question of the morning would "
    "be, between them. "
)


def _stages() -> list[tuple[str, Any, str]]:
    """Return the timed functions: the stage, the owner of the function, and the function's name."""
    from foretype_model.completion import ghost_text
    from foretype_model.completion.completer import Completer
    from foretype_model.completion.search import Search
    from foretype_model.predictors.copy.predictor import CopyPredictor
    from foretype_model.predictors.mixture import Mixture
    from foretype_model.predictors.network.predictor import NetworkPredictor
    from foretype_model.states.anchored_states import AnchoredStates
    from foretype_server.document import Text
    from foretype_server.lsp import to_proto
    from foretype_server.lsp.protocol import ForetypeProtocol
    from foretype_server.session.session import ClientSession

    return [
        ("JSON and its types, in", ForetypeProtocol, "receive"),
        ("JSON and its types, out", ForetypeProtocol, "_send_response"),
        ("JSON and its types, out", to_proto, "inline_completions"),
        ("the edit", ClientSession, "change"),
        ("the text around the cursor", Text, "split_at"),
        ("learning", Mixture, "learn"),
        ("showing the document", Mixture, "observe"),
        ("the warm state", AnchoredStates, "at"),
        ("the warm state", AnchoredStates, "adopt"),
        ("the network", NetworkPredictor, "feed"),
        ("the network", NetworkPredictor, "step"),
        ("the network", NetworkPredictor, "predict"),
        ("the network", NetworkPredictor, "learn"),
        ("copy", CopyPredictor, "step"),
        ("copy", CopyPredictor, "predict"),
        ("the mixture", Mixture, "predict"),
        ("the mixture", Mixture, "shares"),
        ("the search", Search, "run"),
        ("the text after the word", ghost_text, "extend"),
        ("the rest of the engine", Completer, "ghost_text"),
    ]


class Stopwatch:
    """A clock of the seconds of each stage, excluding inner stages, on any thread."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inside = threading.local()

    def time(self, stage: str, owner: Any, name: str) -> None:
        """Replace a function by a timed one."""
        function = getattr(owner, name)

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            outer, self._inside.others = getattr(self._inside, "others", 0.0), 0.0
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.perf_counter() - start
                self.seconds[stage] += took - self._inside.others
                self._inside.others = outer + took

        setattr(owner, name, timed)


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder, "times.json")
        command = (sys.executable, "-m", "tests.benchmarks.speed.keystroke", str(times))
        with server(Path(folder), command, status=None) as (client, _):
            client.initialize({"maxSearchTime": 10_000})
            text = prose(20_000)
            document = TimedDocument(client, "keys", text)
            line, column = len(document.lines) - 1, len(document.lines[-1])
            document.type(line, column, "warm ")
            client.request(
                "workspace/executeCommand", {"command": "foretype.status", "arguments": []}
            )
            before = json.loads(times.read_text())
            took = document.type(line, column + 5, (TYPED_TEXT * 2)[:KEYS])
            client.request(
                "workspace/executeCommand", {"command": "foretype.status", "arguments": []}
            )
            after = json.loads(times.read_text())
    stages = {
        name: 1000 * (seconds - before.get(name, 0.0)) / KEYS for name, seconds in after.items()
    }
    whole = 1000 * sum(took) / KEYS
    stages["between threads and processes"] = whole - sum(stages.values())
    rows = [
        (name, f"{ms:.2f}", f"{100 * ms / whole:.0f} %")
        for name, ms in sorted(stages.items(), key=lambda s: -s[1])
    ]
    median = 1000 * quantile(took, 0.5)
    table(
        f"A key in 20 kB: {whole:.1f} ms in the mean, {median:.1f} in the median",
        ("stage", "ms", "share"),
        rows,
    )


def _serve(times: Path) -> None:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as main does, but before numpy is imported
    from foretype_server.__main__ import main
    from foretype_server.session.session import ClientSession

    stopwatch = Stopwatch()
    for stage in _stages():
        stopwatch.time(*stage)
    status = ClientSession.status

    def write_times(session: ClientSession) -> dict[str, Any]:
        times.write_text(json.dumps(stopwatch.seconds))
        return status(session)

    ClientSession.status = write_times  # type: ignore[method-assign]
    sys.argv[1:] = ["serve"]
    main()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
