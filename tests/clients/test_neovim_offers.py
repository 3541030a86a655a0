"""Smart spaces and alternatives in Neovim, with both renderers of ghost text."""

from __future__ import annotations

import pytest

from . import test_neovim
from .neovim import Neovim

pytestmark = test_neovim.pytestmark
running = test_neovim.running
editor = test_neovim.editor


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (",", "so go on and on,"),
        (".x", "so go on and on.x"),
        (")", "so go on and on)"),
        ("<Space>x", "so go on and on x"),
        ("x", "so go on and on x"),
        ("(", "so go on and on ("),
        ("<CR>,", "so go on and on"),
    ],
)
def test_smart_space_is_taken_back(editor: Neovim, typed: str, line: str) -> None:
    """The space at the end of accepted ghost text goes if punctuation, a bracket, a space or a new
    line follows it.
    """
    editor.type("iso go ")
    editor.wait_for_ghost("on and on ")
    editor.type("<Tab>")
    editor.wait_for_line("so go on and on ")
    editor.type(typed)
    editor.wait_for_line(line)
    editor.type("<Esc>")
    assert editor.lines()[0] == line


def test_typed_space_stays(editor: Neovim) -> None:
    """A space that the user has typed stays before punctuation, also where one was accepted."""
    editor.type("iso go ")
    editor.wait_for_ghost("on and on ")
    editor.type("<Tab>")
    editor.wait_for_line("so go on and on ")
    editor.type("a b ,")
    editor.wait_for_line("so go on and on a b ,")


def test_alternatives_take_turns(editor: Neovim) -> None:
    """The keys for the next and the previous alternative show other ghost texts."""
    editor.type("iwe run ")
    first = editor.wait(editor.ghost)
    assert first
    others = {"home", "away"} - {first[2]}
    (other,) = others
    editor.type("<C-Down>")
    editor.wait(editor.ghost, lambda ghost: ghost is not None and ghost[2].startswith(other))
    editor.type("<Tab>")
    editor.wait_for_line(f"we run {other}")
    editor.type("<C-Down>")  # without ghost text: the next line
    editor.wait(editor.ghost, lambda ghost: ghost is None)
