"""The types and ranges of a model's metadata, which may come from anyone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TEXTS: Final = ("name", "created", "description")

UNITS: Final = ("byte", "word")

STATE_PARTS: Final = {"gru": 1, "lstm": 2, "rnn": 1}
"""The kinds of cells, and the vectors of `hidden` numbers in the state of a layer of each."""

MAX_SIZE: Final = 1 << 16
"""An upper bound of a network's sizes: larger matrices do not fit a file."""

RANGES: Final = {
    "hidden": (1, MAX_SIZE),
    "layers": (1, 256),
    "embedding": (1, MAX_SIZE),
    "parameters": (0, 1 << 63),
    "trained_bytes": (0, 1 << 63),
    "vocabulary": (1, 1 << 31),
    "ngrams": (1, MAX_SIZE),
    "words": (0, MAX_SIZE),
    "word_rows": (2, 1 << 31),
}
"""The least and the largest value of each number."""


def is_valid(entries: Mapping[str, Any]) -> bool:
    """Return whether each entry, by its name, has its type and lies in its range."""
    bits = entries["bits_per_character"]
    return (
        all(isinstance(entries[name], str) for name in (*TEXTS, "cell", "unit"))
        and entries["cell"] in STATE_PARTS
        and entries["unit"] in UNITS
        and all(_is_between(entries[name], *limits) for name, limits in RANGES.items())
        and entries["word_rows"].bit_count() == 1
        and (
            bits is None
            or (isinstance(bits, float) and not bits < 0)  # NaN, if a training has diverged
            or _is_between(bits, 0, MAX_SIZE)
        )
    )


def _is_between(number: object, least: int, most: int) -> bool:
    return type(number) is int and least <= number <= most
