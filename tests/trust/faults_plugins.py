"""Predictors that hang, exhaust the memory or raise: the others answer, with one warning."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e import client as clients
from tests.e2e.client import SERVE, change, insertion, server
from tests.trust.outcome import Outcome

PLUGIN = """
import time
from foretype_model.predictors.scripted import ScriptedPredictor

def hang():
    while True:
        time.sleep(1)

def raise_(error):
    raise error

def allocate():
    hoard = []
    while True:
        hoard.append(bytearray(50_000_000))

DEEDS = {
    "hangs": hang,
    "has no memory": lambda: raise_(MemoryError()),
    "takes all memory": allocate,
    "raises KeyboardInterrupt": lambda: raise_(KeyboardInterrupt()),
    "raises SystemExit": lambda: raise_(SystemExit(3)),
    "raises no Exception": lambda: raise_(GeneratorExit()),
    "never ends its recursion": lambda: DEEDS["never ends its recursion"](),
}

class Bad(ScriptedPredictor):
    def __init__(self, deed, where):
        super().__init__(["hello world"])
        self.deed, self.where = deed, where

    def fail_in(self, where):
        if where == self.where:
            DEEDS[self.deed]()

def method(name):
    inherited = getattr(ScriptedPredictor, name, lambda *_: None)

    def bad(self, *arguments):
        self.fail_in(name)
        return inherited(self, *arguments)

    return bad

METHODS = "start feed step predict observe learn save refresh update close"
for name in METHODS.split():
    setattr(Bad, name, method(name))

def create(config):
    predictor = Bad(**config.options)
    predictor.fail_in("create")
    return predictor
"""
FAULTS = (
    *(
        "hangs",
        "has no memory",
        "takes all memory",
        "raises KeyboardInterrupt",
        "raises SystemExit",
    ),
    *("raises no Exception", "never ends its recursion"),
)
AWAITED_CALLS = ("create", "start", "feed", "step", "predict", "observe", "learn")
"""Methods whose fault delays an answer."""

BACKGROUND_CALLS = ("save", "refresh", "update", "close")
"""Methods that are called in the background or at the end."""

ANSWER_TIMEOUT = 45.0
"""Seconds in which an answer must come; 30 of them are allowed for creating a predictor."""

SECOND_ANSWER_TIMEOUT = 15.0
"""Seconds in which an answer in a second document must come, as a hung call is not awaited again.
"""

MEMORY_KILOBYTES = 3_000_000
"""Address space of the server, in kilobytes."""

URI = "file:///nowhere/open.txt"


def outcomes(scale: float) -> Iterator[Outcome]:
    """Try each fault in each method."""
    clients.TIMEOUT = max(clients.TIMEOUT, ANSWER_TIMEOUT)
    with TemporaryDirectory() as folder:
        install(Path(folder) / "plugins")
        every = max(1, round(1 / scale))
        for deed in FAULTS:
            places = (AWAITED_CALLS + BACKGROUND_CALLS)[::every]
            faults = [
                f"{place}: {fault}"
                for place in places
                for fault in faults_of(deed, place, Path(folder))
            ]
            passed = len(places) - len({fault.split(":")[0] for fault in faults})
            yield Outcome(f"a predictor that {deed}", len(places), passed, "; ".join(faults[:3]))


def install(folder: Path) -> None:
    """Install the plugin as a package in `folder`."""
    info = folder / "bad-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[foretype.predictors]\nbad = bad_predictor:create\n")
    (folder / "bad_predictor.py").write_text(PLUGIN)


def faults_of(deed: str, place: str, folder: Path) -> Iterator[str]:
    """Yield the faults of a server whose predictor has the fault `deed` in the method `place`."""
    predictors = {"bad": {"deed": deed, "where": place}, "scripted": {"texts": ["hello world"]}}
    command = ("sh", "-c", f"ulimit -v {MEMORY_KILOBYTES}; exec {' '.join(SERVE)}")
    with server(
        folder / "home", command, env={"PYTHONPATH": str(folder / "plugins")}, status=None
    ) as (
        client,
        process,
    ):
        client.initialize(
            {"predictors": predictors}, workspaceFolders=[{"uri": folder.as_uri(), "name": "a"}]
        )
        for number in (1, 2):
            uri, began = f"{URI}{number}", time.monotonic()
            client.open(uri, "hello")
            client.ghost(uri, 0, 5)
            client.send(change(uri, 2, insertion(0, 5, " ")))
            if [item["insertText"] for item in client.ghost(uri, 0, 6)] != ["world"]:
                yield "the other predictors do not answer"
            if time.monotonic() - began > (
                ANSWER_TIMEOUT if number == 1 else SECOND_ANSWER_TIMEOUT
            ):
                yield f"document {number} took {time.monotonic() - began:.0f} s"
            client.notify(
                "textDocument/didSave", {"textDocument": {"uri": (folder / "a.txt").as_uri()}}
            )
        warnings = [text for text in client.warnings() if "bad" in text]
        if len(warnings) != 1 and place in AWAITED_CALLS:
            yield f"{len(warnings)} warnings instead of 1"
        client.shut_down()
        if (status := process.wait(clients.TIMEOUT)) != 0:
            yield f"ended with status {status}"
