"""Hashes of the words before a byte."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.predictor import END_OF_TEXT
from foretype_model.predictors.network.kernel import word_contexts


def contexts(text: bytes) -> list[tuple[int, ...]]:
    """The rows of each byte of one text."""
    found, _ = word_contexts.read(word_contexts.start(1), np.frombuffer(text, np.uint8)[:, None])
    return [tuple(row) for row in found[:, 0].tolist()]


@given(st.binary(max_size=60), st.binary(max_size=60), st.integers(0, 60))
def test_windows_go_on(first, second, cut) -> None:
    """Two windows of two texts read in step give the rows of each text alone and whole."""
    length = min(len(first), len(second))
    text = np.array([list(first[:length]), list(second[:length])], np.uint8).T.reshape(length, 2)
    head, words = word_contexts.read(word_contexts.start(2), text[:cut])
    tail, _ = word_contexts.read(words, text[cut:])
    whole = np.concatenate([head, tail])
    for column, alone in enumerate((first[:length], second[:length])):
        assert [tuple(row) for row in whole[:, column].tolist()] == contexts(alone)


def test_the_words_before_count() -> None:
    """The rows differ by the word so far, by the word before, and by the one before that."""
    one, other = contexts(b"in the house"), contexts(b"at the house")
    assert one[-1][:2] == other[-1][:2]
    assert one[-1][2] != other[-1][2]
    assert contexts(b"the house")[-1][0] == contexts(b"a house")[-1][0]
    assert contexts(b"the house")[-1][1] != contexts(b"a house")[-1][1]


def test_case_and_spaces_do_not_count() -> None:
    """A word is the same in capitals, and after any number of spaces."""
    assert contexts(b"THE  House")[-1] == contexts(b"the house")[-1]


def test_marks_are_words() -> None:
    """A word after a dot has another row than after a bracket, a space or a line feed."""
    assert (
        len({contexts(text)[-1][1] for text in (b"self.a", b"self(a", b"self a", b"self\na")}) == 4
    )
    assert contexts(b"don't")[-1][0] != contexts(b"don t")[-1][0]


def test_each_japanese_character_is_a_word() -> None:
    """The row with the word before tells the character before, where no space divides words."""
    assert contexts("日本語".encode())[-1][1] == contexts("新本語".encode())[-1][1]
    assert contexts("日本語".encode())[-1][2] != contexts("新本語".encode())[-1][2]


@given(st.binary(max_size=40), st.text(max_size=20))
def test_the_end_of_a_text_clears_all(before, text) -> None:
    """No context reaches into the text before."""
    after = text.encode()
    assert contexts(before + bytes([END_OF_TEXT]) + after)[len(before) + 1 :] == contexts(after)


@given(st.binary(max_size=200), st.integers(1, 22))
def test_rows_are_in_the_table(text, bits) -> None:
    """Every row is one of the table's, and a table of twice the rows divides each in two."""
    typed = np.frombuffer(text, np.uint8)[:, None]
    fewer, more = (
        word_contexts.read(word_contexts.start(1), typed, rows)[0]
        for rows in (1 << bits, 2 << bits)
    )
    assert ((fewer >= 0) & (fewer < 1 << bits)).all()
    assert np.array_equal(more >> 1, fewer)
