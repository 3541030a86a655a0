"""Arbitrary edits and messages: no text is lost, and no server hangs or ends."""

from __future__ import annotations

from collections.abc import Iterator

from tests.trust import protocol_edits, protocol_guided, protocol_server, protocol_warm
from tests.trust.outcome import Outcome


def outcomes(scale: float) -> Iterator[Outcome]:
    """Try a million edits and ten million bytes of garbage at scale 1."""
    yield from protocol_edits.outcomes(scale)
    yield from protocol_warm.outcomes(scale)
    yield from protocol_server.outcomes(scale)
    yield from protocol_guided.outcomes(scale)
