"""Minibatches: which bytes they hold, of texts in memory and of a packed corpus alike, and what is
held back.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.errors import CorpusError
from foretype_model.predictor import END_OF_TEXT
from foretype_model.training.batches import Batches, Position
from foretype_model.training.corpus import read_corpus
from foretype_model.training.heldout import split_held_out
from foretype_model.training.pack import PackedDocuments, pack
from foretype_model.training.pack import main as packing
from foretype_model.training.stream import InMemoryDocuments, load_all

TEXTS = [
    (text * 30).encode()
    for text in ("the cat sat on the mat. ", "a dog ran in the rain. ", "naïve café, 日本語. ")
]


def in_one(texts: list[bytes], seed: int, epoch: int) -> bytes:
    """All texts in the order of an epoch, END_OF_TEXT after each: what `Batches` cuts into rows."""
    order = np.random.default_rng((seed, epoch)).permutation(len(texts))
    return b"".join(texts[i] + bytes([END_OF_TEXT]) for i in order)


class CountingTexts(InMemoryDocuments):
    """Documents that know how much was read of them."""

    bytes_read = 0

    def read(self, document: int, start: int, stop: int) -> bytes:
        self.bytes_read += stop - start
        return super().read(document, start, stop)


some_texts = st.lists(st.binary(max_size=80), min_size=1, max_size=9)


@settings(max_examples=80, deadline=None)
@given(
    texts=some_texts,
    batch=st.integers(1, 6),
    window=st.integers(1, 9),
    read=st.integers(1, 60),
    data=st.data(),
)
def test_windows_carry_on(texts, batch, window, read, data) -> None:
    """Targets are shifted by one byte, and windows continue along the rows."""
    size = sum(len(text) + 1 for text in texts)
    if size < 2 * (window + 1):
        with pytest.raises(CorpusError):
            Batches(InMemoryDocuments(texts), batch, window, seed=3)
        return
    batches = Batches(InMemoryDocuments(texts), batch, window, seed=3)
    start = Position(data.draw(st.integers(0, 2)), data.draw(st.integers(0, batches.per_epoch)))
    first = data.draw(st.integers(0, batches.batch - 1))
    rows = range(first, data.draw(st.integers(first + 1, batches.batch)))
    expected = {
        epoch: np.frombuffer(in_one(texts, 3, epoch), np.uint8)[
            : size // batches.batch * batches.batch
        ]
        for epoch in range(start.epoch, start.epoch + 4)
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("foretype_model.training.batches.READ_BYTES", read)
        for position, x, y in islice(batches.windows(start, rows), 2 * batches.per_epoch + 1):
            of_rows = expected[position.epoch].reshape(batches.batch, -1)[rows.start : rows.stop]
            at = (position.window - 1) * window
            assert x.shape == y.shape == (window, len(rows))
            assert np.array_equal(x.T, of_rows[:, at : at + window])
            assert np.array_equal(y.T, of_rows[:, at + 1 : at + 1 + window])
            follows = Position(start.epoch, start.window + 1)
            assert position == (
                follows if follows.window <= batches.per_epoch else Position(start.epoch + 1, 1)
            )
            start = position


def test_epochs_reorder_the_texts() -> None:
    """Every epoch has another order of the same texts."""
    batches = Batches(
        InMemoryDocuments([bytes([65 + i]) * 40 for i in range(8)]), batch=1, window=8, seed=3
    )
    windows = list(islice(batches.windows(Position(), range(1)), 2 * batches.per_epoch))
    first, second = (
        np.concatenate([x for position, x, _ in windows if position.epoch == e]) for e in (0, 1)
    )
    assert not np.array_equal(first, second)
    assert {*first.ravel()} == {*second.ravel()} == {*range(65, 73), END_OF_TEXT}


def test_only_own_rows_are_read() -> None:
    """No more is read than the rows asked for."""
    documents = CountingTexts([b"some words of a text " * 500] * 40)
    batches = Batches(documents, batch=8, window=32, seed=0)
    for _ in islice(batches.windows(Position(), range(2, 4)), batches.per_epoch):
        pass
    assert documents.bytes_read <= documents.sizes.sum() / 4 * 1.01


@settings(max_examples=60, deadline=None)
@given(texts=some_texts)
def test_packed_corpus_holds_texts(texts, tmp_path_factory) -> None:
    """A packed corpus holds exactly its texts."""
    path = tmp_path_factory.mktemp("packed") / "corpus"
    assert pack(iter(texts), path) == len(texts)
    packed = PackedDocuments(path)
    assert load_all(packed) == texts
    assert packed.sizes.tolist() == [len(text) for text in texts]


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.text(max_size=300).map(str.encode), min_size=1, max_size=30),
    seed=st.integers(0, 9),
)
def test_packed_windows_equal_memory(texts, seed, tmp_path_factory) -> None:
    """A packed corpus gives the windows of the same texts in memory."""
    path = tmp_path_factory.mktemp("packed") / "corpus"
    pack(iter(texts), path)
    ours, theirs = (
        split_held_out(PackedDocuments(path), seed),
        split_held_out(InMemoryDocuments(texts), seed),
    )
    assert [load_all(part) for part in ours] == [load_all(part) for part in theirs]
    try:
        streamed, loaded = (
            Batches(kept, batch=3, window=5, seed=seed) for kept, _held in (ours, theirs)
        )
    except CorpusError:
        return
    rows = range(loaded.batch)
    pairs = zip(streamed.windows(Position(), rows), loaded.windows(Position(), rows), strict=False)
    for (at, x, y), (at_in_memory, x_in_memory, y_in_memory) in islice(pairs, 2 * loaded.per_epoch):
        assert at == at_in_memory
        assert np.array_equal(x, x_in_memory)
        assert np.array_equal(y, y_in_memory)


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="asks Linux for a process's own peak"
)
def test_epoch_memory_is_bounded(tmp_path) -> None:
    """An epoch over a larger corpus takes no more memory."""
    peaks = []
    for megabytes in (2, 100):
        pack((os.urandom(200_000) for _ in range(5 * megabytes)), tmp_path / "corpus")
        ran = subprocess.run(
            [sys.executable, "-c", EPOCH, tmp_path / "corpus"], capture_output=True, check=True
        )
        peaks.append(int(ran.stdout))
    assert peaks[1] < peaks[0] + 8_000  # kilobytes


EPOCH = """
import sys
from itertools import islice
from pathlib import Path
from foretype_model.training.batches import Batches, Position
from foretype_model.training.pack import PackedDocuments
batches = Batches(PackedDocuments(Path(sys.argv[1])), batch=64, window=64, seed=0)
for position, x, y in islice(batches.windows(Position(), range(64)), batches.per_epoch):
    pass
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.parametrize("cut", [0, 1, 7, 16, 40, 200])
def test_damaged_corpus_is_refused(cut, tmp_path) -> None:
    """A damaged corpus is refused."""
    pack([b"some text " * 9, b"another"], tmp_path / "corpus")
    content = (tmp_path / "corpus").read_bytes()
    (tmp_path / "corpus").write_bytes(content[cut:] if cut else content[: len(content) // 2])
    with pytest.raises(CorpusError, match=r"training\.pack"):
        PackedDocuments(tmp_path / "corpus")


def test_packing_counts_skipped_files(tmp_path, capsys) -> None:
    """Packing reads the files that training reads, and counts the others by reason."""
    folder, path = tmp_path / "texts", tmp_path / "corpus"
    folder.mkdir()
    for name, content in {
        "b.txt": b"second\r\n",
        "a.txt": b"first\n",
        "c.txt": b"first\n",
        ".env": b"x",
    }.items():
        (folder / name).write_bytes(content)
    assert packing([str(folder), str(path)]) == 0
    assert (
        load_all(PackedDocuments(path)) == read_corpus([folder]).texts == [b"first\n", b"second\n"]
    )
    assert "1 duplicate" in capsys.readouterr().err
    assert packing([str(folder / "missing"), str(path)]) == 1
    assert load_all(PackedDocuments(path)) == [b"first\n", b"second\n"]


def split_texts(texts: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    kept, held = split_held_out(InMemoryDocuments(texts), seed=0)
    return load_all(kept), load_all(held)


def test_held_out_text_is_whole() -> None:
    """Held-out text is whole texts, or the ends of few."""
    kept, held = split_texts(TEXTS)
    assert [a + b for a, b in zip(kept, held, strict=True)] == TEXTS
    assert all(text.decode() for text in held)
    many = [f"text number {i} ".encode() * 5 for i in range(60)]
    kept, held = split_texts(many)
    assert sorted(kept + held) == sorted(many)
    assert 0 < sum(map(len, held)) <= 0.05 * sum(map(len, many))


def test_long_texts_give_their_ends() -> None:
    """Texts too long to be held out whole give their ends."""
    texts = [f"text number {i} ".encode() * 200 for i in range(20)]
    assert sum(map(len, split_texts([*texts[:19], texts[19] * 40])[1])) > 0
    few = [b"a" * 1000] * 20
    assert sum(map(len, split_texts(few)[1])) > 0
