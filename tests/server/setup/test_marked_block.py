"""A block in the text of somebody else: taking it out gives the text of before, to the byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretype_model.errors import ForetypeError
from foretype_server.setup.marked_block import Insertion, find_block, put_in, take_out

LINES = "one\ntwo\n"
TEXTS = st.text(st.sampled_from("aé;#\n\r\t >{}"), max_size=40)


@given(TEXTS, st.integers(0, 40))
def test_taking_out_restores_text(text: str, place: int) -> None:
    """A block at the beginning of any line, or at the end, is taken out without a trace."""
    starts = [0, *(index + 1 for index, letter in enumerate(text) if letter == "\n"), len(text)]
    with_block = put_in(text, Insertion(starts[place % len(starts)], LINES), "#")
    block = find_block(with_block, "#")
    assert block
    assert not block.changed
    assert block.lines == LINES
    assert take_out(with_block, block) == text


@given(TEXTS)
def test_block_stays_in_place(text: str) -> None:
    """A block that is put in again where it was gives the same text."""
    with_block = put_in(text, Insertion(len(text), LINES), ";;")
    block = find_block(with_block, ";;")
    assert block
    again = put_in(take_out(with_block, block), Insertion(block.start, LINES), ";;")
    assert again == with_block


def test_lines_end_as_in_text() -> None:
    """A text with CRLF gets a block with CRLF, and keeps its own line ends."""
    with_block = put_in("a\r\nb", Insertion(4, LINES), "#")
    assert with_block.startswith("a\r\nb\r\n# >>> foretype setup ")
    assert "\n" not in with_block.replace("\r\n", "")
    block = find_block(with_block, "#")
    assert block
    assert (block.lines, block.changed) == (LINES, False)
    assert take_out(with_block, block) == "a\r\nb"


def test_text_added_behind_is_kept() -> None:
    """Text that was added behind a block at the end is a line of its own without the block."""
    with_block = put_in("a", Insertion(1, LINES), "#") + "\nb\n"
    block = find_block(with_block, "#")
    assert block
    assert take_out(with_block, block) == "a\nb\n"


def test_changed_lines_are_noticed() -> None:
    """A block whose lines were changed says so; changed line ends alone are no change."""
    with_block = put_in("", Insertion(0, LINES), "#")
    changed = find_block(with_block.replace("two", "three"), "#")
    assert changed
    assert changed.changed
    converted = find_block(with_block.replace("\n", "\r\n"), "#")
    assert converted
    assert not converted.changed


@pytest.mark.parametrize("broken", ["start", "end", "twice"])
def test_broken_marks_are_refused(broken: str) -> None:
    """A mark without its other half, or a second block, is an error, and no guess is made."""
    whole = put_in("mine\n", Insertion(5, LINES), "#")
    head, start, rest = whole.partition("# >>>")
    texts = {
        "start": head + rest,
        "end": whole.replace("# <<< foretype setup\n", ""),
        "twice": whole + start + rest,
    }
    with pytest.raises(ForetypeError, match="no pair"):
        find_block(texts[broken], "#")
