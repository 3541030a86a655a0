"""The rows of a line: whole words, tabs up to the next stop, places back and forth."""

import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.layout.screen import Char

from foretype_server.terminal.line_layout import GHOST, TAB_COLUMNS, lay_out

LINES = st.text(st.sampled_from("ab, \t漢é\u0301—"), max_size=60)
COLUMNS = st.integers(4, 30)


def rows(layout):
    """Return the text of each row, as a screen shows it that breaks full rows."""
    shown, column = [""], 0
    for cell in layout.cells:
        if column + cell.columns > layout.columns:
            shown.append("")
            column = 0
        shown[-1] += cell.text
        column += cell.columns
    return shown


@settings(deadline=None)
@given(LINES, COLUMNS)
def test_no_word_is_torn(line, columns):
    """A word that fits into a row stands in one row, and no character is lost or added."""
    shown = rows(lay_out(line, columns))
    for word in regex.findall(r"[^ \t漢\u0301][^ \t漢]*", line):
        if sum(Char(one).width for one in word) < columns:
            assert any(word in row for row in shown), (word, shown)
    assert "".join("".join(shown).split()) == "".join(line.split())


@settings(deadline=None)
@given(LINES, COLUMNS)
def test_rows_are_never_too_long(line, columns):
    """No row has more columns than the screen, and the end of a row is where the next begins."""
    layout = lay_out(line, columns)
    assert all(sum(Char(one).width for one in row) <= columns for row in rows(layout))
    for cell, start in zip(layout.cells, layout.starts, strict=False):
        assert start % columns + cell.columns <= columns


@settings(deadline=None)
@given(LINES, COLUMNS)
def test_places_lead_back(line, columns):
    """The place of a character leads back to it, by its cell, and by its row and column."""
    layout = lay_out(line, columns)
    for index, character in enumerate(line):
        assert layout.source_at(layout.places[index]) == index
        if Char(character).width and Char(line[index + 1 : index + 2] or " ").width:
            assert layout.index_at(*layout.row_and_column(index)) == index


def test_tabs_reach_the_stop():
    """A tab reaches to the next stop, behind wide characters too."""
    for before, width in (("", 0), ("a", 1), ("abc", 3), ("abcd", 4), ("漢", 2)):
        layout = lay_out(before + "\tx", 40)
        stop = (width // TAB_COLUMNS + 1) * TAB_COLUMNS
        assert layout.row_and_column(len(before) + 1) == (0, stop)


def test_ghost_text_wraps_along():
    """Ghost text stands at the cursor, and its words are whole as those of the text."""
    layout = lay_out("one two", 10, " three four", 7)
    assert [row.rstrip() for row in rows(layout)] == ["one two", "three four"[:5], "four"]
    assert layout.row_and_column(7) == (0, 7)
    assert sum(cell.source == GHOST for cell in layout.cells) == len(" three four")


def test_long_words_are_broken():
    """A word longer than a row fills its rows."""
    assert rows(lay_out("abcdefghij", 4)) == ["abcd", "efgh", "ij"]


def test_ghost_lines_have_rows():
    """Each line of ghost text has a row of its own, and the rest of the text stays behind it."""
    layout = lay_out("if a:", 10, "\n  b\n  cc", 5)
    assert [row.rstrip() for row in rows(layout)] == ["if a:", "  b", "  cc"]
    assert layout.row_and_column(5) == (0, 5)
