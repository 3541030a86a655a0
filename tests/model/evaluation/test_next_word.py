"""The next words that a menu offers where words begin."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.evaluation.scored_systems import FixedSystem, ignore, score, system

from foretype_model.evaluation.next_word import offer_next_words, vocabulary, word_starts
from foretype_model.evaluation.passage import Passage
from foretype_model.evaluation.words import WordsSystem

SOME_TEXT = st.text(st.sampled_from("ab \n\tü😀.,"), max_size=60)


@given(SOME_TEXT, st.text(st.sampled_from("ab ")))
def test_words_cover_the_passage(text, before):
    """The words of a passage are in order, not blank, and within lines."""
    passage = Passage(before, text, "")
    found = list(word_starts(passage))
    for (at, word), (after, _) in pairwise([*found, (len(text), "")]):
        assert text[at:].startswith(word)
        assert at + len(word) <= after
    assert all(word.strip() and "\n" not in word for _, word in found)


def test_words_begin_after_spaces():
    """A word begins after the spaces before it."""
    passage = Passage("", "  if x:\n  go on, now", "")
    assert [(passage.typed[at:][:2], word) for at, word in word_starts(passage)] == [
        ("if", "if"),
        ("x:", "x"),
        (":\n", ":"),
        ("go", "go"),
        ("on", "on"),
        (", ", ","),
    ]


def menus(text, menu, known=()):
    """Return what the menu offers at the words of `text`."""
    starts = offer_next_words(FixedSystem(menu=menu), Passage("", text, ""), ignore, known)
    return [one.menu for one in starts]


def test_next_words_begin_after_spaces():
    """The menu is asked for where a word of letters begins after a space, and at each once."""
    text = "One two, (three) four_five\nsix 7 can't un-do\n"
    typed = {"two": 0, "four": 0, "can't": 0, "un": 0}
    assert [menu.rank for menu in menus(text, list(typed))] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("menu", "offered", "rank"),
    [
        (["two.", "two ", " two three", "2"], ("two", "2"), 0),  # the same first word counts once
        (["a", "b", "c", "d", "two"], ("a", "b", "c", "d", "two"), 4),
        (["a", "b", "c", "d", "e", "two"], ("a", "b", "c", "d", "e"), None),  # the sixth item
        (["twofold", ", two"], ("twofold", ", two"), None),
        (["  "], (), None),
        ([], (), None),
    ],
)
def test_first_words_are_distinct(menu, offered, rank):
    """The first words of five items are counted, each once, and the typed word is among them."""
    (seen,) = menus("One two three\n", menu)[:1]
    assert (seen.offered, seen.rank) == (offered, rank)


def test_fragments_are_no_words():
    """Unknown words, signs and single letters but "a" and "I" are fragments."""
    offered = ["Two", "twof", "x", "a", ", "]
    (seen,) = menus("One two\n", offered, known={"two", "x", "a"})
    assert seen.fragments == 3


def test_vocabulary_is_letters():
    """The known words are those of letters in a text, in lower case."""
    assert vocabulary(["Don't x_1 ÜBER 3rd", "über"]) == {"don't", "x", "über", "rd"}


def test_top_shares_are_ordered():
    """A word counts as first, among three, or as not offered."""
    text = "one two. one tea. one toe. one two. one sea."
    scored = score(system("one two.", "one tea.", "one toe."), Passage("", text, ""), [])
    assert len(scored.menus) == 9
    assert scored.menus[-1].rank is None  # "sea"
    assert 0 < scored.top(1) <= scored.top(3) <= scored.top(5) < 1
    assert 0 < scored.distinct <= 5


def test_words_baseline_offers_no_next_word():
    """A system without next words has a score of 0, and no share of fragments."""
    scored = score(WordsSystem([]), Passage("", "one two two two\n", ""), ["popup"])
    assert (scored.top(5), scored.distinct, scored.fragments) == (0, 0, None)
