"""The bundled models of single scripts."""

from pathlib import Path

import pytest

from foretype_model.predictors.network.runtime import read_metadata
from foretype_model.store.script_models import FOLDER, for_script, for_text, script_model
from foretype_model.store.store import BUNDLED
from foretype_model.text.scripts import SCRIPTS

BUNDLED_SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.onnx"))


def test_models_are_of_known_scripts() -> None:
    """Every bundled file is the model of a script that texts are found to be in."""
    assert BUNDLED_SCRIPTS
    assert set(BUNDLED_SCRIPTS) <= set(SCRIPTS)


@pytest.mark.parametrize("script", BUNDLED_SCRIPTS)
def test_model_is_small_byte_network(script: str) -> None:
    """A script's model can be opened, and is small enough to be one of several in a wheel."""
    path = script_model(script)
    assert path is not None
    assert read_metadata(path).unit == "byte"
    assert path.stat().st_size < 1_500_000


def test_script_replaces_default_alone(tmp_path: Path) -> None:
    """The script of a text decides only where the default model is chosen."""
    greek = "Θα βρείτε συνημμένα τα πρακτικά"
    own = tmp_path / "own.onnx"
    assert for_text(own, greek) == own
    assert for_text(BUNDLED, "the minutes") == BUNDLED
    assert for_text(BUNDLED, greek) == for_script(BUNDLED, "greek") == FOLDER / "greek.onnx"
    assert for_script(BUNDLED, None) == BUNDLED


def test_missing_model_leaves_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A script without a model is completed by the default model."""
    monkeypatch.setattr("foretype_model.store.script_models.FOLDER", tmp_path)
    assert for_script(BUNDLED, "greek") == BUNDLED
