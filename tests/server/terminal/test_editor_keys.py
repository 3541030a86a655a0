"""`foretype try` as a small editor: undo, selection, finding, names, questions, mouse, counts."""

import asyncio

import pytest
from tests.server.terminal.driver import (
    ALT_S,
    BACKSPACE,
    CTRL_A,
    CTRL_C,
    CTRL_END,
    CTRL_F,
    CTRL_Q,
    CTRL_RIGHT,
    CTRL_S,
    CTRL_V,
    CTRL_X,
    CTRL_Y,
    CTRL_Z,
    DOWN,
    ENTER,
    F1,
    LEFT,
    SHIFT_LEFT,
    TAB,
    UP,
    run_editor,
)  # fmt: skip

from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.store.store import data_folder
from foretype_server.terminal.view import GREETING
from foretype_server.usage.store import read


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path_factory):
    """Keep the statistics apart from the user's."""
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path_factory.mktemp("home")))


def mouse(kind, column, row, button=0):
    """Return the code of a mouse event, at a place counted from 0: "M" pressed, "m" released."""
    return f"\x1b[<{button};{column + 1};{row + 1}{kind}"


def test_ctrl_z_takes_back_words():
    """Ctrl-Z takes back words and accepted text, Ctrl-Y brings them again."""

    async def person(terminal):
        await terminal.press(*"say hello")
        await terminal.sees_ghost(" world again")
        await terminal.press(TAB)
        seen = []
        for _ in range(3):
            await terminal.press(CTRL_Z)
            seen.append(terminal.text)
        await terminal.press(CTRL_Y, CTRL_Y, CTRL_Y)
        assert [*seen, terminal.text] == ["say hello", "say ", "", "say hello world again"]
        await terminal.discard()

    run_editor(person)


def test_selection_is_cut_and_pasted():
    """Shift with the arrows selects, Ctrl-X cuts, Ctrl-V pastes, and typing replaces."""

    async def person(terminal):
        await terminal.press(*"one two", *[SHIFT_LEFT] * 3)
        assert terminal.editor.edits.selected == "two"
        assert terminal.editor.ghost == ""
        await terminal.press(CTRL_X, CTRL_V, CTRL_V)
        assert terminal.text == "one twotwo"
        await terminal.press(CTRL_A, CTRL_C, "x", CTRL_V)
        assert terminal.text == "xone twotwo"
        await terminal.press(CTRL_A, BACKSPACE)
        assert terminal.text == ""
        await terminal.press(CTRL_Q)

    run_editor(person)


def test_pasted_lines_come_at_once():
    """Pasted text comes in at once, with LF line ends and no indentation added, and is one step."""

    async def person(terminal):
        await terminal.press(*"  a", "\x1b[200~\r\nb\rc\x1b[201~")
        assert terminal.text == "  a\nb\nc"
        await terminal.press(CTRL_Z)
        assert terminal.text == "  a"
        await terminal.discard()

    run_editor(person)


def test_arrows_leave_a_selection():
    """From a selection, Left goes to its start without a step further."""

    async def person(terminal):
        await terminal.press(*"one two", *[SHIFT_LEFT] * 3, LEFT, "x")
        assert terminal.text == "one xtwo"
        await terminal.discard()

    run_editor(person)


@pytest.mark.parametrize("key", [CTRL_C, CTRL_Q])
def test_unnamed_text_is_not_dropped(key):
    """Ctrl-C and Ctrl-Q ask before a text without a name is thrown away."""

    async def person(terminal):
        await terminal.press(*"one", key)
        await terminal.wait_until(lambda: "Save this text?" in terminal.screen)
        await terminal.press(key, *" two")
        assert terminal.text == "one two"
        await terminal.discard()

    run_editor(person)


