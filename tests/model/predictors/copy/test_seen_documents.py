"""How much of a document the copy predictor observes and keeps, and when it opens its index."""

from __future__ import annotations

import gc
import random
import tracemalloc
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from threading import Thread, current_thread

import numpy as np
import pytest

from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer
from foretype_model.predictor import (
    Predictor,
)
from foretype_model.predictors.copy import seen_documents
from foretype_model.predictors.copy.index import workspace
from foretype_model.predictors.copy.index.fm_index import FMIndex
from foretype_model.predictors.copy.index.workspace import Workspace
from foretype_model.predictors.copy.predictor import (
    IMMEDIATE_AFTER,
    IMMEDIATE_BEFORE,
    OBSERVED_AFTER,
    OBSERVED_BEFORE,
    CopyPredictor,
)
from foretype_model.predictors.copy.seen_documents import MAX_SEEN_BYTES
from foretype_model.predictors.network.predictor import NetworkPredictor
from foretype_model.predictors.network.runtime import Network

from .test_predictor import LETTERS, after, amount, going_on, made


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
    """The observed text of a document is forgotten with it, even if its full text was dropped."""
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
    """A small index answers from the first request on, and is opened once, not on the worker."""
    place.write("a.py", "def frobnicate(widget):\n    pass\n")
    place.renew()
    opened_on.clear()
    predictor = CopyPredictor(place.workspace())
    assert going_on(predictor, b"\n\ndef frob", 6) == b"nicate"
    predictor.refresh()
    (opening,) = opened_on
    assert opening is not current_thread()


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
