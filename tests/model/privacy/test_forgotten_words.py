"""The words of the forget list in a text, against a plain search."""

from __future__ import annotations

from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.privacy.forgotten_words import (
    context_bytes,
    learnable_end,
    occurrences,
    pending_word_suffix,
    redact_words,
    unredacted_spans,
)
from foretype_model.text.rope import Rope

LETTERS = ["a", "b", "é", "日", "\U00020000", "\u0301", "_", "1"]
TEXTS = st.lists(st.sampled_from([*LETTERS, "ab", "ab a", " ", ", ", "😀"]), max_size=20).map(
    "".join
)
WORDS = st.lists(
    st.sampled_from(["a", "ab", "ab a", "aé", "日", "\U00020000", "a b", "b,"]), max_size=3
)


def hidden(text: str, words: list[str]) -> set[int]:
    """Return the bytes of `text` that are in one of the words, by a plain search."""
    found: set[int] = set()
    for word in words:
        pattern = rf"(?<![\w\p{{M}}]){regex.escape(word)}(?![\w\p{{M}}])"
        for match in regex.finditer(pattern, text, overlapped=True):
            start = len(text[: match.start()].encode())
            found.update(range(start, start + len(word.encode())))
    return found


def encoded(words: list[str]) -> list[bytes]:
    return [word.encode() for word in words]


@pytest.mark.parametrize("letter", LETTERS)
def test_any_letter_continues_a_word(letter: str) -> None:
    """A letter, digit or mark of up to four bytes before or after a word makes it another word."""
    for text in (f"{letter}ab", f"ab{letter}", f"x{letter}ab", f"ab{letter}x"):
        assert [*occurrences(text.encode(), b"ab")] == []
    assert [*occurrences(f"{letter} ab,{letter}".encode(), b"ab")] == [len(letter.encode()) + 1]


def test_overlapping_words_are_found() -> None:
    """Occurrences may overlap, also by all but one of their bytes."""
    assert [*occurrences(b"(...)", b"..")] == [1, 2]
    assert redact_words(b"(...)", [b".."]) == b"(\xfe\xfe\xfe)"
    assert [*occurrences(b"a a a", b"a a")] == [0, 2]


@given(TEXTS, WORDS)
def test_redacted_bytes_are_exact(text: str, words: list[str]) -> None:
    """The bytes of the words are erased wherever they stand whole, and no others."""
    gone, data = hidden(text, words), text.encode()
    assert redact_words(data, encoded(words)) == bytes(
        0xFE if at in gone else byte for at, byte in enumerate(data)
    )


@given(TEXTS, WORDS, st.integers(0, 40), st.integers(0, 40))
def test_part_is_as_the_whole(text: str, words: list[str], start: int, length: int) -> None:
    """The spans of a part leave out what the whole text would, also at the ends of the part."""
    data = text.encode()
    start = min(start, len(data))
    end = min(start + length, len(data))
    spans = [*unredacted_spans(data, start, end, encoded(words))]
    kept = [at for first, last in spans for at in range(first, last)]
    gone = hidden(text, words)
    assert kept == [at for at in range(start, end) if at not in gone]
    for (_, before), (after, _) in pairwise(spans):
        assert before < after


def test_context_covers_word_and_neighbour() -> None:
    """The bytes around a place that decide are those of the longest word and of a character."""
    assert context_bytes([]) == 4
    assert context_bytes([b"ab", b"abcde"]) == 9


@given(TEXTS, WORDS)
def test_pending_suffix_is_exact(text: str, words: list[str]) -> None:
    """The suffix that may become a word is the longest one that begins a word, in a text that
    begins a word there.
    """
    data = text.encode()
    lengths = [
        n
        for word in encoded(words)
        for n in range(1, len(word) + 1)
        if data.endswith(word[:n]) and not regex.search(r"[\w\p{M}]$", _head(data, n))
    ]
    assert pending_word_suffix(data, encoded(words)) == max(lengths, default=0)


def _head(data: bytes, count: int) -> str:
    return data[: len(data) - count].decode(errors="replace")


@given(TEXTS, WORDS, st.sampled_from(["", "a", "b", "é", " a", ",", " "]))
def test_learnable_text_stays_learnable(text: str, words: list[str], more: str) -> None:
    """However the text goes on, a word that then stands whole has no byte before the end of what
    may be learnt, unless it stood there already.
    """
    text = "so " + text
    end = learnable_end(Rope.of(text.encode()), len(text.encode()), encoded(words))
    later = {at for at in hidden(text + more, words) if at < end}
    assert later <= hidden(text, words)


def test_plain_text_is_learnt_at_once() -> None:
    """A text that no word and no secret begins in is learnt up to its end, and one that a word
    begins in up to that.
    """
    text = b"we met in spring, "
    for end in range(len(text) + 1):
        assert learnable_end(Rope.of(text), end, [b"Jane Doe"]) >= end - 8
    assert learnable_end(Rope.of(text), len(text), [b"Jane Doe"]) == len(text)
    begun = text + b"Jane D"
    assert learnable_end(Rope.of(begun), len(begun), [b"Jane Doe"]) == len(text)
    assert learnable_end(Rope.of(b"Jane D"), 6, [b"Jane Doe"]) == 0
    other = text + b"xJane D"
    assert learnable_end(Rope.of(other + b", "), len(other) + 2, [b"Jane Doe"]) == len(other) + 2


@pytest.mark.parametrize(("dots", "waits"), [(0, True), (340, True), (360, False)])
def test_composition_waits(dots: int, waits: bool) -> None:
    """Latin letters that an input method may replace are not learnt yet, if its script is near:
    within 352 bytes.
    """
    data = ("你" + "." * dots + "ni hao").encode()
    end = learnable_end(Rope.of(data), len(data), [])
    assert end == len(data) - len("ni hao" if waits else "hao")
