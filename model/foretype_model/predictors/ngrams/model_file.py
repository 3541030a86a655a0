"""The file of an n-gram model: one block of little-endian arrays that is mapped, not read.

Tokens are numbered as in `tokens`. Contexts are case-folded: each token has a number that stands
for it in contexts. An n-gram takes 3 bytes: 18 bits of its last token and 6 bits of its
probability, a place in a table of 64. The n-grams with the same context are a list in the order of
their last tokens, so that the words with a prefix are a range of it.

    header      MAGIC, CRC-32 of all that follows it, the Sizes
    tables      float32 (3, 64): probabilities of bigrams, of trigrams, shares of trigram contexts
    lengths     uint8 (tokens): bytes of each token's text
    words       uint32 (tokens): number in contexts, and 14 bits of the unigram's logarithm
    keys2       uint32 (contexts2): the token, and 14 bits of the share left to unigrams
    starts2     uint32 (contexts2 + 1): where the bigrams of each begin
    outer3      uint32 (outer3): the first tokens of trigrams
    outer_starts3 uint32 (outer3 + 1): where the contexts of each begin
    bases3      uint32: where the trigrams of every 32nd context begin
    offsets3    uint16 (contexts3 + 1): where the trigrams of a context begin, from its base
    keys3       3 bytes (contexts3): the second token, and 6 bits of the share left to bigrams
    bigrams     3 bytes (bigrams)
    trigrams    3 bytes (trigrams)
    text        the tokens' bytes, one after the other
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from foretype_model.errors import ModelError
from foretype_model.files.atomic import atomic_write
from foretype_model.predictors.ngrams.tokens import FIRST_SEPARATOR

MAGIC: Final = b"foretype ngrams1"
TOKEN_BITS: Final = 18
"""Bits of a token in an n-gram; the other 6 of its 3 bytes are the code of its probability."""

MAX_TOKENS: Final = 1 << TOKEN_BITS
TOKEN_MASK: Final = MAX_TOKENS - 1
LEVELS: Final = 64
CODE_LEVELS: Final = 1 << 32 - TOKEN_BITS
LEAST_LOG: Final = -20.0
"""Logarithm of the smallest unigram probability that can be written."""

SPARSE: Final = 32
"""Contexts of trigrams with one base."""

AT_ONCE: Final = 1 << 14
"""Numbers of a long array that are computed at once. Temporary arrays of its whole length would add
a sixth to a server's memory, and malloc keeps them when they are freed.
"""

Integers = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]


class Sizes(NamedTuple):
    """The lengths of the arrays.

    Attributes:
        first_word: the number of the first word; those below are separators.
        soft_breaks: line feeds for a thousand spaces at places where a line may be broken.
    """

    tokens: int
    first_word: int
    text: int
    contexts2: int
    bigrams: int
    outer3: int
    contexts3: int
    trigrams: int
    soft_breaks: int


_HEADER: Final = struct.Struct(f"<16sI{len(Sizes._fields)}I")


class NgramArrays(NamedTuple):
    """The arrays of a file, as its heading lists them.

    Attributes:
        starts: where each token's text begins, shape (tokens + 1,).
    """

    sizes: Sizes
    tables: NDArray[np.float32]
    starts: NDArray[np.uint32]
    words: NDArray[np.uint32]
    keys2: NDArray[np.uint32]
    starts2: NDArray[np.uint32]
    outer3: NDArray[np.uint32]
    outer_starts3: NDArray[np.uint32]
    bases3: NDArray[np.uint32]
    offsets3: NDArray[np.uint16]
    keys3: NDArray[np.uint8]
    bigrams: NDArray[np.uint8]
    trigrams: NDArray[np.uint8]
    text: NDArray[np.uint8]


class Ngrams(NamedTuple):
    """The n-grams of one order, sorted by context and last token.

    Attributes:
        contexts: the sorted contexts, shape (contexts,) of single tokens, or (contexts, 2).
        starts: where the n-grams of each context begin, shape (contexts + 1,).
        tokens: the last tokens, shape (n-grams,).
        probabilities: discounted, shape (n-grams,).
        shares: of each context, the probability that is left to shorter n-grams.
    """

    contexts: Integers
    starts: Integers
    tokens: Integers
    probabilities: Floats
    shares: Floats


def shapes(sizes: Sizes) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return the type and shape of each array, in their order in the file."""
    return {
        "tables": ("<f4", (3, LEVELS)),
        "lengths": ("u1", (sizes.tokens,)),
        "words": ("<u4", (sizes.tokens,)),
        "keys2": ("<u4", (sizes.contexts2,)),
        "starts2": ("<u4", (sizes.contexts2 + 1,)),
        "outer3": ("<u4", (sizes.outer3,)),
        "outer_starts3": ("<u4", (sizes.outer3 + 1,)),
        "bases3": ("<u4", (sizes.contexts3 // SPARSE + 1,)),
        "offsets3": ("<u2", (sizes.contexts3 + 1,)),
        "keys3": ("u1", (sizes.contexts3, 3)),
        "bigrams": ("u1", (sizes.bigrams, 3)),
        "trigrams": ("u1", (sizes.trigrams, 3)),
        "text": ("u1", (sizes.text,)),
    }


def read(path: Path) -> NgramArrays:
    """Map a file and return its arrays, views of the mapped bytes.

    Raises:
        ModelError: the file is missing, damaged, or not for this version.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: install Foretype again ({error})") from error
    if len(mapped) < _HEADER.size or not mapped[: len(MAGIC)] == MAGIC:
        raise ModelError(f"{path} is no n-gram model of this version: install Foretype again")
    _magic, checksum, *numbers = _HEADER.unpack_from(mapped)
    arrays = _arrays(mapped, Sizes(*numbers))
    if checksum != zlib.crc32(memoryview(mapped)[len(MAGIC) + 4 :]) or arrays is None:
        raise ModelError(f"{path} is damaged: install Foretype again")
    return arrays


def _arrays(mapped: mmap.mmap, sizes: Sizes) -> NgramArrays | None:
    """Return the arrays, or None if they do not fill the file or do not fit together."""
    at, found = _HEADER.size, {}
    for name, (kind, shape) in shapes(sizes).items():
        count = int(np.prod(shape, dtype=np.int64))
        size = count * np.dtype(kind).itemsize
        if at + size > len(mapped):
            return None
        found[name] = np.frombuffer(mapped, kind, count, at).reshape(shape)
        at += size + -size % 4
    starts = np.cumsum(np.append(np.uint32(0), found.pop("lengths")), dtype=np.uint32)
    arrays = NgramArrays(sizes, starts=starts, **found)
    return arrays if at == len(mapped) and _fits(arrays) else None


def _fits(arrays: NgramArrays) -> bool:
    """Return whether every list lies within its array."""
    sizes = arrays.sizes
    parts = (
        trigram_starts(arrays, slice(first, first + AT_ONCE + 1))
        for first in range(0, sizes.contexts3 + 1, AT_ONCE)
    )
    lists = (
        (arrays.starts, sizes.text),
        (arrays.starts2, sizes.bigrams),
        (arrays.outer_starts3, sizes.contexts3),
        (trigram_starts(arrays, slice(-1, None)), sizes.trigrams),
    )
    return (
        FIRST_SEPARATOR <= sizes.first_word <= sizes.tokens <= MAX_TOKENS
        and all(int(starts[-1]) == end and _is_rising(starts) for starts, end in lists)
        and all(map(_is_rising, parts))
        and bool(np.isfinite(arrays.tables).all())
        and bool((arrays.words & TOKEN_MASK < sizes.tokens).all())
    )  # fmt: skip


def _is_rising(starts: Integers) -> bool:
    return bool((starts[1:] >= starts[:-1]).all())


def trigram_starts(arrays: NgramArrays, contexts: slice = slice(None)) -> NDArray[np.int64]:
    """Return where the trigrams of some contexts begin, out of contexts3 + 1."""
    places = np.arange(*contexts.indices(len(arrays.offsets3)))
    return arrays.bases3[places // SPARSE].astype(np.int64) + arrays.offsets3[places]


def write(
    path: Path,
    *,
    tokens: Sequence[bytes],
    first_word: int,
    folded: Integers,
    unigrams: Floats,
    bigrams: Ngrams,
    trigrams: Ngrams,
    soft_breaks: int,
) -> None:
    """Quantise a model and write it atomically.

    Args:
        tokens: the text of each token, empty for the first three.
        first_word: the number of the first word.
        folded: the number of each token in contexts, shape (tokens,).
        unigrams: the probability of each token, shape (tokens,).
        bigrams, trigrams: the longer n-grams.
        soft_breaks: line feeds for a thousand spaces where a line may be broken.
    """
    text = np.frombuffer(b"".join(tokens), np.uint8)
    outer, first = np.unique(trigrams.contexts[:, 0], return_index=True)
    sizes = Sizes(
        len(tokens), first_word, len(text), len(bigrams.contexts), len(bigrams.tokens),
        len(outer), len(trigrams.contexts), len(trigrams.tokens), soft_breaks,
    )  # fmt: skip
    tables = np.stack(
        [_table(bigrams.probabilities), _table(trigrams.probabilities), _table(trigrams.shares)]
    )
    logs = np.log(np.maximum(unigrams, np.exp(LEAST_LOG))) / LEAST_LOG * (CODE_LEVELS - 1)
    bases = trigrams.starts[::SPARSE][: sizes.contexts3 // SPARSE + 1]
    offsets = trigrams.starts - np.repeat(bases, SPARSE)[: len(trigrams.starts)]
    if offsets.max() >= 1 << 16:
        raise ModelError("too many trigrams in neighbouring contexts: prune more of them")
    arrays: dict[str, NDArray[Any]] = {
        "tables": tables,
        "lengths": np.array([len(token) for token in tokens]),
        "words": folded | np.rint(logs).astype(np.int64) << TOKEN_BITS,
        "keys2": bigrams.contexts
        | np.rint(bigrams.shares * (CODE_LEVELS - 1)).astype(np.int64) << TOKEN_BITS,
        "starts2": bigrams.starts,
        "outer3": outer,
        "outer_starts3": np.append(first, sizes.contexts3),
        "bases3": bases,
        "offsets3": offsets,
        "keys3": _packed(trigrams.contexts[:, 1], trigrams.shares, tables[2]),
        "bigrams": _packed(bigrams.tokens, bigrams.probabilities, tables[0]),
        "trigrams": _packed(trigrams.tokens, trigrams.probabilities, tables[1]),
        "text": text,
    }
    parts = [struct.pack(f"<{len(sizes)}I", *sizes)]
    for name, (kind, shape) in shapes(sizes).items():
        content = arrays[name].astype(kind).reshape(shape).tobytes()
        parts += [content, bytes(-len(content) % 4)]
    body = b"".join(parts)
    with atomic_write(path) as partial:
        partial.write_bytes(MAGIC + struct.pack("<I", zlib.crc32(body)) + body)


def _table(values: Floats) -> NDArray[np.float32]:
    """Return 64 levels, evenly spaced in logarithms from the smallest of the values to 1."""
    least = np.log(max(float(values.min(initial=1.0)), 1e-9))
    return np.exp(np.linspace(least, 0, LEVELS)).astype(np.float32)


def _packed(tokens: Integers, values: Floats, table: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return tokens and codes in 3 bytes each, shape (n, 3)."""
    least = np.log(table[0].astype(np.float64))
    logs = np.log(np.clip(values, table[0], 1.0))
    codes = np.rint((1 - logs / least) * (LEVELS - 1)).astype(np.uint32) if least else 0
    numbers = (tokens.astype(np.uint32) | np.uint32(codes) << np.uint32(TOKEN_BITS)).astype("<u4")
    return numbers.view(np.uint8).reshape(-1, 4)[:, :3]
