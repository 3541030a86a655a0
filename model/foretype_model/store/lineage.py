"""The lineage of a model: the texts that it was trained on.

It lies in a file beside the model's, for its user alone: an exported model does not contain it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from foretype_model.files.atomic import atomic_write

LINEAGE_SUFFIX: Final = ".trained-on.json"


@dataclass(frozen=True)
class TrainingTexts:
    """The texts of one training.

    Attributes:
        paths: the absolute paths that the user named.
        files: number of texts below these paths.
        size: of the texts, in bytes.
        secrets: number of keys and passwords that were removed from the texts.
    """

    paths: Sequence[str]
    files: int
    size: int
    secrets: int


@dataclass(frozen=True)
class Lineage:
    """The trainings that made a model.

    Attributes:
        begun_with: the model that the first training started from, whose own texts are unknown
            here; None if it started from none, and empty if the name was not recorded.
        trainings: in order of time.
    """

    begun_with: str | None
    trainings: Sequence[TrainingTexts]

    def write(self, path: Path) -> None:
        """Write the lineage to `path`."""
        with atomic_write(path) as partial:
            partial.write_text(json.dumps(asdict(self)), "utf-8")


def read_lineage(path: Path) -> Lineage | None:
    """Return the lineage in the file `path`, or None if it is missing or cannot be read."""
    try:
        record = json.loads(path.read_text("utf-8"))
        return Lineage(
            record["begun_with"], [TrainingTexts(**texts) for texts in record["trainings"]]
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
