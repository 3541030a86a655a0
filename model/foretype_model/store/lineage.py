"""What a model was trained on, written down beside it: for its user, and not to be given away with
it.
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
        paths: absolute ones, as they were given.
        files: how many texts were found there.
        size: of these, in bytes.
        secrets: keys and passwords that were left out of them.
    """

    paths: Sequence[str]
    files: int
    size: int
    secrets: int


@dataclass(frozen=True)
class Lineage:
    """All the trainings behind a model.

    Attributes:
        begun_with: the name of the model at their beginning, whose own texts are not known here;
            empty where that was not written down, None where there was none.
        trainings: the last one last.
    """

    begun_with: str | None
    trainings: Sequence[TrainingTexts]

    def write(self, path: Path) -> None:
        """Keep it."""
        with atomic_write(path) as partial:
            partial.write_text(json.dumps(asdict(self)), "utf-8")


def read_lineage(path: Path) -> Lineage | None:
    """What was written; None where nothing was, or it cannot be read."""
    try:
        record = json.loads(path.read_text("utf-8"))
        return Lineage(
            record["begun_with"], [TrainingTexts(**texts) for texts in record["trainings"]]
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None
