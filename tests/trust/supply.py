"""What Foretype is made of: nothing in it runs what it reads, and nothing comes along that is not known."""

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
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.trust import licences, loading, pins
from tests.trust.outcome import Outcome

ROOT: Final = Path(__file__).parents[2]
BUILT_FROM: Final = (
    "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "server", "model", "editor-clients",
)  # fmt: skip
NOT_SOURCES: Final = shutil.ignore_patterns("__pycache__", "node_modules", "build", "*.so", "*.new")
UNPICKLE: Final = frozenset({"pickle", "cPickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"})
RUN: Final = frozenset({"eval", "exec", "os.system", "os.popen", "yaml.load"})
LOAD: Final = {"torch.load": ("weights_only", "True"), "np.load": ("allow_pickle", "False")}


def outcomes(scale: float) -> Iterator[Outcome]:
    """A row for each promise about where things come from."""
    yield _sources()
    yield from _loads()
    for extras, what in (((), "serving"), (("dev",), "developing")):
        yield _licences(extras, what)
    yield _pins()
    yield _npm()
    yield _wheels(max(2, round(5 * scale)))
    yield _vulnerabilities()


# What runs


def dangers(source: str) -> Iterator[str]:
    """What of a source may run what it reads: unpickling, evaluating, a shell."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
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


def _sources() -> Outcome:
    files = [path for folder in ("model", "server") for path in (ROOT / folder).rglob("*.py")]
    files.append(ROOT / "hatch_build.py")
    bad = [f"{path.name}: {found}" for path in files for found in dangers(path.read_text("utf-8"))]
    what = "source files that unpickle nothing, evaluate nothing and start no shell"
    return Outcome(what, len(files), len(files) - len(bad), "; ".join(bad))


def _loads() -> Iterator[Outcome]:
    command = [sys.executable, "-m", "tests.trust.loading"]
    told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    looked_up, read, refused = told["looked up"], told["read"], told["refused"]
    clean = len(read) if not looked_up else 0
    yield Outcome("kinds of file read while Python tells of all that is unpickled", len(read), clean)
    tried = len(read) * len(loading.pickles(Path("marker")))
    yield Outcome("pickles in the place of these files that were not run", tried, len(refused))


# What comes along


def _licences(extras: tuple[str, ...], what: str) -> Outcome:
    found = {name: licences.licence(one) for name, one in licences.installed_for("foretype", extras).items()}
    bad = [f"{name} ({told or 'unknown'})" for name, told in found.items() if not licences.may_be_passed_on(name, told)]
    return Outcome(f"licences of what {what} installs", len(found), len(found) - len(bad), ", ".join(bad))


def _pins() -> Outcome:
    known, wanted = pins.pins(), pins.wanted()
    bad = [str(need) for need in wanted if not pins.is_pinned(need, known)]
    return Outcome("dependencies pinned with hashes", len(wanted), len(wanted) - len(bad), ", ".join(bad))


def _npm() -> Outcome:
    found = dict(pins.npm_packages())
    bad = [name for name, package in found.items() if not str(package.get("integrity", "")).startswith("sha512-")]
    return Outcome("packages of npm pinned with hashes", len(found), len(found) - len(bad), ", ".join(bad))


def _vulnerabilities() -> Outcome:
    what = "dependencies without a known vulnerability"
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format=json"]
    ran = subprocess.run([*command, f"--requirement={pins.REQUIREMENTS}"], capture_output=True, text=True, check=False)
    try:
        told: list[dict[str, Any]] = json.loads(ran.stdout)["dependencies"]
    except (ValueError, KeyError):
        why = ran.stderr.strip().rpartition("\n")[2] or "pip-audit said nothing"
        return Outcome(what, 0, 0, f"not run: {why[:200]}")
    looked_at = [one for one in told if "skip_reason" not in one]
    if not looked_at:
        return Outcome(what, 0, 0, "not run: what knows of vulnerabilities cannot be reached from here")
    bad = [f"{one['name']} ({vuln['id']})" for one in looked_at for vuln in one["vulns"]]
    safe = sum(not one["vulns"] for one in looked_at)
    return Outcome(what, len(looked_at), safe, ", ".join(bad) or f"{len(told) - len(looked_at)} could not be looked up")


# What is published


def _wheels(times: int) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        sources = copied(ROOT, Path(folder, "sources"))
        built = [wheel(sources, Path(folder, "x" * (i + 1))) for i in range(times)]
    same = sum(one == built[0] for one in built)
    whole = is_whole(built[0])
    note = "" if whole else "its RECORD is not that of its files"
    return Outcome("wheels built in as many folders, byte for byte the same", times, same if whole else 0, note)


def copied(sources: Path, folder: Path) -> Path:
    """A folder with what a wheel is built from, as it is at one moment."""
    folder.mkdir()
    for name in BUILT_FROM:
        if (sources / name).is_dir():
            shutil.copytree(sources / name, folder / name, ignore=NOT_SOURCES)
        else:
            shutil.copy(sources / name, folder / name)
    return folder


def wheel(sources: Path, folder: Path) -> bytes:
    """A wheel of these sources, built from a copy of them in `folder`."""
    copied(sources, folder)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "out"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    (built,) = (folder / "out").glob("*.whl")
    return built.read_bytes()


def is_whole(built: bytes) -> bool:
    """Whether each file in a wheel is the one whose SHA-256 stands in its RECORD."""
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        rows = {name: digest for name, digest, _ in csv.reader(io.StringIO(archive.read(record).decode()))}
        return set(rows) == set(archive.namelist()) and all(
            rows[name] == f"sha256={_digest(archive.read(name))}" for name in rows if name != record
        )


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
