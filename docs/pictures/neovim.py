"""Record ghost text in a real Neovim with the real server: `python -m docs.pictures.neovim`.

A typist who wants to write `LETTER` looks at the screen after each key: if the ghost text is right,
Tab accepts it, or Ctrl-Right its first word; else the typist presses the next character. The
picture has only screens that the editor showed, at their real times.
"""

from __future__ import annotations

import random
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

from docs.pictures.terminal_svg import ESCAPE, Screen, animated, changes
from tests.clients import neovim, terminal

from foretype_model.files.atomic import atomic_write

PICTURE: Final = Path(__file__).with_name("neovim.svg")
COLUMNS, ROWS = 76, 7
SECONDS_PER_KEY: Final = (0.09, 0.19)
"""Minimum and maximum: about 85 words a minute."""
SECONDS_TO_READ: Final = 0.5
"""Seconds between useful ghost text and the key that accepts it."""
ACCEPTING: Final = {"Tab": "Tab", "C-Right": "Ctrl-Right"}
MIN_ACCEPTED_CHARACTERS: Final = 2
"""Minimum length of an accepted offer, in characters."""

BEGINNING: Final = (
    "Dear Ms Wainwright,\n\nThank you for your letter about the observatory on Quillfeather Hill.\n"
)
LETTER: Final = (
    "We are very pleased to hear that the observatory on Quillfeather Hill\n"
    "has been repaired, and that it will be possible to visit it on Sundays."
)
CONFIGURATION: Final = """
vim.o.termguicolors, vim.o.background, vim.o.laststatus = true, "dark", 0
vim.o.ruler, vim.o.showmode, vim.o.showcmd, vim.o.swapfile = false, false, false, false
vim.o.shortmess = vim.o.shortmess .. "IF"
vim.api.nvim_set_hl(0, "Normal", { fg = "#d4d7dd" })
vim.api.nvim_set_hl(0, "ForetypeGhost", { fg = "#7b828f", italic = true })
vim.api.nvim_set_hl(0, "EndOfBuffer", { fg = "#16181d" })
require("foretype").setup({ menu = { enable = false } })
"""


class Recorder:
    """The keys pressed in a terminal, and its screens meanwhile."""

    def __init__(self, editor: terminal.Terminal) -> None:
        self.editor, self.began = editor, time.monotonic()
        self.screens: list[Screen] = []
        self.keys, self.characters = 0, 0
        self.accepted_by = ""

    def look(self) -> Screen:
        """Record and return the present screen."""
        shown = self.editor.run("capture-pane", "-e", "-p", "-N").split("\n")[:ROWS]
        saved = 1 - self.keys / self.characters if self.characters else 0
        caption = f"{self.keys} keys for {self.characters} characters: {saved:.0%} saved"
        if self.accepted_by:
            caption = f"{self.accepted_by}   {caption}"
        now = time.monotonic() - self.began
        self.screens.append(Screen(now, tuple(shown), self.editor.cursor(), caption))
        return self.screens[-1]

    def watch(self, seconds: float) -> Screen:
        """Record all screens of the next `seconds`; return the last."""
        end = time.monotonic() + seconds
        while True:
            screen = self.look()
            if time.monotonic() >= end:
                return screen

    def press(self, key: str, characters: int) -> None:
        """Press a key that adds `characters` characters."""
        if len(key) == 1:
            self.editor.type(key)
        else:
            self.editor.press(key)
        self.keys, self.characters = self.keys + 1, self.characters + characters
        self.accepted_by = ACCEPTING.get(key, "")


def ghost(screen: Screen) -> str:
    """Return the text after the cursor, which is at the end of a line."""
    row, column = screen.cursor
    return ESCAPE.sub("", screen.lines[row])[column:].rstrip("\n")


def choice(offered: str, remaining: str) -> tuple[str, int]:
    """Return the next key to press, and the number of characters of `remaining` that it adds."""
    # The screen is padded with spaces, which hide one at the end of the offer.
    whole = offered.rstrip()
    word = re.match(r"\s*(?:\w+|[^\w\s]+)", whole)
    for key, text in (("Tab", whole), ("C-Right", word.group() if word else "")):
        if len(text) >= MIN_ACCEPTED_CHARACTERS and remaining.startswith(text):
            return key, len(text)
    return ("Enter" if remaining[0] == "\n" else remaining[0]), 1


def typed(recorder: Recorder, remaining: str) -> None:
    """Write `remaining` with as few keys as the ghost text allows."""
    human, line = random.Random(1), ""
    while remaining:
        screen = recorder.watch(human.uniform(*SECONDS_PER_KEY))
        key, characters = choice(ghost(screen), remaining)
        if key in ACCEPTING:
            recorder.watch(SECONDS_TO_READ)
        recorder.press(key, characters)
        line = (line + remaining[:characters]).rpartition("\n")[2]
        remaining = remaining[characters:]
        if key in ACCEPTING and recorder.watch(0.15).cursor[1] > len(line):
            # The offer ended with a hidden space.
            if remaining.startswith(" "):
                line, remaining = line + " ", remaining[1:]
                recorder.characters += 1
            else:
                recorder.press("BSpace", 0)
    recorder.watch(1.0)


def recorded(program: str, folder: Path) -> list[Screen]:
    """Return the screens of one session."""
    (folder / "work").mkdir()
    (folder / "work" / "letter.txt").write_text(BEGINNING)
    (folder / "init.lua").write_text(CONFIGURATION)
    command = [program, "--clean", "--cmd", f"set runtimepath^={neovim.PLUGIN}"]
    command += ["-u", str(folder / "init.lua"), "letter.txt"]
    with terminal.started(command, folder, {"COLORTERM": "truecolor"}) as editor:
        editor.run("resize-window", "-x", str(COLUMNS), "-y", str(ROWS))
        editor.wait_for("Quillfeather")
        editor.type("Go")
        time.sleep(4)  # the server starts and reads the beginning
        recorder = Recorder(editor)
        typed(recorder, LETTER)
        return list(changes(recorder.screens))


def main() -> None:
    """Record the session and write the picture."""
    program = neovim.find()
    if program is None or not shutil.which("tmux"):
        raise SystemExit("no Neovim 0.11 or later, or no tmux: set FORETYPE_TEST_NVIM")
    with tempfile.TemporaryDirectory() as folder:
        screens = recorded(program, Path(folder))
    svg = animated(screens, "letter.txt - Neovim", "A letter is written with ghost text.")
    with atomic_write(PICTURE) as unfinished:
        unfinished.write_text(svg)
    PICTURE.chmod(0o644)
    print(f"{PICTURE}: {len(screens)} screens, {len(svg):,} bytes; {screens[-1].caption}")


if __name__ == "__main__":
    main()
