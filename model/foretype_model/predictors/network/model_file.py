"""What a model file holds, read without ONNX: its metadata, and the numbers it was trained to.

An ONNX file is a protocol buffer, whose wire format is numbered fields, each a number or a run of
bytes that may hold fields again (https://protobuf.dev/programming-guides/encoding,
https://onnx.ai/onnx/repo-docs/IR.html). A reader of the few that are wanted is shorter than what it
takes to load a library for all of them, which takes half a second.

A file begins with its seal: an entry of the metadata that has the SHA-256 of all the rest. In a
protocol buffer it does not matter where a field stands, so every reader of ONNX reads the file, and
no bit of it changes unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

GRAPH, METADATA = 7, 14
"""Fields of a model."""

INITIALIZER: Final = 5
"""A field of a graph."""

DIMS, DATA_TYPE, TENSOR_NAME, RAW_DATA = 1, 2, 8, 9
"""Fields of a tensor."""

ENTRY_KEY, ENTRY_VALUE = 1, 2
"""Fields of an entry of the metadata."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Kinds of field on the wire."""

DATA_TYPES: Final = {1: np.float32, 2: np.uint8, 3: np.int8, 7: np.int64, 10: np.float16}
"""Those that models are written with, by their numbers in ONNX."""

SEAL_KEY: Final = b"foretype.sha256"
"""The key of the metadata's entry that has the SHA-256 of what comes after it."""

EMPTY: Final = memoryview(b"")

DIGEST_LENGTH: Final = 64
"""Characters of a SHA-256."""


class Content(NamedTuple):
    """Of a model file: its metadata, and its numbers by name."""

    metadata: dict[str, str]
    arrays: dict[str, NDArray[Any]]


def read(path: Path) -> Content:
    """What a file holds; ValueError where it is none of this kind, or not whole; OSError where it
    cannot be read.
    """
    metadata: dict[str, str] = {}
    arrays: dict[str, NDArray[Any]] = {}
    content = memoryview(path.read_bytes())
    if is_damaged(content):
        raise ValueError
    for number, value in _fields(content):
        if number == METADATA:
            entry = dict(_fields(_message(value)))
            # What is empty is left out of a file.
            metadata[_text(entry.get(ENTRY_KEY, EMPTY))] = _text(entry.get(ENTRY_VALUE, EMPTY))
        elif number == GRAPH:
            tensors = [
                _tensor(_message(inner))
                for field, inner in _fields(_message(value))
                if field == INITIALIZER
            ]
            arrays.update(tensor for tensor in tensors if tensor)
    return Content(metadata, arrays)


def sealed(content: bytes) -> bytes:
    """A model as it is to be written: with its seal."""
    return _seal(content) + content


def is_damaged(content: bytes | memoryview) -> bool:
    """Whether a file is another than was sealed; of one without a seal, as others write them, that
    is not known.

    A seal of which but its name or its digest is right was one: a bit turned over in it is noticed
    as any other is.
    """
    size = len(_seal(b""))
    start, seal = bytes(content[:size]), _seal(memoryview(content)[size:])
    return start != seal and (
        start[:-DIGEST_LENGTH] == seal[:-DIGEST_LENGTH]
        or start[-DIGEST_LENGTH:] == seal[-DIGEST_LENGTH:]
    )


def _seal(content: bytes | memoryview) -> bytes:
    entry = _bytes_field(ENTRY_KEY, SEAL_KEY) + _bytes_field(
        ENTRY_VALUE, hashlib.sha256(content).hexdigest().encode()
    )
    return _bytes_field(METADATA, entry)


def _bytes_field(number: int, value: bytes) -> bytes:
    """A field that holds bytes, fewer than 128."""
    return bytes((number << 3 | BYTES, len(value))) + value


def _tensor(message: memoryview) -> tuple[str, NDArray[Any]] | None:
    """Its name and numbers, which stay where they are in the file; None of one of a type that no
    model has.
    """
    dims: list[int] = []
    found: dict[int, int | memoryview] = {}
    for number, value in _fields(message):
        if number == DIMS and isinstance(value, memoryview):
            dims += _packed(value)
        elif number == DIMS:
            dims.append(int(value))
        else:
            found[number] = value
    data_type = found.get(DATA_TYPE)
    if data_type not in DATA_TYPES or RAW_DATA not in found or TENSOR_NAME not in found:
        return None
    numbers = np.frombuffer(_message(found[RAW_DATA]), DATA_TYPES[int(data_type)])
    if prod(dims) != len(numbers):
        raise ValueError
    return _text(found[TENSOR_NAME]), numbers.reshape(dims)


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message, in their order: the number of each, and what it holds."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        size = 0
        if tag & 7 == VARINT:
            number, at = _varint(message, at)
            yield tag >> 3, number
            continue
        if tag & 7 == BYTES:
            size, at = _varint(message, at)
        elif tag & 7 in (FIXED32, FIXED64):
            size = 4 if tag & 7 == FIXED32 else 8
        else:
            raise ValueError
        if size > len(message) - at:
            raise ValueError
        yield tag >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number, seven bits in a byte, the lowest first; and where it ends."""
    number = 0
    for i, byte in enumerate(message[at : at + 10]):
        number |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return number, at + i + 1
    raise ValueError


def _packed(message: memoryview) -> Iterator[int]:
    at = 0
    while at < len(message):
        number, at = _varint(message, at)
        yield number


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, memoryview):
        return value
    raise ValueError


def _text(value: int | memoryview) -> str:
    return str(_message(value), "utf-8")
