"""The packages whose sources are trained on, and their archives, exactly as they were locked.

    python -m default_model.packages PACKAGES

locks the newest versions of all packages in ``code-packages.txt``, and downloads their archives
into the folder PACKAGES. Python packages come as source distributions, through PyPI's own index
format; those of npm through the program npm; Go and Rust as the packages that Debian builds others
from, through apt-get.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from unearth import PackageFinder, UnpackError
from unearth.preparer import download_link

from foretype_model.errors import CorpusError
from foretype_model.files.atomic import atomic_write, private_folder

HERE: Final = Path(str(files("default_model")))
NAMES_PATH, LOCK_PATH, HELD_OUT_PATH = (
    HERE / "code-packages.txt",
    HERE / "code-packages.lock",
    HERE / "escape-packages.txt",
)

SCORED_PACKAGES: Final = frozenset({"sqlite-utils", "attrs"})
"""Packages that models are scored on."""


class Package(NamedTuple):
    """A package of "pypi", "npm" or "debian", its SPDX licence, and the languages people write it
    in.
    """

    registry: str
    name: str
    licence: str
    languages: frozenset[str]


class Version(NamedTuple):
    """One version of a package, and the checksum of its archive, in hexadecimal digits."""

    version: str
    sha256: str


def read_package_list(path: Path = NAMES_PATH) -> list[Package]:
    """Return the packages that a file names, a line each.

    Raises:
        CorpusError: one of them is used to score models or to fit the escape table.
    """
    packages = []
    unseen = {name.partition("==")[0] for name, *_ in _lines(HELD_OUT_PATH)}
    for registry, name, licence, *languages in _lines(path):
        if name.lower().replace("_", "-") in SCORED_PACKAGES | unseen:
            raise CorpusError(f"{path.name} names {name}, which models are scored on: take it out")
        packages.append(Package(registry, name, licence.replace("|", " OR "), frozenset(languages)))
    return packages


def read_lock_file(path: Path = LOCK_PATH) -> dict[str, Version]:
    """Return the version of each package in the lock file."""
    versions = {}
    for _, requirement, checksum in _lines(path):
        name, _, version = requirement.partition("==")
        versions[name] = Version(version, checksum.removeprefix("--hash=sha256:"))
    return versions


def _lines(path: Path) -> Iterable[list[str]]:
    lines = path.read_text("utf-8").splitlines()
    return (line.split() for line in lines if line and not line.startswith("#"))


def fetch(
    packages: Iterable[Package], versions: Mapping[str, Version], folder: Path
) -> dict[str, Path]:
    """Return the archive of each package in `folder`, downloaded if it is missing, with the locked
    checksum.

    Raises:
        CorpusError: a package is not locked, could not be downloaded, or differs from its checksum.
    """
    private_folder(folder)
    archives = {}
    for package in packages:
        if package.name not in versions:
            raise CorpusError(
                f"{package.name} is not locked: run `python -m default_model.packages {folder}`"
            )
        version, sha256 = versions[package.name]
        archive = _archive_path(package, version, folder)
        if not archive.exists():
            _download(package, version, folder)
        if _sha256(archive) != sha256:
            raise CorpusError(
                f"{archive} is not the archive that was locked: delete it and try again"
            )
        archives[package.name] = archive
    return archives


def lock(packages: Iterable[Package], folder: Path, path: Path = LOCK_PATH) -> None:
    """Download the newest version of each package into `folder`, and write the lock file."""
    private_folder(folder)
    lines = []
    for package in packages:
        version = _download(package, None, folder)
        sha256 = _sha256(_archive_path(package, version, folder))
        lines.append(f"{package.registry} {package.name}=={version} --hash=sha256:{sha256}\n")
    with atomic_write(path) as temporary:
        temporary.write_text("".join(lines), "utf-8")


def _archive_path(package: Package, version: str, folder: Path) -> Path:
    suffix = ".deb" if package.registry == "debian" else ".tar.gz"
    name = package.name.replace("/", "-")
    return folder / f"{package.registry}-{name}-{version.replace(':', '%3a')}{suffix}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(package: Package, version: str | None, folder: Path) -> str:
    """Put a package's archive in its place; return its version, the newest if none was asked
    for.
    """
    registry = {"pypi": _from_pypi, "npm": _from_npm, "debian": _from_debian}[package.registry]
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        version, archive = registry(package.name, version, Path(temporary))
        archive.replace(_archive_path(package, version, folder))
    return version


def _from_pypi(name: str, version: str | None, folder: Path) -> tuple[str, Path]:
    """Find a source distribution; pip would run its build to learn its metadata, and need compilers
    for that.
    """
    finder = PackageFinder(no_binary=[":all:"], ignore_compatibility=True)
    found = finder.find_best_match(
        f"{name}=={version}" if version else name, allow_prereleases=False
    ).best
    if found is None or found.version is None:
        raise CorpusError(
            f"{name} {version or ''} has no source distribution: lock another version"
        )
    try:
        return found.version, download_link(finder.session, found.link, folder)
    except UnpackError as error:
        raise CorpusError(f"cannot download {name} ({error}): try again") from None


def _from_npm(name: str, version: str | None, folder: Path) -> tuple[str, Path]:
    wanted = f"{name}@{version or 'latest'}"
    command = ["npm", "pack", "--json", "--ignore-scripts", wanted]
    printed = _run(command, folder, "install Node.js, which has it")
    return json.loads(printed)[0]["version"], next(folder.glob("*.tgz"))


def _from_debian(name: str, version: str | None, folder: Path) -> tuple[str, Path]:
    _run(
        ["apt-get", "download", f"{name}={version}" if version else name],
        folder,
        "lock on a Debian system",
    )
    archive = next(folder.glob("*.deb"))
    return archive.name.split("_")[1].replace("%3a", ":"), archive


def _run(command: Sequence[str], folder: Path, otherwise: str) -> str:
    """Run a registry's program in `folder`; return its standard output."""
    try:
        return subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True
        ).stdout
    except FileNotFoundError:
        raise CorpusError(f"{command[0]} is not installed: {otherwise}") from None
    except subprocess.CalledProcessError as error:
        raise CorpusError(
            f"{command[0]} cannot download {command[-1]} (status {error.returncode}): try again"
        ) from None


if __name__ == "__main__":
    lock(read_package_list(), Path(sys.argv[1]))
