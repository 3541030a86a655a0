"""What is found at the next start after a crash, a full disk or a damage; and predictors that do
not come back.
"""

from __future__ import annotations

import ast
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import platformdirs
import pytest
from tests.trust import faults_clock, faults_files, faults_writes

from foretype_model.errors import PredictorError
from foretype_model.files import atomic
from foretype_model.predictor import Indexer, Learner, Modelled, Observer, Predictor
from foretype_model.predictors import sandbox, scripted
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.segment_file import HEADER_OFFSET
from foretype_model.predictors.sandbox import CallThread, PredictorTimeoutError, with_timeouts
from foretype_model.privacy.forget_list import ForgetList
from foretype_model.store.store import data_folder

ROOT = Path(__file__).parents[2]

# What a crash leaves


@pytest.mark.parametrize("write", [faults_writes.write_forgotten, faults_writes.merge_forgotten])
def test_a_write_that_is_killed_loses_nothing_and_leaves_nothing_for_long(tmp_path, write):
    (tmp_path / "texts").mkdir()
    (tmp_path / "predictors" / "copy" / "1").mkdir(parents=True)
    outcome = faults_writes.killed("what is forgotten", write, tmp_path)
    assert outcome.held, outcome.note


def test_what_killed_renewals_have_left_is_removed_by_one_that_fails_too(place, monkeypatch):
    place.write("a.txt", "one\n")
    place.index.mkdir()
    (place.index / ".0123456789abcdef.shard.abcdefgh").write_bytes(bytes(1000))
    monkeypatch.setattr(FMIndex, "save", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        place.renew()
    assert list(place.index.iterdir()) == []


def test_what_a_killed_write_has_left_is_removed_and_what_another_is_writing_is_not(tmp_path):
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


# What is damaged


def test_a_shard_whose_positions_are_damaged_masks_nothing_and_is_made_again(place):
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


def test_a_damaged_index_offers_nothing_wrong_and_is_made_again(tmp_path):
    outcome = faults_files.damaged_indexes(tmp_path, random.Random(1), 12)
    assert outcome.held, outcome.note


def test_a_damaged_part_of_an_index_is_noticed_wherever_the_damage_is(tmp_path):
    assert faults_files.damaged_shards(tmp_path, random.Random(1), 200).held


def test_a_model_that_is_cut_short_is_refused_in_one_line(tmp_path):
    assert faults_files.truncated_models(tmp_path / "model.onnx", 500).held


# Where nothing can be kept


def test_a_user_without_a_home_has_a_place_where_nothing_can_be(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("FORETYPE_HOME", raising=False)
    monkeypatch.setattr(platformdirs, "user_data_path", fail)
    assert not data_folder().exists()
    with pytest.raises(OSError, match="Not a directory"):
        atomic.private_folder(data_folder())


def test_where_a_file_is_in_the_place_of_a_folder_nothing_is_forgotten(tmp_path):
    (tmp_path / "file").touch()
    assert ForgetList.read(tmp_path / "file" / "index") == ForgetList()


# The clock


def test_no_jump_of_the_clock_loses_anything():
    (outcome,) = faults_clock.outcomes(1)
    assert outcome.held, outcome.note


def test_durations_are_measured_by_clocks_that_do_not_jump():
    for path in [*ROOT.glob("model/**/*.py"), *ROOT.glob("server/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) != ("time", "time"), path


# Predictors of others


@pytest.fixture
def short_timeouts(monkeypatch):
    monkeypatch.setattr(sandbox, "CALL_TIMEOUT", 0.1)


class HangingPredictor(scripted.ScriptedPredictor):
    ended = threading.Event()

    def observe(self, *_):
        self.ended.wait(30)

    def with_model(self, model):
        return HangingPredictor([str(model)])


def test_a_call_that_does_not_come_back_is_given_up_and_none_waits_again(short_timeouts):
    predictor = with_timeouts(HangingPredictor(["hello"]))
    assert predictor.feed(predictor.start(), b"hel") is not None
    with pytest.raises(PredictorTimeoutError, match=r"not answered in 0 s"):
        predictor.observe("a", b"", b"")
    with pytest.raises(PredictorTimeoutError, match="before"):
        predictor.start()
    HangingPredictor.ended.set()


def test_a_predictor_that_is_waited_for_is_of_the_kinds_that_it_was():
    predictor = with_timeouts(HangingPredictor(["hello"]))
    assert isinstance(predictor, Predictor)
    assert isinstance(predictor, Observer)
    assert isinstance(predictor, Modelled)
    assert not isinstance(predictor, Learner)
    assert not isinstance(predictor, Indexer)
    other = predictor.with_model(Path("other"))
    assert type(other).__name__ == "HangingPredictor"
    assert isinstance(other, Modelled)


@pytest.mark.parametrize(
    ("raised", "told"), [(KeyboardInterrupt(), PredictorError), (SystemExit(1), SystemExit)]
)
def test_what_would_end_the_server_is_an_error_like_others(raised, told):
    def fail():
        raise raised

    lane = CallThread(5)
    with pytest.raises(told):
        lane.call(fail)
    assert lane.call(os.getpid) == os.getpid()


def test_threads_end_with_their_predictor():
    before = set(threading.enumerate())
    predictor = with_timeouts(HangingPredictor(["hello"]))
    predictor.start()
    threads = set(threading.enumerate()) - before
    assert len(threads) == 2
    del predictor
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
