"""Data folders that can't be written, or fill up. The server still answers, and warns once."""

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
"""A command that runs a shell in a mount namespace of its own, where it can mount file systems."""

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
"""Shell commands that make each of the homes."""

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
"""Run a command as a user without an account on the machine; only root can."""

COMMANDS = (("stats",), ("models",), ("complete", "-:1:6", "--predictor", "network"))


def outcomes(scale: float) -> Iterator[Outcome]:
    """Hold a session and run some commands in each of the homes."""
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        yield Outcome("bad homes", 0, 0, "this machine does not allow user mount namespaces")
        return
    chosen = [*HOMES, *([NO_HOME] if os.getuid() == 0 else [])][:: max(1, round(1 / scale))]
    for home in chosen:
        faults = list(faults_in(home))
        yield Outcome(home, 1, not faults, "; ".join(faults))


def faults_in(home: str) -> Iterator[str]:
    """Yield the faults of a session and of some commands in the home."""
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
                yield f"foretype {command[0]} printed {ran.stderr[-200:]}"
        unexpected = {path.name for path in folder.iterdir()} - {"above", "texts", ".local"}
        if unexpected:
            yield f"created {unexpected}"


def within(home: str, folder: Path, command: Sequence[str]) -> list[str]:
    """Return a command line that runs `command` in the home."""
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
    """Index, learn, count, and change the settings, which saves everything; yield the faults."""
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
                accepted = {"kind": "word", "characters": 7, "uri": URI}
                client.request(
                    "workspace/executeCommand",
                    {"command": "foretype.accepted", "arguments": [accepted]},
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
