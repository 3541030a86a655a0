"""The n-gram predictor: its states, its rows, and the words it proposes."""

import math
import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.model.predictors.ngrams.small_model import (
    SENTENCES,
    arrays,
    native_rows,
    numpy_rows,
    predictor,
    small_file,
)

from foretype_model.errors import ModelError
from foretype_model.predictor import END_OF_TEXT, Predictor, PredictorConfig, Proposer
from foretype_model.predictors.ngrams import kernel, model_file
from foretype_model.predictors.ngrams.native_rows import NativeRows
from foretype_model.predictors.ngrams.predictor import DEFAULT, TAIL_BYTES, create
from foretype_model.predictors.ngrams.rows import NumpyRows
from foretype_model.predictors.ngrams.tokens import FIRST_SEPARATOR, START, tokenize
from foretype_model.predictors.ngrams.vocabulary import Vocabulary

QUICKLY = settings(deadline=None, max_examples=40)
PIECES = [
    *SENTENCES.split(" "),
    " ",
    "\n",
    "’",
    "'",
    "x" * 70,
    ", " * 40,
    "\xe9",
    "語",
    "a b c\n" * 9,
]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
any_bytes = st.one_of(st.binary(max_size=60), texts.map(str.encode))
needs_kernel = pytest.mark.skipif(not kernel.library(), reason="no kernel is compiled")


def states_of(text):
    one, state = predictor(), predictor().start()
    yield state
    for byte in text:
        [state] = one.step([state], [byte])
        yield state


@QUICKLY
@given(any_bytes, any_bytes)
@example(SENTENCES.encode() * 9, b"")
@example(("語" * 2000).encode(), b"a")
@example(b"x" * 3000, b" y")
def test_feed_equals_single_steps(before, text):
    """Reading a text at once gives the state of reading it byte by byte."""
    *_, start = states_of(before)
    state = start
    for byte in text:
        [state] = predictor().step([state], [byte])
    assert predictor().feed(start, text) == state


@QUICKLY
@given(st.lists(texts, min_size=8, max_size=60).map("".join))
def test_long_text_is_read_from_its_end(text):
    """The state after a text longer than the tail is that of reading all of it."""
    long = (SENTENCES * 12 + text).encode()
    *_, state = states_of(long)
    assert len(long) > TAIL_BYTES
    assert predictor().feed(predictor().start(), long) == state


@QUICKLY
@given(texts)
def test_states_follow_the_tokens_of_training(text):
    """At each word's beginning, the contexts are the last two tokens, as the counting sees them."""
    vocabulary = Vocabulary(arrays())
    tokens = [START, START]
    for token in tokenize(text + " end"):
        is_word = token[0].isalnum() or token[0] == "_"
        raw = token.encode()
        number = vocabulary.number(raw if is_word else b"", b"" if is_word else raw)
        tokens.append(number)
    state = predictor().feed(predictor().start(), (text + " e").encode())
    opaque = any(len(word) > 60 for word in tokenize(text)) or "語" in text
    if not opaque:
        assert (state.before, state.last) == tuple(tokens[-3:-1])


@QUICKLY
@given(any_bytes)
def test_rows_are_distributions(text):
    """The probabilities of a row sum to 1 at most, and none of them is above 1."""
    rows = np.exp(predictor().predict(list(states_of(text))))
    assert rows.shape[1] == 256
    assert rows.sum(1).max() <= 1
    assert not np.isnan(rows).any()


@needs_kernel
@QUICKLY
@given(any_bytes)
@example(SENTENCES.encode())
def test_kernel_equals_numpy(text):
    """Rows of the kernel are those of numpy, within the rounding of floats."""
    states = list(states_of(text))
    slow, fast = predictor().predict(states), predictor(native=True).predict(states)
    assert (np.isfinite(slow) == np.isfinite(fast)).all()
    np.testing.assert_allclose(np.exp(fast), np.exp(slow), rtol=1e-4, atol=1e-9)


@needs_kernel
@QUICKLY
@given(texts, st.integers(1, 30))
def test_kernel_proposes_the_same(text, limit):
    """Both ways to compute propose words with the same probabilities."""
    state = predictor().feed(predictor().start(), text.encode())
    slow, fast = (predictor(native=native).propose(state, limit) for native in (False, True))
    np.testing.assert_allclose([p for _, p in slow], [p for _, p in fast], rtol=1e-4)
    assert {text for text, p in slow if p > slow[-1][1] + 1e-3} <= {text for text, _ in fast}


