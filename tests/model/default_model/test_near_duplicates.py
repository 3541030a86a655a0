"""Runs of words: which texts are nearly the same, and which have a passage of what is scored."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from default_model import near_duplicates
from default_model.contamination import Contamination
from default_model.near_duplicates import NearDuplicates
from default_model.shingles import shingles, words

LEXICON = [
    "".join(random.Random(i).choices("abcdefghijklmnopqrstuvwxyz", k=2 + i % 7))
    for i in range(3000)
]


def prose(seed: int, count: int) -> str:
    return " ".join(random.Random(seed).choices(LEXICON, k=count))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(60, 600), changed=st.floats(0, 0.5))
def test_most_runs_make_near_duplicates(seed, count, changed) -> None:
    """Texts are near-duplicates if most of their runs of words are the same."""
    first = prose(seed, count).split()
    second = first[: int(count * (1 - changed))] + prose(seed + 1, int(count * changed)).split()
    a, b = ({tuple(text[i : i + 5]) for i in range(len(text) - 4)} for text in (first, second))
    alike = len(a & b) / len(a | b)
    seen = NearDuplicates()
    assert not seen.seen(words(" ".join(first)))
    found = seen.seen(words("  ".join(second).upper()))
    if not near_duplicates.MIN_SIMILARITY - 0.16 < alike < near_duplicates.MIN_SIMILARITY + 0.16:
        assert found == (alike > near_duplicates.MIN_SIMILARITY)


@pytest.mark.parametrize(
    "text, count",
    [
        ("", 0),
        ("…—“”", 0),
        ("don’t", 2),
        ("naïve café", 2),
        ("日本語の文", 5),
        ("हिन्दी में", 2),
        ("x1_y  (z)", 3),
        ("𝒳" * 3, 3),
    ],
)
def test_words_are_split(text: str, count: int) -> None:
    """Words are runs of letters, marks and digits."""
    assert len(words(text)) == count


@given(st.text(), st.text())
def test_case_and_marks_do_not_count(left: str, right: str) -> None:
    """Case and punctuation do not change the hashes of words; other words do."""
    plain = re.sub(r"\W", "", f"{left} a {right}")
    assert np.array_equal(words(f"“{plain.lower()}”\n"), words(f" {plain.lower()}."))
    assert not np.array_equal(words(f"{plain}a"), words(plain))


def test_fifty_words_are_a_passage() -> None:
    """A passage of fifty words is found, and a shorter one is not."""
    scored = prose(1, 500).split()
    contamination = Contamination([words(" ".join(scored)), words("too short")])
    for length, found in ((49, False), (50, True)):
        passage = [*prose(2, 300).split(), *scored[100 : 100 + length], *prose(3, 300).split()]
        assert contamination.found(words(" ".join(passage))) is found
    assert contamination.found(words(" ".join(scored[40:60])))
    assert not contamination.found(words(" ".join(scored[40:50])))
    assert not Contamination([]).found(words(prose(1, 200)))


@given(st.lists(st.sampled_from(LEXICON[:40]), min_size=1, max_size=30), st.integers(1, 13))
def test_shingles_hash_runs_of_words(found: list[str], length: int) -> None:
    """Shingles are the hashes of the runs of words."""
    length = min(length, len(found))
    runs = {tuple(found[i : i + length]) for i in range(len(found) - length + 1)}
    assert len(set(shingles(words(" ".join(found)), length).tolist())) == len(runs)
