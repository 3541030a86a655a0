"""Is this installation well? Each check tells what it saw and, where that is a problem, what to do."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from foretype_model.errors import ForetypeError
from foretype_model.store import Store, data_folder
from foretype_server.cli_figures import network, size
from foretype_server.settings import Settings

if TYPE_CHECKING:
    from foretype_model.predictor import Predictor

PACKAGES: Final = ("foretype", "numpy", "onnxruntime", "pygls", "lsprotocol", "prompt_toolkit", "rich", "typer")
SLOW_STEP: Final = 5.0
"""Milliseconds for a step of the network, beyond which typing is felt to lag."""

SLOW_COMPLETION: Final = 100.0
"""Milliseconds for a completion, likewise."""

SAMPLE: Final = b"It was the best of times, it was the worst of times, it was the age of wis"
REPEATS: Final = 20


@dataclass(frozen=True)
class Check:
    """What one look at the installation found, and where that is a problem, what to do."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def examine() -> Iterator[Check]:
    """Every check, each as soon as it is done."""
    for name, look in LOOKS:
        try:
            yield from look(name)
        except (ForetypeError, OSError, ImportError) as error:
            yield Check(name, False, str(error), "")


def _python(name: str) -> Iterator[Check]:
    found = f"{platform.python_version()} ({sys.executable}) on {platform.system()} {platform.machine()}"
    yield Check(name, sys.version_info >= (3, 11), found, "Foretype needs Python 3.11 or later.")


def _packages(name: str) -> Iterator[Check]:
    for package in PACKAGES:
        try:
            yield Check(f"{name} {package}", True, version(package))
        except PackageNotFoundError:
            yield Check(f"{name} {package}", False, "not installed", "Install again: pip install foretype")


def _torch(name: str) -> Iterator[Check]:
    found = version("torch") if find_spec("torch") else "not installed; only foretype train needs it"
    yield Check(name, ok=True, found=found)


def _data_folder(name: str) -> Iterator[Check]:
    folder = data_folder()
    if not folder.exists():
        above = next(parent for parent in folder.parents if parent.exists())
        remedy = f"Make {above} writable, or name another folder in FORETYPE_HOME."
        yield Check(name, os.access(above, os.W_OK), f"{folder} (made when first needed)", remedy)
        return
    with tempfile.TemporaryFile(dir=folder):
        pass
    private = os.name == "nt" or folder.stat().st_mode & 0o077 == 0
    found = f"{folder} (writable, {'private' if private else 'open to other users'})"
    yield Check(name, private, found, f"Make it private: chmod 700 {folder}")


def _model(name: str) -> Iterator[Check]:
    from foretype_model.runtime import Network

    path = Store().find(None)
    about = Network.open(path).metadata
    bits = f", {about.bits_per_character:.3f} bits/character" if about.bits_per_character is not None else ""
    yield Check(name, True, f"{about.name}: {network(about)}, {size(path.stat().st_size)}{bits}")


def _predictors(name: str) -> Iterator[Check]:
    from foretype_model.predictor import Context
    from foretype_model.predictors import installed, load_predictors

    context = Context(model=_model_in_use())
    for predictor, entry in sorted(installed().items()):
        _, errors = load_predictors({predictor: {}}, context)
        found = str(errors[0]) if errors else f"loads (from {entry.value.partition(':')[0]})"
        yield Check(f"{name} {predictor}", not errors, found, "Update or uninstall the package it comes from.")


def _model_in_use() -> Path | None:
    try:
        return Store().find(None)
    except ForetypeError:  # told by the check of the model itself
        return None


def _latency(name: str) -> Iterator[Check]:
    from foretype_model.candidates import Options
    from foretype_model.completer import Completer
    from foretype_server.commands.opening import dropped, open_predictors

    predictors = open_predictors(None, Settings().predictors)
    for predictor, milliseconds in ((each, _step(predictors[each])) for each in predictors):
        yield _timed(f"{name} of a {predictor} step", milliseconds, SLOW_STEP)
    completer = Completer(predictors, dropped)
    grown = iter(range(len(SAMPLE) - REPEATS, len(SAMPLE) + 1))
    milliseconds = _typical(lambda: completer.ghost_text(SAMPLE[: next(grown)], b"", Options()))
    yield _timed(f"{name} of a completion", milliseconds, SLOW_COMPLETION)


def _step(predictor: Predictor) -> float:
    states = [predictor.feed(predictor.start(), SAMPLE)]
    return _typical(lambda: predictor.predict(predictor.step(states, [SAMPLE[0]])))


def _timed(name: str, milliseconds: float, limit: float) -> Check:
    remedy = "Close what keeps the processor busy, or use a smaller model: foretype models list"
    return Check(name, milliseconds <= limit, f"{milliseconds:.2g} ms", remedy)


def _typical(call: Callable[[], object]) -> float:
    """Milliseconds that `call` takes, the median of several, the first left out."""
    call()
    return 1000 * median(_seconds(call) for _ in range(REPEATS))


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


LOOKS: Final[tuple[tuple[str, Callable[[str], Iterator[Check]]], ...]] = (
    ("python", _python),
    ("package", _packages),
    ("torch", _torch),
    ("data folder", _data_folder),
    ("model in use", _model),
    ("predictor", _predictors),
    ("latency", _latency),
)
