"""Foretype's supply chain: no code runs the data that it reads, and every dependency is known."""

from __future__ import annotations

import ast
import base64
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.trust import licences, loading, pins
from tests.trust.outcome import Outcome

ROOT: Final = Path(__file__).parents[2]
BUILT_FROM: Final = (
    "pyproject.toml", "hatch_build.py", "*.md", "LICENSE", "requirements-*.txt", ".github",
    ".gitignore",
    "server", "model", "editor-clients", "docs", "tests",
)  # fmt: skip
NOT_SOURCES: Final = shutil.ignore_patterns("__pycache__", "node_modules", "build", "*.so", "*.new")
UNPICKLE: Final = frozenset(
    {"pickle", "cPickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}
)
RUN: Final = frozenset({"eval", "exec", "os.system", "os.popen", "yaml.load"})
LOAD: Final = {"torch.load": ("weights_only", "True"), "np.load": ("allow_pickle", "False")}


def outcomes(scale: float) -> Iterator[Outcome]:
    """Yield a row for each promise about code, dependencies and releases."""
    yield _sources()
    yield from _loads()
    for extras, purpose in (((), "serving"), (("dev",), "developing")):
        yield _licences(extras, purpose)
    yield _pins()
    yield _npm()
    yield _workflows()
    yield _releases(max(2, round(5 * scale)))
    yield _vulnerabilities()


# Code that runs data


def dangers(source: str) -> Iterator[str]:
    """Yield the parts of a source that may run data: unpickling, evaluation, a shell."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
            yield from (name for name in names if name.partition(".")[0] in UNPICKLE)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func).replace("numpy.", "np.")
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if (
                name in RUN
                or words.get("shell", "False") != "False"
                or (name in LOAD and LOAD[name] not in words.items())
            ):
                yield f"{name} in line {node.lineno}"


def strays(source: str) -> Iterator[str]:
    """Yield the places that start Python without -P.

    Python then imports modules from the working directory, often the workspace.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.List | ast.Tuple):
            words = {ast.unparse(word) for word in node.elts}
            if "sys.executable" in words and words & {"'-m'", "'-c'"} and "'-P'" not in words:
                yield f"Python without -P in line {node.lineno}"


def _sources() -> Outcome:
    files = [path for folder in ("model", "server") for path in (ROOT / folder).rglob("*.py")]
    files.append(ROOT / "hatch_build.py")
    bad = [
        f"{path.name}: {found}"
        for path in files
        for check in (dangers, strays)
        for found in check(path.read_text("utf-8"))
    ]
    claim = (
        "source files that unpickle nothing, evaluate nothing, start no shell, and no Python "
        "without -P"
    )
    return Outcome(claim, len(files), len(files) - len(bad), "; ".join(bad))


def _loads() -> Iterator[Outcome]:
    command = [sys.executable, "-m", "tests.trust.loading"]
    report = json.loads(
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    )
    looked_up, read, refused = report["looked up"], report["read"], report["refused"]
    clean = len(read) if not looked_up else 0
    yield Outcome("kinds of file read without unpickling, under an audit hook", len(read), clean)
    tried = len(read) * len(loading.pickles(Path("marker")))
    yield Outcome("pickles in place of these files that were not run", tried, len(refused))


# Dependencies


def _licences(extras: tuple[str, ...], purpose: str) -> Outcome:
    found = {
        name: licences.licence(one)
        for name, one in licences.installed_for("foretype", extras).items()
    }
    bad = [
        f"{name} ({expression or 'unknown'})"
        for name, expression in found.items()
        if not licences.may_be_passed_on(name, expression)
    ]
    return Outcome(
        f"licences of the packages for {purpose}", len(found), len(found) - len(bad), ", ".join(bad)
    )


def _pins() -> Outcome:
    known, known_to_build = pins.pins(pins.REQUIREMENTS), pins.pins(pins.BUILD_REQUIREMENTS)
    requirements = [(need, known) for need in pins.declared()] + [
        (need, known_to_build) for need in pins.declared_to_build()
    ]
    bad = [str(need) for need, pinned in requirements if not pins.is_pinned(need, pinned)]
    return Outcome(
        "dependencies pinned with hashes",
        len(requirements),
        len(requirements) - len(bad),
        ", ".join(bad),
    )


def _npm() -> Outcome:
    found = dict(pins.npm_packages())
    bad = [
        name
        for name, package in found.items()
        if not str(package.get("integrity", "")).startswith("sha512-")
    ]
    return Outcome(
        "packages of npm pinned with hashes", len(found), len(found) - len(bad), ", ".join(bad)
    )


