"""Divide the mix among the sources, and choose its documents."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from default_model.document_files import CorpusDocument
from default_model.sources import MOST, SHARES, SOURCES, group_of, group_weight
from foretype_model.errors import CorpusError

ASCII_SHARE: Final = 0.75
"""Part of the documents whose typographic quotes and dashes become the ASCII that people type."""

ASCII: Final = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "—": "--", "–": "-", "…": "...",
        "\u00a0": " ",
    }
)  # fmt: skip

COMPOSED: Final = ("code/", "multilingual/ja", "multilingual/zh")
"""Sources that keep their quotes: an input method types them."""


def sizes(available: Mapping[str, int], most: int = MOST) -> dict[str, float]:
    """Return the bytes of each source in the mix, at most `available` ones: kinds by SHARES, in
    each by weight.

    Raises:
        CorpusError: there is nothing of one of the kinds.
    """
    kinds = {
        kind: {name: size for name, size in available.items() if name.split("/")[0] == kind}
        for kind in SHARES
    }
    missing = [kind for kind, found in kinds.items() if not sum(found.values())]
    if missing:
        raise CorpusError(
            f"there is no text for {' and '.join(missing)}: give the whole corpus and its packages"
        )
    whole = min(most, *(sum(found.values()) / SHARES[kind] for kind, found in kinds.items()))
    sizes: dict[str, float] = {}
    for kind, found in kinds.items():
        sizes |= _of_kind(whole * SHARES[kind], found)
    return sizes


def _of_kind(size: float, available: Mapping[str, int]) -> dict[str, float]:
    """Divide among the groups, then within each."""
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for name, found in available.items():
        groups[group_of(name)][name] = found
    totals = {group: sum(found.values()) for group, found in groups.items()}
    shares = divided(size, totals, {group: group_weight(group) for group in groups})
    sizes: dict[str, float] = {}
    for group, parts in groups.items():
        sizes |= divided(shares[group], parts, {name: SOURCES[name].weight for name in parts})
    return sizes


def divided(
    size: float, available: Mapping[str, int], weights: Mapping[str, float]
) -> dict[str, float]:
    """Divide `size` bytes by weight; if one of them has less than its part, the others share the
    rest.
    """
    weight = sum(weights[name] for name in available)
    for name, most in available.items():
        if most < size * weights[name] / weight:
            others = {other: found for other, found in available.items() if other != name}
            return {name: float(most)} | (divided(size - most, others, weights) if others else {})
    return {name: size * weights[name] / weight for name in available}


def mix(
    documents: Sequence[CorpusDocument], draw: random.Random, most: int = MOST, once: bool = False
) -> list[CorpusDocument]:
    """Return the mix in a drawn order: each source's documents, again from the first on until its
    share is full.

    If `once`, no document stands in it twice.
    """
    readings = {name: 1 if once else source.readings for name, source in SOURCES.items()}
    available = Counter[str]()
    for document in documents:
        available[document.source] += document.size * readings[document.source]
    room = sizes(available, most)
    chosen = []
    for reading in range(1, 1 + max(readings.values())):
        for document in documents:
            if reading <= readings[document.source] and document.size <= room[document.source] + 1:
                room[document.source] -= document.size
                chosen.append(document._replace(reading=reading))
    draw.shuffle(chosen)
    return [_typed(document, draw) for document in chosen]


def _typed(document: CorpusDocument, draw: random.Random) -> CorpusDocument:
    """Return the document, its quotes and dashes in ASCII if it is prose and the draw says so."""
    if document.source.startswith(COMPOSED) or draw.random() >= ASCII_SHARE:
        return document
    return document._replace(text=document.text.translate(ASCII))
