"""Faults around a real server, which continues; the trust suite has the long versions."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.trust import faults_kills, faults_plugins


@pytest.mark.parametrize("place", ["create", "step"])
def test_raising_predictor_costs_itself_alone(tmp_path: Path, place: str) -> None:
    """A predictor that raises, whatever it raises, is dropped and the others go on."""
    faults_plugins.install(tmp_path / "plugins")
    assert list(faults_plugins.faults_of("raises KeyboardInterrupt", place, tmp_path)) == []


def test_hanging_predictor_is_dropped(tmp_path: Path) -> None:
    """A predictor that hangs is dropped, with one warning."""
    faults_plugins.install(tmp_path / "plugins")
    assert list(faults_plugins.faults_of("hangs", "predict", tmp_path)) == []


@pytest.mark.slow
def test_server_starts_after_a_kill(tmp_path: Path) -> None:
    """After a server was killed, the next one works."""
    outcome = faults_kills.servers(tmp_path, random.Random(2), 1)
    assert outcome.held, outcome.note


def test_shutdown_skips_hanging_threads() -> None:
    """Shutdown does not wait for a thread that never ends."""
    code = """
import asyncio, threading, time
from foretype_server.lsp import shutdown
shutdown.LAST_WORK = 0.2
threading.Thread(target=time.sleep, args=(100,)).start()
async def serve():
    return 7
shutdown.run(serve())
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False).returncode == 7
