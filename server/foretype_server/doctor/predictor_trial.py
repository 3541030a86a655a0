"""The trial of one predictor: ``python -m foretype_server.doctor.predictor_trial NAME FOLDER``.

FOLDER is for the predictor's state. The trial runs in a process of its own, since a plugin may
print, exit, crash or hang. Its last line of output is the verdict, as JSON: ``{"error": TEXT}``,
``{"lacks": TEXT}`` if the predictor has no model, or ``{"milliseconds": per step, "bytes": of
memory, or null if unknown}``.
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
"""Seconds to repeat a step at most."""

TOLERANCE: Final = 1e-3
"""Difference allowed between equal probabilities: a network adds in another order in a batch."""


def try_predictor(name: str, folder: Path) -> dict[str, Any]:
    """Return the verdict on a predictor, opened without options."""
    before = _resident_bytes()
    opened, errors = load_predictors(
        {name: {}}, PredictorConfig(model=_model_in_use(), state_folder=folder)
    )
    if errors:
        # A predictor without a model is not broken: a user may have no model of its kind.
        lacks_model = isinstance(errors[0].__cause__, MissingModelError)
        return {"lacks" if lacks_model else "error": str(errors[0])}
    # The server too calls every predictor through a mixture, which checks its results.
    mixture = Mixture(opened)
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
    """Return how the predictor breaks the contract of `Predictor`, or None."""

    def row(state: State) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = np.exp(mixture.predictions([state])[0, 0])
        return probabilities

    before = mixture.feed(mixture.start(), SAMPLE_TEXT[:-1])
    (after,) = mixture.step([before], [SAMPLE_TEXT[-1]])
    first = row(after)
    if first.sum() > 1 + TOLERANCE:
        return (
            f"its probabilities add up to {first.sum():.3g}, more than 1: predict must return "
            f"their natural logarithms"
        )
    (again,) = mixture.step([before], [SAMPLE_TEXT[-1]])
    if not np.allclose(first, row(again), atol=TOLERANCE):
        return (
            "the same step gives two different predictions: a method changes the state that it gets"
        )
    if not np.allclose(first, row(mixture.feed(mixture.start(), SAMPLE_TEXT)), atol=TOLERANCE):
        return "feed of a text differs from feed of its bytes one at a time"
    return None


def median_milliseconds(call: Callable[[], object]) -> float:
    """Return the milliseconds that `call` takes: the median of several, without the first."""
    call()
    took: list[float] = []
    while len(took) < MAX_REPEATS and sum(took) < MAX_SECONDS:
        started = time.perf_counter()
        call()
        took.append(time.perf_counter() - started)
    return 1000 * median(took)


def _resident_bytes() -> int | None:
    """Return the bytes of memory that this process uses; None except on Linux."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    except (OSError, ValueError, IndexError):
        return None


def _model_in_use() -> Path | None:
    try:
        return Store().find(None)
    except ForetypeError:  # the check of the model reports it
        return None


def main() -> None:
    """Try the predictor that the command line names."""
    name, folder = sys.argv[1:]
    # Begin a new line, since the plugin may have printed a part of one.
    sys.stdout.write("\n" + json.dumps(try_predictor(name, Path(folder))) + "\n")
    sys.stdout.flush()
    os._exit(0)  # do not wait for threads that the plugin has left running


if __name__ == "__main__":
    main()
