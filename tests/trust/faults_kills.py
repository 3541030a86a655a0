"""Servers and trainings that are killed during their work, and their state at the next start."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.client import TIMEOUT, Client, change, eventually, insertion, server
from tests.trust.faults_state import state_faults
from tests.trust.outcome import Outcome, without_torch

from foretype_model.predictors.copy.index.manifest import Manifest

KILLS = 100
"""Number of servers to kill; a third as many trainings are killed."""

MAX_LIFE_SECONDS = 2.0
"""Seconds until a kill. A server is ready after a third of a second, and has indexed after one."""

URI = "file:///nowhere/open.txt"
SENTENCE = "The treasurer of our society is Philippa Wainwright.\n"
TRAINING = ("--from", "none", "--hidden", "16", "--steps", "150", "--name", "garden")
TRAINING_CLAIM = "kill -9 of a training"


def outcomes(scale: float) -> Iterator[Outcome]:
    """Kill servers, then trainings."""
    rng = random.Random(0)
    with TemporaryDirectory() as folder:
        yield servers(Path(folder), rng, max(3, round(KILLS * scale)))
    if untried := without_torch(TRAINING_CLAIM):
        yield untried
        return
    with TemporaryDirectory() as folder:
        yield trainings(Path(folder), rng, max(2, round(KILLS * scale / 3)))


def servers(folder: Path, rng: random.Random, kills: int) -> Outcome:
    """Serve, index, learn and count in one home through `kills` kills; then serve once more."""
    home, texts = folder / "home", folder / "texts"
    texts.mkdir()
    for number in range(40):
        (texts / f"{number}.txt").write_text(f"{SENTENCE}This is text number {number}.\n" * 50)
    with server(home, status=None) as (client, _):
        begin(client, texts)
        use(client, texts, rng)
        assert eventually(lambda: len(Manifest.read(index_of(home)).files) > 38)
        client.shut_down()
    faults: list[str] = []
    for kill in range(kills):
        with server(home, status=None) as (client, process):
            end = time.monotonic() + rng.uniform(0, MAX_LIFE_SECONDS)
            with suppress(OSError, EOFError):
                faults += [
                    f"{kill}: {fault}" for fault in use_until_killed(client, texts, rng, end)
                ]
            time.sleep(max(0.0, end - time.monotonic()))
            for victim in rng.choice([[process.pid], children(process.pid)]) or [process.pid]:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
            process.kill()
        faults += [f"{kill}: {fault}" for fault in state_faults(home, least=38)]
    faults += last_start(home, texts)
    return Outcome(
        "kill -9 of a server",
        kills,
        kills - len({fault.split(":")[0] for fault in faults}),
        summarize(faults),
    )


def use_until_killed(client: Client, texts: Path, rng: random.Random, end: float) -> list[str]:
    """Use a server until the time `end`; return the faults."""
    begin(client, texts)
    while True:
        if not use(client, texts, rng):
            return ["nothing is offered"]
        if warnings := client.warnings():
            return [f"warned: {warnings[0]}"]
        if time.monotonic() > end:
            return []


def begin(client: Client, texts: Path) -> None:
    """Initialize the session, with `texts` as the workspace."""
    folders = [{"uri": texts.as_uri(), "name": "texts"}]
    client.initialize({"predictors": {"network": {}, "copy": {}}}, workspaceFolders=folders)


def use(client: Client, texts: Path, rng: random.Random) -> bool:
    """Type, accept, save and close; return whether something was offered."""
    client.open(URI, "The treasurer of our ")
    items = client.completions(URI, 0, 21)["items"]
    client.send(change(URI, 2, insertion(0, 21, "society")))
    client.completions(URI, 0, 28)
    accepted = {"kind": "word", "characters": 7, "uri": URI}
    client.request(
        "workspace/executeCommand", {"command": "foretype.accepted", "arguments": [accepted]}
    )
    saved = texts / f"{rng.randrange(40)}.txt"
    saved.write_text(f"{SENTENCE}This text was saved, number {rng.random()}.\n" * 50)
    client.notify("textDocument/didSave", {"textDocument": {"uri": saved.as_uri()}})
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    return bool(items)


def last_start(home: Path, texts: Path) -> list[str]:
    """Start as after a crash and shut down properly; return the faults."""
    faults = []
    with server(home, status=None) as (client, process):
        begin(client, texts)
        new = texts / "new.txt"
        new.write_text("The keeper of the lighthouse is called Balthasar.\n" * 4)
        client.notify("textDocument/didSave", {"textDocument": {"uri": new.as_uri()}})
        if not eventually(lambda: str(new) in Manifest.read(index_of(home)).files):
            faults.append("last: a saved file is no longer indexed")
        faults += [f"last: warned: {text}" for text in client.warnings()]
        client.shut_down()
        process.wait(TIMEOUT)
    faults += [f"last: {fault}" for fault in state_faults(home, least=40)]
    left = [path.name for path in home.rglob(".*") if path.is_file()]
    return faults + [f"last: leftover file: {name}" for name in left]


def trainings(folder: Path, rng: random.Random, kills: int) -> Outcome:
    """Train, kill and resume `kills` times; then train to the end."""
    home, texts = folder / "home", folder / "garden"
    texts.mkdir()
    (texts / "work.txt").write_text("The gardener waters the orchids.\n" * 2000)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "tests.trust.faults_trainer"])
    faults: list[str] = []
    step = -1
    for kill in range(kills):
        process = context.Process(target=trained, args=(home, texts, step >= 0))
        process.start()
        if rng.random() < 0.8:  # else at any moment, perhaps before the first checkpoint
            wait_for_a_checkpoint(home, process)
        process.join(rng.uniform(0.0, MAX_LIFE_SECONDS))
        process.kill()
        process.join()
        before, step = step, step_of(home)
        finished = process.exitcode == 0
        if process.exitcode not in {0, -signal.SIGKILL}:
            faults.append(f"{kill}: ended with status {process.exitcode}")
        elif not finished and step < before:
            faults.append(f"{kill}: step {before} is lost")
        faults += [f"{kill}: {fault}" for fault in state_faults(home, least=0)]
        step = -1 if finished else step
    process = context.Process(target=trained, args=(home, texts, step >= 0))
    process.start()
    process.join(100)
    if process.exitcode != 0 or not (home / "models" / "garden.onnx").exists():
        faults.append("last: the training could not be finished")
    faults += [f"last: leftover file: {path.name}" for path in (home / "models").glob(".*")]
    return Outcome(
        TRAINING_CLAIM,
        kills,
        kills - len({fault.split(":")[0] for fault in faults}),
        summarize(faults),
    )


def trained(home: Path, texts: Path, resume: bool) -> None:
    """Run ``foretype train`` in a process that has imported torch already."""
    from tests.trust.faults_trainer import train

    train(home, [str(texts), *(("--name", "garden", "--resume") if resume else TRAINING)])


def wait_for_a_checkpoint(home: Path, process: BaseProcess) -> None:
    """Wait until a new checkpoint is written or the training has ended."""
    before = stamp_of(home)
    eventually(lambda: not process.is_alive() or stamp_of(home) != before)


def stamp_of(home: Path) -> int:
    """Return the checkpoint's modification time in nanoseconds; 0 without a checkpoint."""
    path = home / "models" / "garden.checkpoint"
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def step_of(home: Path) -> int:
    """Return the step of the last checkpoint; -1 if there is no checkpoint."""
    from foretype_model.training import checkpoint

    path = home / "models" / "garden.checkpoint"
    return int(checkpoint.load(path)[1]["step"]) if path.exists() else -1


def index_of(home: Path) -> Path:
    """Return the folder of the only index."""
    return (
        next((home / "predictors" / "copy").iterdir(), home / "nothing")
        if (home / "predictors").exists()
        else home
    )


def children(process: int) -> list[int]:
    """Return the ids of a process's children, such as the indexing process."""
    try:
        return [
            int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()
        ]
    except OSError:
        return []


def summarize(faults: list[str]) -> str:
    """Return the first three faults in one line."""
    return "; ".join(faults[:3])
