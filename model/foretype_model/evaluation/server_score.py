"""The scores of a language server that ran as a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from foretype_model.evaluation.score import SystemScore
from foretype_model.evaluation.typist import Mode


@dataclass(frozen=True)
class Answers:
    """The answers of a server in one mode.

    Attributes:
        seconds: from each request to its answer.
        processor: seconds of processor time of all answers; None where the system does not tell.
        failed: requests without an answer in time, or with an error; they count as empty answers.
    """

    seconds: Sequence[float]
    processor: float | None
    failed: int

    def quantile(self, share: float) -> float | None:
        """Return the seconds within which `share` of the answers came; None without any."""
        ranked = sorted(self.seconds)
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else None

    @property
    def processor_each(self) -> float | None:
        """The mean processor time of an answer, in seconds."""
        if self.processor is None or not self.seconds:
            return None
        return self.processor / len(self.seconds)

    def figures(self) -> dict[str, Any]:
        """Return the figures as values for JSON."""
        return {
            "requests": len(self.seconds),
            "failed": self.failed,
            "seconds_mean": mean(self.seconds) if self.seconds else None,
            "seconds_p50": self.quantile(0.5),
            "seconds_p99": self.quantile(0.99),
            "processor_seconds": self.processor_each,
        }


@dataclass(frozen=True)
class ServerScore:
    """The scores of one server.

    Attributes:
        score: next words and keys saved; no probabilities.
        answers: by mode.
        peak_memory: bytes resident at most; None where the system does not tell.
    """

    score: SystemScore
    answers: Mapping[Mode, Answers]
    peak_memory: int | None

    def figures(self) -> dict[str, Any]:
        """Return the scores as values for JSON; None if the server has no such score."""
        return {
            **self.score.figures(),
            "answers": {mode: one.figures() for mode, one in self.answers.items()},
            "peak_memory": self.peak_memory,
        }
