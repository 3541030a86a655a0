"""The unread bytes of an edited text, beside a list that has an entry for each byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from foretype_model.completion.unread_runs import Run, UnreadRuns

EDITS = st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 5), st.booleans())
READS = st.floats(0, 1)


def next_from(kinds: list[bool | None], at: int) -> Run | None:
    """Return the first run from `at` on. A kind is None if the byte has been read, else whether it
    was typed.
    """
    start = next((i for i in range(at, len(kinds)) if kinds[i] is not None), None)
    if start is None:
        return None
    end = next((i for i in range(start, len(kinds)) if kinds[i] is not kinds[start]), len(kinds))
    return Run(start, end, kinds[start])


@given(st.lists(EDITS | READS, max_size=12))
def test_runs_match_byte_list(changes):
    """After any edits and reads, lookups from each byte agree with a scan of all bytes."""
    runs, kinds = UnreadRuns(), list[bool | None]()
    for change in changes:
        if isinstance(change, tuple):
            start, end = sorted(round(place * len(kinds)) for place in change[:2])
            _, _, count, is_typed = change
            runs.replace(start, end, count, is_typed=is_typed)
            kinds[start:end] = [is_typed] * count
        else:
            end = round(change * len(kinds))
            runs.discard_before(end)
            kinds[:end] = [None] * end
        for at in range(len(kinds) + 1):
            read = (i for i in range(at, len(kinds)) if kinds[i] is None)
            assert runs.next_from(at) == next_from(kinds, at)
            assert runs.end_of_unread(at) == next(read, len(kinds))
