"""Pinned dependencies: Python packages in requirements-*.txt, npm packages in the clients' lock
files, and steps of the workflows.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
REQUIREMENTS: Final = ROOT / "requirements-dev.txt"
BUILD_REQUIREMENTS: Final = ROOT / "requirements-build.txt"
WORKFLOWS: Final = tuple(sorted(ROOT.glob(".github/workflows/*.yml")))
EXTRAS: Final = ("dev", "supply")
NPM_LOCKS: Final = tuple(sorted(ROOT.glob("editor-clients/*/package-lock.json")))

NEWEST_ON_PURPOSE: Final = frozenset({".ci/run"})
"""Commands that install unpinned packages, as CONTRIBUTING.md explains."""

_NAMES: Final = re.compile(r"\b(?:uses|image|container)\b['\"]?\s*:")
_FIXED: Final = re.compile(
    r"(?:- )?uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+"
    r"|(?:container|image): [\w./-]+@sha256:[0-9a-f]{64} # [\w.-]+"
    r"|(?:[A-Z]+=\S+ )?python -m pip install --require-hashes -r requirements-(?:build|dev)\.txt"
    # Foretype's own package, with installed dependencies only.
    r"|(?:[A-Z]+=\S+ )?python -m pip install --no-deps --no-build-isolation (?:--editable )?\."
    r"|npm ci --ignore-scripts|npm audit --audit-level=high"
)
_FETCHES: Final = re.compile(
    r"\b(?:pip[\d.]*|pipx|uvx?|conda|npm|npx|pnpm|yarn|curl|wget|docker|apt|apt-get|dnf|yum|brew|choco|cargo|go)\s"
    r"|\.ci/run\b"
)


class Pin(NamedTuple):
    """A package in one version, with the SHA-256 of each of its files."""

    requirement: Requirement
    hashes: list[str]

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")


def pins(requirements: Path) -> dict[str, list[Pin]]:
    """Return the pins by name; a package has several if platforms or versions of Python differ."""
    lines = [
        line
        for line in requirements.read_text("utf-8").splitlines()
        if not re.match(r"\s*(#|$)", line)
    ]
    found: dict[str, list[Pin]] = {}
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        pinned, *hashes = re.split(r"\s+--hash=", line)
        pin = Pin(Requirement(pinned), [one.strip() for one in hashes])
        found.setdefault(canonicalize_name(pin.requirement.name), []).append(pin)
    return found


def declared() -> list[Requirement]:
    """Return the requirements in pyproject.toml, with references to its own extras expanded."""
    project = _pyproject()["project"]
    waiting, found = [*project["dependencies"]], []
    for extra in EXTRAS:
        waiting += project["optional-dependencies"][extra]
    while waiting:
        need = Requirement(waiting.pop())
        if need.name == project["name"]:
            waiting += [
                one
                for extra in sorted(need.extras)
                for one in project["optional-dependencies"][extra]
            ]
        else:
            found.append(need)
    return found


def declared_to_build() -> list[Requirement]:
    """Return the requirements for building a release."""
    project = _pyproject()
    return [
        Requirement(one)
        for one in (*project["build-system"]["requires"], *project["dependency-groups"]["build"])
    ]


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def is_pinned(need: Requirement, known: dict[str, list[Pin]]) -> bool:
    """Return whether a pin satisfies the requirement, with a hash for each file."""
    found = known.get(canonicalize_name(need.name), [])
    return bool(found) and all(
        need.specifier.contains(pin.version, prereleases=True)
        and pin.hashes
        and all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in pin.hashes)
        for pin in found
    )


def npm_packages() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the packages in the clients' lock files by path, without the clients themselves."""
    for lock in NPM_LOCKS:
        for name, package in json.loads(lock.read_text("utf-8"))["packages"].items():
            if name:
                yield f"{lock.parent.name}/{name}", package


def steps(workflow: str) -> Iterator[str]:
    """Yield the steps of a workflow that fetch something: actions, images, and commands."""
    for line in map(str.strip, workflow.splitlines()):
        if line.startswith("#"):
            continue
        if _NAMES.search(line):
            yield line
        else:
            commands = re.split(r"&&|\|\|?|;", re.sub(r"^(?:- )?run: ", "", line))
            yield from (command.strip() for command in commands if _FETCHES.search(command))


def is_fixed(step: str) -> bool:
    """Return whether a step always fetches the same: a commit, a digest, or hashed requirements."""
    return step in NEWEST_ON_PURPOSE or _FIXED.fullmatch(step) is not None
