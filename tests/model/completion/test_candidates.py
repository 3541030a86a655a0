"""Candidates: next words, next characters and ghost text, by search and by draw."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from tests.model.completion.scripted import TEXTS, completer

from foretype_model.cancellation import Cancelled
from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.document_state import CATCH_UP_BYTES
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.search import Sampler, Search
from foretype_model.predictors.mixture import MAX_OBSERVATIONS
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.text.grammar import Word


@pytest.mark.parametrize(
    ("before", "word"),
    [
        ("hello", " world, my naïve"),
        ("hello wor", "ld, my naïve"),
        ("my na", "ïve friend "),
        ("friend ", "👩‍👩‍👧 "),
        ("retu", "rn self."),
        ("日", "本語の文章です"),
        ("print", "(x)"),
    ],
)
def test_first_word_and_phrase_follow(before, word) -> None:
    """The first candidate is the next word, and a phrase that begins with it is among the first
    five.
    """
    offered = completer().next_words(before.encode(), b"", Options())[:5]
    assert word.startswith(offered[0].text)
    assert offered[0].probability > 0.3
    assert any(one.text.startswith(word[: max(2, len(word) // 2)]) for one in offered)


@pytest.mark.parametrize(
    "words", [("Muller", "Muhle", "Mutig"), ("Müller", "Mühle", "Mütig"), ("коля", "костя", "конь")]
)
def test_no_candidate_ends_mid_word(words: tuple[str, ...]) -> None:
    """Likely candidates end with whole words, also if words differ inside their UTF-8 bytes."""
    one = completer(*(f"dear friend {word}, hello" for word in words))
    offered = [one.ghost_text(b"dear ", b"", Options()), *one.next_words(b"dear ", b"", Options())]
    likely = [candidate for candidate in offered if candidate.probability > 0.1]
    assert len(likely) > 2
    for candidate in likely:
        assert set(candidate.text.replace(",", "").split()) <= {"friend", "hello", *words}


def test_phrases_are_whole_words() -> None:
    """Phrases have whole words on one line, no probability above that of their bytes, and stand in
    the order of their first words.
    """
    predictor = ScriptedPredictor(["one two three\nfour", "one two five", "one six"])
    offered = Completer({"scripted": predictor}, print).next_words(b"one ", b"", Options())
    first_words = [one.text.split()[0] for one in offered if one.probability > 0.1]
    assert first_words == sorted(first_words, key=["two", "six"].index)
    texts = {one.text for one in offered}
    assert texts & {"two three", "two five"}
    assert not any("\n" in text for text in texts)
    for one in offered:
        state, log_p = predictor.feed(predictor.start(), b"one "), 0.0
        for byte in one.text.encode():
            log_p += predictor.predict([state])[0, byte]
            state = predictor.step([state], [byte])[0]
        assert one.probability <= np.exp(log_p) + 1e-3


def test_both_continuations_are_offered() -> None:
    """Two equally likely continuations are offered, each with its probability."""
    offered = completer().next_words(b"hel", b"", Options())
    assert {one.text[:2] for one in offered[:2]} == {"p ", "lo"}
    assert all(0.4 < one.probability < 0.5 for one in offered[:2])


def test_words_are_distinct_and_ranked() -> None:
    """Words are distinct, and the most probable come first."""
    offered = completer("one two", "one three", "one four").next_words(b"one ", b"", Options())
    texts = [one.text for one in offered]
    assert len(texts) == len(set(texts))
    assert {"two", "three", "four"} <= set(texts[:3])


def test_next_characters_are_code_points() -> None:
    """Next characters are whole code points of one to four bytes."""
    offered = completer("aé", "a日", "a👩", "ab").next_characters(b"a", b"", Options(max_items=4))
    assert {one.text for one in offered} == {"é", "日", "👩", "b"}
    assert sum(one.probability for one in offered) > 0.9


def test_same_text_gives_same_items(network: Network) -> None:
    """The same text, options and seed give the same candidates, also after going back."""
    one = Completer({"network": NetworkPredictor(network)}, print)
    for options in (Options(), Options(temperature=0.9, seed=4)):
        texts = [b"the quick brown fox"[:n] for n in range(20)]
        there = [one.next_words(text, b"", options) for text in texts]
        back = [one.next_words(text, b"", options) for text in reversed(texts)]
        fresh = [
            Completer({"network": NetworkPredictor(network)}, print).next_words(t, b"", options)
            for t in texts
        ]
        assert there == back[::-1] == fresh


def test_seed_changes_draws() -> None:
    """At a temperature above 0, different seeds draw different first words."""
    many = completer(
        *(
            f"pick {word}"
            for word in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
        )
    )
    firsts = {
        many.next_words(b"pick ", b"", Options(temperature=1.0, seed=seed))[0].text
        for seed in range(30)
    }
    assert len(firsts) >= 4


def test_draws_follow_probabilities() -> None:
    """A word is drawn first as often as it is probable."""
    predictor = ScriptedPredictor(["go a", "go b", "go b", "go b"])
    state = predictor.feed(predictor.start(), b"go ")
    counts: Counter[bytes] = Counter()
    for seed in range(400):
        counts[
            Search(LookaheadCache(predictor, state), Word(), Sampler(1.0, 2, 1.0, seed, b"go "), 2)
            .run()[0][0]
            .text[:1]
        ] += 1
    assert counts[b"b"] / 400 == pytest.approx(0.75, abs=0.08)


def test_word_probability_multiplies_bytes(network: Network) -> None:
    """The probability of a word is the product over its bytes and its end."""
    predictor = NetworkPredictor(network)
    state = predictor.feed(predictor.start(), b"some text ")
    for found in Search(
        LookaheadCache(predictor, state), Word(), Sampler(0.0, 0, 1.0, 0, b""), 5
    ).run()[0]:
        log_p, here = 0.0, state
        for byte in found.text:
            log_p += predictor.predict([here])[0, byte]
            here = predictor.step([here], [byte])[0]
        ends = Word().masks(found.text).ends
        log_p_end = float(np.logaddexp.reduce(predictor.predict([here])[0][ends]))
        assert found.log_prefix == pytest.approx(log_p, abs=1e-3)
        assert found.log_p == pytest.approx(log_p + log_p_end, abs=1e-3)


def test_cancelled_search_raises() -> None:
    """A search raises Cancelled once its answer is no longer wanted."""
    with pytest.raises(Cancelled):
        completer().next_words(b"hello wor", b"", Options(), is_cancelled=lambda: True)


class RaisingPredictor(ScriptedPredictor):
    def predict(self, states):
        raise RuntimeError("broken")


class ForeignPredictor(ScriptedPredictor):
    def predict(self, states):
        return np.zeros((len(states), 7), np.float32)


class MalformedProposer(ScriptedPredictor):
    def propose(self, state, limit):
        return [(b"ab", 1000.0)]


@pytest.mark.parametrize("broken", [RaisingPredictor, ForeignPredictor, MalformedProposer])
def test_failing_predictor_is_dropped_once(broken) -> None:
    """A predictor that raises or returns a malformed answer is dropped once, and the others go
    on.
    """
    dropped: list[str] = []
    members = {"good": ScriptedPredictor(["hello world"]), "bad": broken(["hello there"])}
    both = Completer(members, lambda name, error: dropped.append(name))
    for _ in range(3):
        assert both.next_words(b"hello", b"", Options())[0].text == " world"
    assert both.next_words(b"hello", b"", Options())[0].shares == {"good": 1.0}
    assert dropped == ["bad"]


def test_impossible_proposals_drop_nothing() -> None:
    """A predictor may propose words with probability 0."""

    class ImpossibleProposer(ScriptedPredictor):
        def propose(self, state, limit):
            return [(b"ab", -1000.0), (b"cd", -np.inf)]

    members = {"one": ImpossibleProposer(["hello world"])}
    one = Completer(members, lambda name, error: pytest.fail(f"{name}: {error}"))
    assert one.next_words(b"hello", b"", Options())[0].text == " world"


def test_no_predictors_offer_nothing() -> None:
    """Without any predictor left there are no candidates."""
    none = Completer({"bad": RaisingPredictor([])}, lambda name, error: None)
    assert none.next_words(b"a", b"", Options()) == []
    assert none.next_characters(b"a", b"", Options()) == []
    assert none.ghost_text(b"a", b"", Options()) is None


def test_shares_name_the_predictor() -> None:
    """The predictor that knows a word has nearly all of its share."""
    two = Completer(
        {"a": ScriptedPredictor(["hello world"]), "b": ScriptedPredictor(["unlike"])}, print
    )
    shares = two.next_words(b"hello", b"", Options())[0].shares
    assert shares["a"] > 0.9
    assert sum(shares.values()) == pytest.approx(1)


def test_long_text_is_caught_up(network: Network) -> None:
    """A long text is answered at once from its end, and exactly once all of it has been read."""
    predictor = NetworkPredictor(network)
    # In code, the letters that an untrained network predicts are words.
    text, options = b"the first line of many\n" * 900, Options(is_code=True)
    one, exact = Completer({"network": predictor}, print), Completer({"network": predictor}, print)
    near = one.next_words(text, b"", options)
    assert near
    slices = 0
    while not one.catch_up():
        slices += 1
        if slices == 3:  # typing goes on meanwhile
            text += b"the "
            assert one.next_words(text, b"", options)
    assert slices >= len(text) // CATCH_UP_BYTES - 1
    exact.next_words(text, b"", options)
    while not exact.catch_up():
        pass
    assert one.next_words(text, b"", options) == exact.next_words(text, b"", options)
    assert one.catch_up()


def test_hurried_search_is_repeated() -> None:
    """A search without time returns the best candidate, and is repeated when there is time."""
    hurried, patient = Options(budget=0.0), Options()
    one = completer("hello world", "hello world", "hello people")
    soon = [item.text.strip() for item in one.next_words(b"hello ", b"", hurried)]
    assert "world" in soon
    assert "people" not in soon
    whole = one.next_words(b"hello ", b"", patient)
    assert {"world", "people"} <= {item.text.strip() for item in whole}
    assert {"world", "people"} <= {
        item.text.strip() for item in one.next_words(b"hello ", b"", hurried)
    }, "remembered"


def test_observations_are_bounded() -> None:
    """A predictor that always asks for more of a document is shown it a bounded number of times."""

    class Greedy(ScriptedPredictor):
        shown = 0

        def observe(self, uri, before, after) -> bool:
            self.shown += 1
            return True

    greedy = Greedy(TEXTS)
    one = Completer({"greedy": greedy}, pytest.fail)
    assert one.next_words(b"hello ", b"", Options())
    while not one.catch_up():
        assert greedy.shown <= MAX_OBSERVATIONS + 1
    assert greedy.shown > 2


def test_only_latest_text_is_read(network: Network) -> None:
    """Of two long texts, only the text of the last request is read in the background."""
    one = Completer({"network": NetworkPredictor(network)}, print)
    old, new = (first + b"import things\n" * 500 for first in (b"import b\n", b"import a\n"))
    for text in (old, new):
        one.next_words(text, b"", Options())
    slices = 1
    while not one.catch_up():
        slices += 1
    assert slices < 2 * len(new) // CATCH_UP_BYTES, "the other text is not read"


@pytest.mark.parametrize(
    "word", ["हिन्दी", "বাংলা", "தமிழ்", "ગુજરાતી", "العَرَبِيَّة", "Ελληνικά", "čeština"]
)
def test_words_are_whole_in_scripts(word: str) -> None:
    """Words with combining marks or letters of several bytes are offered whole."""
    offered = completer(f"one {word} two").next_words(b"one ", b"", Options())
    assert offered[0].text.startswith(word)


def test_second_half_of_flag() -> None:
    """After the first regional indicator of a flag, the second one is offered."""
    flag = "\U0001f1eb\U0001f1f7"
    offered = completer(f"a {flag}").next_characters(f"a {flag[0]}".encode(), b"", Options())
    assert offered[0].text == flag[1]


def test_crlf_equals_lf() -> None:
    """Documents with CR LF and with LF get the same candidates."""
    lines = completer("first\nsecond\nthird")
    assert lines.next_words(b"first\r\nsec", b"", Options()) == lines.next_words(
        b"first\nsec", b"", Options()
    )


def test_released_memory_changes_nothing() -> None:
    """After its memory was released, a document gets the same candidates."""
    resting, before = completer(), b"hello wor"
    offered = resting.next_words(before, b"", Options()), resting.ghost_text(before, b"", Options())
    resting.release_memory()
    assert (
        resting.next_words(before, b"", Options()),
        resting.ghost_text(before, b"", Options()),
    ) == offered
