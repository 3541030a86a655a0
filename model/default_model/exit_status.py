"""The exit status of a maintainers' command."""

from __future__ import annotations

import sys
from collections.abc import Callable

from foretype_model.errors import ForetypeError


def exit_status(work: Callable[[], object]) -> int:
    """Do the work of a command. Return 0, or 1 after printing a ForetypeError of it."""
    try:
        work()
    except ForetypeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
