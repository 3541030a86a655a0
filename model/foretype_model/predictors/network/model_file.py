"""A reader of model files without ONNX: the metadata and the trained arrays.

An ONNX file is a protocol buffer. Its wire format is a sequence of numbered fields, each a number
or a run of bytes that may hold fields again (https://protobuf.dev/programming-guides/encoding,
https://onnx.ai/onnx/repo-docs/IR.html). This reader knows the few fields that are needed; loading a
library that knows them all takes half a second.

A file begins with its seal: a metadata entry with the SHA-256 of the rest. The order of fields does
not matter in a protocol buffer, so every reader of ONNX reads the file, and no changed bit stays
unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foretype_model.files.regular import read_regular

MAX_MODEL_BYTES: Final = 2_000_000_000
"""Bytes of a model file; a protocol buffer has no more."""

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
"""The data types of model files, by their numbers in ONNX."""

SEAL_KEY: Final = b"foretype.sha256"
"""Key of the metadata entry with the SHA-256 of the bytes after it."""

EMPTY: Final = memoryview(b"")

DIGEST_LENGTH: Final = 64
"""Hexadecimal digits of a SHA-256."""


class Content(NamedTuple):
    """The content of a model file: its metadata, and its arrays by name."""

    metadata: dict[str, str]
    arrays: dict[str, NDArray[Any]]


def read(path: Path) -> Content:
    """Return the content of a file.

    Raises:
        ValueError: the file is damaged or of another kind.
        OSError: the file cannot be read.
    """
    metadata: dict[str, str] = {}
    arrays: dict[str, NDArray[Any]] = {}
    content = memoryview(read_regular(path, MAX_MODEL_BYTES))
    if is_damaged(content):
        raise ValueError
    for number, value in _fields(content):
        if number == METADATA:
            entry = dict(_fields(_message(value)))
            # A file omits empty fields.
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
    """Return the content of a model file with its seal."""
    return _seal(content) + content


def is_damaged(content: bytes | memoryview) -> bool:
    """Return whether a file differs from its seal; False for a file without a seal.

    Other programs write no seal. A seal with only its key or only its digest intact counts as a
    damaged seal, so that a flipped bit in the seal is noticed, too.
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
    """Return a field that holds fewer than 128 bytes."""
    return bytes((number << 3 | BYTES, len(value))) + value


def _tensor(message: memoryview) -> tuple[str, NDArray[Any]] | None:
    """Return the name and array of a tensor, or None if its type is not one of `DATA_TYPES`.

    The array is a view into the file's content.
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
    """Yield the number and value of each field of a message, in order."""
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
    """Return a number, stored as 7 bits a byte, the lowest first, and its end offset."""
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
