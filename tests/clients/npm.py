"""Clients that are built by npm, built again in a folder of their own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

OLDEST = 20


def missing() -> str | None:
    """Why nothing can be built here, or None where it can be."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return "no node and npm"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return (
        None
        if int(version.strip().removeprefix("v").partition(".")[0]) >= OLDEST
        else "node is older than 20"
    )


def installed(client: Path, folder: Path) -> Path:
    """A copy of the client's sources in `folder`, with what they need; skips the test where that
    cannot be had.
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
