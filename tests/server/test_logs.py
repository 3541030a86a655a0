"""What is shown of an error, which editors log: enough to find a faulty plugin, and none of the
user's text.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from foretype_model.errors import ModelError, PredictorError
from foretype_model.predictor import PredictorConfig
from foretype_model.predictors import GROUP, load_predictor
from foretype_model.predictors.sandbox import CallThread
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_server import logs
from foretype_server.session.ensembles import Ensembles

WORD = "xyzzy"


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """A module of somebody else's, with this text."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str) -> Path:
        monkeypatch.delitem(sys.modules, "somebodys_plugin", raising=False)
        (tmp_path / "somebodys_plugin.py").write_text(text)
        return tmp_path / "somebodys_plugin.py"

    return write


def failure(code: Callable[[], object]) -> Exception:
    """What code of somebody else's raises, called as a plugin is."""
    with pytest.raises(Exception) as caught:
        CallThread(5).call(code)
    return caught.value


def test_of_anothers_error_the_kind_and_the_line_are_told(plugin: Callable[[str], Path]) -> None:
    file = plugin(
        f"import json\n\ndef deep():\n    json.loads('{{{WORD}')\n\ndef raise_():\n    deep()\n"
    )
    told = logs.describe_error(failure(import_module("somebodys_plugin").raise_))
    assert told.startswith(
        f"JSONDecodeError at {file}:4; foretype doctor or foretype serve --log-text"
    )
    assert WORD not in told


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"a = 1\n{WORD} {WORD}\n", "SyntaxError"),
        (f"a = 1\nraise KeyError('{WORD}')\n", "KeyError"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_told_by_the_line(
    plugin: Callable[[str], Path], text: str, kind: str
) -> None:
    file = plugin(text)
    known = {"a": EntryPoint("a", "somebodys_plugin:create", GROUP)}
    told = logs.describe_error(failure(lambda: load_predictor("a", known, PredictorConfig())))
    assert told.startswith(
        f"the predictor 'a' (somebodys_plugin:create) could not be made: {kind} at {file}:2;"
    )
    assert WORD not in told


def test_ours_are_told_in_their_own_words_but_for_what_others_say_in_them() -> None:
    assert logs.describe_error(ModelError("a.onnx is broken")) == "a.onnx is broken"
    error = PredictorError("it could not be made", failure(lambda: {}[WORD]))
    assert str(error) == f"it could not be made: KeyError: '{WORD}'"
    assert logs.describe_error(error).startswith(f"it could not be made: KeyError at {__file__}:")
    assert WORD not in logs.describe_error(error)


class RefusingPredictor(ScriptedPredictor):
    """Takes no other model, and keeps nothing."""

    def with_model(self, model: Path) -> RefusingPredictor:
        raise KeyError(WORD)

    def learn(self, state: bytes, following: int) -> None:
        return

    def save(self) -> None:
        raise OSError(errno.ENOSPC, WORD)


def test_what_a_plugin_says_of_a_model_and_of_the_disk_is_not_told() -> None:
    shown: list[str] = []
    ensembles = Ensembles({"refusing": RefusingPredictor(["hello"])}, None, shown.append)
    assert ensembles._new_ensemble(Path("mine.onnx")) is ensembles.base
    ensembles.save()
    assert shown[0].startswith(f"mine is not used (KeyError at {__file__}:")
    assert f"({os.strerror(errno.ENOSPC)})" in shown[1]
    assert WORD not in "".join(shown)


def test_where_text_is_logged_all_of_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    error = PredictorError("it failed", KeyError(WORD))
    with caplog.at_level(logging.DEBUG):
        assert logs.describe_error(error) == f"it failed: KeyError: '{WORD}'"
        assert logs.describe_error(KeyError(WORD)) == f"KeyError: '{WORD}'"
    assert logs.describe_error(KeyError(WORD)).startswith("KeyError at a place unknown;")
