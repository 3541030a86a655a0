"""What one trial of the trust suite found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """A row of the suite's table: what was tried, how often, how often the promise held."""

    what: str
    tried: int
    survived: int
    note: str = ""

    @property
    def held(self) -> bool:
        """Whether the promise held every time."""
        return self.tried == self.survived
