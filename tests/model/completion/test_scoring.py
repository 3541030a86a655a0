"""Scores of a typed text: those of an evaluation, after any edits and cancelled requests."""

from __future__ import annotations

import math
import sys
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.cancellation import Cancelled
from foretype_model.completion import scoring
from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.completion.scoring import CharacterScore, SurprisalTracker
from foretype_model.evaluation.passage import Passage
from foretype_model.evaluation.score import bits_needed
from foretype_model.evaluation.systems import PredictorSystem
from foretype_model.predictors.copy.predictor import CopyPredictor
from foretype_model.predictors.mixture import Mixture
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.text.rope import Rope

PIECES = ["the mill ", "Wainwright ", "é", "日本", "😀", "\n", "x", "the "]
QUICKLY = settings(deadline=None, max_examples=40)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=15).map("".join)


def members():
    return {"scripted": ScriptedPredictor(["on the mill 日本 x"]), "copy": CopyPredictor()}


def new() -> SurprisalTracker:
    return SurprisalTracker(Mixture(members()), "untitled:1")


def read_all(one: SurprisalTracker, text: str) -> list[CharacterScore]:
    """Return the scores of a pasted text, in as many slices as it takes."""
    data, found = text.encode(), list[CharacterScore]()
    one.follow(data)
    while (at := len("".join(score.text for score in found).encode())) < len(data):
        more = one.read(at, len(data))
        assert more
        found += more
    return found


@QUICKLY
@given(TEXTS)
def test_bits_equal_an_evaluation(text):
    """The scores of a typed text add up to the bits of an evaluation."""
    one, scores = new(), list[CharacterScore]()
    one.follow(b"")
    for end in range(1, len(text) + 1):
        one.follow(text[:end].encode())
        scores += one.read(len(text[: end - 1].encode()), len(text[:end].encode()))
    assert "".join(score.text for score in scores) == text
    system = PredictorSystem("both", members, Options())
    bits = bits_needed(system.start(), Passage("", text, ""), lambda _: None)
    assert -sum(math.log2(score.probability) for score in scores) == pytest.approx(
        bits, rel=1e-4, abs=1e-3
    )


def test_only_typed_text_teaches():
    """Typed text is learnt from, and pasted text is not."""
    text = "Wainwright is here, " * 4
    one, typed = new(), list[CharacterScore]()
    one.follow(b"")
    for end in range(1, len(text) + 1):
        one.follow(text[:end].encode())
        typed += one.read(end - 1, end)
    learnt, plain = (
        math.prod(score.probability for score in scores[20:])
        for scores in (typed, read_all(new(), text))
    )
    assert learnt > 5 * plain


@QUICKLY
@given(TEXTS, st.sampled_from(["th", "on the mi"]))
def test_next_characters_match_completer(text, more):
    """The next characters are those that a completer offers."""
    reader, completer = new(), Completer(members(), pytest.fail, "untitled:1")
    for whole in (text, text + more):
        read_all(reader, whole)
        completer.next_words(whole.encode(), b"", Options())
        offered = completer.next_characters(whole.encode(), b"", Options())
        shown = reader.next_characters(len(whole.encode()), Options())
        assert [likely.probability for likely in shown] == pytest.approx(
            [char.probability for char in offered], rel=0.02
        )


@QUICKLY
@given(TEXTS, st.integers(1, 9))
def test_slice_size_changes_nothing(text, size):
    """The scores do not depend on the number of slices."""
    whole = read_all(new(), text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "MAX_BYTES_PER_CALL", size)
        assert [score.text for score in read_all(new(), text)] == [score.text for score in whole]
        assert [score.probability for score in read_all(new(), text)] == pytest.approx(
            [score.probability for score in whole], rel=1e-3
        )


@QUICKLY
@given(TEXTS, st.floats(0, 1), st.floats(0, 1), TEXTS)
def test_edit_keeps_other_scores(text, start, end, piece):
    """The text before and after an edit keeps its scores."""
    one = new()
    known = read_all(one, text)
    a, b = sorted((round(start * len(text)), round(end * len(text))))
    piece = f"§{piece}¶"
    scores = read_all(one, text[:a] + piece + text[b:])
    assert scores[:a] == known[:a]
    assert scores[a + len(piece) :] == known[b:]
    assert all(0 < score.probability <= 1.0001 for score in scores)


def test_repeated_name_is_expected():
    """A name is improbable at first, and expected by `copy` when it is repeated."""
    scores = read_all(new(), "Wainwright is here, Wainwright")
    for first, second in zip(scores[4:10], scores[24:30], strict=True):
        assert first.text == second.text
        assert second.probability > 10 * first.probability
        assert second.shares["copy"] > 0.5


def test_passed_over_text_stays_unscored():
    """Text that was passed over is never scored later, when the predictors know it."""
    one = new()
    text = b"Wainwright is here, Wainwright"
    one.follow(text)
    assert all(score.probability for score in one.read(20, 30))
    assert [score.probability for score in one.read(0, 20)] == [None] * 20
    assert [one.end_of_passed_over(at) for at in (0, 19, 20, 30)] == [20, 20, 20, 30]
    one.follow(text + b"!")
    one.follow("é".encode() + text + b"!")
    assert [one.end_of_passed_over(at) for at in (0, 1, 2, 21, 32)] == [0, 22, 22, 22, 32]


