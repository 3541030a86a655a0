"""The copy predictor continues text as it continued before, and takes in only new text."""

from __future__ import annotations

import gc
import random
import sys
import weakref
from collections.abc import Iterator
from string import ascii_letters
from threading import Event, Thread

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foretype_model.completion.candidates import Options
from foretype_model.completion.completer import Completer
from foretype_model.predictor import (
    END_OF_TEXT,
    ERASED,
    Indexer,
    Observer,
    Predictor,
    PredictorConfig,
)
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.workspace import Workspace
from foretype_model.predictors.copy.ppm import MAX_TOTAL
from foretype_model.predictors.copy.predictor import (
    CopyPredictor,
    create,
)
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network

PIECES = st.sampled_from(
    [b"a", b"b", b" ", b"\n", b"ab", b"ab" * 10, b"b" * 20, b"foo(bar)\n", "é".encode()]
)
TEXTS = st.lists(PIECES, max_size=12).map(b"".join)
LETTERS = ascii_letters + 26 * " "
"""Random words are made of these; without spaces they would count as a key."""


def made(*documents: bytes, indexed: tuple[bytes, ...] = (), masked: int = 0) -> CopyPredictor:
    """A predictor that observed the documents, with an index whose first `masked` are masked."""
    predictor = CopyPredictor()
    if indexed:
        names = [f"/{i}" for i in range(len(indexed))]
        predictor.segments = (
            FMIndex.build(list(zip(names, indexed, strict=True))).mask_documents(names[:masked]),
        )
    for i, document in enumerate(documents):
        predictor.observe(f"file:///{i}", document, b"")
    return predictor


def after(predictor: CopyPredictor, context: bytes) -> np.ndarray:
    """The probabilities of the next byte, shape (256,)."""
    return np.exp(predictor.predict([predictor.feed(predictor.start(), context)])[0])


def going_on(predictor: CopyPredictor, context: bytes, length: int) -> bytes:
    """The likeliest bytes, one after the other."""
    text = context
    for _ in range(length):
        text += bytes([int(after(predictor, text).argmax())])
    return text[len(context) :]


def test_copy_implements_its_protocols() -> None:
    """The copy predictor is a Predictor, an Observer and an Indexer."""
    assert all(
        isinstance(create(PredictorConfig()), kind) for kind in (Predictor, Observer, Indexer)
    )


@pytest.mark.parametrize("where", ["typed", "indexed"])
def test_seen_text_is_expected_again(where: str) -> None:
    """Text that occurred once is expected after the same context, the longer, the surer."""
    text = b"x = 1\nfoo(bar)\nthe quick brown fox jumps\n"
    predictor = made(text) if where == "typed" else made(indexed=(text,))
    assert going_on(predictor, b"z = 3\nfoo(", 4) == b"bar)"
    shorter = after(predictor, b"z = 3\nfoo(")[ord("b")]
    assert shorter > 0.05
    assert after(predictor, b"z = 3\nthe quick brown f")[ord("o")] > 1.5 * shorter, (
        "the longer, the surer"
    )


def test_both_sides_of_cursor_count() -> None:
    """Text before and after the cursor is known in every document."""
    predictor = CopyPredictor()
    predictor.observe("file:///a", b"first_name = 1\n", b"\nsecond_name = 2\n")
    for known in (b"first_name", b"second_name"):
        assert going_on(predictor, known[:6], len(known) - 6) == known[6:]


def test_longer_contexts_come_first() -> None:
    """The followers of a longer context outweigh those of a shorter one."""
    predictor = made(b"one: alpha\n" * 3 + b"none: beta\n")
    assert after(predictor, b"\none: ").argmax() == ord("a")
    assert after(predictor, b"\nnone: ").argmax() == ord("b")


def test_recent_text_outweighs_workspace() -> None:
    """Recent text outweighs the workspace at equal contexts."""
    predictor = made(b"the colour is red\n", indexed=(b"the colour is blue\n",))
    assert after(predictor, b"the colour is ").argmax() == ord("r")
    assert after(predictor, b"the colour is ")[ord("b")] > 0


def test_unknown_contexts_assign_nothing() -> None:
    """After an unknown context, no probability is assigned."""
    for predictor in (CopyPredictor(), made(b"some text\n", indexed=(b"other text\n",))):
        answer = predictor.predict([predictor.feed(predictor.start(), b"zqzqzq")])
        assert answer.shape == (1, 256)
        assert np.isneginf(answer).all()


