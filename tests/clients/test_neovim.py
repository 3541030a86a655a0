"""The plugin for Neovim, in a real Neovim, with the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import neovim
from .neovim import Neovim, started

PROGRAM = neovim.find()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Neovim 0.11 or later: set FORETYPE_TEST_NVIM"
)

TEXTS = [
    "hello world again",
    "äöü😀 grün und blau",
    "one\ntwo\nthree",
    "so go on and on left",
    "so go on and on right",
    "we run home",
    "we run away",
    "we call(them) now",
]
SETUP = """
require("foretype").setup({
  inline = { builtin = %s },
  settings = {
    maxSearchTime = 10000,
    inline = { maxLines = 3 },
    predictors = { scripted = { texts = { %s } } },
  },
})
"""
TABS = "vim.keymap.set('i', '<Tab>', function() return 'TAB' end, { expr = true })"
RECORD_NOTIFICATIONS = (
    "_G.notifications = {}; vim.notify = function(text) table.insert(_G.notifications, text) end"
)


def configuration(builtin: bool = False) -> str:
    texts = ", ".join(f'"{text}"' for text in TEXTS).replace("\n", "\\n")
    return SETUP % (str(builtin).lower(), texts)


def notifications(editor: Neovim) -> list[str]:
    """Return the notifications that `RECORD_NOTIFICATIONS` has recorded."""
    return editor.lua("return _G.notifications") or []


def status(editor: Neovim) -> dict[str, Any]:
    """Return the server's answer to `foretype.status`."""
    return editor.lua(
        """local client = vim.lsp.get_clients({ name = "foretype" })[1]
        local status = { command = "foretype.status" }
        return client:request_sync("workspace/executeCommand", status).result"""
    )


def accepted(editor: Neovim) -> dict[str, int]:
    """Return the server's counts of accepted suggestions."""
    return status(editor)["accepted"]


