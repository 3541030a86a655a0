"""The engine: failing predictors leave the others working, documents share their learning, and
unused models are unloaded.
"""

from __future__ import annotations

import gc
import json
import os
import time
import weakref
from pathlib import Path

import pytest

from foretype_model.cancellation import never
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.store.store import Store
from foretype_model.text.rope import Rope
from foretype_server.document import Snapshot
from foretype_server.session.engine import Engine
from foretype_server.session.ensembles import Ensembles
from foretype_server.settings import Settings


class FakeIndexer(ScriptedPredictor):
    """A predictor that indexes a workspace, and may fail."""

    def __init__(self, *, fails: bool) -> None:
        super().__init__(["some text"])
        self.fails, self.log = fails, list[str]()

    def refresh(self, progress) -> None:
        self._call("refresh")

    def update(self, paths) -> None:
        self._call("update")

    def close(self) -> None:
        self._call("close")

    def _call(self, name: str) -> None:
        self.log.append(name)
        if self.fails:
            raise OSError(name)


def test_failing_indexer_leaves_others_indexing() -> None:
    """Each indexer has its turn, and the error of one is raised after all; one that cannot be
    closed is a warning.
    """
    warnings = list[str]()
    engine, first, second = (
        Engine(pytest.fail, warnings.append),
        FakeIndexer(fails=True),
        FakeIndexer(fails=False),
    )
    engine._ensembles = Ensembles({"first": first, "second": second}, None, pytest.fail)
    for do in (lambda: engine.refresh(print), lambda: engine.update([Path("a")])):
        with pytest.raises(OSError, match=r"refresh|update"):
            do()
    assert warnings == []
    engine.release()
    assert first.log == second.log == ["refresh", "update", "close"]
    assert len(warnings) == 1


def test_failing_close_leaves_settings_working(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A predictor whose `close` raises is one warning, however often settings change, and each of
    them is applied.
    """
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path))
    warnings = list[str]()
    engine = Engine(pytest.fail, warnings.append)
    for word in ("window", "wardrobe"):
        engine._ensembles = Ensembles({"broken": FakeIndexer(fails=True)}, None, pytest.fail)
        settings = Settings(predictors={"scripted": {"texts": [f"open {word}"]}})
        assert engine.load(settings, ()).problems == ()
        offered = engine.candidates(Snapshot("a", Rope.of(b"open "), Rope(())), settings, never)
        assert offered[0].text == word
    (warning,) = warnings
    assert '"broken"' in warning
    assert "OSError at " in warning


class FakeNetwork(ScriptedPredictor):
    """A predictor that works with a model, as `network` does; its text is the model's name."""

    def with_model(self, model: Path) -> FakeNetwork:
        return FakeNetwork([f"the {model.stem}"])


def test_script_of_text_chooses_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The default model leaves texts in another script to that script's model, as long as they are
    in it; a document that has a model of its own keeps that.
    """
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path))
    monkeypatch.setattr("foretype_model.store.script_models.FOLDER", tmp_path)
    (tmp_path / "greek.onnx").touch()
    engine, settings = Engine(pytest.fail, pytest.fail), Settings()

    def first(uri: str, text: str) -> str:
        snapshot = Snapshot(uri, Rope.of(text.encode()), Rope(()))
        return engine.candidates(snapshot, settings, never)[0].text

    base = FakeNetwork(["the base"])
    engine._ensembles = Ensembles({"network": base}, Store().find(None), pytest.fail)
    greek = "\u03b1\u03b2\u03b3\u03b4\u03b5 the "
    assert first("a", "the ") == "base"
    assert first("a", greek) == "greek"
    assert first("b", "the ") == "base"
    assert first("a", greek + "code the ") == "greek"
    assert first("a", greek + "so much code that the ") == "base"
    engine._ensembles = Ensembles({"network": base}, None, pytest.fail)
    engine._completers.clear()
    assert first("a", greek) == "base"


def test_unused_models_are_unloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A model stays loaded while an open document uses it; the base stays for good."""
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / "models" / f"{name}.onnx").touch()
    record = tmp_path / "models" / "in-use.json"

    def use(**names: str) -> None:
        paths = {str(tmp_path / folder): name for folder, name in names.items()}
        record.write_text(json.dumps({"name": "default", "paths": paths}))
        os.utime(record, ns=(0, time.monotonic_ns()))

    engine, settings = Engine(pytest.fail, pytest.fail), Settings()
    base = FakeNetwork(["the base"])
    engine._ensembles = Ensembles({"network": base}, Store().find(None), pytest.fail)
    loaded = dict[str, weakref.ref[object]]()

    def first(folder: str) -> str:
        """The word after "the " in a document of `folder`."""
        uri = (tmp_path / folder / "a.txt").as_uri()
        snapshot = Snapshot(uri, Rope.of(b"the "), Rope(()))
        word = engine.candidates(snapshot, settings, never)[0].text
        (predictor,) = engine._ensembles.for_document(uri, "the ").predictors.values()
        loaded[word] = weakref.ref(predictor)
        return word

    def still_loaded() -> set[str]:
        gc.collect()
        return {word for word, predictor in loaded.items() if predictor() is not None}

    use(a="one", b="two")
    assert [first("a"), first("b"), first("c")] == ["one", "two", "base"]
    assert still_loaded() == {"one", "two", "base"}
    engine.close((tmp_path / "a" / "a.txt").as_uri())
    assert still_loaded() == {"two", "base"}
    use(b="three")
    assert first("b") == "three"
    assert still_loaded() == {"three", "base"}
    use()
    assert first("b") == "base"
    assert still_loaded() == {"base"}
    use(b="two")
    assert first("b") == "two"
    assert first("c") == "base"


