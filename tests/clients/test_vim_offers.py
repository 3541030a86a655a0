"""Smart spaces and alternatives in Vim."""

from __future__ import annotations

import re

import pytest

from . import test_vim
from .vim import Vim

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
