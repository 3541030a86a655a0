"""The plugin for Neovim, in a real Neovim, with the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import neovim
from .neovim import Neovim, started

PROGRAM = neovim.find()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Neovim 0.11 or later: set FORETYPE_TEST_NVIM"
)

TEXTS = ["hello world again", "äöü😀 grün und blau", "one\ntwo\nthree"]
SETUP = """
require("foretype").setup({
  inline = { builtin = %s },
  settings = { inline = { maxLines = 3 }, predictors = { scripted = { texts = { %s } } } },
})
"""
TABS = "vim.keymap.set('i', '<Tab>', function() return 'TAB' end, { expr = true })"
COUNT_MESSAGES = "_G.said = {}; vim.notify = function(text) table.insert(_G.said, text) end"


def configuration(builtin: bool = False) -> str:
    texts = ", ".join(f'"{text}"' for text in TEXTS).replace("\n", "\\n")
    return SETUP % (str(builtin).lower(), texts)


def said(editor: Neovim) -> list[str]:
    return editor.lua("return _G.said") or []


def accepted(editor: Neovim) -> dict[str, int]:
    """What the server has counted, once it has answered."""
    return editor.lua(
        """local client = vim.lsp.get_clients({ name = "foretype" })[1]
        local status = { command = "foretype.status" }
        return client:request_sync("workspace/executeCommand", status).result.accepted"""
    )


@pytest.fixture(scope="module", params=["built in", "our own"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Neovim]:
    """A Neovim for many tests, with each of the two kinds of ghost text."""
    folder = tmp_path_factory.mktemp("neovim")
    (folder / "notes.txt").write_text("")
    assert PROGRAM
    with started(PROGRAM, folder, configuration(), "notes.txt") as editor:
        if request.param == "built in":
            if not editor.lua("return vim.lsp.inline_completion ~= nil"):
                pytest.skip("this Neovim has no ghost text built in")
            (folder / "init.lua").write_text(configuration(builtin=True))
            editor.command(f"source {folder / 'init.lua'}")
        editor.wait(lambda: editor.lua("return #vim.lsp.get_clients({ bufnr = 0 }) == 1"))
        yield editor


@pytest.fixture
def editor(running: Neovim) -> Neovim:
    """Normal mode, in an empty file."""
    running.type("<Esc><Esc>")
    running.wait(
        lambda: running.lua("return vim.api.nvim_get_mode().mode"), lambda mode: mode == "n"
    )
    running.command("silent! only | edit! notes.txt | silent %delete _")
    running.lua("vim.bo.undolevels = vim.bo.undolevels")
    return running


def test_accepted_whole_in_one_step_that_can_be_undone_and_repeated(editor: Neovim) -> None:
    editor.type("ihello")
    assert editor.wait_for_ghost(" world again") == (0, 5, " world again")
    editor.type("<Tab>")
    editor.wait_for_line("hello world again")
    assert editor.lua("return vim.api.nvim_win_get_cursor(0)") == [1, len("hello world again")]
    editor.type("!<Esc>.")
    editor.wait_for_line("hello world againhello world again!!")
    editor.type("uu")
    editor.wait_for_line("")


def test_worded_and_lines_are_taken_alone(editor: Neovim) -> None:
    editor.type("ihello")
    editor.wait_for_ghost(" world again")
    editor.type("<C-Right>")
    editor.wait_for_line("hello world")
    assert editor.wait_for_ghost(" again")[:2] == (0, 11)
    editor.type("<Esc>Sone")
    editor.wait_for_ghost("\ntwo\nthree")
    editor.type("<C-End>")
    editor.wait(editor.lines, lambda lines: lines == ["one", "two"])


def test_what_was_typed_along_does_not_stand_twice(editor: Neovim) -> None:
    editor.type("ihello")
    editor.wait_for_ghost(" world again")
    editor.type(" wo")
    editor.wait_for_ghost("rld again")
    editor.type("r<Tab>")
    editor.wait_for_line("hello world again")


def test_keys_that_come_all_at_once_keep_their_order(editor: Neovim) -> None:
    editor.type("ihello")
    editor.wait_for_ghost(" world again")
    editor.type("!<Tab>x")  # the ghost text is no longer what follows
    editor.wait_for_line("hello!\tx")
    editor.type("<Esc>Shello")
    editor.wait_for_ghost(" world again")
    editor.type("<Tab>!")
    editor.wait_for_line("hello world again!")


def test_the_key_does_what_it_did_where_nothing_is_shown(editor: Neovim) -> None:
    editor.type("i<Tab>x")
    editor.wait_for_line("\tx")


def test_what_is_dismissed_is_gone_and_nothing_is_taken(editor: Neovim) -> None:
    editor.type("ihello")
    editor.wait_for_ghost(" world again")
    editor.type("<C-]>")
    editor.wait(editor.ghost, lambda ghost: ghost is None)
    editor.type("<Tab>")
    editor.wait_for_line("hello\t")


def test_ghost_text_stands_after_characters_of_several_bytes(editor: Neovim) -> None:
    editor.type("iäöü😀")
    assert editor.wait_for_ghost(" grün und blau") == (0, len("äöü😀".encode()), " grün und blau")
    editor.type("<C-Right>")
    editor.wait_for_line("äöü😀 grün")
    editor.wait_for_ghost(" und blau")
    editor.type("<Tab>!")
    editor.wait_for_line("äöü😀 grün und blau!")


def test_what_is_taken_is_counted_once(editor: Neovim) -> None:
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


def test_completed_by_the_menu_and_what_is_chosen_is_counted(editor: Neovim) -> None:
    before = accepted(editor)
    editor.type("ihello wo<C-x><C-o>")
    words = editor.wait(lambda: editor.lua("return vim.fn.complete_info({ 'items' }).items"))
    assert words[0]["word"].startswith("world")
    editor.type("<C-n><C-y>")
    editor.wait(lambda: editor.lines()[0], lambda line: line.startswith("hello world"))
    editor.wait(lambda: accepted(editor)["word"] - before["word"], lambda count: count == 1)


def test_opened_and_checkhealth_is_content(editor: Neovim) -> None:
    editor.command("checkhealth foretype")
    report = "\n".join(editor.lines())
    assert "foretype 0" in report
    assert "predictors: scripted" in report
    assert "ERROR" not in report
    assert "WARNING" not in report


def test_explain_says_why(editor: Neovim) -> None:
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
    assert any("scripted" in line for line in text)


def test_a_word_is_forgotten(editor: Neovim) -> None:
    editor.type("ihello<Esc>:Foretype! forget hello<CR>")
    editor.wait(
        editor.messages,
        lambda lines: any('the word "hello" is forgotten' in line for line in lines),
    )


def test_training_is_started_on_a_file_and_what_is_wrong_with_it_is_said(editor: Neovim) -> None:
    editor.lua(COUNT_MESSAGES)
    editor.command("Foretype train nowhere.txt")
    editor.wait(lambda: said(editor), lambda lines: any("training on" in line for line in lines))
    everything = lambda: [*said(editor), *editor.messages()]  # noqa: E731 (where servers' messages go differs)
    editor.wait(
        everything,
        lambda lines: any("nowhere.txt" in line and "training on" not in line for line in lines),
    )


def test_commands_are_completed(editor: Neovim) -> None:
    assert editor.lua("return vim.fn.getcompletion('Foretype re', 'cmdline')") == ["restart"]


def test_ghost_text_of_our_own_goes_when_insert_mode_is_interrupted(fresh: Neovim) -> None:
    fresh.type("ihello")
    fresh.wait_for_ghost(" world again")
    fresh.type("<C-c>")
    fresh.wait(fresh.ghost, lambda ghost: ghost is None)
    fresh.type("ohello")
    fresh.wait_for_ghost(" world again")


def test_buffers_without_a_name_are_served_and_help_is_not(editor: Neovim) -> None:
    editor.type(":enew<CR>ihello")
    editor.wait_for_ghost(" world again")
    editor.type("<Esc>:new<CR>iäöü😀")
    editor.wait_for_ghost(" grün und blau")
    editor.type("<Esc><C-w>wA")  # which has the same URI
    editor.wait_for_ghost(" world again")
    editor.type(" w")
    editor.wait_for_ghost("orld again")
    editor.type("<Esc>:%bwipeout! | help<CR>")
    editor.wait(lambda: editor.lua("return vim.bo.buftype"), lambda kind: kind == "help")
    assert not editor.lua("return vim.lsp.get_clients({ bufnr = 0, name = 'foretype' })")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Neovim]:
    """A Neovim of its own for one test, in which Tab is mapped, and whose messages are kept."""
    (tmp_path / "notes.txt").write_text("")
    assert PROGRAM
    with started(
        PROGRAM, tmp_path, f"{COUNT_MESSAGES}\n{TABS}\n{configuration()}", "notes.txt"
    ) as editor:
        yield editor


def test_a_killed_server_is_one_message_and_restart_brings_it_back(fresh: Neovim) -> None:
    fresh.type("ihello")
    fresh.wait_for_ghost(" world again")
    fresh.type("<Esc>")
    fresh.lua("vim.uv.kill(vim.lsp.get_clients()[1].rpc and ..., 'sigkill')", server_of(fresh))
    fresh.wait(lambda: said(fresh))
    fresh.command("edit other.txt | edit notes.txt")
    fresh.command("Foretype restart")
    fresh.type("Shello")
    fresh.wait_for_ghost(" world again")
    assert len(said(fresh)) == 1
    assert ":Foretype restart" in said(fresh)[0]


def server_of(editor: Neovim) -> int:
    """The server's process: the only child that Neovim has."""
    children = editor.wait(
        lambda: editor.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
    )
    return next(
        child for child in children if "foretype" in Path(f"/proc/{child}/cmdline").read_text()
    )