def test_escape_hides_then_asks():
    """Esc first ends a selection, then hides the ghost text, then asks about an unnamed text."""

    async def person(terminal):
        await terminal.press(*"hello")
        await terminal.sees_ghost(" world again")
        await terminal.press(SHIFT_LEFT)
        await terminal.escape()
        assert not terminal.editor.edits.selected
        await terminal.press("\x1b[C")
        await terminal.sees_ghost(" world again")
        await terminal.escape()
        assert terminal.editor.ghost == ""
        assert "Save" not in terminal.screen
        await terminal.escape()
        await terminal.wait_until(lambda: "Save this text?" in terminal.screen)
        await terminal.escape()
        await terminal.press(" ")
        await terminal.sees_ghost("world again")
        await terminal.discard()

    run_editor(person)


def test_unnamed_text_gets_a_name(tmp_path):
    """Ctrl-S asks for a name; the text is code from then on if its name says so."""

    async def person(terminal):
        await terminal.press(*"x = 1", CTRL_S)
        await terminal.wait_until(lambda: "Save as:" in terminal.screen)
        assert not terminal.editor.options.is_code
        await terminal.press(str(tmp_path / "new.py"), ENTER)
        await terminal.wait_until(lambda: "Saved" in terminal.screen)
        assert terminal.editor.options.is_code
        await terminal.press(CTRL_Q)

    run_editor(person)
    assert (tmp_path / "new.py").read_text() == "x = 1"


def test_quitting_gives_a_name(tmp_path):
    """An unnamed text is saved under a name on the way out, and the editor ends."""

    async def person(terminal):
        await terminal.press(*"one", CTRL_Q, "y", str(tmp_path / "new.txt"), ENTER)

    run_editor(person)
    assert (tmp_path / "new.txt").read_text() == "one"


def test_other_files_are_kept(tmp_path):
    """Saving under the name of another file asks before it is replaced."""
    file, other = tmp_path / "a.txt", tmp_path / "b.txt"
    file.write_text("a")
    other.write_text("b")

    async def person(terminal):
        async def save_as():
            await terminal.press(ALT_S, *[BACKSPACE] * len("a.txt"), *"b.txt", ENTER)
            await terminal.wait_until(lambda: "Replace b.txt?" in terminal.screen)

        await terminal.press("x")
        await save_as()
        await terminal.press("n")
        assert other.read_text() == "b"
        await save_as()
        await terminal.press("y")
        await terminal.wait_until(lambda: "Saved" in terminal.screen)
        await terminal.press(CTRL_Q)

    run_editor(person, file)
    assert (file.read_text(), other.read_text()) == ("a", "xa")


def test_names_of_files_are_completed(tmp_path):
    """Tab completes the name of a folder or a file where a name is asked for."""
    (tmp_path / "a long folder").mkdir()

    async def person(terminal):
        await terminal.press("x", CTRL_S, str(tmp_path / "a lo"), TAB)
        field = terminal.editor.screen.field
        await terminal.wait_until(lambda: field.text.startswith(str(tmp_path / "a long folder")))
        await terminal.escape()
        await terminal.discard()

    run_editor(person)


def test_impossible_names_are_refused(tmp_path):
    """A folder, or a name in no folder, is refused with the reason, and the text stays."""

    async def person(terminal):
        for name in (tmp_path, tmp_path / "none" / "a.txt"):
            await terminal.press("x", ALT_S, str(name), ENTER)
            assert "Not saved" in terminal.editor.notice
        assert terminal.text == "xx"
        await terminal.discard()

    run_editor(person)


def test_text_is_found(tmp_path):
    """Ctrl-F goes to each place that has the text, in any case, and back; the text is unchanged."""
    file = tmp_path / "a.txt"
    file.write_text("One two\nthree one\nfour ONE")
    places = []

    async def person(terminal):
        await terminal.press(CTRL_F, *"one")
        for key in (ENTER, ENTER, ENTER, UP, DOWN):
            places.append(terminal.editor.buffer.cursor_position)
            await terminal.press(key)
        await terminal.press(*"x")
        assert terminal.editor.notice == "Not found."
        await terminal.escape()
        await terminal.press(CTRL_Q)

    run_editor(person, file)
    assert places == [0, 14, 23, 0, 23]
    assert file.read_text() == "One two\nthree one\nfour ONE"


