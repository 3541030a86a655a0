"""What goes wrong around a real server, which goes on; the long versions are in the trust suite."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.trust import faults_kills, faults_plugins


@pytest.mark.parametrize("place", ["create", "step"])
def test_what_a_predictor_raises_costs_itself_alone_whatever_it_is(
    tmp_path: Path, place: str
) -> None:
    faults_plugins.install(tmp_path / "plugins")
    assert list(faults_plugins.faults_of("raises KeyboardInterrupt", place, tmp_path)) == []


def test_a_predictor_that_hangs_is_given_up_and_told(tmp_path: Path) -> None:
    faults_plugins.install(tmp_path / "plugins")
    assert list(faults_plugins.faults_of("hangs", "predict", tmp_path)) == []


@pytest.mark.slow
def test_a_killed_server_is_followed_by_one_that_is_well(tmp_path: Path) -> None:
    outcome = faults_kills.servers(tmp_path, random.Random(2), 1)
    assert outcome.held, outcome.note


def test_the_end_does_not_wait_for_a_thread_that_has_none() -> None:
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
