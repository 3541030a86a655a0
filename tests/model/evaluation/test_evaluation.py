"""Scores of systems with known suggestions, which can be computed by hand, and properties of any
text.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.evaluation.scored_systems import FixedSystem, ignore, score, system

from foretype_model.completion.candidates import Options
from foretype_model.errors import PredictorError
from foretype_model.evaluation.calibration import Guess, bins, expected_calibration_error
from foretype_model.evaluation.next_word import guess_words
from foretype_model.evaluation.ngram import NGramPredictor
from foretype_model.evaluation.passage import Passage, free_indentation, typed_part
from foretype_model.evaluation.score import Scorer, bits_needed, combine
from foretype_model.evaluation.systems import PredictorSystem, ablations
from foretype_model.evaluation.typist import type_passage
from foretype_model.evaluation.words import WordsSystem
from foretype_model.evaluation.workspace import read_workspace
from foretype_model.predictors.scripted import ScriptedPredictor

SOME_TEXT = st.text(st.sampled_from("ab \n\tü😀.,"), max_size=60)


@pytest.mark.parametrize(
    ("typed", "ghost", "keys", "characters"),
    [
        ("abcdef", None, 6, 6),
        ("abcdef", "abcdef", 1, 6),
        ("abcdef", "abcd", 3, 6),
        ("abcdef", "abXdef", 6, 6),  # no part of it is a whole word
        ("ab cd ef", "ab cX", 7, 8),  # its first word
        ("ab\ncd", "ab\ncX", 4, 5),  # its first line
        ("abc", "a", 3, 3),  # a key for a key
        ("  a\n  b", None, 5, 5),  # the second line's indentation is the editor's
        ("  a\n  b", "  a\n  b", 1, 5),  # also if a suggestion contains it
        ("  a\n    b", None, 7, 7),  # further in than the line above: by hand
        ("a\n\n  b", None, 6, 6),
    ],
)
def test_ghost_text_is_accepted_in_parts(typed, ghost, keys, characters):
    """A key accepts a ghost text, its first line, or its first word."""
    tally = type_passage(FixedSystem(ghost), Passage("", typed, ""), "inline", ignore)
    assert (tally.keys, tally.characters) == (keys, characters)


@pytest.mark.parametrize(
    ("menu", "keys"),
    [
        (["xx", "ab", "abc"], 4),
        (["x1", "x2", "x3", "x4", "abcdef"], 1),
        (["x"] * 5 + ["abcdef"], 6),
    ],
)
def test_longest_menu_item_is_accepted(menu, keys):
    """The longest right item among the first five of the menu is accepted."""
    assert (
        type_passage(FixedSystem(menu=menu), Passage("", "abcdef", ""), "popup", ignore).keys
        == keys
    )


def test_longer_of_both_is_accepted():
    """Of ghost text and menu item, the longer right one is accepted."""
    tally = type_passage(FixedSystem("abc", ["abcd"]), Passage("", "abcdef", ""), "both", ignore)
    assert (tally.keys, tally.accepted) == (3, 1)


def test_precision_counts_first_words():
    """Precision counts the suggestions whose first word is right."""
    tally = type_passage(FixedSystem("ab cX"), Passage("", "ab cd", ""), "inline", ignore)
    assert (tally.keys, tally.shown, tally.right) == (4, 4, 1)


@given(SOME_TEXT, st.sampled_from(["end", "middle"]), st.sampled_from(["inline", "popup", "both"]))
def test_no_suggestions_save_nothing(text, at, mode):
    """A system without suggestions saves no key."""
    passage = Passage.of(text, at, 1000)
    tally = type_passage(FixedSystem(), passage, mode, ignore)
    assert tally.keys == tally.characters <= len(passage.typed)


@given(SOME_TEXT, st.integers(1, 30))
def test_passage_is_start_or_middle(text, most):
    """A passage is the start of a text, or the middle third of its start."""
    whole, middle = Passage.of(text, "end", most), Passage.of(text, "middle", most)
    assert whole == Passage("", text[:most], "")
    assert middle.before + middle.typed + middle.after == text[: 3 * most]
    assert len(middle.typed) <= most


def test_line_ends_become_lf():
    """All line ends become LF."""
    assert Passage.of("a\r\nb\rc", "end", 10).typed == "a\nb\nc"


@pytest.mark.parametrize(
    ("before", "rest", "expected"),
    [
        ("", "  a", ""),
        ("  a\n", "    b", "  "),
        ("\ta\n", "  b", ""),
        ("    a\n\n", "  b", "  "),
        ("  a", "  b", ""),
    ],
)
def test_indentation_is_repeated(before, rest, expected):
    """The free indentation is that of the last line, as far as the next line has it."""
    assert free_indentation(before, rest) == expected


def test_bits_are_the_predictors():
    """The bits follow from the predictor's probabilities."""
    text = "grüße"
    only = ScriptedPredictor([text])
    states = [only.feed(b"", text.encode()[:i]) for i in range(len(text.encode()))]
    nats = -sum(
        only.predict([state])[0, byte] for state, byte in zip(states, text.encode(), strict=True)
    )
    scored = score(system(text), Passage("", text, ""), [])
    assert scored.bits_per_character == pytest.approx(nats / math.log(2) / 5)


