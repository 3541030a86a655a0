"""The clipboard of `try`: cut and copied text also goes to the terminal's own."""

from __future__ import annotations

import base64
from typing import Final

from prompt_toolkit.clipboard import ClipboardData, InMemoryClipboard
from prompt_toolkit.output import Output
from prompt_toolkit.output.vt100 import Vt100_Output

MAX_BYTES: Final = 50_000
"""Bytes of a text that is sent to the terminal: xterm takes 74,994 characters of base64."""


class TerminalClipboard(InMemoryClipboard):
    """A clipboard whose texts other programs can paste, in terminals that know OSC 52.

    Other terminals ignore the sequence. They send their own clipboard as a paste.
    """

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def set_data(self, data: ClipboardData) -> None:
        """Keep a text, and send it to the terminal."""
        super().set_data(data)
        text = data.text.encode(errors="replace")
        if isinstance(self._output, Vt100_Output) and len(text) <= MAX_BYTES:
            self._output.write_raw(f"\x1b]52;c;{base64.b64encode(text).decode()}\x07")
            self._output.flush()