def test_a_mapping_of_the_users_is_what_the_key_does_where_nothing_is_shown(fresh: Neovim) -> None:
    fresh.type("ihello")
    fresh.wait_for_ghost(" world again")
    fresh.type("<Tab>")
    fresh.wait_for_line("hello world again")
    fresh.type("<Esc>S<Tab>")
    fresh.wait_for_line("TAB")


def test_it_can_be_disabled_and_enabled(fresh: Neovim) -> None:
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
    assert said(fresh) == []


def test_a_missing_program_is_one_message(tmp_path: Path) -> None:
    assert PROGRAM
    setup = 'require("foretype").setup({ cmd = { "no-such-program", "serve" }, settings = {} })'
    with started(PROGRAM, tmp_path, f"{COUNT_MESSAGES}\n{setup}", "a.txt") as editor:
        editor.wait(lambda: said(editor))
        editor.command("edit b.txt | edit c.md | enew")
        editor.type("ihello<Tab>")
        editor.wait_for_line("hello\t")
        assert [line for line in said(editor) if "no-such-program" in line] == said(editor)
        assert len(said(editor)) == 1
        editor.type("<Esc>")
        editor.command("checkhealth foretype")
        assert "ERROR" in "\n".join(editor.lines())


def test_an_option_that_there_is_not_is_one_message_and_the_defaults(tmp_path: Path) -> None:
    assert PROGRAM
    setup = 'require("foretype").setup({ keys = { acept = "<C-y>" } })'
    with started(PROGRAM, tmp_path, f"{COUNT_MESSAGES}\n{setup}") as editor:
        (message,) = said(editor)
        assert "keys.acept" in message
