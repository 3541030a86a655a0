"""Recovery from crashes, full disks and damaged files; and predictors that hang."""

from __future__ import annotations

import ast
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import filelock  # noqa: F401 (a child that imports it would be killed there, before it writes)
import platformdirs
import pytest
from tests.trust import faults_clock, faults_files, faults_writes

from foretype_model import predictor as extension_point
from foretype_model.errors import PredictorError
from foretype_model.files import atomic
from foretype_model.predictor import Modelled
from foretype_model.predictors import sandbox, scripted
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.segment_file import HEADER_OFFSET
from foretype_model.predictors.sandbox import CallThread, PredictorTimeoutError, with_timeouts
from foretype_model.privacy.forget_list import ForgetList
from foretype_model.store.store import data_folder

ROOT = Path(__file__).parents[2]

# Remains of a crash


@pytest.mark.parametrize("write", [faults_writes.write_forgotten, faults_writes.merge_forgotten])
def test_killed_write_loses_nothing(tmp_path, write):
    """A killed write loses no data, and its remains are removed later."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "predictors" / "copy" / "1").mkdir(parents=True)
    outcome = faults_writes.killed("what is forgotten", write, tmp_path)
    assert outcome.held, outcome.note


def test_failing_update_removes_remains(place, monkeypatch):
    """The remains of killed updates are removed, even by an update that fails."""
    place.write("a.txt", "one\n")
    place.index.mkdir()
    (place.index / ".0123456789abcdef.shard.abcdefgh").write_bytes(bytes(1000))
    monkeypatch.setattr(FMIndex, "save", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        place.renew()
    assert list(place.index.iterdir()) == []


def test_write_in_progress_is_kept(tmp_path):
    """A write removes the remains of a killed one, but no file that another write has open."""
    path = tmp_path / "kept"
    code = "import os, pathlib, sys; from foretype_model.files.atomic import atomic_write\n"
    code += "with atomic_write(pathlib.Path(sys.argv[1])): os._exit(9)"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    (left,) = tmp_path.iterdir()
    other = tmp_path / ".kept.notes"
    other.touch()
    with atomic.atomic_write(path) as partial:
        assert not left.exists()
        with atomic.atomic_write(path) as second:
            assert partial.exists()
            second.write_text("second")
        partial.write_text("first")
    assert path.read_text() == "first"
    assert sorted(tmp_path.iterdir()) == [other, path]


# Damage


def test_damaged_positions_are_rebuilt(place):
    """A segment with damaged positions is not used, and is built again."""
    for name in ("a.txt", "b.txt"):
        place.write(name, f"the text of {name} " * 20)
    place.renew()
    segment = place.index / place.segments()[0]
    content = bytearray(segment.read_bytes())
    positions = HEADER_OFFSET + int.from_bytes(
        content[HEADER_OFFSET - 4 : HEADER_OFFSET], sys.byteorder
    )
    content[positions + 3] ^= 0x40  # the first is now far beyond the end
    segment.unlink()
    segment.write_bytes(content)
    place.write("a.txt", "changed meanwhile")
    workspace = place.workspace()
    assert workspace.open() == ()
    assert workspace.forget_word("text").occurrences == 0
    assert set(place.content(place.renew())) == {"a.txt", "b.txt"}


def test_damaged_index_is_rebuilt(tmp_path):
    """A damaged index offers nothing wrong, and is built again."""
    outcome = faults_files.damaged_indexes(tmp_path, random.Random(1), 12)
    assert outcome.held, outcome.note


def test_damage_is_noticed_anywhere(tmp_path):
    """Damage to a segment is noticed wherever it is."""
    assert faults_files.damaged_shards(tmp_path, random.Random(1), 200).held


def test_truncated_model_is_refused(tmp_path):
    """A truncated model is refused with a message of one line."""
    assert faults_files.truncated_models(tmp_path / "model.onnx", 500).held


# No place for data


def test_no_home_means_no_data(monkeypatch):
    """Without a home directory, the data folder is a path that cannot exist."""

    def fail(*_, **__):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("FORETYPE_HOME", raising=False)
    monkeypatch.setattr(platformdirs, "user_data_path", fail)
    assert not data_folder().exists()
    with pytest.raises(OSError, match="Not a directory"):
        atomic.private_folder(data_folder())


def test_file_as_folder_forgets_nothing(tmp_path):
    """A forget list below a file is empty."""
    (tmp_path / "file").touch()
    assert ForgetList.read(tmp_path / "file" / "index") == ForgetList()


# The clock


def test_clock_jumps_lose_nothing():
    """Jumps of the clock lose no data."""
    (outcome,) = faults_clock.outcomes(1)
    assert outcome.held, outcome.note


def test_durations_use_monotonic_clocks():
    """No module calls `time.time`."""
    for path in [*ROOT.glob("model/**/*.py"), *ROOT.glob("server/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) != ("time", "time"), path


# Foreign predictors


@pytest.fixture
def short_timeouts(monkeypatch):
    monkeypatch.setattr(sandbox, "CALL_TIMEOUT", 0.1)


class HangingPredictor(scripted.ScriptedPredictor):
    ended = threading.Event()

    def observe(self, *_):
        self.ended.wait(30)

    def with_model(self, model):
        return HangingPredictor([str(model)])


def test_hanging_call_is_abandoned(short_timeouts):
    """A call that hangs is abandoned, and later calls fail at once."""
    predictor = with_timeouts(HangingPredictor(["hello"]))
    assert predictor.feed(predictor.start(), b"hel") is not None
    with pytest.raises(PredictorTimeoutError, match=r"not answered in 0 s"):
        predictor.observe("a", b"", b"")
    with pytest.raises(PredictorTimeoutError, match="before"):
        predictor.start()
    HangingPredictor.ended.set()


PROTOCOLS = {
    kind: [name for name, value in vars(kind).items() if callable(value) and name[0] != "_"]
    for kind in vars(extension_point).values()
    if getattr(kind, "_is_runtime_protocol", False)
}
"""The public methods of each protocol that a predictor can be checked for."""


def kinds(predictor):
    return [kind for kind in PROTOCOLS if isinstance(predictor, kind)]


def test_timeouts_keep_predictor_kinds():
    """A predictor with timeouts implements the same protocols as without."""
    assert len(PROTOCOLS) >= 8
    every = [name for names in PROTOCOLS.values() for name in names]
    for some in (*PROTOCOLS.values(), every):
        predictor = type("Plugin", (), {name: lambda *_: None for name in some})()
        assert kinds(predictor)
        assert kinds(with_timeouts(predictor)) == kinds(predictor)
    other = with_timeouts(HangingPredictor(["hello"])).with_model(Path("other"))
    assert type(other).__name__ == "HangingPredictor"
    assert isinstance(other, Modelled)


@pytest.mark.parametrize(
    ("raised", "expected"), [(KeyboardInterrupt(), PredictorError), (SystemExit(1), SystemExit)]
)
def test_exit_becomes_an_error(raised, expected):
    """An exception that would end the server is raised in the caller, and the thread goes on."""

    def fail():
        raise raised

    lane = CallThread(5)
    with pytest.raises(expected):
        lane.call(fail)
    assert lane.call(os.getpid) == os.getpid()


def test_threads_end_with_predictor():
    """The threads of a predictor end when it is deleted."""
    before = set(threading.enumerate())
    predictor = with_timeouts(HangingPredictor(["hello"]))
    predictor.start()
    threads = set(threading.enumerate()) - before
    assert len(threads) == 2
    del predictor
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
