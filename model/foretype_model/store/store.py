"""The models on this machine: a folder of ONNX files and the bundled model, and the record of the
active ones.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs

from foretype_model.errors import ModelError
from foretype_model.files.atomic import atomic_write, private_folder
from foretype_model.files.lock import exclusive
from foretype_model.store.active import DEFAULT_MODEL, ActiveModels
from foretype_model.store.lineage import LINEAGE_SUFFIX, Lineage, TrainingTexts, read_lineage

if TYPE_CHECKING:
    from foretype_model.predictors.network.runtime import Metadata

BUNDLED: Final = Path(__file__).parents[1] / "data" / "default.onnx"
MODEL_CARD: Final = "MODEL_CARD.md"
MODEL_SUFFIX: Final = ".onnx"
ACTIVE_FILE: Final = "in-use.json"

# Windows reserves the names of its devices, with any suffix.
_NAME: Final = re.compile(r"(?!(con|prn|aux|nul|com\d|lpt\d)(\.|$))[a-z0-9][a-z0-9._-]{0,63}")


def data_folder() -> Path:
    """Return the folder of the user's models and learnt state: ``$FORETYPE_HOME``, or the
    platform's folder for such data.

    For a user without a home, as in some containers, it is a path where no file can exist.
    """
    if home := os.environ.get("FORETYPE_HOME"):
        return Path(home)
    with suppress(RuntimeError):
        return platformdirs.user_data_path("foretype", appauthor=False)
    return Path(os.devnull, "no home: set FORETYPE_HOME")


@dataclass(frozen=True)
class StoredModel:
    """A model as the store lists it.

    Attributes:
        size: of the file, in bytes.
        in_use: whether it completes all files without a model of their own.
        paths: the files and folders that it completes in place of the one in use.
        bundled: whether it comes with Foretype.
        metadata: None if the file cannot be used, for the reason in `error`.
    """

    name: str
    path: Path
    size: int
    in_use: bool
    paths: Sequence[str]
    bundled: bool
    metadata: Metadata | None
    error: str | None = None


class Store:
    """The models in one folder (by default the user's own), and the bundled one, named
    ``default``.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or data_folder() / "models"
        self._record = self._folder / ACTIVE_FILE

    def list(self) -> Sequence[StoredModel]:
        """Return all models, also broken ones: the bundled one first, then by name."""
        in_use = self.in_use()
        return [self._describe(name, in_use) for name in self.names()]

    def names(self) -> Sequence[str]:
        """Return the names that `find` accepts."""
        stems = (path.stem for path in self._folder.glob(f"*{MODEL_SUFFIX}"))
        return [
            DEFAULT_MODEL,
            *sorted(stem for stem in stems if _NAME.fullmatch(stem) and stem != DEFAULT_MODEL),
        ]

    def find(self, name_or_path: str | None, document: Path | None = None) -> Path:
        """Return the file of a model.

        Args:
            name_or_path: of the model, or None for the active one.
            document: the file to complete, which may have an active model of its own.

        Raises:
            ModelError: there is no such model; the message names the known ones.
        """
        if name_or_path is None:
            return self._path(self.in_use().for_path(document))
        if name_or_path in self.names():
            return self._path(name_or_path)
        file = _existing_file(name_or_path)
        if file is not None:
            return file
        raise ModelError(f"no model or file {name_or_path!r}; there is: {', '.join(self.names())}")

    def in_use(self) -> ActiveModels:
        """Return the active models."""
        return ActiveModels.read(self._record, self.names())

    def stamp(self) -> int:
        """Return a number that changes with the active models."""
        try:
            return self._record.stat().st_mtime_ns
        except OSError:
            return 0

    def use(self, name: str, paths: Sequence[Path] = ()) -> None:
        """Make a model the active one for the files under `paths`, or without any for all others.

        Raises:
            ModelError: the model is unknown or word-level, or a path is missing.
        """
        self._check_known(name)
        if model_unit(self._path(name)) == "word":
            raise ModelError(
                f"{name} is a word-level model; complete with it by {setting_for_words(name)}"
            )
        if missing := [path for path in paths if not path.exists()]:
            raise ModelError(
                f"there is no file or folder {missing[0]}; name those that {name} is to complete"
            )
        self._change(lambda in_use: in_use.assign(name, paths))

    def remove(self, name: str) -> None:
        """Delete a model. If it was active, the bundled one takes its place.

        Raises:
            ModelError: the model is unknown or bundled.
        """
        if name == DEFAULT_MODEL:
            raise ModelError("the default model comes with Foretype and cannot be removed")
        self._check_known(name)
        self._change(lambda in_use: in_use.unassign(name))
        self._own_path(name).unlink()
        self._lineage_path(name).unlink(missing_ok=True)

    def import_file(self, path: Path, name: str | None = None) -> str:
        """Copy a model file into the store, and return its name, by default that of the file.

        Raises:
            ModelError: the file is no model or cannot be run, or the name is taken or not allowed.
        """
        name = path.stem.lower() if name is None else name
        target = self._own_path(name)
        private_folder(self._folder)
        # Of two imports under one name, the second must find the first.
        with exclusive(self._folder):
            if target.exists():
                raise ModelError(
                    f"there is a model named {name} already; "
                    "import under another name, or remove that one"
                )
            self._copy_in(name, path)
        return name

    def add(self, name: str, data: Path, lineage: Lineage | None = None) -> None:
        """Move the file of a trained model into the store.

        It replaces a model of the same name, whose paths are unassigned.
        """
        self._copy_in(name, data)
        self._lineage_path(name).unlink(missing_ok=True)
        if lineage:
            lineage.write(self._lineage_path(name))
        data.unlink()
        self._change(lambda in_use: in_use.unassign_paths(name))

    def lineage(self, name: str) -> Lineage | None:
        """Return the lineage of a model, or None if it is unknown, as for an imported model."""
        return read_lineage(self._lineage_path(name))

    def extended_lineage(self, origin: str | None, texts: TrainingTexts) -> Lineage:
        """Return the lineage of a model trained on `texts`, starting from the model `origin`."""
        before = self.lineage(origin) if origin else None
        return (
            Lineage(before.begun_with, [*before.trainings, texts])
            if before
            else Lineage(origin, [texts])
        )

    def exportable(self, name: str, destination: Path) -> StoredModel:
        """Return the model that `export` would copy.

        Raises:
            ModelError: the model is unknown, or no file can be written to `destination`.
        """
        self._check_known(name)
        if destination.is_dir():
            raise ModelError(
                f"{destination} is a folder; name the file to write, as in "
                f"{destination / name}{MODEL_SUFFIX}"
            )
        if not destination.parent.is_dir():
            raise ModelError(f"{destination.parent} is not a folder; make it first")
        return self._describe(name, self.in_use())

    def export(self, name: str, destination: Path) -> None:
        """Copy a model to the file `destination`, without its lineage. Raises as `exportable`."""
        self.exportable(name, destination)
        with atomic_write(destination) as partial:
            shutil.copyfile(self._path(name), partial)

    def _change(self, change: Callable[[ActiveModels], ActiveModels]) -> None:
        """Write the assignments that `change` makes of the present ones, if they differ."""
        before = self.in_use()
        if change(before) == before:
            return
        private_folder(self._folder)
        # Read and written under the lock: without it, of 80 assignments that two processes made at
        # once, 29 survived.
        with exclusive(self._folder):
            change(self.in_use()).write(self._record)

    def _copy_in(self, name: str, path: Path) -> None:
        from foretype_model.predictors.network.runtime import check_model  # noqa: PLC0415 (imports onnxruntime)

        target = self._own_path(name)
        if not path.is_file():
            raise ModelError(
                f"there is no file {path}; name a model file, as in notes{MODEL_SUFFIX}"
            )
        check_model(path)
        with atomic_write(target) as partial:
            shutil.copyfile(path, partial)

    def _describe(self, name: str, in_use: ActiveModels) -> StoredModel:
        from foretype_model.predictors.network.runtime import read_metadata  # noqa: PLC0415 (imports onnxruntime)

        path = BUNDLED if name == DEFAULT_MODEL else self._own_path(name)
        metadata, error = None, None
        try:
            metadata = read_metadata(self._path(name))
        except ModelError as broken:
            error = str(broken)
        size = path.stat().st_size if path.exists() else 0
        paths = sorted(path for path, model in in_use.paths.items() if model == name)
        return StoredModel(
            name, path, size, in_use.name == name, paths, name == DEFAULT_MODEL, metadata, error
        )

    def _path(self, name: str) -> Path:
        if name != DEFAULT_MODEL:
            return self._own_path(name)
        if not BUNDLED.is_file():
            raise ModelError(
                f"the default model is missing ({BUNDLED}); install Foretype anew, or name a model "
                f"of your own"
            )
        return BUNDLED

    def _own_path(self, name: str) -> Path:
        if name == DEFAULT_MODEL or not _NAME.fullmatch(name):
            raise ModelError(
                f"{name!r} cannot name a model; take other letters: a-z, 0-9, '.', '_' and '-'"
            )
        return self._folder / f"{name}{MODEL_SUFFIX}"

    def _lineage_path(self, name: str) -> Path:
        return self._folder / f"{name}{LINEAGE_SUFFIX}"

    def _check_known(self, name: str) -> None:
        if name not in self.names():
            raise ModelError(f"no model {name!r}; there is: {', '.join(self.names())}")


def model_card(path: Path) -> Path | None:
    """Return the Markdown file about the origin and purpose of a model; only the bundled model has
    one.
    """
    card = BUNDLED.parent / MODEL_CARD
    return card if path == BUNDLED and card.is_file() else None


def setting_for_words(name: str) -> str:
    """Return the setting that adds a word-level model to the predictors."""
    return (
        f'the setting "predictors": '
        f"{json.dumps({'network': {}, 'words': {'model': name}, 'copy': {}})}"
    )


def model_unit(path: Path) -> str | None:
    """Return the unit that a model predicts, ``byte`` or ``word``; None if its file is unusable."""
    from foretype_model.predictors.network.runtime import read_metadata  # noqa: PLC0415 (imports onnxruntime)

    try:
        return read_metadata(path).unit
    except ModelError:
        return None


def _existing_file(path: str) -> Path | None:
    try:
        file = Path(path).expanduser()
        return file if file.is_file() else None
    except (OSError, RuntimeError, ValueError):
        # A setting may be any text: with a NUL, too long for a name, "~" of an unknown user.
        return None