@pytest.fixture(scope="module", params=["builtin", "plugin"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Neovim]:
    """A Neovim for many tests, with each of the two renderers of ghost text."""
    folder = tmp_path_factory.mktemp("neovim")
    (folder / "notes.txt").write_text("")
    assert PROGRAM
    with started(PROGRAM, folder, configuration(), "notes.txt") as editor:
        if request.param == "builtin":
            if not editor.lua("return vim.lsp.inline_completion ~= nil"):
                pytest.skip("this Neovim has no built-in ghost text")
            (folder / "init.lua").write_text(configuration(builtin=True))
            editor.command(f"source {folder / 'init.lua'}")
        editor.wait(lambda: editor.lua("return #vim.lsp.get_clients({ bufnr = 0 }) == 1"))
        yield editor


@pytest.fixture
def editor(running: Neovim) -> Neovim:
    """The Neovim in normal mode, in an empty file."""
    running.type("<Esc><Esc>")
    running.wait(
        lambda: running.lua("return vim.api.nvim_get_mode().mode"), lambda mode: mode == "n"
    )
    running.command("silent! only | edit! notes.txt | silent %delete _")
    running.lua("vim.bo.undolevels = vim.bo.undolevels")
    return running


def test_accepted_ghost_text_undoes_once(editor: Neovim) -> None:
    """Accepted ghost text is one undo step, and `.` repeats it."""
    editor.type("ihello")
    assert editor.wait_for_ghost(" world again") == (0, 5, " world again")
    editor.type("<Tab>")
    editor.wait_for_line("hello world again")
    assert editor.lua("return vim.api.nvim_win_get_cursor(0)") == [1, len("hello world again")]
    editor.type("!<Esc>.")
    editor.wait_for_line("hello world againhello world again!!")
    editor.type("uu")
    editor.wait_for_line("")


def test_worded_and_line_keys(editor: Neovim) -> None:
    """The keys for a word and for a line accept only that part."""
    editor.type("ihello")
    editor.wait_for_ghost(" world again")
    editor.type("<C-Right>")
    editor.wait_for_line("hello world")
    assert editor.wait_for_ghost(" again")[:2] == (0, 11)
    editor.type("<Esc>Sone")
    editor.wait_for_ghost("\ntwo\nthree")
    editor.type("<C-End>")
    editor.wait(editor.lines, lambda lines: lines == ["one", "two"])


def test_typed_characters_are_not_doubled(editor: Neovim) -> None:
    """Accepting after typing along inserts only the rest."""
    editor.type("ihello")
    editor.wait_for_ghost(" world again")
    editor.type(" wo")
    editor.wait_for_ghost("rld again")
    editor.type("r<Tab>")
    editor.wait_for_line("hello world again")


def test_fast_keys_keep_their_order(editor: Neovim) -> None:
    """Keys that arrive together act in their order, also around the accept key."""
    editor.type("ihello")
    editor.wait_for_ghost(" world again")
    editor.type("!<Tab>x")  # the ghost text no longer follows
    editor.wait_for_line("hello!\tx")
    editor.type("<Esc>Shello")
    editor.wait_for_ghost(" world again")
    editor.type("<Tab>!")
    editor.wait_for_line("hello world again!")


def test_accept_key_falls_through(editor: Neovim) -> None:
    """The accept key is a plain tab if no ghost text is shown."""
    editor.type("i<Tab>x")
    editor.wait_for_line("\tx")


def test_dismiss_key_hides_ghost_text(editor: Neovim) -> None:
    """The dismiss key hides the ghost text and inserts nothing."""
    editor.type("ihello")
    editor.wait_for_ghost(" world again")
    editor.type("<C-]>")
    editor.wait(editor.ghost, lambda ghost: ghost is None)
    editor.type("<Tab>")
    editor.wait_for_line("hello\t")


def test_ghost_text_after_multibyte_characters(editor: Neovim) -> None:
    """Ghost text has the right column after multi-byte characters."""
    editor.type("iäöü😀")
    assert editor.wait_for_ghost(" grün und blau") == (0, len("äöü😀".encode()), " grün und blau")
    editor.type("<C-Right>")
    editor.wait_for_line("äöü😀 grün")
    editor.wait_for_ghost(" und blau")
    editor.type("<Tab>!")
    editor.wait_for_line("äöü😀 grün und blau!")


def test_accepted_parts_are_counted_once(editor: Neovim) -> None:
    """A word and then the rest count as two, with their characters once."""
    before = accepted(editor)
    editor.type("ihello")
    editor.wait_for_ghost(" world again")
    editor.type("<C-Right>")
    editor.wait_for_ghost(" again")
    editor.type("<Tab>")
    editor.wait_for_line("hello world again")
    after = accepted(editor)
    assert after["ghost"] - before["ghost"] == 2
    assert after["characters"] - before["characters"] == len(" world again")


def test_completed_menu_item_is_counted(editor: Neovim) -> None:
    """CTRL-X CTRL-O lists the next words, and an accepted item is counted."""
    before = accepted(editor)
    editor.type("ihello wo<C-x><C-o>")
    words = editor.wait(lambda: editor.lua("return vim.fn.complete_info({ 'items' }).items"))
    assert words[0]["word"].startswith("world")
    editor.type("<C-n><C-y>")
    editor.wait(lambda: editor.lines()[0], lambda line: line.startswith("hello world"))
    editor.wait(lambda: accepted(editor)["word"] - before["word"], lambda count: count == 1)


def test_opened_file_passes_checkhealth(editor: Neovim) -> None:
    """:checkhealth reports the version and the predictors, and no problem."""
    editor.wait(lambda: status(editor)["loading"], lambda loading: not loading)
    editor.command("checkhealth foretype")
    report = "\n".join(editor.lines())
    assert "foretype 0" in report
    assert "predictors: scripted" in report
    assert "ERROR" not in report
    assert "WARNING" not in report


def test_explained_offer_has_shares(editor: Neovim) -> None:
    """:Foretype explain shows the suggestion and its predictors in a floating window, with numbers
    as people write them.
    """
    editor.type("ihello<Esc>:Foretype explain<CR>")
    floating = (
        "return vim.tbl_filter(function(w) return vim.api.nvim_win_get_config(w).relative "
        "~= '' end, "
    )
    floating += "vim.api.nvim_list_wins())[1]"
    window = editor.wait(lambda: editor.lua(floating))
    text = editor.lua(
        "return vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(...), 0, -1, false)", window
    )
    assert text[0].startswith('" world')
    assert "  scripted: 100 % of it" in text
    assert all(re.fullmatch(r"<0\.1|\d\.\d|\d+", number) for number in percentages("\n".join(text)))


def percentages(text: str) -> list[str]:
    """Return the numbers before the signs of percent."""
    return re.findall(r"(\S+) %", text)


def test_forgotten_word_is_reported(editor: Neovim) -> None:
    """:Foretype! forget forgets a word and reports it."""
    editor.type("ihello<Esc>:Foretype! forget hello<CR>")
    editor.wait(
        editor.messages,
        lambda lines: any('the word "hello" is forgotten' in line for line in lines),
    )


def test_failed_training_is_reported(editor: Neovim) -> None:
    """:Foretype train starts on a file, and reports that the file is missing."""
    editor.lua(RECORD_NOTIFICATIONS)
    editor.command("Foretype train nowhere.txt")
    editor.wait(
        lambda: notifications(editor), lambda lines: any("training on" in line for line in lines)
    )
    everything = lambda: [*notifications(editor), *editor.messages()]  # noqa: E731 (the two versions show servers' messages differently)
    editor.wait(
        everything,
        lambda lines: any("nowhere.txt" in line and "training on" not in line for line in lines),
    )


def test_subcommands_are_completed(editor: Neovim) -> None:
    """The command line completes the subcommands of :Foretype."""
    assert editor.lua("return vim.fn.getcompletion('Foretype re', 'cmdline')") == ["restart"]


def test_interrupt_hides_plugin_ghost_text(fresh: Neovim) -> None:
    """CTRL-C, which triggers no InsertLeave, hides the plugin's ghost text."""
    fresh.type("ihello")
    fresh.wait_for_ghost(" world again")
    fresh.type("<C-c>")
    fresh.wait(fresh.ghost, lambda ghost: ghost is None)
    fresh.type("ohello")
    fresh.wait_for_ghost(" world again")


def test_unnamed_buffers_are_attached(editor: Neovim) -> None:
    """Unnamed buffers have ghost text, one at a time; help buffers are not attached."""
    editor.type(":enew<CR>ihello")
    editor.wait_for_ghost(" world again")
    editor.type("<Esc>:new<CR>iäöü😀")
    editor.wait_for_ghost(" grün und blau")
    editor.type("<Esc><C-w>wA")  # a buffer with the same URI
    editor.wait_for_ghost(" world again")
    editor.type(" w")
    editor.wait_for_ghost("orld again")
    editor.type("<Esc>:%bwipeout! | help<CR>")
    editor.wait(lambda: editor.lua("return vim.bo.buftype"), lambda kind: kind == "help")
    assert not editor.lua("return vim.lsp.get_clients({ bufnr = 0, name = 'foretype' })")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Neovim]:
    """A Neovim for one test, with a mapping of Tab and with recorded notifications."""
    (tmp_path / "notes.txt").write_text("")
    assert PROGRAM
    with started(
        PROGRAM, tmp_path, f"{RECORD_NOTIFICATIONS}\n{TABS}\n{configuration()}", "notes.txt"
    ) as editor:
        yield editor


