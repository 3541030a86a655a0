"""The editor of ``foretype try``: a text with ghost text, next characters and a temperature."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import get_app_session
from prompt_toolkit.key_binding import KeyBindings

from foretype_model.completion.candidates import Options
from foretype_model.errors import ForetypeError
from foretype_model.predictor import Predictor
from foretype_model.store.store import data_folder
from foretype_server.console.text_file import TextFile
from foretype_server.terminal.actions import EditorActions
from foretype_server.terminal.clipboard import TerminalClipboard
from foretype_server.terminal.keys import key_bindings
from foretype_server.terminal.view import STYLE
from foretype_server.usage.store import Counts, UsageRecorder, write

USAGE_NAME = "foretype try"
"""The name of this editor in the statistics."""


class TerminalEditor(EditorActions):
    """An editor of one text, on the terminal of the current prompt_toolkit session."""

    def __init__(
        self,
        predictors: Mapping[str, Predictor],
        file: TextFile | None,
        model: str,
        options: Options,
    ) -> None:
        """Open the editor.

        Args:
            predictors: what completes the text.
            file: the file to edit; None for a text without a name.
            model: the model's name, for display.
            options: the initial temperature and seed, and whether to write prose.
        """
        self._usage_recorder = UsageRecorder(USAGE_NAME, self._write_usage)
        clipboard = TerminalClipboard(get_app_session().output)
        super().__init__(
            predictors, file, model, options, clipboard=clipboard, usage=self._usage_recorder
        )
        self.app: Application[None] = Application(
            layout=self.screen.layout,
            key_bindings=key_bindings(self),
            mouse_support=True,
            clipboard=clipboard,
            style=STYLE,
            full_screen=True,
        )
        # The keys of Emacs, which users of other editors do not expect.
        self.app._default_bindings = KeyBindings()
        # Seconds after Esc until it counts as a key, and not as the start of another key's code.
        self.app.ttimeoutlen = 0.05
        self.app.timeoutlen = 0.2
        self.app.after_render += lambda _app: self.count_shown()

    async def run(self) -> None:
        """Run until the user quits."""
        try:
            self.request_suggestions()
            await self.app.run_async()
        finally:
            self.suggestions.close()
            self._usage_recorder.write()

    def redraw(self) -> None:
        """Draw the screen again."""
        self.app.invalidate()

    def quit_without_saving(self) -> None:
        """Quit and discard unsaved changes."""
        self.app.exit()

    def _write_usage(self, counts: Counts) -> None:
        asyncio.get_running_loop().run_in_executor(None, self._try_write, counts)

    def _try_write(self, counts: Counts) -> None:
        """Write the counts; show an error, which must not end the editor."""
        try:
            write(data_folder(), counts)
        except (ForetypeError, OSError) as error:
            self.notice = f"The statistics are not written: {error}."
            self.redraw()
