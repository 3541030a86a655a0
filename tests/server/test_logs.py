"""The messages of errors, which editors log: they name a faulty plugin, and contain no text of the
user.
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
    """Return a function that writes the text of a foreign module and returns its path."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str) -> Path:
        monkeypatch.delitem(sys.modules, "foreign_plugin", raising=False)
        (tmp_path / "foreign_plugin.py").write_text(text)
        return tmp_path / "foreign_plugin.py"

    return write


def failure(code: Callable[[], object]) -> Exception:
    """Return the error of foreign code, called as a plugin is."""
    with pytest.raises(Exception) as caught:
        CallThread(5).call(code)
    return caught.value


def test_foreign_error_shows_its_place(plugin: Callable[[str], Path]) -> None:
    """Of a plugin's error, only the type and the plugin's line are shown."""
    file = plugin(
        f"import json\n\ndef deep():\n    json.loads('{{{WORD}')\n\ndef raise_():\n    deep()\n"
    )
    shown = logs.describe_error(failure(import_module("foreign_plugin").raise_))
    assert shown.startswith(
        f"JSONDecodeError at {file}:4; foretype doctor or foretype serve --log-text"
    )
    assert WORD not in shown


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"a = 1\n{WORD} {WORD}\n", "SyntaxError"),
        (f"a = 1\nraise KeyError('{WORD}')\n", "KeyError"),
    ],
)
def test_failed_import_shows_its_line(plugin: Callable[[str], Path], text: str, kind: str) -> None:
    """Of a plugin that cannot be imported, the message shows the type of the error and its line."""
    file = plugin(text)
    known = {"a": EntryPoint("a", "foreign_plugin:create", GROUP)}
    shown = logs.describe_error(failure(lambda: load_predictor("a", known, PredictorConfig())))
    assert shown.startswith(
        f"the predictor 'a' (foreign_plugin:create) could not be made: {kind} at {file}:2;"
    )
    assert WORD not in shown


def test_own_errors_show_their_message() -> None:
    """A `ForetypeError` is shown by its message, but its foreign cause only by type and place."""
    assert logs.describe_error(ModelError("a.onnx is broken")) == "a.onnx is broken"
    error = PredictorError("it could not be made", failure(lambda: {}[WORD]))
    assert str(error) == f"it could not be made: KeyError: '{WORD}'"
    assert logs.describe_error(error).startswith(f"it could not be made: KeyError at {__file__}:")
    assert WORD not in logs.describe_error(error)


class RefusingPredictor(ScriptedPredictor):
    """A predictor that accepts no other model, and cannot save."""

    def with_model(self, model: Path) -> RefusingPredictor:
        raise KeyError(WORD)

    def learn(self, state: bytes, following: int) -> None:
        return

    def save(self) -> None:
        raise OSError(errno.ENOSPC, WORD)


def test_warnings_hide_foreign_messages() -> None:
    """Warnings about an unusable model and about a failed save contain no message of a plugin."""
    shown: list[str] = []
    ensembles = Ensembles({"refusing": RefusingPredictor(["hello"])}, None, shown.append)
    assert ensembles._new_ensemble(Path("mine.onnx")) is ensembles.base
    ensembles.save()
    assert shown[0].startswith(f"mine is not used (KeyError at {__file__}:")
    assert f"({os.strerror(errno.ENOSPC)})" in shown[1]
    assert WORD not in "".join(shown)


def test_log_text_shows_all_messages(caplog: pytest.LogCaptureFixture) -> None:
    """If text may be logged, every error is shown by its message."""
    error = PredictorError("it failed", KeyError(WORD))
    with caplog.at_level(logging.DEBUG):
        assert logs.describe_error(error) == f"it failed: KeyError: '{WORD}'"
        assert logs.describe_error(KeyError(WORD)) == f"KeyError: '{WORD}'"
    assert logs.describe_error(KeyError(WORD)).startswith("KeyError at a place unknown;")
