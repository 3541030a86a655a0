"""The files that stay in the data folder when the editors no longer use Foretype."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foretype_model.files.permissions import MODELS_FOLDER, own_entries
from foretype_model.store.store import MODEL_SUFFIX, data_folder

MODELS: Final = frozenset({MODEL_SUFFIX, ".checkpoint"})
"""Suffixes of models and of trainings that can be continued."""


@dataclass(frozen=True)
class Leftovers:
    """Files of Foretype in its data folder.

    Attributes:
        folder: the data folder.
        learnt: the files and folders with indexes, corrections, counts and tokens.
        models: the models of the user, finished or in training.
    """

    folder: Path
    learnt: list[Path]
    models: list[Path]

    def delete_learnt(self) -> None:
        """Delete all but the models; delete the data folder as well if nothing else is in it."""
        for path in self.learnt:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        models = self.folder / MODELS_FOLDER
        if not self.models and models.is_dir() and not models.is_symlink():
            shutil.rmtree(models)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def find_leftovers() -> Leftovers:
    """Return the present contents of the data folder."""
    folder = data_folder()
    own = own_entries(folder) if folder.is_dir() else []
    models = [path for path in own if path.name == MODELS_FOLDER]
    return Leftovers(
        folder,
        [path for path in own if path not in models],
        sorted(file for path in models for file in path.rglob("*") if file.suffix in MODELS),
    )


def size_of(paths: list[Path]) -> int:
    """Return the size of files, and of all files in folders, in bytes."""
    files = [file for path in paths for file in (path, *path.rglob("*"))]
    return sum(file.lstat().st_size for file in files if file.is_file())
