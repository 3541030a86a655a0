"""Run all parts, or the named ones: ``python -m tests.benchmarks.speed [PART...]``."""

from __future__ import annotations

import sys
from functools import partial

from . import editing, endurance, keystroke, start, step

PARTS = {
    "step": step.run,
    "start": start.run,
    "cold": editing.cold,
    "through": editing.typed_through,
    "keystroke": keystroke.run,
    "long": editing.long_documents,
    "many": editing.many_documents,
    "endurance": partial(endurance.run, 30),
}

for name in sys.argv[1:] or PARTS:
    PARTS[name]()
