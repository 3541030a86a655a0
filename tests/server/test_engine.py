"""The engine, where one of its predictors raises: the others have their turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_server.engine import Engine
from foretype_server.serving import Serving


class Indexing(ScriptedPredictor):
    """Reads a workspace, and may fail at it."""

    def __init__(self, *, fails: bool) -> None:
        super().__init__(["some text"])
        self.fails, self.did = fails, list[str]()

    def refresh(self, progress) -> None:
        self._do("refresh")

    def update(self, paths) -> None:
        self._do("update")

    def close(self) -> None:
        self._do("close")

    def _do(self, what: str) -> None:
        self.did.append(what)
        if self.fails:
            raise OSError(what)


def test_one_that_cannot_index_keeps_the_others_from_nothing() -> None:
    engine, first, second = Engine(pytest.fail, pytest.fail), Indexing(fails=True), Indexing(fails=False)
    engine._serving = Serving({"first": first, "second": second}, None, pytest.fail)
    for do in (lambda: engine.refresh(print), lambda: engine.update([Path("a")]), engine.release):
        with pytest.raises(OSError, match=r"refresh|update|close"):
            do()
    assert first.did == second.did == ["refresh", "update", "close"]
