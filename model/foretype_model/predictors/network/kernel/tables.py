"""Tables of embeddings in 4 bits, and in 8.

A table has a scale c_j for each column. In 8 bits an entry is an int8 times c_j. In 4 bits each
row has a scale s_i besides, a whole number up to 255, and an entry is

    (2 q - 15) * s_i * c_j,   q from 0 to 15.

A row keeps two entries in a byte: column j in the lower half of byte j, column j + ceil(columns /
2) in its upper half. Sums of rows are sums of whole numbers either way, so that every way of adding
them up gives the same.

The tables are seven eighths of a network's file. In 4 bits instead of 8, the default network needed
0.1 to 0.25 % more bits a byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

LARGEST: Final = 15
"""The largest 2 q - 15."""

MAX_ROW_SCALE: Final = 255

CLIPS: Final = (1.0, 0.9, 0.8, 0.7)
"""Parts of a row's largest number that are tried as the largest that 4 bits express: a narrower
range is finer, and cuts off what lies beyond it.
"""

ROWS_AT_ONCE: Final = 1 << 15
"""Rows quantised in one pass: bounds its memory, some 40 bytes for each of their entries."""

Arrays = Mapping[str, NDArray[Any]]


class Table(NamedTuple):
    """A table as a file has it.

    Attributes:
        entries: int8 of shape (rows, columns), or uint8 of shape (rows, ceil(columns / 2)).
        row_scale: uint8, shape (rows,); None in 8 bits.
        scale: of each column, float32.
    """

    entries: NDArray[Any]
    row_scale: NDArray[np.uint8] | None
    scale: NDArray[np.float32]


def find(arrays: Arrays, name: str) -> Table | None:
    """Return the table of a weight, in 8 or 4 bits; None if it is not there, whole."""
    scale = arrays.get(f"{name}.scale")
    if scale is None or scale.dtype != np.float32 or scale.ndim != 1:
        return None
    eight, four, row_scale = (
        arrays.get(f"{name}.{part}") for part in ("int8", "int4", "row_scale")
    )
    if eight is not None and eight.dtype == np.int8 and eight.shape[1:] == scale.shape:
        return Table(eight, None, scale)
    if four is None or row_scale is None or {four.dtype, row_scale.dtype} != {np.dtype(np.uint8)}:
        return None
    if row_scale.ndim != 1 or four.shape != (len(row_scale), -(-len(scale) // 2)):
        return None
    return Table(four, row_scale, scale)


def quantise(weight: NDArray[np.float32]) -> Table:
    """Return a table of shape (rows, columns) in 4 bits."""
    scale = np.sqrt(np.square(weight).mean(0, dtype=np.float64)).astype(np.float32) + np.float32(
        1e-12
    )
    largest = max(float((np.abs(weight) / scale).max()), 1e-12)
    scale *= largest / (LARGEST * MAX_ROW_SCALE)
    parts = [
        _quantised_rows(weight[first : first + ROWS_AT_ONCE] / scale)
        for first in range(0, len(weight), ROWS_AT_ONCE)
    ]
    entries, row_scale = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Table(entries, row_scale, scale)


def _quantised_rows(
    rows: NDArray[np.float32],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the packed entries and scales of rows that are divided by the columns' scales."""
    widest = np.abs(rows).max(1, keepdims=True)
    best, entries, scales = np.full(len(rows), np.inf), np.zeros(rows.shape, np.uint8), widest
    for clip in CLIPS:
        scale = np.clip(np.ceil(widest * clip / LARGEST), 1, MAX_ROW_SCALE)
        q = np.clip(np.round((rows / scale + LARGEST) / 2), 0, LARGEST)
        error = np.square(rows - (2 * q - LARGEST) * scale).sum(1)
        better = error < best
        best = np.where(better, error, best)
        entries = np.where(better[:, None], q.astype(np.uint8), entries)
        scales = np.where(better[:, None], scale, scales)
    # No entry lies between -scale and scale, so a row of small numbers may be best as zeros.
    zero = np.square(rows).sum(1) <= best
    half = -(-rows.shape[1] // 2)
    upper = np.pad(entries[:, half:], ((0, 0), (0, 2 * half - rows.shape[1])))
    packed = np.bitwise_or(entries[:, :half], upper * np.uint8(16), dtype=np.uint8)
    return packed, np.where(zero, 0, scales[:, 0]).astype(np.uint8)


def dequantise(table: Table) -> NDArray[np.float32]:
    """Return the entries of a table as numbers, shape (rows, columns)."""
    if table.row_scale is None:
        return np.asarray(table.entries * table.scale, np.float32)
    columns = len(table.scale)
    q = np.concatenate([table.entries & 15, table.entries >> 4], 1)[:, :columns]
    return (2 * q.astype(np.float32) - LARGEST) * table.row_scale[:, None] * table.scale
