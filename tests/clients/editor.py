"""What the tests of all editors have in common: where the server is, which editors are here, how to
wait for them.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
import time
from collections.abc import Callable
from typing import TypeVar

from foretype_server.setup import editors

T = TypeVar("T")

SCRIPTS = sysconfig.get_path("scripts")
"""Where the server is."""


def find(name: str, variable: str) -> str | None:
    """The program of an editor that will do: the one that the environment names, or one on the
    PATH.
    """
    programs = [os.environ.get(variable), *editors.EDITORS[name].programs]
    program = next((path for one in programs if one and (path := shutil.which(one))), None)
    here = editors.look_at(name, program) if program else None
    return program if here and here.version and here.new_enough else None


def until(
    look: Callable[[], T],
    wanted: Callable[[T], bool],
    patience: float,
    told: Callable[[], str],
    pause: Callable[[], object] = lambda: time.sleep(0.05),
) -> T:
    """What `look` finds once it is as wanted; after `patience` seconds it fails, and says what was
    `told`.
    """
    end = time.monotonic() + patience
    while not wanted(found := look()):
        assert time.monotonic() < end, f"still {found!r}; {told()}"
        pause()
    return found
