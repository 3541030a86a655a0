"""Which candidates are chosen: those that save most, by the definition of what is saved."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.completion.selection import Choice, select_most_saving


@st.composite
def distributions(draw) -> dict[str, float]:
    """Ways that a text goes on, and the probability of each."""
    texts = draw(
        st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=7, unique=True)
    )
    weights = draw(st.lists(st.integers(1, 20), min_size=len(texts), max_size=len(texts)))
    return {text: weight / sum(weights) for text, weight in zip(texts, weights, strict=True)}


def prefixes(goes_on: dict[str, float]) -> list[Choice]:
    """All that could be offered, with its probability."""
    texts = sorted({text[:end] for text in goes_on for end in range(1, len(text) + 1)})
    return [
        Choice(text, sum(p for way, p in goes_on.items() if way.startswith(text))) for text in texts
    ]


def saved(offered: list[Choice], goes_on: dict[str, float]) -> float:
    """By definition: the longest that is right is taken for one key."""
    return sum(
        p * max((len(one.text) - 1 for one in offered if way.startswith(one.text)), default=0)
        for way, p in goes_on.items()
    )


@given(distributions(), st.integers(1, 4))
def test_the_choice_is_within_the_bound_of_the_best_one(goes_on, count) -> None:
    choices = prefixes(goes_on)
    best = max(
        saved(list(some), goes_on) for some in combinations(choices, min(count, len(choices)))
    )
    chosen = select_most_saving(choices, count)
    assert len(chosen) == len(set(chosen)) <= count
    assert saved(chosen, goes_on) >= (1 - 1 / 2.718281828) * best - 1e-9


@given(distributions(), st.integers(1, 5))
def test_each_is_the_one_that_adds_most_to_those_before_it(goes_on, count) -> None:
    choices, so_far = prefixes(goes_on), list[Choice]()
    for one in select_most_saving(choices, count):
        most = max(saved([*so_far, other], goes_on) for other in choices)
        so_far.append(one)
        assert saved(so_far, goes_on) == pytest.approx(most)
    assert len(so_far) == count or max(
        saved([*so_far, other], goes_on) for other in choices
    ) == pytest.approx(saved(so_far, goes_on))


def test_a_phrase_stands_beside_its_first_word_only_where_that_pays() -> None:
    word, likely, unlikely = Choice("the", 0.5), Choice("the first", 0.2), Choice("the 9", 0.02)
    assert select_most_saving([word, likely, unlikely, Choice("a", 0.3)], 2) == [likely, word]
    assert select_most_saving([word, unlikely], 1) == [word]