def test_user_mapping_works_without_ghost(fresh: Neovim) -> None:
    """The user's mapping of the accept key works if no ghost text is shown."""
    fresh.type("ihello")
    fresh.wait_for_ghost(" world again")
    fresh.type("<Tab>")
    fresh.wait_for_line("hello world again")
    fresh.type("<Esc>S<Tab>")
    fresh.wait_for_line("TAB")


def test_disable_and_enable_commands(fresh: Neovim) -> None:
    """Disabling stops the server and frees the keys; enabling starts it again."""
    fresh.type("ihello")
    fresh.wait_for_ghost(" world again")
    fresh.type("<Esc>")
    fresh.command("Foretype disable")
    fresh.wait(lambda: fresh.lua("return vim.lsp.get_clients()"), lambda clients: not clients)
    fresh.type("S<Tab>")
    fresh.wait_for_line("TAB")
    fresh.type("<Esc>")
    fresh.command("Foretype enable")
    fresh.type("Shello")
    fresh.wait_for_ghost(" world again")
    assert notifications(fresh) == []


def test_missing_program_is_reported_once(tmp_path: Path) -> None:
    """A missing program is one message, and an error in :checkhealth."""
    assert PROGRAM
    setup = 'require("foretype").setup({ cmd = { "no-such-program", "serve" }, settings = {} })'
    with started(PROGRAM, tmp_path, f"{RECORD_NOTIFICATIONS}\n{setup}", "a.txt") as editor:
        editor.wait(lambda: notifications(editor))
        editor.command("edit b.txt | edit c.md | enew")
        editor.type("ihello<Tab>")
        editor.wait_for_line("hello\t")
        assert [
            line for line in notifications(editor) if "no-such-program" in line
        ] == notifications(editor)
        assert len(notifications(editor)) == 1
        editor.type("<Esc>")
        editor.command("checkhealth foretype")
        assert "ERROR" in "\n".join(editor.lines())


def test_unknown_option_is_reported_once(tmp_path: Path) -> None:
    """An unknown option is one message that names it."""
    assert PROGRAM
    setup = 'require("foretype").setup({ keys = { acept = "<C-y>" } })'
    with started(PROGRAM, tmp_path, f"{RECORD_NOTIFICATIONS}\n{setup}") as editor:
        (message,) = notifications(editor)
        assert "keys.acept" in message
