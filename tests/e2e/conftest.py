"""Faulty predictors, installed for the server under test as a plugin would be."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .client import SERVE, TOKEN, Client, connected, environment

PLUGIN = """
import os, time
from foretype_model.predictors.scripted import ScriptedPredictor

print("a plugin that prints")
os.write(1, b"and one that prints from C\\n")

class Slow(ScriptedPredictor):
    def step(self, states, following):
        time.sleep(0.05)
        return super().step(states, following)

class Failing(ScriptedPredictor):
    def feed(self, state, text):
        if b"!" in text:
            raise OSError("the disk is full")
        return super().feed(state, text)

def slow(config):
    return Slow(config.options["texts"])

def failing(config):
    return Failing(config.options["texts"])

def sleeping(config):
    time.sleep(2)
    return ScriptedPredictor(config.options["texts"])
"""
ENTRY_POINTS = """[foretype.predictors]
slow = misbehaving:slow
failing = misbehaving:failing
sleeping = misbehaving:sleeping
"""


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment with the predictors `slow`, `failing` and `sleeping` installed."""
    folder = tmp_path_factory.mktemp("plugins")
    info = folder / "misbehaving-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: misbehaving\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "misbehaving.py").write_text(PLUGIN)
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of the server on `port`."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def port(home: Path, plugins: dict[str, str]) -> Iterator[int]:
    """Run one server for many tests, each with its own session: a start takes most of a second."""
    command = [*SERVE, "--tcp", "127.0.0.1:0"]
    environ = environment(home, {**plugins, "FORETYPE_TOKEN": TOKEN})
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environ) as process:
        assert process.stderr
        listening = re.search(rb"listening on 127.0.0.1:(\d+)", process.stderr.readline())
        assert listening
        yield int(listening[1])
        process.kill()


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    """Return a client of the server on `port`, with its own session."""
    with connected(port) as (_, client):
        yield client
        client.shut_down()
        client.wait_until_closed()