@needs_kernel
@pytest.mark.parametrize("limit", [1, 3, 8, 40])
def test_both_ways_find_the_best(limit):
    """In the bundled model, both ways find the same best words and separators of a context.

    Some separators are more frequent than every word.
    """
    bundled = model_file.read(DEFAULT)
    slow, fast = NumpyRows(bundled), NativeRows(bundled, kernel.library())
    rng = random.Random(limit)
    for _ in range(25):
        before, last = rng.sample(range(3, 9000), 2)
        for kind in (slow.vocabulary.separators, slow.vocabulary.words):
            tokens = kind.start, kind.stop
            right, found = (one.best(before, last, tokens, limit) for one in (slow, fast))
            np.testing.assert_allclose([p for _, p in found], [p for _, p in right], rtol=1e-4)


@QUICKLY
@given(any_bytes)
def test_states_are_never_changed(text):
    """Predicting, stepping and proposing leave a state as it was."""
    one = predictor()
    *_, state = states_of(text)
    copy = tuple(state)
    one.predict([state])
    one.step([state] * 3, b"a ,")
    one.propose(state, 5)
    assert tuple(state) == copy


def test_row_is_independent_of_others():
    """A state's row is the same alone and among others."""
    states = list(states_of(SENTENCES[:60].encode()))
    together = predictor().predict(states)
    alone = np.concatenate([predictor().predict([state]) for state in states])
    assert (together == alone).all()


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("The quick brown", " "),
        ("The quick brown ", "f"),
        ("Kind re", "g"),
        ("he said; “don", "’"),
        ("doesn'", "t"),
        ("Kind regards", ","),
        ("Über den Fl", "u"),
    ],
)
def test_expects_what_stood_there(text, following):
    """The likeliest byte is the one that followed these words in training."""
    state = predictor().feed(predictor().start(), text.encode())
    assert predictor().predict([state])[0].argmax() == following.encode()[0]


@pytest.mark.parametrize("text", ["日本語", "日", "and ไทย", "xqzzzq"])
def test_knows_nothing_of_unknown_text(text):
    """After scripts without spaces, and unknown beginnings, rows have no mass."""
    state = predictor().feed(predictor().start(), text.encode())
    assert (predictor().predict([state]) == -np.inf).all()
    assert predictor().propose(state, 5) == []


def test_long_line_may_break():
    """Past the 40th column, some of a space's probability is a line feed's."""
    short, long = (
        np.exp(predictor().predict([predictor().feed(predictor().start(), text)])[0])
        for text in (b"the quick", b"the quick brown fox jumps over the lazy dog and the quick")
    )
    assert long[ord("\n")] > 5 * short[ord("\n")]


def test_line_feed_counts_as_space():
    """After the end of a long line, the next word is expected as after a space."""
    line = b"the quick brown fox jumps over the lazy dog and the quick"
    start = predictor().start()
    spaced, broken = (predictor().feed(start, line + end + b"b") for end in (b" ", b"\n"))
    assert spaced[:3] == broken[:3]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("The quick ", "brown"),
        ("Kind reg", "ards"),
        ("Kind", " regards"),
        ("Kind regards", ", the"),
        ("find ", "attached"),
        ("she said; “don’", "t"),
        ("der Fluss. Über ", "den"),
        ("(und die ", "Hunde"),
    ],
)
def test_proposes_whole_words(text, word):
    """The words that followed in training are among the first three proposals."""
    state = predictor().feed(predictor().start(), text.encode())
    found = predictor().propose(state, 20)
    assert word.encode() in [text for text, _ in found[:3]]
    assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)
    assert sum(math.exp(p) for _, p in found) <= 1 + 1e-6


@QUICKLY
@given(texts, st.integers(0, 5))
def test_proposal_adds_no_empty_text(text, limit):
    """Every proposal adds text, none twice, and there are `limit` at most."""
    state = predictor().feed(predictor().start(), text.encode())
    found = [text for text, _ in predictor().propose(state, limit)]
    assert len(found) <= limit
    assert len(set(found)) == len(found)
    assert all(text and b"\n" not in text for text in found)


def test_end_of_text_starts_anew():
    """The byte after a text leads to the state before one."""
    assert predictor().feed(predictor().start(), b"text" + bytes([END_OF_TEXT])) == (
        predictor().start()
    )


def test_enters_by_the_door():
    """The entry point makes a `Predictor` that is a `Proposer`, of the model that it is told."""
    made = create(PredictorConfig(options={"model": str(small_file())}))
    assert isinstance(made, Predictor)
    assert isinstance(made, Proposer)


@pytest.mark.parametrize("model", [3, "/nowhere.ngrams"])
def test_wrong_model_is_one_error(model):
    """A model that is missing or no path is an error for the user."""
    with pytest.raises(ModelError):
        create(PredictorConfig(options={"model": model}))


def test_tokens_are_in_order_of_bytes():
    """Separators come before words, each kind sorted, so that a prefix is a range."""
    vocabulary = numpy_rows().vocabulary
    for kind in (vocabulary.separators, vocabulary.words):
        found = [vocabulary.text(token) for token in kind]
        assert found == sorted(set(found))
    assert vocabulary.separators.start == FIRST_SEPARATOR
    assert native_rows() or not kernel.library()
