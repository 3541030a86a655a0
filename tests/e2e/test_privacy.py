"""What stays private: nothing in the logs, no connection, no file that others may read, no model given away unasked."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from tests.trust import leaks, sealed

from foretype_model.store import Store
from foretype_model.trained_on import SUFFIX, Texts, TrainedOn


def test_no_text_gets_into_a_log(tmp_path: Path) -> None:
    told = leaks.session(tmp_path)
    assert len(told.ways) > 30
    assert told.leaks() == []


def test_somebody_who_looks_for_a_fault_may_have_it_there(tmp_path: Path) -> None:
    told = leaks.session(tmp_path, "--log-text")
    # A line that is no header is no part of any message.
    assert set(told.ways) - set(told.leaks()) == {"header"}


@pytest.fixture(scope="module")
def seal(tmp_path_factory: pytest.TempPathFactory) -> sealed.Seal:
    """Where a server and the command line were at work, without a network and with a data folder open to all."""
    if why := sealed.missing():
        pytest.skip(why)
    seal = sealed.Seal(tmp_path_factory.mktemp("seal"))
    sealed.left_open(seal.home)
    return seal


@pytest.fixture(scope="module")
def done(seal: sealed.Seal) -> dict[str, bool]:
    """What was tried there, and whether it worked: of the commands, to train, to list and to generate."""
    return {**dict(sealed.in_an_editor(seal)), **dict(islice(sealed.on_the_command_line(seal), 3))}


def test_all_of_it_works_without_a_network(done: dict[str, bool]) -> None:
    assert len(done) == 10
    assert [what for what, worked in done.items() if not worked] == []


def test_no_connection_is_opened_or_waited_for(seal: sealed.Seal, done: dict[str, bool]) -> None:
    assert done
    assert seal.connections() == []


def test_a_connection_would_have_been_seen(tmp_path: Path) -> None:
    if why := sealed.missing():
        pytest.skip(why)
    seal = sealed.Seal(tmp_path)
    connect = "import socket; socket.create_connection(('127.0.0.1', 9))"
    refused = subprocess.run(seal.command(sys.executable, "-c", connect), capture_output=True, check=False)
    assert refused.returncode == 1
    assert [call.partition("(")[0] for call in seal.connections()] == ["socket", "connect"]


def test_what_is_kept_is_the_users_alone_whatever_the_umask_and_however_it_was_left(
    seal: sealed.Seal, done: dict[str, bool]
) -> None:
    assert done
    kept = {path.name for path in seal.home.rglob("*")}
    assert {"manifest.json", "statistics.sqlite", "mine.onnx", "old.bin"} <= kept
    assert sealed.open_to_others(seal.home) == []


def test_what_a_model_was_trained_on_goes_on_with_those_that_are_made_of_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "models")
    first = store.trained_further("default", Texts(["/diary"], 1, 10, 0))
    first.write(tmp_path / "models" / f"first{SUFFIX}")
    second = store.trained_further("first", Texts(["/letters"], 2, 20, 3))
    assert second == TrainedOn("default", [Texts(["/diary"], 1, 10, 0), Texts(["/letters"], 2, 20, 3)])
    assert store.trained_further("another", second.trainings[1]).begun_with == "another"
