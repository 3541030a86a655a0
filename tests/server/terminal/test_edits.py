"""Edits of a text, without a screen: undone by words, indented, selected, cut and pasted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.clipboard import InMemoryClipboard
from prompt_toolkit.document import Document

from foretype_server.terminal import edits as edits_module
from foretype_server.terminal.edits import Edits
from foretype_server.terminal.movement import Movement


class Typist:
    """A text with a cursor, and the actions on it."""

    def __init__(self, text="", name="", columns=80):
        self.buffer = Buffer(multiline=True, document=Document(text))
        self.clipboard = InMemoryClipboard()
        self.edits = Edits(self.buffer, self.clipboard, lambda: bool(name))
        self.edits.file_name = name
        self.movement = Movement(self.buffer, lambda: columns)

    def type(self, text):
        for character in text:
            self.edits.new_line() if character == "\n" else self.edits.type(character)

    def select(self, start, end):
        self.buffer.exit_selection()
        self.buffer.cursor_position = start
        self.movement.selecting(lambda: setattr(self.buffer, "cursor_position", end))

    @property
    def text(self):
        return self.buffer.text


def test_undo_takes_back_words():
    """Undo takes back a word with the space after it, redo brings it again."""
    typist = Typist()
    typist.type("one two three")
    seen = []
    for _ in range(4):
        typist.edits.undo()
        seen.append(typist.text)
    assert seen == ["one two ", "one ", "", ""]
    for _ in range(4):
        typist.edits.redo()
        seen.append(typist.text)
    assert seen[4:] == ["one ", "one two ", "one two three", "one two three"]


def test_accepted_text_is_one_step():
    """Undo takes back an accepted text at once, and leaves the typed beginning."""
    typist = Typist()
    typist.type("hel")
    typist.edits.insert("lo world again")
    typist.type(" x")
    typist.edits.undo()
    typist.edits.undo()
    assert typist.text == "hello world again"
    typist.edits.undo()
    assert typist.text == "hel"


def test_edit_after_undo_ends_redo():
    """After an undo, an edit leaves nothing to redo."""
    typist = Typist()
    typist.type("one two")
    typist.edits.undo()
    typist.type("x")
    typist.edits.redo()
    assert typist.text == "one x"


def test_deleted_words_come_back():
    """Undo brings back the words that Backspace deleted, one after the other."""
    typist = Typist("one two")
    for _ in range(7):
        typist.edits.backspace()
    assert typist.text == ""
    typist.edits.undo()
    assert typist.text == "one "
    typist.edits.undo()
    assert typist.text == "one two"


@settings(deadline=None)
@given(st.lists(st.sampled_from(
    ["a", "b ", "\n", "(", "delete", "backspace", "left", "undo", "redo", "paste", "cut", "word",
     "indent", "unindent", "select"]
), max_size=30))  # fmt: skip
def test_undo_returns_every_text(actions):
    """After any edits, undo leads back to the first text, and redo to the last."""
    typist = Typist("first text\n    indented", "a.py")
    typist.clipboard.set_text("pasted")
    plain = {
        "delete": typist.edits.delete, "backspace": typist.edits.backspace,
        "left": typist.movement.left, "undo": typist.edits.undo, "redo": typist.edits.redo,
        "paste": typist.edits.paste, "cut": typist.edits.cut, "indent": typist.edits.indent,
        "unindent": typist.edits.unindent, "\n": typist.edits.new_line,
        "word": lambda: typist.edits.delete_to(typist.movement.word_left),
        "select": lambda: typist.movement.selecting(typist.movement.word_left),
    }  # fmt: skip
    for action in actions:
        plain.get(action, lambda action=action: typist.edits.type(action))()
    last = typist.text
    for _ in range(len(actions) + 1):
        typist.edits.undo()
    assert typist.text == "first text\n    indented"
    for _ in range(2 * len(actions) + 1):
        typist.edits.redo()
    assert typist.text == last or {"undo", "redo"} & set(actions)


def test_undo_has_a_limit(monkeypatch):
    """The texts that undo keeps have a limit, and the newest stay."""
    monkeypatch.setattr(edits_module, "MAX_UNDO_CHARACTERS", 100)
    typist = Typist()
    typist.type("word " * 30)
    typist.edits.undo()
    assert typist.text == "word " * 29
    for _ in range(30):
        typist.edits.undo()
    assert typist.text


@pytest.mark.parametrize(
    ("name", "typed", "text"),
    [
        ("", "- one\n  two\nthree", "- one\n  two\n  three"),
        ("a.py", "def f():\nreturn 1\n\nx", "def f():\n    return 1\n\n    x"),
        ("a.go", "func f() {\nreturn", "func f() {\n\treturn"),
        ("Makefile", "all:\ntouch", "all:\n\ttouch"),
        ("", "Dear Anna:\nI", "Dear Anna:\nI"),
    ],
)
def test_new_lines_are_indented(name, typed, text):
    """A new line is as deep as the one before; in code deeper, after the start of a block."""
    typist = Typist("", name)
    typist.type(typed)
    assert typist.text == text


def test_indentation_follows_the_file():
    """A level is as wide as in the file, and Backspace takes a level away."""
    typist = Typist("if a:\n  b\n", "a.py")
    typist.type("if c:\nd")
    assert typist.text == "if a:\n  b\nif c:\n  d"
    typist.type("\n")
    typist.edits.backspace()
    typist.type("e")
    assert typist.text == "if a:\n  b\nif c:\n  d\ne"


def test_selected_lines_are_indented():
    """Tab indents the selected lines, Shift-Tab takes it back, and they stay selected."""
    typist = Typist("a\nb\nc", "a.py")
    typist.select(0, 3)
    typist.edits.indent()
    assert typist.text == "    a\n    b\nc"
    assert typist.edits.selected == "a\n    b"
    typist.edits.unindent()
    assert typist.text == "a\nb\nc"
    typist.edits.undo()
    assert typist.text == "    a\n    b\nc"


def test_selection_is_replaced():
    """What is typed, pasted or deleted takes the place of the selection, in one step."""
    for act, text in (
        (lambda typist: typist.edits.type("x"), "ax"),
        (lambda typist: typist.edits.insert("one two"), "aone two"),
        (lambda typist: typist.edits.backspace(), "a"),
        (lambda typist: typist.edits.delete(), "a"),
        (lambda typist: typist.edits.cut(), "a"),
    ):
        typist = Typist("abc")
        typist.select(3, 1)
        act(typist)
        assert typist.text == text
        typist.edits.undo()
        assert typist.text == "abc"


def test_cut_text_is_pasted():
    """Cut text is pasted at another place; copied text stays, and stays selected."""
    typist = Typist("one two")
    typist.select(0, 4)
    typist.edits.cut()
    typist.movement.text_end()
    typist.edits.paste()
    assert typist.text == "twoone "
    typist.select(0, 3)
    typist.edits.copy()
    assert typist.edits.selected == "two"
    assert typist.clipboard.get_data().text == "two"


def test_rows_are_walked():
    """Up and Down go by the rows of the screen, and keep to their column."""
    typist = Typist("aaa bbb ccc\nx\nddd eee fff", columns=6)
    typist.buffer.cursor_position = 2
    seen = []
    for count in (1, 1, 1, 1, -1, -1, -2, -1):
        typist.movement.by_rows(count)
        seen.append(typist.buffer.cursor_position)
    assert seen == [6, 10, 13, 16, 13, 10, 2, 0]


def test_home_and_end_know_rows():
    """Home and End go to the ends of the row, then of the line; Home stops at the indentation."""
    typist = Typist("  aaa bbb ccc", columns=8)
    typist.buffer.cursor_position = 8
    seen = []
    for move in ("row_end", "row_end", "row_start", "row_start", "row_start"):
        getattr(typist.movement, move)()
        seen.append(typist.buffer.cursor_position)
    assert seen == [13, 13, 6, 0, 2]


def test_left_passes_whole_characters():
    """Left and Right pass a character with its marks, or a family of four, at once."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
    typist = Typist(f"e\u0301{family}")
    typist.movement.left()
    assert typist.buffer.cursor_position == 2
    typist.movement.left()
    assert typist.buffer.cursor_position == 0
    typist.movement.right()
    typist.movement.right()
    assert typist.buffer.cursor_position == 2 + len(family)
