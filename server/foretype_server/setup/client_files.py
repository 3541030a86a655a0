"""Finds the plugins for the editors: beside the code in a wheel, else in ``editor-clients``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CLIENTS_FOLDER: Final = "editor-clients"


def editor_files(editor: str) -> Path:
    """Return the folder of the plugin for `editor`, such as ``neovim``.

    A wheel has only the files to install, a checkout has the sources as well.
    """
    installed = Path(__file__).parents[1] / CLIENTS_FOLDER / editor
    return installed if installed.is_dir() else Path(__file__).parents[3] / CLIENTS_FOLDER / editor
