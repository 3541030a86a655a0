"""The engine: one predictor that raises leaves the others their turn, and one document what is
typed in the others.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from foretype_model.cancellation import never
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.text.rope import Rope
from foretype_server.document import Snapshot
from foretype_server.session.engine import Engine
from foretype_server.session.ensembles import Ensembles
from foretype_server.settings import Settings


class FakeIndexer(ScriptedPredictor):
    """Reads a workspace, and may fail at it."""

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


def test_one_that_cannot_index_keeps_the_others_from_nothing() -> None:
    engine, first, second = (
        Engine(pytest.fail, pytest.fail),
        FakeIndexer(fails=True),
        FakeIndexer(fails=False),
    )
    engine._ensembles = Ensembles({"first": first, "second": second}, None, pytest.fail)
    for do in (lambda: engine.refresh(print), lambda: engine.update([Path("a")]), engine.release):
        with pytest.raises(OSError, match=r"refresh|update|close"):
            do()
    assert first.log == second.log == ["refresh", "update", "close"]


def test_who_comes_back_to_a_document_is_answered_by_what_was_typed_elsewhere() -> None:
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
