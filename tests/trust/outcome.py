"""The result of a claim of the trust suite."""

from __future__ import annotations

from dataclasses import dataclass


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