def test_mouse_moves_and_selects():
    """A click sets the cursor, also behind wrapped rows; dragging selects."""

    async def person(terminal):
        await terminal.press(*"word " * 20)
        await terminal.wait_until(lambda: terminal.screen.splitlines()[1].startswith("word"))
        await terminal.press(mouse("M", 5, 1), mouse("m", 5, 1))
        row = terminal.screen.splitlines()[0].partition("│")[0].rstrip()
        assert terminal.editor.buffer.cursor_position == len(row) + 1 + 5
        await terminal.press(
            mouse("M", 0, 0), mouse("M", 4, 0, 32), mouse("m", 4, 0), "x"
        )  # fmt: skip
        assert terminal.text.startswith("x word word")
        await terminal.discard()

    run_editor(person)


def test_screen_breaks_at_words():
    """Lines break between words, and so does the greeting."""

    async def person(terminal):
        await terminal.wait_until(lambda: "Start typing" in terminal.screen)
        for row in terminal.screen.splitlines()[:3]:
            words = row.partition("│")[0].split()
            assert set(words) <= set(GREETING.split()), row
        await terminal.press(*"overlong " * 10)
        await asyncio.sleep(0.1)
        shown = [row.partition("│")[0] for row in terminal.screen.splitlines()[:2]]
        assert set(" ".join(shown).split()) <= {"overlong", "hello", "world", "again"}
        await terminal.discard()

    run_editor(person)


def test_new_lines_follow_the_language(tmp_path):
    """In a Python file, Enter after a colon indents; Tab goes to the next level."""

    async def person(terminal):
        assert terminal.editor.options.is_code
        await terminal.press(*"def f():", ENTER, "x", ENTER)
        await terminal.wait_until(lambda: not terminal.editor.ghost)
        await terminal.press(TAB, "y")
        assert terminal.text == "def f():\n    x\n        y"
        await terminal.discard()

    run_editor(person, tmp_path / "new.py", {"scripted": ScriptedPredictor(["?"])})


def test_keys_are_listed():
    """F1 shows the keys in words, and any key closes the list without an effect on the text."""

    async def person(terminal):
        await terminal.press(F1)
        await terminal.wait_until(lambda: "accept the grey text" in terminal.screen)
        await terminal.press("x")
        await terminal.wait_until(lambda: "accept the grey text" not in terminal.screen)
        assert terminal.text == ""
        await terminal.press(CTRL_Q)

    run_editor(person)


def test_accepted_text_is_counted(tmp_path):
    """Ghost text that is shown and accepted stands in the statistics, with the file's language."""

    async def person(terminal):
        await terminal.press(*"hello")
        await terminal.wait_until(lambda: "hello world again" in terminal.screen)
        await terminal.press(CTRL_RIGHT, TAB)
        assert terminal.text == "hello world again"
        await terminal.discard()

    run_editor(person, tmp_path / "notes.md")
    ((key, count),) = read(data_folder()).items()
    assert (key.language, key.editor, key.kind) == ("markdown", "foretype try", "ghost")
    assert (count.accepted, count.characters) == (2, len(" world again"))
    assert count.shown >= 1


def test_unknown_keys_do_nothing():
    """Alt with a letter, and keys of Emacs, neither type nor quit."""

    async def person(terminal):
        await terminal.press(*"ab", "\x1bu", "\x1bx", "\x12", "\x0f", "\x1b[15;5~", CTRL_END)
        await asyncio.sleep(0.3)
        assert terminal.text == "ab"
        assert "Save" not in terminal.screen
        await terminal.discard()

    run_editor(person)
