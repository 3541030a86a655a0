"""Smart spaces and alternatives in Vim, and its options and plugins that change text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from . import test_vim
from .editor import ODD_LINES
from .vim import SCRIPTED, Vim, opened

pytestmark = test_vim.pytestmark
editor = test_vim.editor


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        ([","], ["so go on and on,"]),
        ([".x"], ["so go on and on.x"]),
        ([")"], ["so go on and on)"]),
        ([" x"], ["so go on and on x"]),
        (["x y ,"], ["so go on and on x y ,"]),
        (["("], ["so go on and on ("]),
        (["\n", "ab"], ["so go on and on", "ab"]),
    ],
)
def test_smart_space_is_taken_back(editor: Vim, keys: list[str], lines: list[str]) -> None:
    """The space at the end of accepted ghost text goes if punctuation, a bracket, a space or a new
    line follows it.
    """
    editor.type("so go ")
    editor.wait_for("so go on and on")
    editor.press("Tab")
    editor.wait_for_lines("so go on and on ")
    for typed in keys:
        editor.type(typed)
    editor.wait_for_lines(*lines)
    assert editor.evaluate("getcurpos()[1:2]") == [len(lines), len(lines[-1]) + 1]


def test_smart_space_of_menu_is_taken_back(editor: Vim) -> None:
    """The space at the end of an accepted item of the menu goes before punctuation, too."""
    editor.type("so go ")
    editor.wait_for("so go on and on")
    editor.press("C-x", "C-u")
    editor.wait_for("[Foretype]")
    item = editor.evaluate("complete_info(['items']).items[0].word")
    assert item.endswith(" ")
    editor.press("C-y")
    editor.wait_for_lines(f"so go {item}")
    editor.type("!")
    editor.wait_for_lines(f"so go {item.strip()}!")


def test_alternatives_take_turns(editor: Vim) -> None:
    """The keys for the next and the previous alternative show other ghost texts."""
    editor.type("we run ")
    editor.wait(editor.screen, lambda screen: re.search("we run (home|away)", screen))
    first = editor.evaluate("foretype#ghost#Shown()")
    (other,) = {"home", "away"} - {first.strip()}
    editor.press("C-Down")
    editor.wait_for(f"we run {other}")
    editor.press("C-Up")
    editor.wait_for(f"we run {first.strip()}")
    editor.press("C-Down")
    editor.wait_for(f"we run {other}")
    editor.press("Tab")
    editor.wait_for_lines(f"we run {other}")


def test_repeated_offer_is_its_text(editor: Vim) -> None:
    """`.` repeats accepted text with the text typed around it, and one undo removes that."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Tab")
    editor.wait_for_lines("hello world again")
    editor.type("!")
    editor.press("Escape")
    editor.type(".")
    editor.wait_for_lines("hello world againhello world again!!")
    editor.press("u")
    editor.wait_for_lines("hello world again!")


def test_paste_option_hides_ghost_text(editor: Vim) -> None:
    """With 'paste' set, in which Vim ignores mappings, no ghost text is shown and Tab is a tab."""
    editor.type("hello")
    editor.wait_for("hello world again")
    editor.press("Escape")
    editor.type(":set paste\nohello")
    editor.wait_for_lines("hello", "hello")
    editor.evaluate("foretype#menu#Complete(1, '')")  # its response comes after the others
    assert editor.evaluate("foretype#ghost#Shown()") == ""
    editor.press("Tab", "Escape")
    editor.wait_for_lines("hello", "hello\t")
    editor.type(":set nopaste\nohello")
    editor.wait_for("hello world again")
    editor.press("Tab")
    editor.wait_for_lines("hello", "hello\t", "hello world again")


@pytest.mark.parametrize("line", ODD_LINES)
def test_odd_lines_shift_nothing(tmp_path: Path, line: str) -> None:
    """A NUL or a carriage return above does not change the line that is asked about."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "notes.txt").write_bytes(b"mixed\n" + ODD_LINES[line] + b"\n")
    for vim in opened(tmp_path, SCRIPTED):
        vim.type("GAhello")
        vim.wait_for("hello world again")
        vim.press("Enter", "Up", "Up", "End")
        vim.type("x")
        vim.press("Down", "End")
        vim.press("C-h")
        vim.type("o")
        vim.wait_for("hello world again")


PAIRS = """
inoremap ( ()<Left>
inoremap <expr> ) getline('.')[col('.') - 1] == ')' ? '<Right>' : ')'
"""
"""The mappings of a plugin that closes brackets."""


def test_pairs_stay_balanced(tmp_path: Path) -> None:
    """Between brackets that a mapping has closed, accepted text closes them no second time."""
    for vim in opened(tmp_path, SCRIPTED, more=PAIRS):
        vim.type("iwe call(")
        vim.wait_for("we call(them)")
        vim.press("Tab")
        vim.wait_for_lines("we call(them)")
        vim.type(")!")
        vim.wait_for_lines("we call(them)!")