@pytest.mark.parametrize("kind", ["scripted", "network"])
def test_score_equals_shown_probability(kind, network):
    """A typed character gets the probability and the shares that were shown for it before."""
    base = (
        NetworkPredictor(network)
        if kind == "network"
        else ScriptedPredictor(["the mill, the mill"])
    )
    one, text = SurprisalTracker(Mixture({kind: base, "copy": CopyPredictor()}), "a"), ""
    for key in "the mill, the mill é":
        shown = one.next_characters(len(text.encode()), Options(max_items=100))
        text += key
        one.follow(text.encode())
        (score,) = one.read(len(text[:-1].encode()), len(text.encode()))
        expected = {likely.text: likely for likely in shown}.get(key)
        if expected:
            assert score.probability == pytest.approx(expected.probability, rel=1e-4)
            assert score.shares == pytest.approx(expected.shares, rel=1e-4, abs=1e-6)
        else:
            assert score.probability < 0.01
        assert sum(score.shares.values()) == pytest.approx(1, abs=1e-3)


@QUICKLY
@given(st.sampled_from(["th", "日", "on "]), st.floats(0.1, 3))
def test_draws_follow_temperature(text, temperature):
    """The probabilities of a draw are p^(1/temperature), normalised."""
    one = new()
    one.follow(text.encode())
    by_temperature = {
        t: one.next_characters(len(text.encode()), Options(temperature=t))
        for t in (0.0, 1.0, temperature)
    }
    for found in by_temperature.values():
        assert [likely.probability for likely in found] == [
            likely.probability for likely in by_temperature[0.0]
        ]
        assert sum(likely.drawn for likely in found) <= 1.0001
    assert [likely.drawn for likely in by_temperature[1.0]] == pytest.approx(
        [likely.probability for likely in by_temperature[0.0]], rel=1e-3
    )
    assert by_temperature[0.0][0].drawn == 1
    singles = [likely for likely in by_temperature[temperature] if likely.text.isascii()]
    ratios = [
        math.log(likely.drawn) - math.log(likely.probability) / temperature for likely in singles
    ]
    assert ratios == pytest.approx(ratios[:1] * len(ratios), abs=1e-3)


@QUICKLY
@given(TEXTS.filter(bool), st.integers(1, 40))
def test_cancelled_scoring_resumes(text, deadline):
    """Scoring that was cancelled goes on from the last scored byte."""
    one, asked = new(), iter(range(10**6))
    one.follow(text.encode())
    for _ in range(10**4):
        start = next(asked)
        try:
            found = one.read(
                0, len(text.encode()), lambda start=start: next(asked) - start > deadline
            )
        except Cancelled:
            continue
        if len(found) == len(text):
            break
    whole = read_all(new(), text)
    assert [score.probability for score in found] == pytest.approx(
        [score.probability for score in whole], rel=1e-2
    )


def test_long_text_starts_nearby():
    """A long unread text is scored from its nearest lines."""
    one = new()
    text = b"a line of many\n" * 20_000 + b"on the mi"
    one.follow(text)
    assert one.next_characters(len(text), Options())[0].text == "l"
    assert one.read(len(text) - 2, len(text))[1].probability > 0.5
    one.follow(text[100:] + b"l")
    assert one.read(len(text) - 100, len(text))[0].probability > 0.5
    assert one.next_characters(50, Options())


class ConstantPredictor:
    """Expects the same byte everywhere, and remembers nothing."""

    def start(self):
        return None

    def feed(self, state, text):
        return None

    def step(self, states, following):
        return [None] * len(states)

    def predict(self, states):
        row = np.full(256, 0.5 / 255, np.float32)
        row[ord("a")] = 0.5
        return np.log(np.tile(row, (len(states), 1)))


def slice_cost(lines: int) -> tuple[int, int]:
    """Return the Python lines run and the bytes allocated at most to score one slice, near the
    beginning of an unread text of so many lines.
    """
    tracker = SurprisalTracker(Mixture({"constant": ConstantPredictor()}), "untitled:1")
    tracker.follow(Rope([b"a line of many\n" * 100] * (lines // 100)))
    tracker.read(0, 10_000)
    counts = Counter[str]()

    def count(_frame, event, _argument):
        counts[event] += 1
        return count

    outer = sys.gettrace()
    tracemalloc.start()
    sys.settrace(count)
    try:
        assert len(tracker.read(128, 10_000)) == scoring.MAX_BYTES_PER_CALL
    finally:
        sys.settrace(outer)
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return counts["line"], most_bytes


def test_slice_costs_its_own_bytes():
    """Scoring a slice neither visits nor copies the rest of the document."""
    slice_cost(1_000)  # compiles and caches
    (few_lines, few_bytes), (many_lines, many_bytes) = slice_cost(1_000), slice_cost(100_000)
    assert many_lines <= 1.1 * few_lines
    assert many_bytes <= few_bytes + 300_000, "of 1.5 MB"
