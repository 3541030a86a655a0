"""Which model serves: one everywhere, and others for the files under certain paths."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from foretype_model.files.atomic import atomic_write
from foretype_model.files.uris import real_path

DEFAULT_MODEL: Final = "default"
"""The name of the model that comes with Foretype."""


@dataclass(frozen=True)
class ActiveModels:
    """What serves where; names of models.

    Attributes:
        name: everywhere else.
        paths: files and folders, absolute and without links, each with the name of the model for
            what is under it.
    """

    name: str = DEFAULT_MODEL
    paths: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path, known: Collection[str]) -> ActiveModels:
        """What was written; the default model where that cannot be read, or names a model that is
        not `known`.
        """
        try:
            record = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            return cls()
        if not isinstance(record, dict):
            return cls()
        name, paths = record.get("name"), record.get("paths")
        assigned = paths.items() if isinstance(paths, dict) else ()
        return cls(
            str(name) if name in known else DEFAULT_MODEL,
            {path: model for path, model in assigned if model in known},
        )

    def write(self, file: Path) -> None:
        """Keep it."""
        with atomic_write(file) as partial:
            partial.write_text(json.dumps({"name": self.name, "paths": dict(self.paths)}), "utf-8")

    def for_path(self, document: Path | None) -> str:
        """The model for a document: that of itself, or of the nearest folder above it that has
        one.
        """
        if self.paths and document:
            file = Path(real_path(document))
            for path in map(str, (file, *file.parents)):
                if path in self.paths:
                    return self.paths[path]
        return self.name

    def assign(self, name: str, paths: Iterable[Path]) -> ActiveModels:
        """With `name` for what is under `paths`; without any, everywhere else."""
        under = [real_path(path) for path in paths]
        return (
            replace(self, paths={**self.paths, **dict.fromkeys(under, name)})
            if under
            else replace(self, name=name)
        )

    def unassign_paths(self, name: str) -> ActiveModels:
        """With no path left to the model `name`."""
        return replace(
            self, paths={path: model for path, model in self.paths.items() if model != name}
        )

    def unassign(self, name: str) -> ActiveModels:
        """As it is once there is no such model."""
        elsewhere = self.unassign_paths(name)
        return replace(elsewhere, name=DEFAULT_MODEL) if self.name == name else elsewhere
