"""Smart spaces and alternatives in Neovim, with both renderers of ghost text, and odd lines and
pairs of brackets.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import test_neovim
from .editor import ODD_LINES
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


@pytest.mark.parametrize("line", ODD_LINES)
def test_odd_lines_shift_nothing(editor: Neovim, tmp_path: Path, line: str) -> None:
    """A NUL or a carriage return above does not change the line that is asked about."""
    path = tmp_path / "odd.txt"
    path.write_bytes(b"mixed\n" + ODD_LINES[line] + b"\n")
    editor.command(f"edit {path}")
    editor.type("GAhello")
    editor.wait_for_ghost(" world again")
    editor.type("<Esc>ggjAx<Esc>GA<BS>o")
    editor.wait_for_ghost(" world again")


PAIRS = """
vim.keymap.set("i", "(", "()<C-g>U<Left>", { buffer = true })
vim.keymap.set("i", ")", function()
  local next = vim.api.nvim_get_current_line():sub(vim.fn.col("."), vim.fn.col("."))
  return next == ")" and "<C-g>U<Right>" or ")"
end, { buffer = true, expr = true })
"""
"""The mappings of a plugin that closes brackets, such as nvim-autopairs or mini.pairs."""


@pytest.fixture
def pairing(editor: Neovim) -> Iterator[Neovim]:
    """A Neovim that closes brackets."""
    editor.lua(PAIRS)
    yield editor
    editor.command("iunmap <buffer> (")
    editor.command("iunmap <buffer> )")


def test_pairs_stay_balanced(pairing: Neovim) -> None:
    """Between brackets that a mapping has closed, accepted text closes them no second time."""
    pairing.type("iwe call(")
    pairing.wait_for_ghost("them")
    pairing.type("<Tab>")
    pairing.wait_for_line("we call(them)")
    pairing.type(")!")
    pairing.wait_for_line("we call(them)!")
