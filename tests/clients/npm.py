"""Builds a copy of a client with npm."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

OLDEST_NODE = 20


def missing() -> str | None:
    """Return the reason why npm cannot build here, or None."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return "no node and npm"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return (
        None
        if int(version.strip().removeprefix("v").partition(".")[0]) >= OLDEST_NODE
        else "node is older than 20"
    )


def installed(client: Path, folder: Path) -> Path:
    """Return a copy of the client's sources in `folder` with its packages installed; skip the test
    if npm fails.
    """
    sources = folder / client.name
    shutil.copytree(
        client, sources, ignore=shutil.ignore_patterns("node_modules", "build", "dist", "*.vsix")
    )
    quiet = ["--silent", "--no-audit", "--no-fund", f"--cache={folder / 'cache'}"]
    ran = subprocess.run(
        ["npm", "ci", *quiet], cwd=sources, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        pytest.skip(f"npm cannot install here: {ran.stderr.strip()[:200]}")
    return sources


def run(sources: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
