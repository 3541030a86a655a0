"""``foretype serve``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from foretype_server.commands.options import UsageError, examples

EXAMPLES = examples(
    "foretype serve  # on stdin and stdout, as editors start it",
    "foretype serve --tcp 127.0.0.1:9257  # for an editor that connects",
    "foretype serve --ws localhost:9258  # for an editor in the browser",
)


def serve(
    tcp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Listen on a TCP port of this machine.")
    ] = None,
    ws: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Listen for WebSockets likewise.")
    ] = None,
    stdio: Annotated[
        bool,
        typer.Option("--stdio", help="On stdin and stdout, as without it; many editors say so."),
    ] = False,
    log_text: Annotated[
        bool,
        typer.Option(
            "--log-text",
            help="Log to standard error all there is: what you type, too. To find faults.",
        ),
    ] = False,
) -> None:
    """Run the language server; editors start this by themselves.

    It speaks the Language Server Protocol on stdin and stdout, or on a port of
    this machine, never beyond it, with clients that show the token there:
    the environment's FORETYPE_TOKEN, or what the file has that it tells of.
    """
    if bool(tcp) + bool(ws) + stdio > 1:
        raise UsageError("--stdio, --tcp and --ws exclude each other; give one of them.")
    address = _address(tcp or ws) if tcp or ws else None
    from foretype_server.lsp.serve import serve_stdio, serve_tcp, serve_ws

    if address is None:
        if sys.stdin.isatty():
            typer.echo(
                "foretype: waiting for an editor on stdin; Ctrl-C leaves. "
                "To type here: foretype try",
                err=True,
            )
        serve_stdio(log_text=log_text)
    elif tcp:
        serve_tcp(*address, log_text=log_text)
    else:
        serve_ws(*address, log_text=log_text)


def _address(text: str | None) -> tuple[str, int]:
    host, _, port = (text or "").rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise UsageError(f"{text} is not HOST:PORT; write it as in 127.0.0.1:9257.")
    return host, int(port)
