"""Faults of a machine: killed processes, full disks, damaged files, bad plugins, clock jumps."""

from __future__ import annotations

from collections.abc import Iterator

from tests.trust import (
    faults_clock,
    faults_files,
    faults_homes,
    faults_kills,
    faults_plugins,
    faults_two,
    faults_writes,
)
from tests.trust.outcome import Outcome


def outcomes(scale: float) -> Iterator[Outcome]:
    """Yield the outcomes of all kinds of faults."""
    for part in (
        faults_writes,
        faults_kills,
        faults_homes,
        faults_clock,
        faults_files,
        faults_plugins,
        faults_two,
    ):
        yield from part.outcomes(scale)
