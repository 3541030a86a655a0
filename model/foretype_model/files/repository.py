"""The git repository of a folder, and its ignore files outside of the tree."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foretype_model.files.git_config import GitConfig, expand, is_remote, user_files, user_folder
from foretype_model.files.regular import read_regular

GIT: Final = ".git"
"""A folder or, in a worktree or a submodule, a file that names the folder."""

MAX_LINK_BYTES: Final = 10_000
"""Bytes of a file that names a folder."""


@dataclass(frozen=True)
class Repository:
    """A git repository, as far as it matters to ignore rules.

    Attributes:
        root: the folder that contains ``.git``, absolute.
        exclude_files: the files with ignore rules for all of it, the weakest first.
        ignore_case: whether patterns match names in either case.
        config_bytes: bytes of its configuration that were read, without those of the user.
    """

    root: str
    exclude_files: tuple[str, ...]
    ignore_case: bool
    config_bytes: int

    @classmethod
    def at(cls, root: str) -> Repository:
        """Return the repository whose ``.git`` is in `root`."""
        git_folder = _git_folder(root)
        common = _linked(git_folder, "commondir", "") or git_folder
        config, size = _read_config(git_folder, common)
        named = config.values.get("core.excludesfile")
        if "core.excludesfile" not in config.values:
            named = os.path.join(user_folder(), "ignore")  # noqa: PTH118
        own = os.path.join(common, "info", "exclude")  # noqa: PTH118
        files = (expand(named, root), own) if named and not is_remote(named) else (own,)
        return cls(root, files, config.is_true("core.ignorecase"), size)


def is_root(folder: str) -> bool:
    """Return whether a repository begins in a folder."""
    return os.path.lexists(f"{folder}/{GIT}")


def find_root(folder: Path) -> str | None:
    """Return the root of the repository that contains a folder, or None."""
    return next((str(each) for each in (folder, *folder.parents) if is_root(str(each))), None)


def _read_config(git_folder: str, common: str) -> tuple[GitConfig, int]:
    """Return the configuration, and the bytes of the repository's own part."""
    config = GitConfig(os.path.realpath(git_folder))
    for path in user_files():
        config.read(path)
    before = config.bytes_left
    config.read(os.path.join(common, "config"))  # noqa: PTH118
    if config.is_true("extensions.worktreeconfig"):
        config.read(os.path.join(git_folder, "config.worktree"))  # noqa: PTH118
    return config, before - config.bytes_left


def _git_folder(root: str) -> str:
    """Return the folder of the repository's data."""
    return _linked(root, GIT, "gitdir: ") or os.path.join(root, GIT)  # noqa: PTH118


def _linked(folder: str, name: str, label: str) -> str:
    """Return the folder that the file `name` in `folder` names after `label`, or ""."""
    try:
        content = read_regular(os.path.join(folder, name), MAX_LINK_BYTES)  # noqa: PTH118
    except OSError:
        return ""
    text = content.decode("utf-8", "surrogateescape").rstrip("\r\n")
    path = text.removeprefix(label)
    if not text.startswith(label) or "\0" in path or is_remote(path):
        return ""
    return os.path.normpath(os.path.join(folder, path))  # noqa: PTH118
