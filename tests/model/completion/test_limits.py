"""The limits of candidates: steps, lengths, lines, graphemes, and the order of draws."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.model.completion.scripted import completer

from foretype_model.completion.candidates import Options
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.search import Sampler, Search
from foretype_model.predictors import scripted
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.text.grammar import Word

LONG = " ".join(first + second for first in "abcdefghijklmnopqrst" for second in "bcdefghij")
"""A text of words of two letters."""


@pytest.fixture
def surely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scripted texts be so sure that only a limit ends an offer."""
    monkeypatch.setattr(scripted, "KNOWN_PROBABILITY", 0.99999)


@pytest.mark.parametrize(
    ("letters", "is_found"), [(19, True), (20, True), (21, False), (40, False)]
)
def test_search_ends_after_twenty_steps(letters: int, is_found: bool) -> None:
    """A search finds words of up to twenty bytes, and gives up on longer ones."""
    word = "".join(chr(ord("a") + i * 7 % 26) for i in range(letters))
    predictor = ScriptedPredictor([f"go {word} on"])
    lookahead = LookaheadCache(predictor, predictor.feed(predictor.start(), b"go "))
    found, complete = Search(lookahead, Word(), Sampler(0.0, 0, 1.0, 0, b"go "), 3).run()
    assert complete
    assert (word.encode() in [one.text for one in found]) == is_found


@pytest.mark.usefixtures("surely")
@pytest.mark.parametrize(("lines", "limit"), [(1, 60), (2, 120), (3, 180)])
@pytest.mark.parametrize("extra", range(1, 4))
def test_ghost_text_has_sixty_bytes(extra: int, lines: int, limit: int) -> None:
    """The longest ghost text is the longest run of whole words within sixty bytes for each line
    that it may have, however sure more is.
    """
    script = "x" * extra + " " + LONG
    options = Options(max_lines=lines)
    ghost = completer(f"so: {script}").ghost_text(b"so: ", b"", options)
    assert ghost is not None
    assert ghost.text == script[: limit + 1].rpartition(" ")[0]


@pytest.mark.usefixtures("surely")
@pytest.mark.parametrize("extra", range(1, 4))
def test_phrase_has_48_bytes(extra: int) -> None:
    """The longest phrase of the menu is the longest run of whole words within 48 bytes."""
    script = "x" * extra + " " + LONG
    offered = completer(f"so: {script}").next_words(b"so: ", b"", Options())
    assert max((one.text for one in offered), key=len) == script[:49].rpartition(" ")[0]


def test_menu_has_max_items() -> None:
    """Words and characters are as many as asked for, at most."""
    one = completer(*(f"pick {letter}{letter}x" for letter in "abcdefgh"))
    for count in (1, 2, 5):
        options = Options(max_items=count)
        assert len(one.next_words(b"pick ", b"", options)) == count
        assert len(one.next_characters(b"pick ", b"", options)) == count


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_characters_are_ranked(temperature: float) -> None:
    """Next characters are the likeliest bytes, or whole code points of several bytes."""
    one = completer("see a", "see a", "see a", "see b", "see b", "see c")
    options = Options(temperature=temperature, max_items=3)
    offered = one.next_characters(b"see ", b"", options)
    assert {item.text: round(item.probability, 1) for item in offered} == {
        "a": 0.5,
        "b": 0.3,
        "c": 0.2,
    }
    if not temperature:
        assert [item.text for item in offered] == ["a", "b", "c"]


def test_draws_are_in_their_order() -> None:
    """Above temperature 0, the words of the menu stand in the order of the draws: the first is
    each word as often as it is probable, not always the likeliest.
    """
    one = completer("go aa", "go bb", "go bb", "go bb")
    firsts: Counter[str] = Counter()
    for seed in range(300):
        offered = one.next_words(b"go ", b"", Options(temperature=1.0, seed=seed, top_k=2))
        assert {item.text[0] for item in offered} == {"a", "b"}
        firsts[offered[0].text[0]] += 1
    assert firsts["b"] / 300 == pytest.approx(0.75, abs=0.08)


def test_earlier_text_changes_draws() -> None:
    """The last 64 bytes before the cursor seed the draws, and bytes before them do not."""
    one = completer(*(f"pick {letter}" for letter in "abcdefghijkl"))

    def drawn(before: str) -> str:
        options = Options(temperature=1.0, seed=1)
        return one.next_characters(before.encode(), b"", options)[0].text

    tail = "." * 59 + "pick "
    assert len({drawn("x" * n + tail) for n in range(8)}) == 1
    assert len({drawn("x" * n + tail[n:]) for n in range(8)}) > 2


@pytest.mark.parametrize("before", ["a ", "a \U0001f1eb", "a 👩", "a 👩\u200d👧"])
def test_offers_are_whole_graphemes(before: str) -> None:
    """No offer ends within a flag or with a joiner, together with the text before it."""
    scripts = ("a \U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea b", "a 👩\u200d👧\u200d👦 b")
    options = Options(max_items=20)
    one, around = completer(*scripts), (before.encode(), b"")
    offered = [*one.next_words(*around, options), *one.ghost_texts(*around, options, 3)]
    offered += one.next_characters(*around, options)
    assert offered
    for item in offered:
        whole = before + item.text
        flags = len(whole) - len(whole.rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
        assert flags % 2 == 0
        assert whole[-1] != "\u200d"
