"""The checks of an installation: each has a finding and, if that is a problem, a remedy."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points, version
from importlib.util import find_spec
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from foretype_model.errors import ForetypeError
from foretype_model.store.store import Store, data_folder
from foretype_server.console.format import format_network, format_size
from foretype_server.settings import Settings

if TYPE_CHECKING:
    from foretype_server.setup.editors import FoundEditor

PACKAGES: Final = (
    "foretype",
    "numpy",
    "onnxruntime",
    "pygls",
    "lsprotocol",
    "prompt_toolkit",
    "rich",
    "typer",
)
INSTALL_AGAIN: Final = "Install again, from the wheel or checkout that Foretype came from."

SLOW_STEP: Final = 5.0
"""Milliseconds per step of a predictor; above, typing lags noticeably."""

SLOW_COMPLETION: Final = 100.0
"""Milliseconds from a key to its ghost text; above, typing lags noticeably."""

TRIAL_TIMEOUT: Final = 10.0
"""Seconds for the trial of a predictor; that of the network takes less than one."""


MAX_FAULTS: Final = 10
"""Errors in ignore files that are shown."""


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        found: the finding.
        remedy: the user's next step if the finding is a problem.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""


SHA256: Final = "sha256="
"""The beginning of a hash in a wheel's record of files."""


def run_checks() -> Iterator[Check]:
    """Yield the result of each check as soon as it is done."""
    for name, check in CHECKS:
        try:
            yield from check(name)
        except (ForetypeError, OSError, ImportError) as error:
            yield Check(name, False, str(error), "")


def _python(name: str) -> Iterator[Check]:
    found = (
        f"{platform.python_version()} ({sys.executable}) on {platform.system()} "
        f"{platform.machine()}"
    )
    yield Check(name, sys.version_info >= (3, 11), found, "Foretype needs Python 3.11 or later.")


def _packages(name: str) -> Iterator[Check]:
    for package in PACKAGES:
        try:
            yield Check(f"{name} {package}", True, version(package))
        except PackageNotFoundError:
            yield Check(f"{name} {package}", False, "not installed", INSTALL_AGAIN)


def _files(name: str) -> Iterator[Check]:
    """Compare each file of Foretype with the SHA-256 in the wheel's record.

    Scripts outside the packages' folder do not count: pipx rewrites their first line.
    """
    installed = distribution("foretype")
    # Not `Distribution.files`, which leaves out the missing files from Python 3.12 on.
    rows = csv.reader((installed.read_text("RECORD") or "").splitlines())
    known = [
        (file, digest.removeprefix(SHA256))
        for file, digest, _ in rows
        if digest.startswith(SHA256) and ".." not in Path(file).parts
    ]
    changed = [
        file for file, digest in known if _sha256(Path(str(installed.locate_file(file)))) != digest
    ]
    found = (
        f"{len(changed)} changed since the installation, such as {changed[0]}"
        if changed
        else f"{len(known)}, unchanged"
    )
    yield Check(name, not changed, found, INSTALL_AGAIN)


def _sha256(path: Path) -> str:
    """Return the hash in the encoding of a wheel's RECORD; empty if the file cannot be read."""
    try:
        digest = hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return ""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _torch(name: str) -> Iterator[Check]:
    found = (
        version("torch") if find_spec("torch") else "not installed; foretype train alone needs it"
    )
    yield Check(name, ok=True, found=found)


def _data_folder(name: str) -> Iterator[Check]:
    folder = data_folder()
    if not folder.exists():
        above = next(parent for parent in folder.parents if parent.exists())
        remedy = f"Make {above} writable, or name another folder in FORETYPE_HOME."
        # Not os.access, which allows root everything, also in /proc.
        fault = _writing_fault(above)
        found = f"cannot be written: {fault}" if fault else "(created on first use)"
        yield Check(name, not fault, f"{folder} {found}", remedy)
        return
    if fault := _writing_fault(folder):
        remedy = f"Make {folder} writable, or name another folder in FORETYPE_HOME."
        yield Check(name, False, f"{folder} cannot be written: {fault}", remedy)
        return
    private = os.name == "nt" or folder.stat().st_mode & 0o077 == 0
    found = f"{folder} (writable, {'private' if private else 'open to other users'})"
    yield Check(name, private, found, f"Make it private: chmod 700 {folder}")


def _writing_fault(folder: Path) -> str:
    """Return the error of making a folder and a file in `folder`; empty if that works."""
    try:
        with (
            tempfile.TemporaryDirectory(dir=folder) as inner,
            tempfile.TemporaryFile(dir=inner) as file,
        ):
            file.write(b"a")
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _model(name: str) -> Iterator[Check]:
    from foretype_model.predictors.network.runtime import Network

    path = Store().find(None)
    loaded = Network.open(path)
    about = loaded.metadata
    bits = (
        f", {about.bits_per_character:.3f} bits/character"
        if about.bits_per_character is not None
        else ""
    )
    yield Check(
        name,
        True,
        f"{about.name}: {format_network(about)}, {format_size(path.stat().st_size)}{bits}; "
        f"run by {loaded.backend_name}",
    )


