"""Spans of a text. Lists of them rise and do not overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Span = tuple[int, int]
"""The bytes from a start up to an end."""


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the union of the spans, which may overlap and be in any order."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(whole[-1][1], end)
        elif start < end:
            whole.append((start, end))
    return whole


def clip(spans: Iterable[Span], low: int, high: int) -> list[Span]:
    """Return the parts of the spans between the bytes `low` and `high`."""
    return [
        (max(start, low), min(end, high))
        for start, end in spans
        if max(start, low) < min(end, high)
    ]


def subtract(spans: Iterable[Span], removed: Iterable[Span]) -> list[Span]:
    """Return the parts of the spans outside the removed ones."""
    return [rest for span in spans for rest in _subtract(span, removed)]


def take_bytes(spans: Iterable[Span], max_bytes: int) -> list[Span]:
    """Return the first `max_bytes` bytes of the spans."""
    found = []
    for start, end in spans:
        if max_bytes > 0:
            found.append((start, min(end, start + max_bytes)))
        max_bytes -= end - start
    return found


def _subtract(span: Span, removed: Iterable[Span]) -> Iterator[Span]:
    start, end = span
    for removed_start, removed_end in clip(removed, start, end):
        if start < removed_start:
            yield start, removed_start
        start = removed_end
    if start < end:
        yield start, end
