"""The licences of what comes along with Foretype, as the packages that are installed here tell
them.
"""

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
"""Licences, by their SPDX identifiers, that ask for no more than their notice."""

WITH_ITS_CHANGES: Final = {"pathspec": "MPL-2.0", "hypothesis": "MPL-2.0", "certifi": "MPL-2.0"}
"""Packages, used as they are, of which only changes to their own files would have to be published.
"""

CUDA: Final = re.compile(r"nvidia-.*|cuda-.*")
"""What torch's build for CUDA brings along, under NVIDIA's terms, where it is installed for
training.
"""

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
    """A package and all that it needs here, directly or not, by name; without what is not
    installed.
    """
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
    """Those of a package's requirements that hold on this machine."""
    for need in map(Requirement, requirements):
        if need.marker is None or any(
            need.marker.evaluate({"extra": extra}) for extra in extras or ("",)
        ):
            yield need


def licence(package: Distribution) -> str:
    """An SPDX expression, from whatever a package tells; empty where it tells none."""
    about = package.metadata
    if expression := about.get("License-Expression"):
        return expression
    told = (about.get("License") or "").strip()
    if told in PERMISSIVE or told in _SHORT:
        return _SHORT.get(told, told)
    classified = [
        line.rpartition(" :: ")[2]
        for line in about.get_all("Classifier") or []
        if line[:7] == "License"
    ]
    return " AND ".join(_CLASSIFIERS.get(one, one) for one in classified)


def may_be_passed_on(name: str, expression: str) -> bool:
    """Whether a package under this licence asks for no more than its notice, or is used as it may
    be.
    """
    if CUDA.fullmatch(name) or (expression and expression == WITH_ITS_CHANGES.get(name)):
        return True
    # An exception only takes from what a licence asks for.
    plain = re.sub(r" WITH [\w.-]+|[()]", "", expression)
    ways = [re.split(r"\s+AND\s+", way) for way in re.split(r"\s+OR\s+", plain)]
    return any(PERMISSIVE.issuperset(way) for way in ways)
