"""Forgetting is exact: the predictions are those of a predictor that never saw the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.files.uris import uri_to_real_path
from foretype_model.predictor import PredictorConfig
from foretype_model.predictors.copy import ppm
from foretype_model.predictors.copy.erase import forget_word
from foretype_model.predictors.copy.history import MatchHistory
from foretype_model.predictors.copy.index.erase import contains_word, mask_word
from foretype_model.predictors.copy.index.fm_index import MAX_CONTEXT_BYTES, FMIndex
from foretype_model.predictors.copy.index.workspace import Workspace
from foretype_model.predictors.copy.ppm import OrderStats
from foretype_model.predictors.copy.predictor import CopyPredictor, create
from foretype_model.privacy.forgotten_words import occurrences, redact_words
from foretype_model.privacy.secret_scanner import pending_suffix

WORDS = st.sampled_from(["ab", "abc", "b", "bab", "é", "aé", "abab"])
TEXTS = st.lists(
    st.sampled_from(["ab", "abc", "b", "a", "bab", "é", "aé", " ", ", ", "\n", "_"]), max_size=60
).map("".join)
CONTEXTS = st.lists(st.sampled_from(["ab", "abc", "b", "a", "é", " ", ", "]), max_size=12).map(
    "".join
)


def probabilities(predictor: CopyPredictor, context: str) -> np.ndarray:
    state = predictor.feed(predictor.start(), context.encode())
    return np.exp(predictor.predict([state])[0])


def spans(text: str, word: str) -> Iterator[tuple[int, int]]:
    """The byte spans at which a word stands whole."""
    pattern = regex.compile(rf"(?<![\w\p{{M}}]){regex.escape(word)}(?![\w\p{{M}}])")
    for found in pattern.finditer(text, overlapped=True):
        start = len(text[: found.start()].encode())
        yield start, start + len(word.encode())


def over(*segments: FMIndex) -> CopyPredictor:
    predictor = CopyPredictor()
    predictor.segments = segments
    return predictor


# Words


@given(TEXTS, WORDS)
def test_whole_words_are_found(text, word):
    """A word is found wherever it stands whole."""
    assert [*occurrences(text.encode(), word.encode())] == [start for start, _ in spans(text, word)]


@pytest.mark.parametrize("text", ["mañana", "नमस्ते", "e\u0301te", "x_mañana", "3mañana"])
def test_marks_and_digits_continue_words(text):
    """Marks and digits continue a word."""
    assert [*occurrences(f"({text[0]})".encode(), text[0].encode())] == [1]
    assert [*occurrences(text.encode(), text[0].encode())] == []
    assert [*occurrences(text.encode(), text[-1].encode())] == []


def test_phrases_are_redacted_at_length():
    """A forgotten phrase is redacted without changing the length of the text."""
    text = "Jane Doe, Jane Doerr; Jane Doe"
    assert (
        redact_words(text.encode(), [b"Jane Doe"]) == b"\xfe" * 8 + b", Jane Doerr; " + b"\xfe" * 8
    )


# From an index


@settings(deadline=None)
@given(
    st.lists(TEXTS, min_size=1, max_size=4),
    st.sets(st.integers(0, 3)),
    st.lists(CONTEXTS, max_size=5),
)
def test_masked_files_equal_absent_files(texts, forgotten, contexts):
    """An index with masked files predicts as an index without them."""
    documents = [(f"/{number}", text.encode()) for number, text in enumerate(texts)]
    masked = over(FMIndex.build(documents).mask_documents({f"/{number}" for number in forgotten}))
    alone = over(
        FMIndex.build([pair for number, pair in enumerate(documents) if number not in forgotten])
    )
    for context in contexts:
        np.testing.assert_allclose(
            probabilities(masked, context), probabilities(alone, context), rtol=1e-5
        )


def test_masked_rows_keep_contexts_rare():
    """A context that a masked file repeats a thousand times stays as rare as without it."""
    texts = [("/a", b"the old mill\n"), ("/b", b"the new mill\n" * 2000)]
    masked, alone = (
        over(FMIndex.build(texts).mask_documents({"/b"})),
        over(FMIndex.build(texts[:1])),
    )
    np.testing.assert_allclose(
        probabilities(masked, "the "), probabilities(alone, "the "), rtol=1e-5
    )


def counted(texts: Sequence[str], word: str, context: bytes) -> Iterator[OrderStats]:
    """The followers of each length of context by plain counting, without bytes of the word."""
    followed = []
    for text in texts:
        whole = b"\xff" + text.encode()
        hidden = {i + 1 for start, end in spans(text, word) for i in range(start, end)}
        followed += [(whole[:i], whole[i]) for i in range(1, len(whole)) if i not in hidden]
    known = 0
    for order in range(min(MAX_CONTEXT_BYTES, len(context)), ppm.MIN_ORDER - 1, -1):
        followers = [byte for before, byte in followed if before.endswith(context[-order:])]
        if len(followers) > known:
            known = len(followers)
            shares = {byte: followers.count(byte) / known for byte in followers}
            yield OrderStats(order, ppm.INDEXED, known, round(known * max(shares.values())), shares)


@given(st.lists(TEXTS, min_size=1, max_size=3), WORDS, CONTEXTS)
def test_no_forgotten_byte_counts(texts, word, context):
    """No byte of a forgotten word counts in an index, wherever it stands whole."""
    segment = FMIndex.build([(f"/{number}", text.encode()) for number, text in enumerate(texts)])
    without, count = mask_word(segment, word.encode())
    assert count == sum(len([*spans(text, word)]) for text in texts)
    expected = ppm.distribution(counted(texts, word, b"\xff" + context.encode()))
    np.testing.assert_allclose(probabilities(over(without), context), expected, rtol=1e-5)
    assert mask_word(without, word.encode()) == (without, 0)


@given(TEXTS, WORDS, WORDS)
def test_masking_counts_new_occurrences(text, first, second):
    """Masking a word counts the occurrences that were not masked before."""
    once, _ = mask_word(FMIndex.build([("/a", text.encode())]), first.encode())
    gone = {i for start, end in spans(text, first) for i in range(start, end)}
    expected = (
        sum(not gone.issuperset(range(*span)) for span in spans(text, second))
        if first != second
        else 0
    )
    assert mask_word(once, second.encode())[1] == expected


@pytest.mark.parametrize(("word", "is_there"), [("met", True), ("me", False), ("mets", False)])
def test_contained_words_are_whole(word, is_there):
    """An index contains a word if it stands whole in a text, also once it is masked."""
    segment = FMIndex.build([("/a", b"we met, the two")])
    assert contains_word(segment, word.encode()) == is_there
    assert contains_word(mask_word(segment, word.encode())[0], word.encode()) == is_there


# From recent text


def typed(predictor: CopyPredictor, text: str, uri: str = "file:///a") -> None:
    """Key by key, as in an editor."""
    for end in range(1, len(text) + 1):
        predictor.observe(uri, text[:end].encode(), b"")


@given(TEXTS, WORDS, CONTEXTS, st.booleans())
def test_forgetting_time_does_not_matter(text, word, context, key_by_key):
    """A word forgotten before or after it is typed leaves the same predictions."""
    before, after = CopyPredictor(), CopyPredictor()
    after.forget(None, word)
    for predictor in (before, after):
        if key_by_key:
            typed(predictor, text)
        else:
            predictor.observe("file:///a", text.encode(), b"")
    settled = text.encode()[: len(text.encode()) - pending_suffix(text.encode())].decode()
    assert before.forget(None, word).occurrences == len([*spans(settled, word)])
    np.testing.assert_array_equal(probabilities(before, context), probabilities(after, context))


def test_broken_text_counts_words_once():
    """A word is counted once, and forgotten, wherever the writing of a text was interrupted."""
    text = "the hunter, a hunter green "
    for cut in range(1, len(text)):
        predictor = CopyPredictor()
        typed(predictor, text[:cut])
        typed(predictor, "1 2 3 ", "file:///b")
        for end in range(cut + 1, len(text) + 1):
            predictor.observe("file:///a", text[:end].encode(), b"")
        assert predictor.forget(None, "hunter").occurrences == 2, cut
        assert probabilities(predictor, "a hunter")[ord(" ")] > 0.1
        for end in range(6):
            assert probabilities(predictor, "a " + "hunter"[:end])[ord("hunter"[end])] == 0, cut


def test_word_before_piece_counts_once():
    """A word that ends where a piece begins is counted in the piece before it alone."""
    history = MatchHistory()
    history.add(b"", b"the hunter", "file:///a")
    history.add(b"", b"1 2 3", "file:///b")
    history.add(b"the hunter", b", so", "file:///a")
    assert forget_word([history], b"hunter")[1] == 1


def test_corrected_words_are_forgotten():
    """A word that was mistyped and corrected is forgotten, too."""
    predictor = CopyPredictor()
    typed(predictor, "The visitor is hunn")
    for mended in ("hun", "hunt", "hunte", "hunter", "hunter,"):
        predictor.observe("file:///a", f"The visitor is {mended}".encode(), b"")
    assert probabilities(predictor, "The visitor is hun")[ord("t")] > 0.1
    predictor.forget(None, "hunter")
    for end in range(5):
        assert probabilities(predictor, f"The visitor is {'hunter'[:end]}")[ord("hunter"[end])] == 0


def test_begun_phrases_are_forgotten():
    """The beginning of a phrase that is forgotten while it is typed is forgotten, too."""
    predictor = CopyPredictor()
    typed(predictor, "We have met the hunter ")
    assert probabilities(predictor, "We have met the hu")[ord("n")] > 0.1
    predictor.forget(None, "hunter green")
    assert probabilities(predictor, "We have met the ")[ord("h")] == 0
    assert probabilities(predictor, "We have met the hu")[ord("n")] == 0
    assert probabilities(predictor, "We have met")[ord(" ")] > 0.1


def test_longer_words_are_kept():
    """A longer word that begins with a forgotten one is kept."""
    predictor = CopyPredictor()
    predictor.forget(None, "secret")
    typed(predictor, "the secretary, ")
    assert probabilities(predictor, "the secre")[ord("t")] > 0.1


def test_forgotten_files_teach_nothing(tmp_path):
    """Text typed in a forgotten file is offered nowhere."""
    diary, letter = (
        (tmp_path / "private" / "diary.txt").as_uri(),
        (tmp_path / "letter.txt").as_uri(),
    )
    predictor = CopyPredictor()
    predictor.observe(letter, b"the weather was fine", b"")
    predictor.observe(diary, b"dear diary, today I wept", b"")
    assert probabilities(predictor, "dear di")[ord("a")] > 0.1
    predictor.forget(tmp_path / "private", None)
    predictor.observe(diary, b"dear diary, today I wept. dear diary, ", b"")
    assert probabilities(predictor, "dear di").sum() == 0
    assert probabilities(predictor, "the wea")[ord("t")] > 0.1


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("file:///no/such%20place/%C3%A9.txt", "/no/such place/é.txt"),
        ("file://localhost/no/a", "/no/a"),
        ("untitled:Untitled-1", None),
        ("", None),
    ],
)
def test_uris_name_forgotten_files(uri, file):
    """A document is forgotten with the file that its URI names."""
    assert uri_to_real_path(uri) == file


# From a workspace, for good


@pytest.fixture
def predictor(place):
    place.write("letter.txt", "Yours sincerely, Philippa Wainwright\n" * 2)
    predictor = CopyPredictor(place.workspace())
    predictor.refresh()
    return predictor


NAME = "sincerely, Philippa "


def test_words_are_forgotten_for_good(place, predictor):
    """A forgotten word is gone at once, from the disk, and for good."""
    assert probabilities(predictor, NAME)[ord("W")] > 0.1
    assert predictor.forget(None, "Wainwright").occurrences == 2
    assert (
        probabilities(predictor, NAME).sum()
        == probabilities(CopyPredictor(place.workspace()), NAME).sum()
        == 0
    )
    assert b"Wainwright" in place.on_disk()
    predictor.update([])
    assert b"Wainwright" not in place.on_disk()
    assert b"sincerely" in place.on_disk()
    place.write("new.txt", "sincerely, Philippa Wainwright and Philippa Wainwrights")
    predictor.refresh()
    assert probabilities(predictor, NAME + "W").argmax() == ord("a")
    predictor.forget(None, "Wainwrights")
    assert (
        probabilities(predictor, NAME).sum()
        == probabilities(predictor, "sincerely, Philippa W").sum()
        == 0
    )
    assert probabilities(predictor, "Yours sincerely")[ord(",")] > 0.1


def test_foreign_forgetting_applies_on_update(place, predictor):
    """Text that another process forgets is gone with the next update."""
    predictor.observe("file:///a", b"sincerely, Philippa Wainwright, ", b"")
    place.workspace().forget_word("Wainwright")
    predictor.update([])
    predictor.observe("file:///a", b"sincerely, Philippa Wainwright, y", b"")
    assert probabilities(predictor, NAME).sum() == 0


def test_files_are_forgotten_with_typing(place, predictor):
    """A file is forgotten together with the text typed in it."""
    file = place.folder / "letter.txt"
    predictor.observe(file.as_uri(), b"dear Philippa, this is not saved", b"")
    removed = predictor.forget(file, None)
    assert removed.names == (str(file),)
    assert probabilities(predictor, NAME).sum() == probabilities(predictor, "dear Ph").sum() == 0
    restarted = CopyPredictor(place.workspace())
    restarted.observe(file.as_uri(), b"dear Philippa, this is not saved", b"")
    assert probabilities(restarted, "dear Ph").sum() == 0


def test_indexes_open_without_folders(place, tmp_path: Path):
    """An index can be opened, and words forgotten in it, without its folders."""
    place.write("letter.txt", "Yours sincerely\n")
    create(PredictorConfig(workspace=(place.folder,), state_folder=tmp_path / "state")).refresh()
    (index,) = (tmp_path / "state").iterdir()
    workspace = Workspace((), index)
    workspace.open()
    assert workspace.covers(place.folder)
    assert workspace.forget_word("sincerely").occurrences == 1
    workspace.update(())
    assert place.content(workspace) == {"letter.txt": b"Yours " + b"\xfe" * 9 + b"\n"}
