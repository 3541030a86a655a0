"""The patterns of an ignore file, ordered so that few of them are compared with a name.

Most patterns are names (``build``) or endings (``*.log``), which are looked up. So a name
takes hardly longer with 100,000 lines than with ten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from foretype_model.files.wildmatch import StepBudget, Wildcard, literal_prefix

KEY_BYTES: Final = 3
"""Literal bytes at either end of a pattern by which it is looked up."""

NO_MATCH: Final = -1


class IgnoreTable:
    """Patterns with their indices, of which the last one that matches decides."""

    def __init__(self, *, ignore_case: bool) -> None:
        self._ignore_case = ignore_case
        self._names: dict[bytes, int] = {}
        self._paths: dict[bytes, int] = {}
        self._endings: dict[int, dict[bytes, int]] = defaultdict(dict)
        self._wild_names, self._wild_paths = _WildTable(), _WildTable()

    def add(self, index: int, pattern: bytes, *, is_path: bool) -> None:
        """Add a pattern, after those of lower indices.

        Args:
            pattern: without the slashes around it.
            is_path: it is compared with the path, and not with the name alone.
        """
        literal = literal_prefix(pattern)
        folded = pattern.lower() if self._ignore_case else pattern
        if literal == pattern:
            (self._paths if is_path else self._names)[folded] = index
        elif not is_path and pattern[:1] == b"*" and literal_prefix(pattern[1:]) == pattern[1:]:
            self._endings[len(pattern) - 1][folded[1:]] = index
        else:
            wildcard = Wildcard(pattern, is_path=is_path, ignore_case=self._ignore_case)
            (self._wild_paths if is_path else self._wild_names).add(index, wildcard)

    def last_match(self, name: bytes, path: bytes, after: int, budget: StepBudget) -> int:
        """Return the index of the last pattern that matches, or `after` if none does after that.

        Raises:
            OutOfStepsError: the patterns need more than the budget.
        """
        best = max(after, self._names.get(name, NO_MATCH), self._paths.get(path, NO_MATCH))
        budget.spend(len(self._endings))
        for length, endings in self._endings.items():
            best = max(best, endings.get(name[len(name) - length :], NO_MATCH))
        best = self._wild_names.last_match(name, best, budget)
        return self._wild_paths.last_match(path, best, budget)


class _WildTable:
    """Patterns with wildcards, looked up by the literal bytes at their start or end."""

    def __init__(self) -> None:
        self._by_start: dict[bytes, list[tuple[int, Wildcard]]] = defaultdict(list)
        self._by_end: dict[bytes, list[tuple[int, Wildcard]]] = defaultdict(list)
        self._others: list[tuple[int, Wildcard]] = []

    def add(self, index: int, wildcard: Wildcard) -> None:
        if len(wildcard.start) >= KEY_BYTES:
            self._by_start[wildcard.start[:KEY_BYTES]].append((index, wildcard))
        elif len(wildcard.end) >= KEY_BYTES:
            self._by_end[wildcard.end[-KEY_BYTES:]].append((index, wildcard))
        else:
            self._others.append((index, wildcard))

    def last_match(self, text: bytes, after: int, budget: StepBudget) -> int:
        best = _last_match(self._by_start.get(text[:KEY_BYTES], ()), text, after, budget)
        best = _last_match(self._by_end.get(text[-KEY_BYTES:], ()), text, best, budget)
        return _last_match(self._others, text, best, budget)


def _last_match(
    patterns: Sequence[tuple[int, Wildcard]], text: bytes, after: int, budget: StepBudget
) -> int:
    for index, wildcard in reversed(patterns):
        if index <= after:
            break
        if wildcard.matches(text, budget):
            return index
    return after
