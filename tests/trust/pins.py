"""What is pinned: the packages of Python in requirements-dev.txt, and those of npm in the clients' locks."""

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
EXTRAS: Final = ("dev", "supply")
NPM_LOCKS: Final = tuple(sorted(ROOT.glob("editor-clients/*/package-lock.json")))


class Pin(NamedTuple):
    """A package in one version, and the SHA-256 of each of its files."""

    requirement: Requirement
    hashes: list[str]

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")


def pins() -> dict[str, list[Pin]]:
    """By name. A package has several where platforms or Pythons differ."""
    lines = [line for line in REQUIREMENTS.read_text("utf-8").splitlines() if not re.match(r"\s*(#|$)", line)]
    found: dict[str, list[Pin]] = {}
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        pinned, *hashes = re.split(r"\s+--hash=", line)
        pin = Pin(Requirement(pinned), [one.strip() for one in hashes])
        found.setdefault(canonicalize_name(pin.requirement.name), []).append(pin)
    return found


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for, the extras that it names itself opened up."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    waiting, found = [*project["dependencies"]], []
    for extra in EXTRAS:
        waiting += project["optional-dependencies"][extra]
    while waiting:
        need = Requirement(waiting.pop())
        if need.name == project["name"]:
            waiting += [one for extra in sorted(need.extras) for one in project["optional-dependencies"][extra]]
        else:
            found.append(need)
    return found


def is_pinned(need: Requirement, known: dict[str, list[Pin]]) -> bool:
    """Whether what is pinned is what is wanted, with a hash for each file."""
    found = known.get(canonicalize_name(need.name), [])
    return bool(found) and all(
        need.specifier.contains(pin.version, prereleases=True)
        and pin.hashes
        and all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in pin.hashes)
        for pin in found
    )


def npm_packages() -> Iterator[tuple[str, dict[str, Any]]]:
    """What the clients' locks hold, by where it goes; without the clients themselves."""
    for lock in NPM_LOCKS:
        for name, package in json.loads(lock.read_text("utf-8"))["packages"].items():
            if name:
                yield f"{lock.parent.name}/{name}", package
