"""The items of the menu: which words are left out, and what counts as a word."""

from __future__ import annotations

import pytest
from tests.model.completion.scripted import completer

from foretype_model.completion.after_cursor import AroundCursor
from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.menu import merge, next_characters, next_words
from foretype_model.completion.word_search import find_words
from foretype_model.predictors.scripted import ScriptedPredictor


def words(texts: list[str], before: str, **options: bool) -> list[str]:
    """Return the words and phrases after a text."""
    one = completer(*texts)
    return [item.text for item in one.next_words(before.encode(), b"", Options(**options))]


@pytest.mark.parametrize(
    ("short", "long", "is_offered"), [(1, 19, False), (3, 17, False), (5, 15, True), (10, 10, True)]
)
def test_fragments_are_left_out(short: int, long: int, is_offered: bool) -> None:
    """A word that is the beginning of one more than four times as likely is a fragment of it."""
    texts = ["go con"] * short + ["go configuration"] * long
    offered = words(texts, "go ")
    assert offered[0] == ("configuration" if long > short else offered[0])
    assert ("con" in offered) == is_offered


def test_word_before_a_sign_is_whole() -> None:
    """A word that goes on with a sign is no fragment of it, however unlikely it is alone."""
    offered = words(["go con"] + ["go con-fig now"] * 12, "go ")
    assert "con" in offered


def test_single_letters_are_characters() -> None:
    """A single letter inside a word and a single sign are next characters, not words; in code, a
    sign with its spaces is one.
    """
    assert words(["x = 1"], "x") == [" = 1"]
    assert words(["x = 1"], "x", is_code=True) == [" =", " = 1"]
    assert words(["x; y"], "x", is_code=True) == ["; y"]
    assert words(["let xyz"], "let xy") == []
    assert words(["let x be"], "let ") == ["x", "x be"]


def test_equal_words_are_one() -> None:
    """Items that differ by white space or a closing mark alone are one item, the more likely."""
    offered = words(["go on)", "go on)", "go on "], "go ")
    assert [text.strip(" )") for text in offered].count("on") == 1


def test_sign_behind_word_is_no_phrase() -> None:
    """A word and the same word with a sign behind it are one item; in code, two."""
    texts = [f"see tomorrow = {chr(65 + number)}" for number in range(57)]
    assert words(texts, "see ") == ["tomorrow"]
    assert "tomorrow =" in words(texts, "see ", is_code=True)


def test_sure_closing_mark_is_offered() -> None:
    """A word ends with the marks that nearly always close it, and with no others."""
    sure = ["try:\n    a\nelse:\n    b"] * 9
    assert words(sure, "try:\n    a\ne", is_code=True)[0] == "lse:"
    unsure = [*sure[:4], *["try:\n    a\nelse b"] * 5]
    assert words(unsure, "try:\n    a\ne", is_code=True)[0] == "lse"


def test_unlikely_characters_are_not_offered() -> None:
    """Next characters that are less likely than wanted are left out, and none above."""
    one = completer("see a", "see a", "see a", "see b")
    for least, expected in ((0.0, "ab"), (0.2, "ab"), (0.3, "a"), (0.8, "")):
        options = Options(min_character_probability=least)
        offered = one.next_characters(b"see ", b"", options)
        assert "".join(item.text for item in offered) == expected


def test_letters_are_no_fragments() -> None:
    """Outside of code, beside the words that may begin here, there is no letter, and no sign that
    is less likely than the best word. A word of a script without spaces stays.
    """
    word, letter = Candidate("paper", 0.2, "word"), Candidate("p", 0.4, "character")
    quote, bracket = Candidate('"', 0.3, "character"), Candidate("(", 0.1, "character")
    day = Candidate("\u65e5", 0.05, "character")
    characters = [letter, quote, bracket, day]

    def offered(words: list[Candidate], before: bytes, is_code: bool = False) -> list[Candidate]:
        return merge(words, characters, before, Options(is_code=is_code))

    assert offered([word], b"the ") == [word, quote, day]
    assert offered([word], b"the news") == [word, *characters]
    assert offered([], b"the ") == characters
    assert offered([word], b"the ", is_code=True) == [word, *characters]


def test_initial_is_no_word() -> None:
    """Outside of code, a letter is a word if white space may follow: "a", not "e" of "e.g."."""
    texts = [*["see a way"] * 5, *["see e.g. one"] * 3, *["see one"] * 2]
    assert words(texts, "see ") == ["a", "a way", "e.g.", "e.g. one", "one"]
    assert "e." in words(texts, "see ", is_code=True)


def test_seldom_word_of_letter_is_last() -> None:
    """A word of one letter is a word only if it is likely to end there."""
    candidates = [Candidate("a", 0.2, "word"), Candidate("at", 0.1, "word")]
    letter = Candidate("a", 0.4, "character")
    often, seldom = (Options(is_code=True, min_character_probability=p) for p in (0.1, 0.3))
    assert merge(candidates, [letter], b"x = ", often) == [*candidates, letter]
    assert merge(candidates, [letter], b"x = ", seldom) == [candidates[1], letter]


def test_word_of_bytes_is_whole() -> None:
    """The likeliest characters of several bytes are searched, beside those of one byte."""
    one = Completer({"one": ScriptedPredictor(["see a", "see a", "see é"])}, pytest.fail)
    offered = one.next_characters(b"see ", b"", Options(max_items=2))
    assert [item.text for item in offered] == ["a", "é"]
    assert offered[0].probability == pytest.approx(2 * offered[1].probability, rel=0.03)


def test_menu_has_one_line() -> None:
    """Neither a word nor a phrase of the menu goes on in the next line, however sure that is."""
    one = completer("one two three\nfour five")
    for before in (b"one ", b"one two three"):
        offered = [item.text for item in one.next_words(before, b"", Options())]
        assert ("two three" in offered) == (before == b"one ")
        assert not any("\n" in text for text in offered)


def test_likely_bytes_need_no_search() -> None:
    """Characters of one byte are ranked by the one prediction at the cursor."""
    asked: list[bytes] = []

    class Counting(ScriptedPredictor):
        def predict(self, states):
            asked.extend(states)
            return super().predict(states)

    predictor = Counting(["see a", "see a", "see b"])
    cache = LookaheadCache(predictor, predictor.feed(predictor.start(), b"see "))
    found = next_characters(cache, b"see ", Options(max_items=2))
    assert [one.text for one in found] == ["a", "b"]
    assert asked == [b"see "]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_drawn_words_keep_their_order(temperature: float) -> None:
    """At any temperature above 0, the menu has all words in the order of the draws, no phrases."""
    predictor = ScriptedPredictor([f"go {letter * n} on" for n, letter in enumerate("abcdefg", 2)])
    cache = LookaheadCache(predictor, predictor.feed(predictor.start(), b"go "))
    for seed in range(10):
        options = Options(temperature=temperature, seed=seed, top_k=7)
        found, _ = find_words(cache, b"go ", options, 1)
        offered = next_words(cache, found, AroundCursor("go ", ""), options)
        assert [one.text for one in offered] == [word.text.decode() for word in found]
