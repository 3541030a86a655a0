"""A rope compared with plain bytes, for texts that share pieces or are divided differently."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from foretype_model.text.rope import Rope, common_prefix

PIECES = st.lists(st.binary(max_size=4), max_size=8)
SMALL = st.lists(st.sampled_from([b"a", b"ab", b"ba", b"b", b""]), max_size=8)


@given(PIECES, st.integers(-30, 30), st.integers(-30, 30))
def test_slices_equal_bytes(pieces: list[bytes], start: int, end: int) -> None:
    """The slices of a rope are those of its bytes."""
    text, whole = Rope(pieces), b"".join(pieces)
    assert (bytes(text), len(text)) == (whole, len(whole))
    assert text[start:end] == whole[start:end]
    assert text[start:] == whole[start:]
    assert text[:end] == whole[:end]


@given(PIECES, PIECES, st.integers(0, 40), st.integers(0, 40))
def test_parts_and_sums_equal_bytes(
    pieces: list[bytes], more: list[bytes], start: int, end: int
) -> None:
    """`upto`, `since` and sums of ropes are those of their bytes."""
    text, whole = Rope(pieces), b"".join(pieces)
    assert bytes(text.upto(end)) == whole[:end]
    assert bytes(text.since(start)) == whole[start:]
    assert bytes(text.upto(end).since(start)) == whole[:end][start:]
    total = text.upto(end) + Rope(more) + b"!"
    assert bytes(total) == whole[:end] + b"".join(more) + b"!"
    assert total[-3:] == bytes(total)[-3:]
    assert len(total) == len(bytes(total))


@given(SMALL, SMALL, SMALL, SMALL, st.booleans())
def test_comparison_ignores_pieces(start, middle, other, end, cut) -> None:
    """Common prefix, suffix and equality do not depend on the division into pieces."""
    ours = Rope([*start, *middle, *end])
    theirs = Rope([b"".join(start), *other, b"".join(end)] if cut else [*start, *other, *end])
    a, b = bytes(ours), bytes(theirs)
    assert ours.common_prefix(theirs) == common_prefix(a, b)
    assert ours.common_suffix(theirs) == common_prefix(a[::-1], b[::-1])
    assert ours.startswith(theirs) == a.startswith(b)
    assert (ours == theirs) == (a == b)
    assert a != b or hash(ours) == hash(theirs)


@given(a=st.binary(max_size=60), b=st.binary(max_size=60), shared=st.binary(max_size=60))
def test_common_prefix_is_longest(a: bytes, b: bytes, shared: bytes) -> None:
    """The common prefix is equal, and ends before the first different byte."""
    ours, theirs = shared + a, shared + b
    length = common_prefix(ours, theirs)
    assert ours[:length] == theirs[:length]
    assert ours[length : length + 1] != theirs[length : length + 1] or length == min(
        len(ours), len(theirs)
    )
