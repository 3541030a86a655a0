"""Offers as users see them: their ends, and their characters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.completion.scripted import completer

from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.offers import presentable
from foretype_model.completion.scoring import SurprisalTracker
from foretype_model.predictors.mixture import Mixture
from foretype_model.predictors.scripted import ScriptedPredictor

SMART = Options(smart_space=True)


def offers(one: Completer, before: bytes, options: Options) -> list[Candidate]:
    """Return the ghost texts, the next words and the next characters."""
    return [
        *one.ghost_texts(before, b"", options, 3),
        *one.next_words(before, b"", options),
        *one.next_characters(before, b"", options),
    ]


@pytest.mark.parametrize("before", ["hello", "hello ", "hel", "my na", "dear 日本"])
def test_offers_end_at_the_word(before: str) -> None:
    """No ghost text and no item of the menu ends with white space, except one that is all of it."""
    one = completer("hello world, my naïve friend ok\nnext line", "dear 日本 語 の")
    for options in (Options(), Options(max_lines=3), Options(temperature=0.7)):
        for offer in offers(one, before.encode(), options):
            assert offer.text == offer.text.rstrip() or offer.kind == "character"
            assert offer.text


def test_smart_space_follows_the_word() -> None:
    """A smart offer ends with one space where a space is likely, and not before punctuation."""
    one = completer("so go on and on left", "so go on and on right", "hello world, dear")
    ghost = one.ghost_text(b"so go ", b"", Options(min_confidence=0.6, smart_space=True))
    assert ghost is not None
    assert ghost.text == "on and on "
    for before in ("hello", "hello wor"):
        assert not [x for x in offers(one, before.encode(), SMART) if "ld " in x.text]


@pytest.mark.parametrize(
    ("others", "is_likely"),
    [([", now", "; so"], True), (["-too", "-now", ", now"], False)],
)
def test_smart_space_is_likeliest(others: list[str], is_likely: bool) -> None:
    """An offer ends with a space that is likelier than what would make it wrong. Punctuation does
    not: before that, the client takes the space back.
    """
    one = completer("call me now", *(f"call me{other}" for other in others))
    texts = [offer.text for offer in one.next_words(b"call ", b"", SMART)]
    assert ("me " in texts) == is_likely
    assert ("me" in texts) != is_likely


def test_rare_space_is_not_offered() -> None:
    """An offer has no space that is nearly always taken back, as after "self"."""
    one = completer(*(f"use self.{name} now" for name in "abcdefgh"), "use self now")
    texts = [offer.text for offer in one.next_words(b"use ", b"", SMART)]
    assert "self " not in texts
    assert any(text.startswith("self") for text in texts)


def test_smart_space_replaces_the_word() -> None:
    """A word is not offered twice, with the space and without."""
    one = completer("see you all", "see you now", "see you then")
    texts = [offer.text for offer in one.next_words(b"see ", b"", SMART)]
    assert len({text.rstrip() for text in texts}) == len(texts)
    assert texts[0] == "you "
    assert one.next_words(b"see ", b"", Options())[0].text == "you"


def test_equal_offers_are_one() -> None:
    """Offers that are equal without their ends are one, the first."""
    both = [Candidate("on ", 0.4, "word"), Candidate("on", 0.5, "word")]
    assert presentable(both, b"", Options()) == [Candidate("on", 0.4, "word")]


WORDS = ["a", "b ", "é", "\n", " ", "👩", "👧", "می", "خ", "क्", "ष"]
UNSEEN = "\u200b\u200c\u200d\u202e\u2066\u00ad\ufeff\ufe0f\u3164\ue000\u2028\x07\U000e0041"
PIECES = st.sampled_from([*WORDS, *UNSEEN])


@settings(deadline=None, max_examples=40)
@given(st.lists(PIECES, min_size=1, max_size=8).map("".join), st.integers(0, 8))
def test_no_offer_hides_a_character(text: str, cut: int) -> None:
    """No way out offers a text that is, begins with or hides an unseen character."""
    before = "so " + text[:cut]
    scripted = ScriptedPredictor(["so " + text])
    shown = offers(Completer({"one": scripted}, print), before.encode(), Options(max_lines=3))
    tracker = SurprisalTracker(Mixture({"one": scripted}), "file:///a")
    tracker.follow(before.encode())
    for one in (*shown, *tracker.next_characters(len(before.encode()), Options())):
        seen = one.text.replace("\t", "").replace("\n", "").replace("\ufe0f", "")
        joined = seen.replace("\u200c", "").replace("\u200d", "")
        categories = {unicodedata.category(character) for character in joined}
        assert not categories & {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}
        assert "\u3164" not in joined
        assert joined or one.text in {"\t", "\n"}
        assert seen[-1:] not in {"\u200c", "\u200d"}
