"""The active models: one in general, and others for the files under certain paths."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from foretype_model.files.atomic import atomic_write
from foretype_model.files.uris import real_path

DEFAULT_MODEL: Final = "default"
"""The name of the bundled model."""


@dataclass(frozen=True)
class ActiveModels:
    """The names of the active models.

    Attributes:
        name: the model for all files outside of `paths`.
        paths: the models for certain files and folders, by their absolute paths without links. A
            folder's model completes the files below it.
    """

    name: str = DEFAULT_MODEL
    paths: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path, known: Collection[str]) -> ActiveModels:
        """Return the record in `file`, or the default model if it cannot be read.

        A model that is not among the `known` names is left out.
        """
        try:
            record = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
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
        """Write the record to `file`."""
        with atomic_write(file) as partial:
            partial.write_text(json.dumps({"name": self.name, "paths": dict(self.paths)}), "utf-8")

    def for_path(self, document: Path | None) -> str:
        """Return the model of a document, or of the nearest folder above it that has one."""
        if self.paths and document:
            file = Path(real_path(document))
            for path in map(str, (file, *file.parents)):
                if path in self.paths:
                    return self.paths[path]
        return self.name

    def assign(self, name: str, paths: Iterable[Path]) -> ActiveModels:
        """Return the record with `name` for `paths`, or without any paths for all other files.

        The default model needs no entry where it completes anyway.
        """
        under = [real_path(path) for path in paths]
        if not under:
            return replace(self, name=name)
        assigned = replace(self, paths={**self.paths, **dict.fromkeys(under, name)})
        # Outer folders first: an inner one may need no entry because of them.
        for path in sorted(under, key=len) if name == DEFAULT_MODEL else ():
            without = {other: model for other, model in assigned.paths.items() if other != path}
            if replace(assigned, paths=without).for_path(Path(path)) == name:
                assigned = replace(assigned, paths=without)
        return assigned

    def unassign_paths(self, name: str) -> ActiveModels:
        """Return the record without the paths of the model `name`."""
        return replace(
            self, paths={path: model for path, model in self.paths.items() if model != name}
        )

    def unassign(self, name: str) -> ActiveModels:
        """Return the record without the model `name`; the default model takes its place."""
        elsewhere = self.unassign_paths(name)
        return replace(elsewhere, name=DEFAULT_MODEL) if self.name == name else elsewhere