def test_returning_uses_learning_from_elsewhere() -> None:
    """A document that is asked about again is completed with text learnt from another one since."""
    engine, settings = Engine(pytest.fail, pytest.fail), Settings()
    predictors = {"scripted": ScriptedPredictor(["x = open_the_window"]), "copy": CopyPredictor()}
    engine._ensembles = Ensembles(predictors, None, pytest.fail)

    def first(uri: str, text: bytes) -> str:
        return engine.candidates(Snapshot(uri, Rope.of(text), Rope(())), settings, never)[0].text

    assert first("file:///b", b"x = open_the_") == "window"
    text = b""
    for _ in range(6):
        text += b"y = open_the_wardrobe()\n"
        first("file:///a", text)
        while not engine.catch_up("file:///a"):
            pass
    assert first("file:///b", b"x = open_the_").startswith("wardrobe")


def test_empty_beginning_gets_no_ghost(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Before the first word of a document there is no ghost text unless the user asks for it."""
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path))
    engine = Engine(pytest.fail, pytest.fail)
    engine._ensembles = Ensembles({"one": ScriptedPredictor(["\n\nhead"])}, None, pytest.fail)
    for before, shown in ((b"", 0), (b"\n\n", 0), (b"\n\nh", 1)):
        snapshot = Snapshot("untitled:a", Rope.of(before), Rope.of(b""))
        assert len(engine.ghost_texts(snapshot, Settings(), 1, never)) == shown
    snapshot = Snapshot("untitled:a", Rope.of(b"\n\n"), Rope.of(b""))
    assert engine.ghost_texts(snapshot, Settings(), 3, never)


def test_code_has_own_names_first(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """In a code document, a name of the text is above a word that a predictor expects more."""
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path))
    engine = Engine(pytest.fail, pytest.fail)
    settings = Settings(predictors={"scripted": {"texts": ["= ParamSpec"]}, "copy": {}})
    engine.load(settings, ())
    before = Rope.of(b"from pathlib import Path\nx = Pa")

    def first(*, is_code: bool) -> str:
        snapshot = Snapshot("untitled:a", before, Rope(()), is_code)
        engine.candidates(snapshot, settings, never)
        return engine.candidates(snapshot, settings, never)[0].text

    assert first(is_code=True) == "th"
    assert first(is_code=False).startswith("ramSpec")
    engine.release()
