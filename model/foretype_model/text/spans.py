"""Parts of a text: lists of spans in rising order that do not overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Span = tuple[int, int]
"""From one byte up to another."""


def merge(spans: Iterable[Span]) -> list[Span]:
    """What any of the spans covers."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(whole[-1][1], end)
        elif start < end:
            whole.append((start, end))
    return whole


def clip(spans: Iterable[Span], low: int, high: int) -> list[Span]:
    """What they cover between two bytes."""
    return [
        (max(start, low), min(end, high))
        for start, end in spans
        if max(start, low) < min(end, high)
    ]


def subtract(spans: Iterable[Span], removed: Iterable[Span]) -> list[Span]:
    """What they cover, and the others do not."""
    return [rest for span in spans for rest in _subtract(span, removed)]


def take_bytes(spans: Iterable[Span], max_bytes: int) -> list[Span]:
    """The first so many bytes of them."""
    found = []
    for start, end in spans:
        if max_bytes > 0:
            found.append((start, min(end, start + max_bytes)))
        max_bytes -= end - start
    return found


def _subtract(span: Span, removed: Iterable[Span]) -> Iterator[Span]:
    start, end = span
    for first_gone, last_gone in clip(removed, start, end):
        if start < first_gone:
            yield start, first_gone
        start = last_gone
    if start < end:
        yield start, end
