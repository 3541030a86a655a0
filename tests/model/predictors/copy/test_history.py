"""The match history finds the same places as a comparison of all places."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from foretype_model.predictors.copy.history import CHAIN_LIMITS, COMPARED_BYTES, MatchHistory

PIECES = st.sampled_from(
    [b"a", b"b", b"\n", b"ab", b"ab" * 10, b"a" * 20, b"baa\n" * 8, "é".encode()]
)
TEXTS = st.lists(PIECES, max_size=6).map(b"".join)


def in_common(a: bytes, b: bytes) -> int:
    """Bytes at the end, `COMPARED_BYTES` at most; before their beginnings, all texts are alike."""
    a, b = (text.rjust(COMPARED_BYTES, b"\xff")[-COMPARED_BYTES:] for text in (a, b))
    return next(
        (
            n
            for n in range(COMPARED_BYTES)
            if a[COMPARED_BYTES - n - 1] != b[COMPARED_BYTES - n - 1]
        ),
        COMPARED_BYTES,
    )


@settings(max_examples=200, deadline=None)
@given(added=st.lists(st.tuples(TEXTS, TEXTS), max_size=5), context=TEXTS)
def test_history_finds_longest_newest_matches(
    added: list[tuple[bytes, bytes]], context: bytes
) -> None:
    """The history finds the newest places after the longest contexts."""
    recent, log = MatchHistory(), list[tuple[int, int]]()
    for before, text in added:
        recent.add(before, text)
        log += [(in_common(before + text[:i], context), text[i]) for i in range(len(text))]
    newest = list(reversed(list(enumerate(log))))
    expected = dict[int, tuple[int, int]]()
    for length, most in CHAIN_LIMITS:
        expected |= dict([(place, found) for place, found in newest if found[0] >= length][:most])
    assert recent.find(context) == list(expected.values())
    assert len(recent) == len(log)


@given(before=TEXTS, first=TEXTS, second=TEXTS, context=TEXTS)
def test_text_may_come_in_parts(before: bytes, first: bytes, second: bytes, context: bytes) -> None:
    """A text added in parts is found like one added at once."""
    at_once, in_parts = MatchHistory(), MatchHistory()
    at_once.add(before, first + second)
    in_parts.add(before, first)
    in_parts.add((before + first)[-COMPARED_BYTES:], second)
    assert at_once.find(context) == in_parts.find(context)


@settings(max_examples=100, deadline=None)
@given(
    kept=st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from("ab")), max_size=4),
    removed=TEXTS,
    after=TEXTS,
    context=TEXTS,
)
def test_removed_text_was_never_added(
    kept: list[tuple[bytes, bytes, str]], removed: bytes, after: bytes, context: bytes
) -> None:
    """A history from which the last text was removed finds the places of one without it."""
    one, other = MatchHistory(), MatchHistory()
    for before, text, uri in kept:
        one.add(before, text, uri)
        other.add(before, text, uri)
    before, _, uri = kept[-1] if kept else (b"", b"", "a")
    one.add(before + b"x", removed, uri)
    assert one.remove_last(removed, uri) == bool(removed)
    assert len(one) == len(other)
    for history in (one, other):
        history.add(before + b"y", after, uri)
    assert one.find(context) == other.find(context)
    assert one.find(before + b"x") == other.find(before + b"x")


def test_only_last_text_is_removed() -> None:
    """Text of another document, or before other text, stays in the history."""
    history = MatchHistory()
    history.add(b"one ", b"two three", "a")
    assert not history.remove_last(b"two", "a")
    assert not history.remove_last(b"three", "b")
    assert history.remove_last(b" three", "a")
    assert history.find(b"one two") == []


@settings(max_examples=100, deadline=None)
@given(added=TEXTS, wanted=st.sampled_from([b"a", b"b", b"ab", b"aab"]), limit=st.integers(1, 30))
def test_newest_occurrences_come_first(added: bytes, wanted: bytes, limit: int) -> None:
    """The occurrences of a text are those that a comparison finds, the newest first."""
    recent = MatchHistory()
    recent.add(b"", added)
    first = COMPARED_BYTES
    log = b"\xff" * first + added
    expected = [
        (log[at - 1], at + len(wanted))
        for at in range(len(log) - len(wanted), 0, -1)
        if log.startswith(wanted, at)
    ]
    assert list(recent.newest_after(wanted, limit)) == expected[:limit]
