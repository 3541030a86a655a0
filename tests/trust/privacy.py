"""Text stays on the machine and out of logs, closed to other users and to strangers on a port."""

from __future__ import annotations

import json
import random
import re
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from tests.e2e.client import SERVE, TOKEN, Client, environment, run, scripted_settings
from tests.trust import leaks, sealed
from tests.trust.outcome import Outcome, without_torch
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

COMMANDS = 9
STRANGERS = 500
SESSIONS = 5


def outcomes(scale: float) -> Iterator[Outcome]:
    """Try everything that the program does at scale 1, and a part of it below."""
    with tempfile.TemporaryDirectory() as name:
        yield from _sealed(Path(name) / "sealed", max(1, round(COMMANDS * scale)))
        yield _logs(Path(name), max(1, round(SESSIONS * scale)))
        yield _exports(Path(name) / "home")
        yield from _strangers(Path(name) / "home", max(5, round(STRANGERS * scale)))


def _sealed(folder: Path, commands: int) -> Iterator[Outcome]:
    """Work without a network, under umask 000, in a data folder that was open to all users."""
    if reason := sealed.missing():
        yield Outcome("work without a network", 0, 0, f"not tried: {reason}")
        return
    seal = sealed.Seal(folder)
    sealed.left_open(seal.home)
    done = [*sealed.in_an_editor(seal), *islice(sealed.on_the_command_line(seal), commands)]
    failed = ", ".join(task for task, worked in done if not worked)
    yield Outcome(
        "tasks done without a network", len(done), sum(worked for _, worked in done), failed
    )
    if untried := without_torch("a training without a network"):
        yield untried
    opened = seal.connections()
    programs = len(list(folder.glob("*.trace")))
    yield Outcome(
        "programs that open no connection", programs, programs - bool(opened), " ".join(opened[:1])
    )
    paths, exposed = [seal.home, *seal.home.rglob("*")], sealed.open_to_others(seal.home)
    yield Outcome(
        "files and folders closed to other users",
        len(paths),
        len(paths) - len(exposed),
        ", ".join(exposed),
    )


def _logs(folder: Path, sessions: int) -> Outcome:
    """Send text by every known way that could end in a log."""
    logs = [leaks.session(folder / f"logs {number}") for number in range(sessions)]
    leaked = [leak for one in logs for leak in one.leaks()]
    tried = sum(len(one.ways) for one in logs)
    return Outcome("texts on their way into a log", tried, tried - len(leaked), ", ".join(leaked))


def _exports(home: Path) -> Outcome:
    """Export a model only if the user has agreed after reading its description."""
    exported = home.parent / "given.onnx"
    confirmed = 0
    answers = {"": 1, "n\n": 1, "\n": 1, "never\n": 1, "y\n": 0}
    for answer, status in answers.items():
        printed = run(
            home, "models", "export", "default", str(exported), status=status, stdin=answer
        ).stdout
        confirmed += printed.startswith("One file, ") and exported.exists() == (status == 0)
    return Outcome("exports described first, and confirmed", len(answers), confirmed)


def _strangers(home: Path, count: int) -> Iterator[Outcome]:
    """Connect clients without the token on either port, and one with it afterwards."""
    rng = random.Random(0)
    tokens = [_almost(rng) for _ in range(count)]
    for option, refused in (("--tcp", _refused), ("--ws", _not_upgraded)):
        environ = environment(home, {"FORETYPE_TOKEN": TOKEN})
        with subprocess.Popen(
            [*SERVE, option, "127.0.0.1:0"], stderr=subprocess.PIPE, env=environ
        ) as process:
            assert process.stderr
            listening = re.search(rb":(\d+)$", process.stderr.readline().rstrip())
            assert listening
            refusals = sum(refused(int(listening[1]), token) for token in tokens)
            admitted = not refused(int(listening[1]), TOKEN)
            process.kill()
        yield Outcome(
            f"strangers on a port, {option}, and a client", count + 1, refusals + admitted
        )


def _almost(rng: random.Random) -> str:
    """Return a wrong token: the right one with a change, or another text."""
    at = rng.randrange(len(TOKEN))
    more = TOKEN[:at] + chr(rng.randrange(1, 0xD800)) + TOKEN[at:]
    wrong = [TOKEN[:at], TOKEN[at + 1 :], more, TOKEN.upper(), TOKEN * 2]
    return rng.choice([*wrong, "", "".join(chr(rng.randrange(0xD800)) for _ in range(at))])


def _refused(port: int, token: str) -> bool:
    """Return whether a client with this token gets an error and is disconnected."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        client = Client(connection.makefile("wb"), connection.makefile("rb"), token or "-")
        try:
            client.initialize(scripted_settings())
        except RuntimeError as error:
            client.wait_until_closed()
            return "token" in json.dumps(error.args)
        client.shut_down()
        client.wait_until_closed()
    return False


def _not_upgraded(port: int, token: str) -> bool:
    """Return whether a client with this token gets no WebSocket."""
    try:
        with connect(f"ws://127.0.0.1:{port}/?token={quote(token)}"):
            return False
    except InvalidStatus as error:
        return error.response.status_code == 401