def _workflows() -> Outcome:
    found = [
        step for workflow in pins.WORKFLOWS for step in pins.steps(workflow.read_text("utf-8"))
    ]
    bad = [step for step in found if not pins.is_fixed(step)]
    claim = "steps of the workflow fixed by a commit, a digest or hashes"
    return Outcome(claim, len(found), len(found) - len(bad), ", ".join(bad))


def _vulnerabilities() -> Outcome:
    claim = "dependencies without a known vulnerability"
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--require-hashes",
        "--disable-pip",
        "--format=json",
    ]
    command += [f"--requirement={one}" for one in (pins.REQUIREMENTS, pins.BUILD_REQUIREMENTS)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        audited: list[dict[str, Any]] = json.loads(ran.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = ran.stderr.strip().rpartition("\n")[2] or "pip-audit printed nothing"
        return Outcome(claim, 0, 0, f"not run: {reason[:200]}")
    checked = [one for one in audited if "skip_reason" not in one]
    if not checked:
        return Outcome(claim, 0, 0, "not run: the vulnerability service cannot be reached")
    bad = [f"{one['name']} ({vuln['id']})" for one in checked for vuln in one["vulns"]]
    safe = sum(not one["vulns"] for one in checked)
    return Outcome(
        claim,
        len(checked),
        safe,
        ", ".join(bad) or f"{len(audited) - len(checked)} could not be looked up",
    )


# Releases


def _releases(times: int) -> Outcome:
    claim = "releases built in different folders by pinned tools, byte for byte the same"
    with tempfile.TemporaryDirectory() as folder:
        ran, python = _pinned_builder(Path(folder, "tools"))
        if ran.returncode:
            has_other_hash = "DO NOT MATCH THE HASHES" in ran.stderr
            reason = "another file is there: " if has_other_hash else "not run: "
            return Outcome(
                claim,
                times * has_other_hash,
                0,
                reason + ran.stderr.strip().rpartition("\n")[2].strip()[:200],
            )
        sources = copied(ROOT, Path(folder, "sources"))
        built = [
            _published(release(sources, Path(folder, "x" * (i + 1)), python), python)
            for i in range(times)
        ]
    same = sum(one == built[0] for one in built)
    intact = all(is_intact(content) for name, content in built[0].items() if name.endswith(".whl"))
    note = ", ".join(sorted(built[0])) if intact else "the RECORD does not match the files"
    return Outcome(claim, times, same if intact else 0, note)


def _pinned_builder(folder: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Create an environment with the packages in requirements-build.txt only; return pip's result
    and the environment's Python.
    """
    venv.create(folder, symlinks=os.name == "posix")
    command = [sys.executable, "-m", "pip", "--python", str(folder), "install", "--require-hashes"]
    command += ["--only-binary=:all:", f"--requirement={pins.BUILD_REQUIREMENTS}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran, folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def copied(sources: Path, folder: Path) -> Path:
    """Copy the sources of a release, in their present state, to a folder."""
    folder.mkdir()
    for path in (path for name in BUILT_FROM for path in sources.glob(name)):
        if path.is_dir():
            shutil.copytree(path, folder / path.name, ignore=NOT_SOURCES)
        else:
            shutil.copy(path, folder)
    return folder


def release(sources: Path, folder: Path, python: Path) -> Path:
    """Build a wheel and a source distribution with this Python from a copy of the sources in
    `folder`; return their folder.
    """
    copied(sources, folder)
    _run(folder, python, "hatchling", "build", "--directory", "built")
    return folder / "built"


def _published(built: Path, python: Path) -> dict[str, bytes]:
    """Return the published files: the workflow's repair gives a wheel for Linux the tags of the
    systems that can run its kernel.
    """
    for wheel in built.glob("*-linux_*.whl"):
        _run(
            built,
            python,
            "auditwheel",
            "repair",
            "--patcher",
            "none",
            "--wheel-dir",
            ".",
            wheel.name,
            umask=0o022,
        )
        wheel.unlink()
    return contents(built)


def _run(folder: Path, python: Path, *module: str, umask: int = -1) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(
        [python, "-m", *module],
        cwd=folder,
        env=environment,
        umask=umask,
        capture_output=True,
        check=True,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Return the contents of a folder's files by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def is_intact(built: bytes) -> bool:
    """Return whether each file in a wheel has the SHA-256 in its RECORD."""
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        rows = {
            name: digest
            for name, digest, _ in csv.reader(io.StringIO(archive.read(record).decode()))
        }
        files = {name for name in archive.namelist() if not name.endswith("/")}
        return set(rows) == files and all(
            rows[name] == f"sha256={_digest(archive.read(name))}" for name in rows if name != record
        )


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