class ObservingPredictor(ScriptedPredictor):
    """A predictor that records the documents that it observes and the bytes that it learns."""

    def __init__(self, records):
        super().__init__([])
        self.records = records

    def save(self):
        raise AssertionError("a score must not save what it has learnt")

    def learn(self, state, following):
        self.records.append((state, following))

    def observe(self, document, before, after):
        self.records.append((bytes(before), bytes(after)))


@pytest.mark.parametrize("kind", ["bits", "word_starts", "inline"])
def test_typed_text_is_learnt(kind):
    """Typed text is shown to the predictors, and learnt when a word ends."""
    records = []
    sessions = PredictorSystem(
        "records", lambda: {"records": ObservingPredictor(records)}, Options()
    )
    passage = Passage("x", "a, b c d", "y")
    if kind == "bits":
        bits_needed(sessions.start(), passage, ignore)
    elif kind == "word_starts":
        guess_words(sessions.start(), passage, ignore)
    else:
        type_passage(sessions.start(), passage, "inline", ignore)
    assert records[0] == (b"x", b"y")
    assert (b"xa", b"y") in records
    # A word is learnt when it has ended: before, it may become part of a secret.
    assert (
        records.index((b"xa", b"y"))
        < records.index((b"x", ord("a")))
        < records.index((b"xa", ord(",")))
    )


@given(st.lists(st.builds(Guess, st.floats(0, 1), st.booleans()), min_size=1))
def test_calibration_covers_all_guesses(guesses):
    """The calibration error is in 0 to 1, and the bins contain all guesses."""
    assert 0 <= expected_calibration_error(guesses) <= 1
    assert sum(one.guesses for one in bins(guesses)) == len(guesses)


def test_calibrated_guesses_have_no_error():
    """Guesses as probable as right have no calibration error."""
    honest = [Guess(0.25, i % 4 == 0) for i in range(8)] + [
        Guess(0.75, i % 4 != 0) for i in range(4)
    ]
    assert expected_calibration_error(honest) == pytest.approx(0)
    assert expected_calibration_error([Guess(0.9, False), Guess(1.0, True)]) == pytest.approx(0.45)
    assert expected_calibration_error([]) is None


def test_combined_scores_are_sums():
    """The combined scores of two passages are their sums."""
    passages = [Passage("", "hello world. hello", ""), Passage("", "hello", "")]
    scores = [score(system("hello world."), one, ["inline", "popup"]) for one in passages]
    both = combine(scores)
    assert both.characters == 23
    assert both.bits == pytest.approx(scores[0].bits + scores[1].bits)
    assert (
        both.typing["inline"].keys
        == scores[0].typing["inline"].keys + scores[1].typing["inline"].keys
    )
    assert len(both.starts) == len(scores[0].starts) + len(scores[1].starts)


@pytest.mark.parametrize("at", ["end", "middle"])
@pytest.mark.parametrize("text", ["hello world. hello", "  a\n  b\n", "ü 😀"])
def test_progress_reaches_the_end(text, at):
    """The reported progress adds up to the announced work."""
    passage, steps, in_all = Passage.of(text, at, 100), [], 0
    for one in (system("hello world."), WordsSystem([])):
        scorer = Scorer(one, ["inline", "popup"])
        scorer.score(passage, steps.append)
        in_all += scorer.work(passage)
    assert sum(steps) == in_all


def test_words_complete_by_frequency():
    """The words baseline orders by frequency, then by distance above the cursor."""
    document = WordsSystem(["forever forever format"]).start().open()
    document.set_text("fork form fork fo", " foal fork")
    assert document.menu() == ["rk", "rever", "rm", "al", "rmat"]
    document.set_text("fork ", "")
    assert document.menu() == []


