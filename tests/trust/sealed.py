"""Foretype at work without a network, under umask 000, with a trace of each call that could open a
connection.

The trace shows attempts to connect, and the umask shows whether files are private by themselves.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.client import (
    FORETYPE,
    SERVE,
    Client,
    change,
    environment,
    eventually,
    insertion,
    server,
)
from tests.trust.outcome import without_torch

from foretype_model.store.store import BUNDLED

CALLS = re.compile(r"\b(socket|socketpair|connect|bind|listen|accept4?)\((.*)")
TEXT = "The treasurer of our society is Philippa Wainwright.\n"


@functools.cache
def missing() -> str | None:
    """Return the reason if this machine can't run the check, else None."""
    for tool in (["unshare", "-rn", "true"], ["strace", "-f", "-o", "/dev/null", "true"]):
        if not shutil.which(tool[0]):
            return f"there is no {tool[0]}"
        if subprocess.run(tool, capture_output=True, check=False).returncode:
            return f"{tool[0]} is not allowed"
    return None


@dataclass
class Seal:
    """Run programs without a network, with `home` as their data folder and a trace in `folder`."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.home = self.folder / "home"
        self._count = 0

    def command(self, *command: str) -> list[str]:
        """Return a command line that runs `command` in the seal."""
        self._count += 1
        trace = self.folder / f"{self._count}.trace"
        strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=network", "-o", str(trace)]
        return ["sh", "-c", 'umask 000; exec "$@"', "sh", "unshare", "-rn", *strace, *command]

    def run(self, *arguments: str) -> str:
        """Run ``foretype``; return its output."""
        ran = subprocess.run(
            self.command(*FORETYPE, *arguments),
            env=environment(self.home, {"OMP_NUM_THREADS": "1"}),
            cwd=self.folder, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout + ran.stderr

    def connections(self) -> list[str]:
        """Return the traced calls that involve more than one process with itself."""
        lines = (
            line for trace in self.folder.glob("*.trace") for line in trace.read_text().splitlines()
        )
        calls = (found for line in lines if (found := CALLS.search(line)))
        return [found[0] for found in calls if not _is_harmless(found[1], found[2])]


def _is_harmless(call: str, arguments: str) -> bool:
    """Return whether a call is for a local socket pair, or the C library's query of a user name."""
    if call == "connect":
        return "/var/run/nscd/socket" in arguments
    return call in {"socket", "socketpair"} and arguments.startswith("AF_UNIX")


def left_open(home: Path) -> None:
    """Create a data folder that other users may read and change, as after a careless copy."""
    for folder in (home, home / "models", home / "predictors", home / "predictors" / "copy"):
        folder.mkdir()
        folder.chmod(0o777)
    for file in ("models/old.onnx", "predictors/copy/old.bin", "program"):
        (home / file).write_text("old")
        (home / file).chmod(0o666)


def in_an_editor(seal: Seal) -> Iterator[tuple[str, bool]]:
    """Run the server's tasks for an editor; yield each with its success."""
    texts = seal.folder / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text(TEXT * 3)
    uri, execute = (texts / "open.txt").as_uri(), "workspace/executeCommand"
    with server(seal.home, seal.command(*SERVE)) as (client, _):
        client.initialize({}, workspaceFolders=[{"uri": texts.as_uri(), "name": "texts"}])
        client.open(uri, "The treasurer of our ")
        yield "a menu", bool(client.completions(uri, 0, 21)["items"])
        yield "an index", eventually(lambda: _completes(client, uri))
        here = {"uri": uri, "position": {"line": 0, "character": 21}}
        explained = client.request(execute, {"command": "foretype.explain", "arguments": [here]})
        yield (
            "the sources of a suggestion",
            any(source["document"] for source in explained["sources"]),
        )
        outlook = client.request(execute, {"command": "foretype.outlook", "arguments": [here]})
        yield "an outlook", bool(outlook)
        ghosts = []
        for number, letter in enumerate("society is Phil"):
            client.send(change(uri, number + 2, insertion(0, 21 + number, letter)))
            ghosts += client.ghost(uri, 0, 22 + number)
        yield "ghost text", bool(ghosts)
        client.request(
            execute,
            {"command": "foretype.accepted", "arguments": [{"kind": "ghost", "characters": 7}]},
        )
        yield "an acceptance", True
        forgotten = client.request(
            execute, {"command": "foretype.forget", "arguments": [{"word": "Philippa"}]}
        )
        yield "a word forgotten", forgotten["occurrences"] > 0


def on_the_command_line(seal: Seal) -> Iterator[tuple[str, bool]]:
    """Run the commands that users run; yield each with its success."""
    texts, out = str(seal.folder / "texts"), str(seal.folder / "given.onnx")
    if without_torch("train"):
        seal.run("models", "import", str(BUNDLED), "--name", "mine")
    else:
        trained = seal.run(
            "train", texts, "--name", "mine", "--from", "none", "--steps", "2", "--hidden", "8"
        )
        yield "train", "mine is trained" in trained
    yield "models list", "mine" in seal.run("models", "list")
    yield "generate", bool(seal.run("generate", "The treasurer", "--length", "20", "--count", "1"))
    yield "models export", "mine" in seal.run("models", "export", "mine", out, "--yes")
    yield "models import", "copy" in seal.run("models", "import", out, "--name", "copy")
    yield "models use", "in use" in seal.run("models", "use", "copy", texts)
    yield "complete", "network" in seal.run("complete", f"{texts}/a.txt:1:15", "--workspace", texts)
    yield "evaluate", "mixture" in seal.run("evaluate", f"{texts}/a.txt", "--max-chars", "20")
    yield "stats", bool(seal.run("stats"))
    yield "forget", bool(seal.run("forget", "treasurer"))


def open_to_others(home: Path) -> list[str]:
    """Return the data folder and the paths in it that other users have any access to."""
    paths = [home, *home.rglob("*")]
    return [
        f"{path.relative_to(home)} {path.stat().st_mode & 0o777:o}"
        for path in paths
        if path.stat().st_mode & 0o077
    ]


def _completes(client: Client, uri: str) -> bool:
    return any(
        item["label"].startswith("society") for item in client.completions(uri, 0, 21)["items"]
    )
