"""The files of the editors' own plugins: in the wheel beside the code, in a checkout under
``editor-clients``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

CLIENTS_FOLDER: Final = "editor-clients"


def editor_files(editor: str) -> Path:
    """The folder of what `editor` needs, such as ``neovim``; the wheel has only what is installed,
    not its sources.
    """
    installed = Path(__file__).parents[1] / CLIENTS_FOLDER / editor
    return installed if installed.is_dir() else Path(__file__).parents[3] / CLIENTS_FOLDER / editor
