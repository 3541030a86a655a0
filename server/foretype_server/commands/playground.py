"""``foretype playground``."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from foretype_server.commands.opening import warn
from foretype_server.commands.options import examples

EXAMPLES = examples(
    "foretype playground  # opens the browser",
    "foretype playground notes.txt  # begins with a file's text; the file itself stays as it is",
    "foretype playground --no-open --port 9258  # only prints the address",
)


def playground(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The text file to begin with.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port of this machine; 0 takes a free one.")
    ] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Don't open the browser.")] = False,
) -> None:
    """Type in the browser, and see how Foretype thinks.

    A page on this machine, for nobody else: ghost text, how probable the next
    characters are, and which predictor foresaw each letter. The text is not
    saved. Ctrl-C ends it.
    """
    from foretype_server import logs
    from foretype_server.console.text_file import read_text
    from foretype_server.lsp.serve import handle_connection
    from foretype_server.playground.page import InitialState, Page, serve
    from foretype_server.playground.redirect import redirect_file
    from foretype_server.setup.client_files import editor_files

    initial_state = (
        InitialState(read_text(file), file.name, file.resolve().as_uri())
        if file
        else InitialState()
    )
    page = Page(editor_files("playground") / "dist", initial_state)

    def on_ready(address: str) -> None:
        typer.echo(f"{address}\nOpen it in a browser; Ctrl-C here ends it.")
        sys.stdout.flush()
        if no_open or not _has_display():
            return
        try:
            url = exit_stack.enter_context(redirect_file(address))
        except OSError as error:
            warn(f"the browser is not opened: {error}")
            return
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    logs.configure(with_text=False)
    with ExitStack() as exit_stack:
        try:
            asyncio.run(serve(handle_connection, page, port, on_ready))
        except KeyboardInterrupt:
            return  # as it is to be ended where there are no signal handlers


def _has_display() -> bool:
    """Whether a browser opens beside the terminal, and not in it."""
    elsewhere = sys.platform in {"darwin", "win32"}
    return elsewhere or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
