"""The index equals plain counting of followers and places; its file is whole or broken.

These texts repeat themselves, so that contexts are long, alike, and continue from the end of the
text at its start.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foretype_model.errors import BrokenIndexError
from foretype_model.predictor import END_OF_TEXT
from foretype_model.predictors.copy.index import suffix_sort
from foretype_model.predictors.copy.index.fm_index import (
    MAX_CONTEXT_BYTES,
    FMIndex,
    Location,
)
from foretype_model.predictors.copy.index.segment_file import BLOCK_ROWS

MARK = bytes([END_OF_TEXT])
PIECES = st.sampled_from(
    [b"a", b"b", b"ab", b"\n", b"ab" * 20, b"a" * 30, "é".encode(), b"ba\n" * BLOCK_ROWS]
)
TEXTS = st.lists(st.lists(PIECES, max_size=8).map(b"".join), max_size=5)
CONTEXTS = st.lists(
    st.sampled_from([b"a", b"b", b"ab" * 8, b"a" * 30, b"\n", "é".encode(), b"c", MARK]),
    max_size=20,
).map(lambda pieces: b"".join(pieces)[-40:])

Documents = list[tuple[str, bytes]]


def named(texts: list[bytes]) -> Documents:
    return [(f"/texts/{i}", text) for i, text in enumerate(texts)]


def whole_text(documents: Documents) -> bytes:
    """The documents one after the other, separated by marks."""
    return MARK + b"".join(text + MARK for _, text in documents)


def positions_after(text: bytes, context: bytes) -> list[int]:
    """The positions in the cyclic text that follow `context`."""
    ahead = b""
    while len(ahead) < len(context):
        ahead = text + ahead
    round_ = ahead[len(ahead) - len(context) :] + text
    return [i for i in range(len(text)) if round_.startswith(context, i)]


def rows_at(segment: FMIndex, context: bytes) -> tuple[int, int]:
    """The rows of a whole context in the index; none if it does not occur."""
    longest, ranges = segment.find(context)
    if longest < len(context):
        return 0, 0
    return max(one for one in ranges if one[0] <= len(context))[1:]


def place_of(documents: Documents, position: int) -> Location:
    for name, text in documents:
        if position <= len(text) + 1:
            head = text[: position - 1]
            return Location(name, len(head), head.count(b"\n") + 1, len(head) - head.rfind(b"\n"))
        position -= len(text) + 1
    raise IndexError


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, context=CONTEXTS, lot=st.sampled_from([2, 50, suffix_sort.MAX_BUCKET]))
def test_followers_equal_plain_counting(texts: list[bytes], context: bytes, lot: int) -> None:
    """The followers of any context are those that plain counting finds."""
    text = whole_text(named(texts))
    with patch.object(suffix_sort, "MAX_BUCKET", lot):
        segment = FMIndex.build(named(texts))
    longest, ranges = segment.find(context)
    orders = [order for order, _, _ in ranges]
    assert orders[0] == 0
    assert orders == sorted(set(orders))
    for order in range(min(MAX_CONTEXT_BYTES, len(context)) + 1):
        expected = Counter(text[i] for i in positions_after(text, context[len(context) - order :]))
        assert (order <= longest) == bool(expected)
        if order <= longest:
            _, low, high = max(one for one in ranges if one[0] <= order)
            assert Counter(segment.bwt[low:high]) == expected
    assert len({(low, high) for _, low, high in ranges}) == len(ranges), (
        "each range once, for the shortest context"
    )


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, context=CONTEXTS)
def test_stepping_equals_finding(texts: list[bytes], context: bytes) -> None:
    """Stepping through a context leads to the state of finding it."""
    segment = FMIndex.build(named(texts))
    matches = segment.start()
    for i, byte in enumerate(context):
        matches = segment.step(matches, byte)
        assert matches == segment.find(context[: i + 1])


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, context=CONTEXTS, byte=st.sampled_from(list("ab\né".encode())))
def test_locations_equal_plain_search(texts: list[bytes], context: bytes, byte: int) -> None:
    """The locations of a follower are those that a plain search finds."""
    documents, context = named(texts), context[-MAX_CONTEXT_BYTES:]
    text, segment = whole_text(documents), FMIndex.build(named(texts))
    expected = {place_of(documents, i) for i in positions_after(text, context) if text[i] == byte}
    rows = (len(context), *rows_at(segment, context))
    assert set(segment.locate(rows, byte, len(text))) == expected
    few = list(segment.locate(rows, byte, 3))
    assert len(set(few)) == len(few) == min(3, len(expected))
    assert set(few) <= expected


@settings(max_examples=60, deadline=None)
@given(
    texts=TEXTS,
    masked=st.sets(st.integers(0, 4)),
    later=st.sets(st.integers(0, 4)),
    context=CONTEXTS,
)
def test_masked_index_equals_others_alone(texts, masked, later, context) -> None:
    """An index with masked documents counts as an index of the others."""
    documents = named(texts)
    gone = [{documents[i][0] for i in some if i < len(documents)} for some in (masked, later)]
    whole = FMIndex.build(documents)
    assert whole.shares(0, len(whole)).total == sum(len(text) for text in texts)
    segment = whole.mask_documents(gone[0]).mask_documents(gone[1])
    others = FMIndex.build([one for one in documents if one[0] not in gone[0] | gone[1]])
    # A context never reaches from one document into another here, as the others have other
    # neighbours.
    context = context.rpartition(MARK)[2][-MAX_CONTEXT_BYTES:]
    got, expected = (one.shares(*rows_at(one, context)) for one in (segment, others))
    assert (got.total, got.max_count) == (expected.total, expected.max_count)
    assert np.array_equal(got.shares, expected.shares)
    rows = (len(context), *rows_at(segment, context))
    assert not {place.name for byte in b"ab\n" for place in segment.locate(rows, byte, 1000)} & (
        gone[0] | gone[1]
    )


def test_unknown_names_mask_nothing() -> None:
    """Unknown names mask nothing, and masking twice is masking once."""
    segment = FMIndex.build(named([b"abc"]))
    assert segment.mask_documents({"/texts/9"}) is segment
    assert segment.mask_documents({"/texts/0"}).mask_documents({"/texts/0"}).masked_names == {
        "/texts/0"
    }


def test_documents_are_restored() -> None:
    """The text of each document can be read back."""
    documents = named([b"one\n", b"", "zwei é".encode()])
    segment = FMIndex.build(documents)
    assert [(name, segment.document(name)) for name in segment.names] == documents
    assert len(segment) == len(whole_text(documents))


# The file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("index") / "one.shard"


def same(a: FMIndex, b: FMIndex) -> bool:
    """Whether both answer alike, apart from the mapped parts."""
    contexts = (b"", b"a", b"ab", b"b" * 9, "é".encode(), MARK)
    return (a.names, a.bwt, [a.find(c) for c in contexts], len(a)) == (
        b.names, b.bwt, [b.find(c) for c in contexts], len(b),
    )  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=TEXTS, context=CONTEXTS, masked=st.booleans())
def test_saved_index_opens_equal(
    file: Path, texts: list[bytes], context: bytes, masked: bool
) -> None:
    """An opened index answers as the saved one, without its masks."""
    documents = named(texts)
    built = FMIndex.build(documents)
    (built.mask_documents(built.names) if masked else built).save(file)
    opened = FMIndex.open(file)
    assert same(built, opened)
    assert opened.masked_names == frozenset()
    assert opened.find(context) == built.find(context)
    assert [opened.document(name) for name in opened.names] == texts
    rows = (len(context), *rows_at(built, context))
    assert list(opened.locate(rows, ord("a"), 50)) == list(built.locate(rows, ord("a"), 50))
    assert same(opened.mask_documents(opened.names[:1]), built.mask_documents(built.names[:1]))
    opened.save(file)  # over the file that it is mapped from
    assert same(FMIndex.open(file), built)


def test_any_name_can_be_saved(file: Path) -> None:
    """Documents may have any name."""
    names = ("/é/日本", "/a\nb", "/lone\udcff", "")
    FMIndex.build([(name, b"text") for name in names]).save(file)
    assert FMIndex.open(file).names == names


@pytest.fixture(scope="module")
def saved(file: Path) -> tuple[FMIndex, bytes]:
    """An index, and the content of its file."""
    whole = FMIndex.build(named([b"ab\n" * 100, b"abba" * 90, b"", "é b".encode() * 20]))
    whole.save(file)
    return whole, file.read_bytes()


def test_truncated_file_is_broken(saved: tuple[FMIndex, bytes], file: Path) -> None:
    """A truncated or extended file raises a BrokenIndexError."""
    _, content = saved
    for length in range(0, len(content), 7):
        file.write_bytes(content[:length])
        with pytest.raises(BrokenIndexError):
            FMIndex.open(file)
    for more in (b"\0", content):
        file.write_bytes(content + more)
        with pytest.raises(BrokenIndexError):
            FMIndex.open(file)


@settings(max_examples=400, deadline=None)
@given(
    at=st.floats(0, 1, exclude_max=True),
    early=st.booleans(),
    garbage=st.binary(min_size=1, max_size=12),
)
def test_changed_file_is_broken_or_equal(saved, file, at, early, garbage) -> None:
    """A changed file raises a BrokenIndexError of one line, or answers the same."""
    whole, content = saved
    start = int(at * (200 if early else len(content)))
    file.write_bytes((content[:start] + garbage + content[start + len(garbage) :])[: len(content)])
    try:
        opened = FMIndex.open(file)
    except BrokenIndexError as error:
        assert "\n" not in str(error)
    else:
        assert same(opened, whole)


def test_other_files_are_broken(tmp_path: Path) -> None:
    """A file that is no index raises a BrokenIndexError with advice."""
    other = tmp_path / "other"
    other.write_bytes(b"foretype index 1\n" + bytes(1000))
    empty = tmp_path / "empty"
    empty.touch()
    for path in (other, empty, tmp_path, tmp_path / "missing"):
        with pytest.raises(BrokenIndexError, match="remove it"):
            FMIndex.open(path)
