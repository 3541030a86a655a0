"""The bundled models of single scripts. Each takes the place of the default model in texts that are
mainly written in its script.

The default model shares its 768 units and its tables among 30 languages. A network of 256 units
that has read the texts in one script alone, two to four times, takes 7 to 14 % fewer bits in the
mixture (the table is in `data/MODEL_CARD.md`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from foretype_model.store.store import BUNDLED, MODEL_SUFFIX
from foretype_model.text.scripts import Script, main_script

FOLDER: Final = BUNDLED.parent / "scripts"


def script_model(script: Script | None) -> Path | None:
    """Return the model of a script, if there is one."""
    path = FOLDER / f"{script}{MODEL_SUFFIX}"
    return path if script and path.is_file() else None


def for_script(model: Path, script: Script | None) -> Path:
    """Return the model that completes a text for which `model` is chosen: another one if that is
    the default model, and the script has a model of its own.
    """
    return (script_model(script) or model) if model == BUNDLED else model


def for_text(model: Path, text: str) -> Path:
    """Return the model that completes `text`, for which `model` is chosen."""
    return for_script(model, main_script(text))
