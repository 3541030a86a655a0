"""The child process of the server that updates the index of a workspace.

``python -m foretype_model.predictors.copy.index.child`` is a process of its own, because sorting
takes a core for seconds and many times the memory of the text. It reads a request as one line of
JSON from standard input, and answers with lines of JSON. It ends when standard input is closed,
that is, together with its parent.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

from foretype_model.errors import ForetypeError
from foretype_model.files.atomic import private_folder
from foretype_model.files.lock import NO_TIMEOUT, exclusive
from foretype_model.predictors.copy.index.update import IndexUpdate, Request


def main() -> None:
    """Run the request on standard input."""
    request = Request(**json.loads(sys.stdin.buffer.readline()))
    Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform != "win32":  # on Windows, the parent sets the priority
        os.nice(19)
    try:
        private_folder(Path(request.folder))
        with exclusive(Path(request.folder), NO_TIMEOUT):
            IndexUpdate(request, _ThrottledProgress()).run()
    except ForetypeError as error:
        _send(error=str(error))
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        _send(error=f"cannot keep the index in {request.folder} ({reason}): make room there")
    except Exception as error:  # noqa: BLE001 (a traceback may hold text, and the editor logs standard error)
        _send(
            error=(
                f"the workspace cannot be indexed ({type(error).__name__}): "
                f"using the previous index"
            )
        )


class _ThrottledProgress:
    """Reports of progress to the parent, at most ten a second."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() >= self._next or done == total:
            self._next = time.monotonic() + 0.1
            _send(progress=[done, total])


def _send(**message: Any) -> None:
    print(json.dumps(message), flush=True)


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
