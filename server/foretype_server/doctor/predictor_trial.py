"""One predictor's trial: ``python -m foretype_server.doctor.predictor_trial NAME FOLDER``, FOLDER
being for its state.

A process of its own, since a plugin may print, leave, crash or never come back. Its last line of
output is the verdict, as JSON: ``{"error": TEXT}``, ``{"lacks": TEXT}`` where it has no model to
work with, or ``{"milliseconds": of a step, "bytes": of memory, or null where nobody knows}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.errors import ForetypeError, MissingModelError, error_message
from foretype_model.predictor import PredictorConfig, State
from foretype_model.predictors import load_predictors
from foretype_model.predictors.mixture import Mixture, PredictorFailed
from foretype_model.store.store import Store

SAMPLE_TEXT: Final = b"It was the best of times, it was the worst of times, it was the age of wis"
MAX_REPEATS: Final = 20
MAX_SECONDS: Final = 1.0
"""Seconds of repeating a step at most."""

TOLERANCE: Final = 1e-3
"""Between probabilities that have to be the same: a network adds up in another order in a batch."""


def try_predictor(name: str, folder: Path) -> dict[str, Any]:
    """The verdict on the predictor of that name, made without options."""
    before = _resident_bytes()
    made, errors = load_predictors(
        {name: {}}, PredictorConfig(model=_model_in_use(), state_folder=folder)
    )
    if errors:
        # What lacks a model is not broken: nobody has to have one of every kind.
        return {
            "lacks" if isinstance(errors[0].__cause__, MissingModelError) else "error": str(
                errors[0]
            )
        }
    # The mixture is the gate that every predictor passes in the server too: what it lets pass is
    # let pass here.
    mixture = Mixture(made)
    try:
        state = mixture.feed(mixture.start(), SAMPLE_TEXT)
        milliseconds = median_milliseconds(
            lambda: mixture.predict(mixture.step([state], [SAMPLE_TEXT[0]]))
        )
        fault = _find_fault(mixture)
    except PredictorFailed as failure:
        return {"error": f"it fails: {error_message(failure.cause)}"}
    if fault:
        return {"error": fault}
    after = _resident_bytes()
    return {"milliseconds": milliseconds, "bytes": after - before if before and after else None}


def _find_fault(mixture: Mixture) -> str | None:
    """What the predictor does otherwise than `Predictor` says, if anything."""

    def row(state: State) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = np.exp(mixture.predictions([state])[0, 0])
        return probabilities

    before = mixture.feed(mixture.start(), SAMPLE_TEXT[:-1])
    (after,) = mixture.step([before], [SAMPLE_TEXT[-1]])
    first = row(after)
    if first.sum() > 1 + TOLERANCE:
        return (
            f"its probabilities add up to {first.sum():.3g}, more than 1: predict answers their "
            f"natural logarithms"
        )
    (again,) = mixture.step([before], [SAMPLE_TEXT[-1]])
    if not np.allclose(first, row(again), atol=TOLERANCE):
        return (
            "the same step twice gives two predictions: a method changes the state that it was "
            "given"
        )
    if not np.allclose(first, row(mixture.feed(mixture.start(), SAMPLE_TEXT)), atol=TOLERANCE):
        return "feed does not equal feeding the bytes one at a time"
    return None


def median_milliseconds(call: Callable[[], object]) -> float:
    """Milliseconds that `call` takes: the median of several, the first left out."""
    call()
    took: list[float] = []
    while len(took) < MAX_REPEATS and sum(took) < MAX_SECONDS:
        started = time.perf_counter()
        call()
        took.append(time.perf_counter() - started)
    return 1000 * median(took)


def _resident_bytes() -> int | None:
    """Bytes of memory that this process has in use; only Linux says so without a library."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    except (OSError, ValueError, IndexError):
        return None


def _model_in_use() -> Path | None:
    try:
        return Store().find(None)
    except ForetypeError:  # told by the check of the model itself
        return None


def main() -> None:
    """Examine the predictor that the command line names."""
    name, folder = sys.argv[1:]
    # On a line of its own, whatever the plugin has printed.
    sys.stdout.write("\n" + json.dumps(try_predictor(name, Path(folder))) + "\n")
    sys.stdout.flush()
    os._exit(0)  # without waiting for threads that the plugin has left running


if __name__ == "__main__":
    main()
