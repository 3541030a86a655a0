"""Nothing leaves the machine, nobody else reads what is kept, no log has text in it, no port opens
to a stranger.
"""

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
from tests.trust.outcome import Outcome
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

COMMANDS = 9
STRANGERS = 500
SESSIONS = 5


def outcomes(scale: float) -> Iterator[Outcome]:
    """Of everything the program does at scale 1, and fewer of the same below it."""
    with tempfile.TemporaryDirectory() as name:
        yield from _sealed(Path(name) / "sealed", max(1, round(COMMANDS * scale)))
        yield _logs(Path(name), max(1, round(SESSIONS * scale)))
        yield _exports(Path(name) / "home")
        yield from _strangers(Path(name) / "home", max(5, round(STRANGERS * scale)))


def _sealed(folder: Path, commands: int) -> Iterator[Outcome]:
    """At work without a network, under umask 000 and with a data folder that was open to all."""
    if why := sealed.missing():
        yield Outcome("at work without a network", 0, 0, f"not tried: {why}")
        return
    seal = sealed.Seal(folder)
    sealed.left_open(seal.home)
    done = [*sealed.in_an_editor(seal), *islice(sealed.on_the_command_line(seal), commands)]
    failed = ", ".join(what for what, worked in done if not worked)
    yield Outcome(
        "things done without a network", len(done), sum(worked for _, worked in done), failed
    )
    opened = seal.connections()
    programs = len(list(folder.glob("*.trace")))
    yield Outcome(
        "programs that open no connection", programs, programs - bool(opened), " ".join(opened[:1])
    )
    kept, others = [seal.home, *seal.home.rglob("*")], sealed.open_to_others(seal.home)
    yield Outcome(
        "files and folders shut to others", len(kept), len(kept) - len(others), ", ".join(others)
    )


def _logs(folder: Path, sessions: int) -> Outcome:
    """Text on every way into a log that is known."""
    told = [leaks.session(folder / f"logs {number}") for number in range(sessions)]
    leaked = [leak for one in told for leak in one.leaks()]
    tried = sum(len(one.ways) for one in told)
    return Outcome("texts on their way into a log", tried, tried - len(leaked), ", ".join(leaked))


def _exports(home: Path) -> Outcome:
    """A model that is given away only once somebody has said yes to what is told of it."""
    given = home.parent / "given.onnx"
    held = 0
    answers = {"": 1, "n\n": 1, "\n": 1, "never\n": 1, "y\n": 0}
    for answer, status in answers.items():
        told = run(
            home, "models", "export", "default", str(given), status=status, stdin=answer
        ).stdout
        held += told.startswith("One file, ") and given.exists() == (status == 0)
    return Outcome("exports that are told before, and asked", len(answers), held)


def _strangers(home: Path, count: int) -> Iterator[Outcome]:
    """Clients without the token on either port, and one with it after them."""
    rng = random.Random(0)
    tokens = [_almost(rng) for _ in range(count)]
    for option, refused in (("--tcp", _refused), ("--ws", _not_upgraded)):
        environ = environment(home, {"FORETYPE_TOKEN": TOKEN})
        with subprocess.Popen(
            [*SERVE, option, "127.0.0.1:0"], stderr=subprocess.PIPE, env=environ
        ) as process:
            assert process.stderr
            told = re.search(rb":(\d+)$", process.stderr.readline().rstrip())
            assert told
            held = sum(refused(int(told[1]), token) for token in tokens)
            admitted = not refused(int(told[1]), TOKEN)
            process.kill()
        yield Outcome(f"strangers on a port, {option}, and a client", count + 1, held + admitted)


def _almost(rng: random.Random) -> str:
    """The token with something about it that is wrong; or another text altogether."""
    at = rng.randrange(len(TOKEN))
    more = TOKEN[:at] + chr(rng.randrange(1, 0xD800)) + TOKEN[at:]
    wrong = [TOKEN[:at], TOKEN[at + 1 :], more, TOKEN.upper(), TOKEN * 2]
    return rng.choice([*wrong, "", "".join(chr(rng.randrange(0xD800)) for _ in range(at))])


def _refused(port: int, token: str) -> bool:
    """Whether a client that shows this is told so and cut off."""
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
    """Whether no WebSocket is opened to a client that shows this."""
    try:
        with connect(f"ws://127.0.0.1:{port}/?token={quote(token)}"):
            return False
    except InvalidStatus as error:
        return error.response.status_code == 401