@given(st.binary(max_size=40), st.lists(st.binary(max_size=40), max_size=3))
def test_ngram_is_a_distribution(text, workspace):
    """The n-gram's probabilities add up to 1, by `feed` as by `step`."""
    model = NGramPredictor(workspace)
    states = [model.start(), model.feed(model.start(), text)]
    assert np.allclose(np.exp(model.predict(states)).sum(axis=1), 1, atol=1e-5)
    stepped = [model.start()]
    for byte in text:
        stepped = model.step(stepped, [byte])
    assert np.array_equal(model.predict(stepped)[0], model.predict(states)[1])


@pytest.mark.parametrize("workspace", [[], [b"the cat sat. the cat sat."]])
def test_ngram_expects_repetition(workspace):
    """The n-gram expects earlier text, typed or in the workspace, to repeat."""
    model = NGramPredictor(workspace)
    state = model.feed(model.start(), b"" if workspace else b"the cat sat. the cat sat. ")
    state = model.feed(state, b"the cat s")
    p = np.exp(model.predict([state])[0])
    assert p.argmax() == ord("a")
    assert p[ord("a")] > 0.5


def test_ablations_isolate_each_predictor():
    """The ablations have all predictors, each alone, and all but each."""

    def made(*names):
        return {one.name: list(one.make()) for one in ablations(names, dict.fromkeys, Options())}

    assert made("a") == {"a": ["a"]}
    assert made("a", "b") == {"mixture": ["a", "b"], "only a": ["a"], "only b": ["b"]}
    assert made("a", "b", "c") == {
        "mixture": ["a", "b", "c"],
        **{f"only {name}": [name] for name in "abc"},
        **{f"without {name}": [other for other in "abc" if other != name] for name in "abc"},
    }


class RememberingPredictor(ScriptedPredictor):
    """A predictor that knows the texts of all documents, as one that learns from the user."""

    def __init__(self, texts):
        super().__init__(texts)
        self._seen: dict[str, bytes] = {}

    def observe(self, document, before, _after):
        self._seen[document] = bytes(before)
        self._texts = list(self._seen.values())


NEW = Passage("", "all new to it", "")


def test_scores_do_not_share_text():
    """Text typed for one score is new to the others."""
    scored = score(system(kind=RememberingPredictor), NEW, ["inline", "both"])
    alone = score(system(kind=RememberingPredictor), NEW, ["both"])
    assert scored.typing["both"].keys == alone.typing["both"].keys
    assert scored.starts == alone.starts


def test_scorer_remembers_passages():
    """Text typed in one passage is known in the next."""
    scorer = Scorer(system(kind=RememberingPredictor), ["inline"])
    first, second = (scorer.score(NEW, ignore).typing["inline"].keys for _ in range(2))
    assert second < first


class FailingPredictor(ScriptedPredictor):
    def predict(self, states):
        raise OSError("the disk is full")


def test_failing_predictor_gives_no_score():
    """If a predictor fails, there is no score but an error."""
    with pytest.raises(PredictorError, match=r"scripted.*the disk is full"):
        score(system(kind=FailingPredictor), Passage("", "text", ""), [])
    with pytest.raises(PredictorError, match=r"scripted.*the disk is full"):
        type_passage(
            system(kind=FailingPredictor).start(), Passage("", "text", ""), "popup", ignore
        )


def test_workspace_is_its_texts(tmp_path):
    """A workspace is its visible texts, nearest first, with LF."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "b.txt").write_text("below\r\n")
    (tmp_path / "a.txt").write_text("above")
    (tmp_path / ".hidden").write_text("hidden")
    (tmp_path / "picture").write_bytes(b"\0")
    assert read_workspace(tmp_path) == [b"above", b"below\n"]


@pytest.mark.parametrize(
    ("offer", "rest", "part"),
    [
        ("on ", "on and", "on "),
        ("on ", "on, and", "on"),
        ("on ", "on\nand", "on"),
        ("on ", "one", ""),
        ("on ", "on", ""),
        ("on", "on, and", "on"),
        ("on", "off", ""),
    ],
)
def test_smart_space_is_taken_back(offer: str, rest: str, part: str) -> None:
    """A space at the end of an accepted offer is taken back before punctuation and nothing else."""
    assert typed_part(offer, rest) == part
