"""Which characters go on with a word, and which end it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from foretype_model.text.grammar import Word


@given(st.text(max_size=20))
def test_a_word_is_never_both_ended_and_going_on(text: str) -> None:
    data = text.encode(errors="ignore")
    for i in range(len(data) + 1):
        masks = Word().masks(data[:i])
        assert not (masks.continues & masks.ends).any()
        assert masks.continues.any() or masks.ends.all()
