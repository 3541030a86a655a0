"""The licences of Foretype's dependencies, from the metadata of the installed packages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PERMISSIVE: Final = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python",
    "HPND", "ISC", "MIT",
    "MIT-0", "MIT-CMU", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
})  # fmt: skip
"""SPDX identifiers of licences that only require their notice to be kept."""

WEAK_COPYLEFT: Final = {"pathspec": "MPL-2.0", "hypothesis": "MPL-2.0", "certifi": "MPL-2.0"}
"""Unmodified packages whose licence only covers changes to their own files."""

CUDA: Final = re.compile(r"nvidia-.*|cuda-.*")
"""Dependencies of torch's CUDA build, under NVIDIA's terms, if it is installed for training."""

_CLASSIFIERS: Final = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "zlib/libpng License": "Zlib",
}
_SHORT: Final = {
    "Apache 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
}


def installed_for(name: str, extras: Collection[str] = ()) -> dict[str, Distribution]:
    """Return a package and its direct and indirect dependencies by name, if they are installed."""
    found: dict[str, Distribution] = {}
    waiting, seen = [(name, frozenset(extras))], set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        try:
            package = distribution(one[0])
        except PackageNotFoundError:
            continue
        found[canonicalize_name(one[0])] = package
        waiting += [
            (need.name, frozenset(need.extras)) for need in needed(package.requires or (), one[1])
        ]
    return found


def needed(requirements: Iterable[str], extras: Collection[str]) -> Iterator[Requirement]:
    """Yield the requirements of a package that apply on this machine."""
    for need in map(Requirement, requirements):
        if need.marker is None or any(
            need.marker.evaluate({"extra": extra}) for extra in extras or ("",)
        ):
            yield need


def licence(package: Distribution) -> str:
    """Return the SPDX expression from a package's metadata; empty if there is none."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return expression
    declared = (metadata.get("License") or "").strip()
    if declared in PERMISSIVE or declared in _SHORT:
        return _SHORT.get(declared, declared)
    classified = [
        line.rpartition(" :: ")[2]
        for line in metadata.get_all("Classifier") or []
        if line[:7] == "License"
    ]
    return " AND ".join(_CLASSIFIERS.get(one, one) for one in classified)


def may_be_passed_on(name: str, expression: str) -> bool:
    """Return whether a package's licence only requires its notice, or is accepted here."""
    if CUDA.fullmatch(name) or (expression and expression == WEAK_COPYLEFT.get(name)):
        return True
    # An exception only relaxes a licence.
    plain = re.sub(r" WITH [\w.-]+|[()]", "", expression)
    choices = [re.split(r"\s+AND\s+", choice) for choice in re.split(r"\s+OR\s+", plain)]
    return any(PERMISSIVE.issuperset(choice) for choice in choices)
