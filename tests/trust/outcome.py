"""The result of a claim of the trust suite."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class Outcome:
    """A row of the suite's table: a claim, its trials, and the trials in which it held."""

    claim: str
    tried: int
    survived: int
    note: str = ""

    @property
    def held(self) -> bool:
        """Return whether the claim held in every trial."""
        return self.tried == self.survived


def without_torch(claim: str) -> Outcome | None:
    """Return the row of a claim about trainings if torch is missing, else None."""
    if find_spec("torch"):
        return None
    return Outcome(claim, 0, 0, "not tried: torch is missing: pip install -e '.[train]'")
