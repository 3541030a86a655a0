"""``foretype playground``: the page in the browser, served until Ctrl-C."""

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
    "foretype playground  # open the page in the browser",
    "foretype playground notes.txt  # begin with the text of a file, which stays unchanged",
    "foretype playground --no-open --port 9258  # only print the address",
)


def playground(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The text file to begin with.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on this machine; 0 for a free one.")
    ] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
) -> None:
    """Type in the browser, and see each prediction explained.

    The page shows ghost text, the probabilities of the next characters, and
    the predictor that foresaw each letter. It is served on this machine, to
    you alone. The text is not saved. Ctrl-C ends the server.
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
        typer.echo(f"{address}\nOpen this address in a browser; Ctrl-C here ends the server.")
        sys.stdout.flush()
        if no_open or not _has_display():
            return
        try:
            url = exit_stack.enter_context(redirect_file(address))
        except OSError as error:
            warn(f"the browser cannot be opened ({error}); open the address yourself")
            return
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    logs.configure(with_text=False)
    with ExitStack() as exit_stack:
        try:
            asyncio.run(serve(handle_connection, page, port, on_ready))
        except KeyboardInterrupt:
            return  # the usual end on Windows, without signal handlers


def _has_display() -> bool:
    """Return whether a browser would open a window, and not run inside this terminal."""
    elsewhere = sys.platform in {"darwin", "win32"}
    return elsewhere or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
