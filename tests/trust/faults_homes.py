"""Data folders in which nothing can be kept, or not for long: the server answers all the same, and
says so once.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.client import FORETYPE, SERVE, TIMEOUT, server
from tests.trust.outcome import Outcome

SETTINGS = {"predictors": {"network": {}, "copy": {}, "scripted": {"texts": ["hello world"]}}}
URI = "file:///nowhere/open.txt"

NAMESPACE = ("unshare", "--map-root-user", "--mount", "sh", "-c")
"""Where a file system can be mounted that nobody else sees."""

HOMES = {
    "a read-only home": 'mkdir -p "$H" && mount --bind "$H" "$H" && mount -o remount,bind,ro "$H"',
    "a read-only home that is not there": (
        'mount -t tmpfs none "${H%/*}" && mount -o remount,ro "${H%/*}"'
    ),
    "a home that is a file": 'echo > "$H"',
    "a home that is a broken link": 'ln -s "$H.gone" "$H"',
    "a home below a file": 'echo > "$H"; FORETYPE_HOME="$H/below"; export FORETYPE_HOME',
    "models that are a file": 'mkdir -p "$H"; echo > "$H/models"',
    "predictors that are a file": 'mkdir -p "$H"; echo > "$H/predictors"',
    "statistics that are a folder": 'mkdir -p "$H/statistics.sqlite"',
    "statistics that are broken": 'mkdir -p "$H"; echo nothing > "$H/statistics.sqlite"',
    "no HOME": "unset FORETYPE_HOME HOME XDG_DATA_HOME",
    "a HOME that is not there": 'unset FORETYPE_HOME XDG_DATA_HOME; rm -rf "$H"; export HOME="$H"',
    **{
        f"a full disk of {size} kB": f'mkdir -p "$H"; mount -t tmpfs -o size={size}k none "$H"'
        for size in (4, 16, 64, 256, 1024, 4096)
    },
}
"""How each is made, as a shell says it."""

NO_HOME = "a user without a home"
STRANGER = (
    "env",
    "-u",
    "HOME",
    "-u",
    "FORETYPE_HOME",
    "-u",
    "XDG_DATA_HOME",
    "setpriv",
    "--reuid",
    "54321",
    "--clear-groups",
    "--",
)
"""Runs a command as a user whom the machine does not know, which root alone may."""

COMMANDS = (("stats",), ("models",), ("complete", "-:1:6", "--predictor", "network"))


def outcomes(scale: float) -> Iterator[Outcome]:
    """In each of them, hold a session and run some commands."""
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        yield Outcome("bad homes", 0, 0, "this machine lets nobody mount file systems of their own")
        return
    chosen = [*HOMES, *([NO_HOME] if os.getuid() == 0 else [])][:: max(1, round(1 / scale))]
    for home in chosen:
        faults = list(faults_in(home))
        yield Outcome(home, 1, not faults, "; ".join(faults))


def faults_in(home: str) -> Iterator[str]:
    """What is not as it should be."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "texts").mkdir()
        (folder / "texts" / "a.txt").write_text(
            "The treasurer of our society is Philippa Wainwright.\n" * 500
        )
        (folder / "above").mkdir()
        yield from session(folder, within(home, folder, SERVE))
        for command in COMMANDS:
            ran = subprocess.run(
                within(home, folder, [*FORETYPE, *command]), input="hello", capture_output=True,
                text=True, timeout=60,
                cwd=folder, check=False,
            )  # fmt: skip
            if (
                ran.returncode not in {0, 1}
                or len(ran.stderr.splitlines()) > 1
                or "Traceback" in ran.stderr
            ):
                yield f"foretype {command[0]} said {ran.stderr[-200:]}"
        strange = {path.name for path in folder.iterdir()} - {"above", "texts", ".local"}
        if strange:
            yield f"made {strange}"


def within(home: str, folder: Path, command: Sequence[str]) -> list[str]:
    """A command in such a home."""
    if home == NO_HOME:
        return [*STRANGER, *command]
    place = folder / "above" / "home"
    if place.is_file() or place.is_symlink():
        place.unlink()
    set_up = (
        f'H={place}; C="{" ".join(command)}"; export FORETYPE_HOME="$H"; {HOMES[home]}; exec $C'
    )
    return [*NAMESPACE, set_up]


def session(folder: Path, command: Sequence[str]) -> Iterator[str]:
    """Index, learn, count, and change the settings, which has all of it saved."""
    with server(folder, command, status=None) as (client, process):
        folders = [{"uri": (folder / "texts").as_uri(), "name": "texts"}]
        with suppress(EOFError):
            client.initialize(SETTINGS, workspaceFolders=folders)
            for reload in (False, True):
                client.notify(
                    "workspace/didChangeConfiguration",
                    {"settings": {"foretype": {"prose": reload}}},
                )
                client.open(URI, "hello ")
                if not client.completions(URI, 0, 6)["items"]:
                    yield "nothing is offered"
                taken = {"kind": "word", "characters": 7, "uri": URI}
                client.request(
                    "workspace/executeCommand",
                    {"command": "foretype.accepted", "arguments": [taken]},
                )
                client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
            warnings = client.warnings()
            yield from (
                f"warned twice: {text}"
                for text in {one for one in warnings if warnings.count(one) > 1}
            )
            client.shut_down()
        if (status := process.wait(TIMEOUT)) != 0:
            yield f"ended with status {status}"
        assert process.stderr
        if b"Traceback" in (log := process.stderr.read()):
            yield f"logged {log.decode()[-200:]}"
