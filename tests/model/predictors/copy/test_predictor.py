"""The copy predictor continues text as it continued before, and takes in only new text."""

from __future__ import annotations

import gc
import random
import sys
import tracemalloc
import weakref
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from string import ascii_letters
from threading import Thread, current_thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer
from foretype_model.predictor import (
    END_OF_TEXT,
    ERASED,
    Indexer,
    Observer,
    Predictor,
    PredictorConfig,
)
from foretype_model.predictors.copy import seen_documents
from foretype_model.predictors.copy.index import workspace
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.workspace import Workspace
from foretype_model.predictors.copy.ppm import MAX_TOTAL
from foretype_model.predictors.copy.predictor import (
    IMMEDIATE_AFTER,
    IMMEDIATE_BEFORE,
    OBSERVED_AFTER,
    OBSERVED_BEFORE,
    CopyPredictor,
    create,
)
from foretype_model.predictors.copy.seen_documents import MAX_SEEN_BYTES
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


def observed(predictor: CopyPredictor, document: str, before: bytes, after: bytes) -> int:
    """Show a document until all of it is taken in; return the number of calls."""
    times = 1
    while predictor.observe(document, before, after):
        times += 1
    return times


def test_near_text_is_observed_first() -> None:
    """Text near the cursor is taken in at once, and the rest in parts."""
    text = "".join(random.Random(0).choices(LETTERS, k=300_000)).encode()
    predictor, sizes = CopyPredictor(), [0]
    for cursor in (150_000, 150_001, 40_000):  # opened, a key on, a jump
        more = True
        while more:
            more = predictor.observe("file:///a", text[:cursor], text[cursor:])
            sizes.append(amount(predictor))
            assert (
                after(predictor, text[cursor - 108 : cursor - 100]).argmax() == text[cursor - 100]
            )
    assert (
        max(later - earlier for earlier, later in pairwise(sizes))
        <= IMMEDIATE_BEFORE + IMMEDIATE_AFTER
    )
    assert sizes[-1] < 2 * (OBSERVED_BEFORE + OBSERVED_AFTER) + 10, "no part is taken in twice"
    assert after(predictor, text[20_000:20_008]).argmax() == text[20_008]


def test_long_documents_are_read_partly() -> None:
    """Of a long document, only the text around the cursor is taken in."""
    text = "".join(random.Random(0).choices(LETTERS, k=300_000)).encode()
    predictor, cursor = CopyPredictor(), 150_000
    observed(predictor, "file:///a", text[:cursor], text[cursor:])
    assert amount(predictor) < 50_000
    for near in (cursor - 1000, cursor + 1000):
        assert after(predictor, text[near - 8 : near]).argmax() == text[near]


def test_long_pastes_are_read_partly() -> None:
    """Of a long pasted text, the end is taken in."""
    text = "".join(random.Random(0).choices(LETTERS, k=100_000)).encode()
    predictor = made(b"start ")
    observed(predictor, "file:///0", b"start " + text + b"\n", b"")
    assert amount(predictor) < 50_000
    for near in (len(text) - 20_000, len(text) - 1):
        assert after(predictor, text[near - 8 : near]).argmax() == text[near]


def test_history_is_bounded() -> None:
    """The histories are bounded in bytes, and keep the newest text."""
    predictor, random_ = CopyPredictor(), random.Random(0)
    for i in range(20):
        text = "".join(random_.choices(LETTERS, k=20_000)).encode()
        observed(predictor, f"file:///{i}", text, b"")
    assert amount(predictor) < 300_000
    assert after(predictor, text[:5000]).argmax() == text[5000]


