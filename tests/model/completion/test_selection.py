"""The selected candidates are worth the most, by the definition of their worth."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.completion.selection import Choice, select_most_saving, worth


@st.composite
def distributions(draw) -> dict[str, float]:
    """Draw continuations of a text, and the probability of each."""
    texts = draw(
        st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=7, unique=True)
    )
    weights = draw(st.lists(st.integers(1, 20), min_size=len(texts), max_size=len(texts)))
    return {text: weight / sum(weights) for text, weight in zip(texts, weights, strict=True)}


def prefixes(continuations: dict[str, float]) -> list[Choice]:
    """Return all texts that could be offered, each with its probability."""
    texts = sorted({text[:end] for text in continuations for end in range(1, len(text) + 1)})
    return [
        Choice(text, sum(p for whole, p in continuations.items() if whole.startswith(text)))
        for text in texts
    ]


def saved(offered: list[Choice], continuations: dict[str, float]) -> float:
    """Return the expected worth, by definition: that of the longest right text."""
    return sum(
        p * max((worth(len(one.text)) for one in offered if whole.startswith(one.text)), default=0)
        for whole, p in continuations.items()
    )


@given(distributions(), st.integers(1, 4))
def test_choice_is_near_best(continuations, count) -> None:
    """The chosen set has at least 1 - 1/e of the worth of the best set."""
    choices = prefixes(continuations)
    best = max(
        saved(list(some), continuations) for some in combinations(choices, min(count, len(choices)))
    )
    chosen = select_most_saving(choices, count)
    assert len(chosen) == len(set(chosen)) <= count
    assert saved(chosen, continuations) >= (1 - 1 / 2.718281828) * best - 1e-9


@given(distributions(), st.integers(1, 5))
def test_each_choice_adds_most(continuations, count) -> None:
    """Each choice adds the most to the choices before it."""
    choices, so_far = prefixes(continuations), list[Choice]()
    for one in select_most_saving(choices, count):
        most = max(saved([*so_far, other], continuations) for other in choices)
        so_far.append(one)
        assert saved(so_far, continuations) == pytest.approx(most)
    assert len(so_far) == count or max(
        saved([*so_far, other], continuations) for other in choices
    ) == pytest.approx(saved(so_far, continuations))


def test_phrase_must_pay() -> None:
    """A phrase is chosen beside its first word only if it adds more than another word."""
    word, likely, unlikely = Choice("the", 0.5), Choice("the first", 0.3), Choice("the 9", 0.05)
    assert select_most_saving([word, likely, Choice("any", 0.05)], 2) == [word, likely]
    assert select_most_saving([word, unlikely, Choice("any", 0.04)], 2)[1].text == "any"
    assert select_most_saving([word, unlikely], 1) == [word]