def _predictors(name: str) -> Iterator[Check]:
    from foretype_model.predictors import GROUP

    entries = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    for predictor, same_name in groupby(entries, key=lambda entry: entry.name):
        sources = [_source(entry) for entry in same_name]
        label = f"{name} {predictor}"
        if len(sources) > 1:
            remedy = "Uninstall all but one of them: Foretype may use any."
            yield Check(label, False, f"registered by {', '.join(sources)}", remedy)
        else:
            yield _predictor(label, predictor, sources[0])


def _predictor(label: str, predictor: str, source: str) -> Check:
    if predictor in Settings().predictors:
        source += ", in use by default"
    trial = _run_trial(predictor)
    if "lacks" in trial:
        return Check(label, True, f"{source}: {trial['lacks']}")
    if "error" in trial:
        remedy = (
            f"Update or uninstall {source.partition(' ')[0]}, or leave {predictor} out of the "
            f'setting "predictors".'
        )
        return Check(label, False, f"{source}: {trial['error']}", remedy)
    memory = "" if trial["bytes"] is None else f", {format_size(trial['bytes'])} of memory"
    found = f"{source}: {_milliseconds(trial['milliseconds'])} per step{memory}"
    remedy = (
        f'If typing lags, leave {predictor} out of the setting "predictors", or close programs '
        f"that use the processor."
    )
    return Check(label, trial["milliseconds"] <= SLOW_STEP, found, remedy)


def _source(entry: EntryPoint) -> str:
    """Return the distribution that an entry point comes from, and its version."""
    try:
        return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
    except KeyError:  # damaged metadata
        return entry.value


def _run_trial(predictor: str) -> dict[str, Any]:
    """Return the verdict of `predictor_trial`, or an error if its process did not give one."""
    with tempfile.TemporaryDirectory() as folder:
        # -P: import nothing from the working directory.
        command = [
            sys.executable,
            "-P",
            "-m",
            "foretype_server.doctor.predictor_trial",
            predictor,
            folder,
        ]
        try:
            ran = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TRIAL_TIMEOUT,
                check=False,
            )
            verdict: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
        except subprocess.TimeoutExpired:
            return {"error": f"it has not answered within {TRIAL_TIMEOUT:.0f} s"}
        except (ValueError, IndexError):
            last_line = ran.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            return {
                "error": f"its process ended with status {ran.returncode}"
                + (f": {last_line}" if last_line else "")
            }
    return verdict


def _ignore_files(name: str) -> Iterator[Check]:
    """Check the ignore files of the current folder and below."""
    from foretype_server.doctor.ignore_files import ignore_faults

    count, faults = ignore_faults(Path.cwd())
    shown = list(islice(faults, MAX_FAULTS))
    for fault in shown:
        remedy = "Correct it: git skips it, and Foretype learns from the files that it should name."
        yield Check(name, False, fault, remedy)
    if not shown:
        yield Check(name, True, f"{count} in this folder, without an error")


def _editors(name: str) -> Iterator[Check]:
    """List the editors found; one that is too old is no fault of this installation."""
    from foretype_server.setup.editors import EDITORS, find_editors

    editors = find_editors()
    if not editors:
        yield Check(
            f"{name}s",
            True,
            f"none on the PATH of {', '.join(one.title for one in EDITORS.values())}",
        )
    for editor in editors:
        title = EDITORS[editor.name].title
        description = f"{title} {editor.version or 'of unknown version'} ({editor.program})"
        yield Check(f"{name} {editor.name}", True, f"{description}; {_describe_setup(editor)}")


def _describe_setup(editor: FoundEditor) -> str:
    from foretype_server.setup.plans import plan
    from foretype_server.setup.steps import State

    if not editor.new_enough:
        return f"too old: {editor.needs} or later is needed"
    made = plan(editor.name, [editor.program])
    advice = {
        State.CURRENT: "set up",
        State.OUTDATED: f"set up in part, or by another version: foretype setup {editor.name}",
        State.ABSENT: f"to set up: foretype setup {editor.name}",
    }[made.state()]
    return f"needs {made.missing} first; {advice}" if made.missing else advice


def _server(name: str) -> Iterator[Check]:
    """Start the server as an editor does, and measure its answers."""
    from foretype_server.doctor.server_trial import try_server

    trial = try_server(Store().find(None))
    if trial.error:
        yield Check(name, False, trial.error, "Read its own messages: foretype serve < /dev/null")
        return
    yield Check(name, True, f"starts in {trial.start:.1f} s")
    slow = 1000 * trial.answer > SLOW_COMPLETION
    remedy = "Close programs that use the processor, or use a smaller model: foretype models list"
    yield Check(
        "latency of ghost text",
        not slow,
        f"{_milliseconds(1000 * trial.answer)} after a key",
        remedy,
    )


def _milliseconds(count: float) -> str:
    return f"{count:.2g} ms" if count < 100 else f"{count:.0f} ms"


CHECKS: Final[tuple[tuple[str, Callable[[str], Iterator[Check]]], ...]] = (
    ("python", _python),
    ("package", _packages),
    ("files", _files),
    ("torch", _torch),
    ("data folder", _data_folder),
    ("model in use", _model),
    ("predictor", _predictors),
    ("server", _server),
    ("ignore files", _ignore_files),
    ("editor", _editors),
)