def document(number: int, size: int) -> bytes:
    """Lines of text that no other document has."""
    line = b"line of document %d and what it says in it\n" % number
    return line * (size // len(line))


def test_closed_documents_are_bounded_in_bytes() -> None:
    """Of documents of 2 MB, at most `MAX_SEEN_BYTES` and the latest one stay in memory."""
    predictor = CopyPredictor()
    tracemalloc.start()
    try:
        for number in range(25):
            text = document(number, 2_000_000)
            observed(predictor, f"file:///{number}", text[:1_000_000], text[1_000_000:])
        del text
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert predictor._seen.older_bytes() <= MAX_SEEN_BYTES
    histories = 30 * amount(predictor) + 8 * 65_536 * len(predictor._histories)
    assert kept < MAX_SEEN_BYTES + 2_000_000 + 2_000_000 + histories


@pytest.mark.parametrize("edit", ["nothing", "before", "after", "within"])
def test_reopened_documents_add_only_edits(edit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document whose text was dropped is recognised, also when it was edited meanwhile."""
    monkeypatch.setattr(seen_documents, "MAX_SEEN_BYTES", 50_000)
    text = "".join(random.Random(0).choices(LETTERS, k=300_000)).encode()
    predictor, cursor = CopyPredictor(), 150_000
    observed(predictor, "file:///a", text[:cursor], text[cursor:])
    predictor.observe("file:///b", b"x", b"")
    assert predictor._seen.older_bytes() < 50_000
    before = amount(predictor)
    at = {"nothing": None, "before": 1000, "after": 299_000, "within": cursor - 5000}[edit]
    if at is not None:
        text = text[:at] + b"a new word " + text[at:]
    observed(predictor, "file:///a", text[:cursor], text[cursor:])
    # The cursor is at another byte once text is inserted before it; the byte at the cursor waits.
    assert amount(predictor) - before <= (0 if edit in {"nothing", "after"} else 30)


def test_dropped_text_is_forgotten_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was observed of a document leaves with it, whether or not its text is still kept."""
    monkeypatch.setattr(seen_documents, "MAX_SEEN_BYTES", 50_000)
    text = document(7, 200_000)
    predictor, other = CopyPredictor(), CopyPredictor()
    observed(predictor, "file:///a.txt", text, b"")
    for one in (predictor, other):
        one.observe("file:///b.txt", b"The treasurer is Philippa.\n", b"")
    predictor.forget(Path("/a.txt"), None)
    other.forget(Path("/a.txt"), None)
    for context in (b"\nline of doc", b"\nThe treas"):
        assert np.array_equal(after(predictor, context), after(other, context))
    assert not observed(predictor, "file:///a.txt", text, b"") > 1
    assert amount(predictor) == amount(other)


# In use


def test_index_follows_file_changes(place) -> None:
    """Files of the workspace are known, follow their changes, and survive a restart."""
    file = place.write("a.py", "def frobnicate(widget):\n    pass\n")
    predictor = CopyPredictor(place.workspace())
    assert not after(predictor, b"\ndef frob").any()
    predictor.refresh()
    assert going_on(predictor, b"\n\ndef frob", 6) == b"nicate"
    place.write("a.py", "def frobbify(widget):\n    pass\n")
    predictor.update([file])
    assert going_on(predictor, b"\n\ndef frob", 4) == b"bify"
    assert going_on(CopyPredictor(place.workspace()), b"\n\ndef frob", 4) == b"bify"


@pytest.fixture
def opened_on(monkeypatch: pytest.MonkeyPatch) -> list[Thread]:
    """The threads on which a workspace is opened, and all of its files are checked."""
    threads = list[Thread]()
    opening = Workspace.open

    def recorded(self: Workspace) -> tuple[FMIndex, ...]:
        threads.append(current_thread())
        return opening(self)

    monkeypatch.setattr(Workspace, "open", recorded)
    return threads


def test_large_indexes_open_while_indexing(place, opened_on, monkeypatch) -> None:
    """The worker neither opens a large index nor checks its files; the indexing thread does."""
    place.write("a.py", "def frobnicate(widget):\n    pass\n")
    place.renew()
    opened_on.clear()
    monkeypatch.setattr(workspace, "MAX_SMALL_MANIFEST_BYTES", 0)
    stamps = list[str]()
    monkeypatch.setattr(workspace.Stamp, "of", stamps.append)
    predictor = CopyPredictor(place.workspace())
    assert not after(predictor, b"\ndef frob").any()
    assert predictor.observe("file:///b.py", b"x = 1", b"") is False
    assert amount(predictor) > 0, "documents are learnt from meanwhile"
    assert opened_on == stamps == []
    monkeypatch.undo()
    indexing = Thread(target=predictor.refresh)
    indexing.start()
    indexing.join()
    assert going_on(predictor, b"\n\ndef frob", 6) == b"nicate"


def test_small_indexes_open_at_once(place, opened_on) -> None:
    """A small index answers from the first request on, and is opened only once."""
    place.write("a.py", "def frobnicate(widget):\n    pass\n")
    place.renew()
    opened_on.clear()
    predictor = CopyPredictor(place.workspace())
    assert going_on(predictor, b"\n\ndef frob", 6) == b"nicate"
    predictor.refresh()
    assert opened_on == [current_thread()]


def test_forgetting_opens_a_large_index(place, monkeypatch) -> None:
    """Forgetting names the files of an index that was not open yet."""
    file = place.write("a.py", "def frobnicate(widget):\n    pass\n")
    place.renew()
    monkeypatch.setattr(workspace, "MAX_SMALL_MANIFEST_BYTES", 0)
    predictor = CopyPredictor(place.workspace())
    assert predictor.forget(file, None).names == (str(file),)
    assert not after(predictor, b"\ndef frob").any()


def test_copy_offers_names_beside_network() -> None:
    """Beside a network, copy offers the names in the text."""
    network = Network.open(Path(str(files("foretype_model") / "data/default.onnx")))
    before = b"x = frobnicate_widget(3)\n" * 4 + b"y = frob"

    def offered(**members: Predictor) -> Candidate:
        completer = Completer(
            members, lambda name, error: pytest.fail(f"{name}: {error}"), "file:///a.py"
        )
        return completer.next_words(before, b"", Options())[0]

    both = offered(network=NetworkPredictor(network), copy=CopyPredictor())
    assert both.text.startswith("nicate_widget")
    assert both.shares["copy"] > 0.5
    assert not offered(network=NetworkPredictor(network)).text.startswith("nicate_widget")
