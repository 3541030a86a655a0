"""`foretype try` in this process, driven by real keys; only the predictor is scripted."""

import asyncio
import contextlib

from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from foretype_model.completion.candidates import Options
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_server.console.text_file import TextFile
from foretype_server.terminal.editor import TerminalEditor

TAB, ENTER, ESCAPE, BACKSPACE = "\t", "\r", "\x1b", "\x7f"
CTRL_A, CTRL_C, CTRL_F, CTRL_N, CTRL_Q, CTRL_S = "\x01", "\x03", "\x06", "\x0e", "\x11", "\x13"
CTRL_T, CTRL_V, CTRL_W, CTRL_X, CTRL_Y, CTRL_Z = "\x14", "\x16", "\x17", "\x18", "\x19", "\x1a"
UP, DOWN, RIGHT, LEFT, HOME, END = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F"
SHIFT_RIGHT, SHIFT_LEFT, SHIFT_TAB = "\x1b[1;2C", "\x1b[1;2D", "\x1b[Z"
CTRL_END, CTRL_RIGHT, ALT_S, F1 = "\x1b[1;5F", "\x1b[1;5C", "\x1bs", "\x1bOP"
COLUMNS = 100
TEXTS = ["hello world again", "नमस्ते दुनिया"]


class TerminalDriver:
    """A person at the editor: presses keys, waits, looks."""

    def __init__(self, editor, keys):
        self.editor, self._keys = editor, keys

    async def press(self, *keys):
        for key in keys:
            self._keys.send_text(key)
            await asyncio.sleep(0.02)

    async def escape(self):
        """Press Esc, and wait until it is no longer the start of another key."""
        await self.press(ESCAPE)
        await asyncio.sleep(0.5)

    async def discard(self):
        """Quit without saving."""
        await self.press(CTRL_Q)
        if self.editor.app.is_running:
            await self.press("n")

    async def wait_until(self, condition):
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.005)

    async def sees_ghost(self, text):
        await self.wait_until(lambda: self.editor.ghost == text)

    async def has_answer_to(self, before):
        await self.wait_until(
            lambda: (answer := self.editor.suggestions.answer) and answer.question.before == before
        )

    @property
    def text(self):
        return self.editor.buffer.text

    @property
    def screen(self):
        drawn = self.editor.app.renderer.last_rendered_screen
        rows = (drawn.data_buffer[y] for y in range(drawn.height)) if drawn else ()
        return "\n".join("".join(row[x].char for x in range(COLUMNS)).rstrip() for row in rows)


class WideOutput(DummyOutput):
    def get_size(self):
        return Size(rows=12, columns=COLUMNS)


def run_editor(person, file=None, predictors=None, temperature=0.0, prose=False):
    """Run the editor with `person`, a coroutine that presses its keys and must quit it."""

    async def session(keys):
        options = Options(temperature=temperature, prose=prose)
        chosen = predictors or {"scripted": ScriptedPredictor(TEXTS)}
        editor = TerminalEditor(chosen, TextFile.open(file) if file else None, "scripted", options)
        running = asyncio.create_task(editor.run())
        await person(TerminalDriver(editor, keys))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(running), 20)
        assert running.done(), "the editor is still open"

    with create_pipe_input() as keys, create_app_session(input=keys, output=WideOutput()):
        asyncio.run(session(keys))
