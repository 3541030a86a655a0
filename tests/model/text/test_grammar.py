"""The bytes that continue a word, and those that end it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from foretype_model.text.grammar import Word


@given(st.text(max_size=20))
def test_masks_are_disjoint(text: str) -> None:
    """No byte both continues and ends a word, and some byte does one of them."""
    data = text.encode(errors="ignore")
    for i in range(len(data) + 1):
        masks = Word().masks(data[:i])
        assert not (masks.continues & masks.ends).any()
        assert masks.continues.any() or masks.ends.all()