@settings(max_examples=150, deadline=None)
@given(
    typed=st.lists(TEXTS, max_size=2),
    indexed=st.lists(TEXTS, max_size=3),
    masked=st.integers(0, 3),
    context=TEXTS,
)
def test_only_known_followers_are_assigned(typed, indexed, masked, context) -> None:
    """Less than 1 is assigned, and only to bytes that occurred in unmasked text."""
    predictor = made(*typed, indexed=tuple(indexed), masked=masked)
    p = after(predictor, context)
    assert (p >= 0).all()
    assert p.sum() <= MAX_TOTAL + 1e-5
    assert p[ERASED] == p[END_OF_TEXT] == 0
    assert set(np.flatnonzero(p).tolist()) <= set(b"".join([*typed, *indexed[masked:]]))


@settings(max_examples=100, deadline=None)
@given(
    typed=TEXTS,
    indexed=st.lists(TEXTS, max_size=3),
    context=TEXTS,
    cuts=st.lists(st.integers(0, 100), max_size=3),
)
def test_feeding_equals_stepping(typed, indexed, context, cuts) -> None:
    """Feeding a text leads to the state of stepping through its bytes."""
    predictor = made(typed, indexed=tuple(indexed))
    stepped = fed = predictor.start()
    for byte in context:
        (stepped,) = predictor.step([stepped], [byte])
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(context)], strict=True):
        fed = predictor.feed(fed, context[start:end])
    (on,) = predictor.step([fed], b"a")
    assert np.array_equal(predictor.predict([stepped]), predictor.predict([fed]))
    assert np.array_equal(np.exp(predictor.predict([on])[0]), after(predictor, context + b"a"))


def test_states_outlive_their_index() -> None:
    """A state made with an older index predicts from the newest one."""
    predictor = made(indexed=(b"old = here\n",))
    state = predictor.step([predictor.feed(predictor.start(), b"\nnew ")], b"=")[0]
    assert np.isneginf(predictor.predict([state])).all()
    predictor.segments = (FMIndex.build([("/1", b"x\nnew = there\n")]),)
    assert predictor.predict([state])[0].argmax() == ord(" ")


def test_states_do_not_hold_indexes() -> None:
    """A state does not keep an older index in memory."""
    predictor = made(indexed=(b"old = here\n",))
    kept = predictor.step([predictor.feed(predictor.start(), b"ol")], b"d")
    predictor.predict(kept)
    old = weakref.ref(predictor.segments[0])
    predictor.segments = (FMIndex.build([("/1", b"x\nnew = there\n")]),)
    gc.collect()
    assert old() is None


def test_index_may_change_during_prediction() -> None:
    """The index may be replaced on another thread during predictions."""
    predictor, segment = CopyPredictor(), FMIndex.build([("/0", b"some text\n")])
    interval, ended = sys.getswitchinterval(), False

    def renew() -> None:
        while not ended:
            for segments in ((), (segment,), (segment, segment)):
                predictor.segments = segments

    renewing = Thread(target=renew)
    sys.setswitchinterval(1e-6)
    renewing.start()
    try:
        state = predictor.start()
        for byte in b"some text\n" * 300:
            (state,) = predictor.step([state], [byte])
            predictor.predict([state])
    finally:
        ended = True
        renewing.join()
        sys.setswitchinterval(interval)


# Observing


EDITS = st.lists(
    st.tuples(
        st.floats(0, 1), st.floats(0, 1), st.one_of(st.just(0), st.integers(1, 60)), st.floats(0, 1)
    ),
    max_size=8,
)


def pieces_edited(
    edits: list[tuple[float, float, int, float]],
) -> Iterator[tuple[list[int], bytes, int, int]]:
    """Yield, after each edit, the number of the edit of each byte, the text, the cursor, and the
    length of the edit.

    The bytes of an edit occur in no other edit.
    """
    origins, text = list[int](), b""
    for number, (start, end, length, cursor) in enumerate(edits):
        first, last = sorted((int(start * len(text)), int(end * len(text))))
        new = bytes(random.Random(number).choices(range(30 * number, 30 * number + 30), k=length))
        text = text[:first] + new + text[last:]
        origins[first:last] = [number] * length
        yield origins, text, int(cursor * len(text)), length


def amount(predictor: CopyPredictor) -> int:
    """The bytes that were taken in."""
    return sum(map(len, predictor._histories))


