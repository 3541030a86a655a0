"""``foretype serve``: the language server, on standard streams or on a port."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from foretype_model.errors import ForetypeError
from foretype_server.commands.options import UsageError, examples

EXAMPLES = examples(
    "foretype serve  # on standard input and output, as editors start it",
    "foretype serve --tcp 127.0.0.1:9257  # for an editor that connects to a port",
    "foretype serve --ws localhost:9258  # for an editor in the browser",
)


def serve(
    tcp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Listen on a TCP port of this machine.")
    ] = None,
    ws: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Listen for WebSockets on this machine."),
    ] = None,
    stdio: Annotated[
        bool,
        typer.Option("--stdio", help="Use standard input and output, the default."),
    ] = False,
    log_text: Annotated[
        bool,
        typer.Option(
            "--log-text",
            help="Log everything to standard error, to find a fault: includes the text you type.",
        ),
    ] = False,
) -> None:
    """Run the language server; editors start it by themselves.

    It speaks the Language Server Protocol on standard input and output, or on
    a port of the loopback address. On a port, clients must present the token
    from FORETYPE_TOKEN, or from the token file whose path the server prints.
    """
    if bool(tcp) + bool(ws) + stdio > 1:
        raise UsageError("--stdio, --tcp and --ws exclude each other; give one of them.")
    address = _address(tcp or ws) if tcp or ws else None
    from foretype_server.lsp.serve import serve_stdio, serve_tcp, serve_ws

    if address is None:
        if not (sys.stdin and sys.stdout):
            raise ForetypeError(
                "Standard input or output is closed; have an editor start foretype serve, or give "
                "--tcp or --ws."
            )
        if sys.stdin.isatty():
            typer.echo(
                "foretype: waiting for an editor on standard input; Ctrl-C ends. "
                "To type in this terminal: foretype try",
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
        raise UsageError(f"{text} is not HOST:PORT, such as 127.0.0.1:9257.")
    return host, int(port)
