"""The texts of a packed corpus as numbers of tokens, and the choice of the known tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from default_model import messages
from foretype_model.errors import CorpusError
from foretype_model.predictors.ngrams import tokens as kinds
from foretype_model.predictors.ngrams.tokens import FIRST_SEPARATOR, START
from foretype_model.training.pack import PackedDocuments

UNSPACED: Final = ("ja", "zh", "zh-TW")
"""Languages without spaces, in which there are no words to count."""

MAX_SEPARATORS: Final = 6_000
MIN_TEXTS: Final = 2
"""Texts with a known token, at least: an identifier of one text, or a name in one, is none."""

ENGLISH_WEIGHT: Final = 12.0
"""How much rarer an English word may be than one of another language."""

MESSAGE_COUNT: Final = 8
"""How often each message is counted: with as many readings as a network needs, every phrase in them
would be common.
"""

Integers = NDArray[np.integer[Any]]


class Numbered(NamedTuple):
    """Texts as numbers, each text after two of START.

    Attributes:
        names: the text of each number, in the order of their first occurrence.
        groups: each group of texts (a language), shape (n,) each.
    """

    names: list[str]
    groups: dict[str, Integers]


class Vocabulary(NamedTuple):
    """The known tokens.

    Attributes:
        tokens: their texts by number, the first three empty.
        first_word: the number of the first word.
        folded: the number of each in contexts.
        numbers: the number of each `Numbered.names`.
    """

    tokens: list[bytes]
    first_word: int
    folded: Integers
    numbers: Integers


def texts_in(corpus: Path) -> Iterator[tuple[str, str]]:
    """Yield group and text of all parts of each document of prose or docs: `MESSAGE_COUNT` readings
    of a message, one of other documents. Raises CorpusError if the corpus or its table is missing.
    """
    documents, table = PackedDocuments(corpus), corpus.with_suffix(".tsv")
    if not table.is_file():
        raise CorpusError(f"there is no {table}: the recipe writes it beside the corpus")
    for line in table.read_text("utf-8").splitlines():
        number, reading, source, _name = line.split("\t", 3)
        group = source.split("/")[1] if source.startswith("multilingual/") else ""
        most = MESSAGE_COUNT if messages.are_source(source) else 1
        if int(reading) > most or source.startswith("code/") or group in UNSPACED:
            continue
        size = int(documents.sizes[int(number)])
        yield group, documents.read(int(number), 0, size).decode()


def number(texts: Iterable[tuple[str, str]]) -> Numbered:
    """Number the tokens of texts, which come with the name of their group."""
    counter = count(START + 1)
    numbers: defaultdict[str, int] = defaultdict(counter.__next__)
    parts: dict[str, list[Integers]] = defaultdict(list)
    for group, text in texts:
        found = np.fromiter(map(numbers.__getitem__, kinds.tokenize(text)), np.int32)
        parts[group] += [np.full(2, START, np.int32), found]
    names = [""] * FIRST_SEPARATOR + list(numbers)
    return Numbered(names, {group: np.concatenate(found) for group, found in parts.items()})


def choose(numbered: Numbered, most: int) -> Vocabulary:
    """Choose the known tokens: the most frequent in their language, `most` at most."""
    names = numbered.names
    texts, frequency = np.zeros(len(names)), np.zeros(len(names))
    for group, found in numbered.groups.items():
        counts = np.bincount(found, minlength=len(names))
        texts += _texts_with(found, len(names))
        weight = 1.0 if group else ENGLISH_WEIGHT
        np.maximum(frequency, counts * (weight / len(found)), out=frequency)
    order = np.argsort(-frequency, kind="stable")
    order = order[(texts[order] >= MIN_TEXTS) & (order > START)]
    known = [i for i in order.tolist() if len(names[i].encode()) <= kinds.MAX_TOKEN_BYTES]
    separators = [i for i in known if _is_known_separator(names[i])][:MAX_SEPARATORS]
    words = [i for i in known if kinds.is_word(names[i])]
    words = words[: most - len(separators) - FIRST_SEPARATOR]
    return _vocabulary(names, separators, words)


def _texts_with(tokens: Integers, count: int) -> Integers:
    """Return in how many texts each of `count` tokens occurs."""
    text = np.cumsum(tokens == START, dtype=np.int64)
    different = np.unique(text * count + tokens)
    return np.bincount(different % count, minlength=count)


def _is_known_separator(token: str) -> bool:
    return not kinds.is_word(token) and not any(map(kinds.is_unspaced, token))


def _vocabulary(names: Sequence[str], separators: list[int], words: list[int]) -> Vocabulary:
    chosen = [
        *sorted(separators, key=lambda i: names[i].encode()),
        *sorted(words, key=lambda i: names[i].encode()),
    ]
    texts = [""] * FIRST_SEPARATOR + [names[i] for i in chosen]
    place = {name: i for i, name in enumerate(texts) if name}
    folded = np.array([place.get(name.lower(), i) for i, name in enumerate(texts)])
    numbers = np.array([_unknown(name, place) for name in names], np.int32)
    numbers[chosen] = np.arange(FIRST_SEPARATOR, len(texts))
    numbers[:FIRST_SEPARATOR] = np.arange(FIRST_SEPARATOR)
    encoded = [name.encode() for name in texts]
    return Vocabulary(encoded, FIRST_SEPARATOR + len(separators), folded, numbers)


def _unknown(name: str, place: dict[str, int]) -> int:
    """Return the number that stands for an unknown token."""
    if name and kinds.is_word(name):
        return kinds.UNKNOWN_WORD
    return place.get(kinds.context_class(name) or "", kinds.UNKNOWN_SEPARATOR)