@settings(deadline=None, max_examples=50)
@given(edits=EDITS)
@example(  # one of two equal bytes is deleted, and the other one was the last to be observed
    edits=[
        (0, 0, 0, 0),
        (0, 0, 19, 0),
        (0, 0.625, 22, 0.28125),
        (0, 0, 0, 1),
        (0.3125, 0.34375, 0, 0),
    ]
)
def test_edits_are_learnt_exactly_once(edits) -> None:
    """After any edits, each piece is known, and no byte was taken in twice."""
    predictor, total, origins, text = made(b""), 0, list[int](), b""
    for origins, text, cursor, length in pieces_edited(edits):  # noqa: B007
        predictor.observe("file:///0", text[:cursor], text[cursor:])
        total += length
        assert amount(predictor) <= total
    predictor.observe("file:///0", b"", text)  # the byte at the cursor is no longer held back
    assert amount(predictor) <= total
    for i in range(8, len(text)):
        # A deletion brings two parts of a piece together that were not so before.
        if len(set(origins[i - 8 : i + 1])) == 1 and is_piece(origins[i], text[i - 8 : i + 1]):
            assert after(predictor, text[:i])[text[i]] > 0


def is_piece(number: int, part: bytes) -> bool:
    return part in bytes(random.Random(number).choices(range(30 * number, 30 * number + 30), k=60))


def test_typing_equals_pasting() -> None:
    """Text typed key by key is known as if it had come at once."""
    text = b"def frobnicate(widget):\n    return widget.frobnicate()\n"
    typed, at_once = CopyPredictor(), made(text)
    for length in range(len(text) + 1):
        typed.observe("file:///0", text[:length], b"")
    assert amount(typed) == len(text)
    for i in range(len(text)):
        assert np.array_equal(after(typed, text[:i]), after(at_once, text[:i]))


def test_cursor_moves_add_nothing() -> None:
    """A cursor that moves in known text adds nothing."""
    text = b"a line of many\n" * 20
    predictor = made(text)
    for cursor in (0, 100, 30, len(text), 7):
        predictor.observe("file:///0", text[:cursor], text[cursor:])
    assert amount(predictor) == len(text)


def test_text_after_cursor_is_excluded() -> None:
    """The text after the cursor is not expected at the cursor."""
    predictor, line = CopyPredictor(), b"x = frobnicate(3)\n"
    predictor.observe("file:///a", line * 4 + b"y = frob", b"\nz = 1\n")
    assert after(predictor, line * 4 + b"y = frob").argmax() == ord("n")


def test_documents_are_kept_apart() -> None:
    """Each document is compared with its own earlier text."""
    predictor = made(b"one text\n", b"another text\n")
    before = amount(predictor)
    predictor.observe("file:///0", b"one text\n", b"")
    predictor.observe("file:///1", b"another text\n!", b"")
    assert amount(predictor) == before + 1


def test_new_index_updates_old_requests(
    network: Network,
) -> None:
    """Text indexed meanwhile is offered at a place that was asked about before."""
    copy = CopyPredictor()
    completer = Completer(
        {"network": NetworkPredictor(network), "copy": copy}, pytest.fail, "file:///a"
    )
    text, options = b"The treasurer of our ", Options()
    assert completer.ghost_text(text, b"", options) is None
    assert not completer.next_words(text, b"", options)[0].text.startswith("so")
    copy.segments = (FMIndex.build([("b", b"The treasurer of our society is Philippa.\n")]),)
    completer.invalidate()
    assert completer.next_words(text, b"", options)[0].text.startswith("so")


def test_slow_folder_holds_nothing_up(place, monkeypatch) -> None:
    """While an index cannot be opened, there is an answer without it; then it is there."""
    place.write("a.txt", "the keeper of the lighthouse\n")
    place.renew()
    may_open, opened = Event(), Workspace.open
    monkeypatch.setattr(Workspace, "open", lambda index: may_open.wait(60) and opened(index))
    monkeypatch.setattr("foretype_model.predictors.copy.predictor.MAX_OPENING_SECONDS", 0.01)
    copy = CopyPredictor(place.workspace())
    assert copy.segments == ()
    copy.observe("file:///b.txt", b"some text ", b"")
    expected = np.exp(copy.predict([copy.feed(copy.start(), b"some ")])[0])
    assert expected[ord("t")] > 0, "the forget list is known, and so text is learnt"
    may_open.set()
    copy.open()
    assert len(copy.segments) == 1
