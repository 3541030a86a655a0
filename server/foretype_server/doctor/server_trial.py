"""The trial of the server: it is started as an editor starts it, and typed into."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from foretype_server.doctor.predictor_trial import SAMPLE_TEXT

TEXT: Final = SAMPLE_TEXT.decode()
TYPED_CHARACTERS: Final = 20
"""Characters at the end of the text that are typed, with a request after each."""

TIMEOUT: Final = 30.0
"""Seconds for the whole trial, which takes two or three."""

URI: Final = "untitled:doctor"


@dataclass(frozen=True)
class ServerTrial:
    """The result of the trial.

    Attributes:
        start: seconds from the start of the process to the end of `initialize`.
        answer: seconds from a key to its ghost text, the median.
        error: the reason of a failure, else empty.
    """

    start: float = 0.0
    answer: float = 0.0
    error: str = ""


def try_server(model: Path) -> ServerTrial:
    """Try a server with `model`, in a temporary data folder."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return asyncio.run(asyncio.wait_for(_run_client(Path(folder), model), TIMEOUT))
        except TimeoutError:
            return ServerTrial(error=f"it has not answered within {TIMEOUT:.0f} s")
        except (OSError, RuntimeError) as error:
            return ServerTrial(error=str(error))


async def _run_client(folder: Path, model: Path) -> ServerTrial:
    client = LanguageClient("foretype-doctor", version("foretype"))
    began = time.perf_counter()
    # -P: import nothing from the working directory.
    command = (sys.executable, "-P", "-m", "foretype_server", "serve")
    await client.start_io(*command, env={**os.environ, "FORETYPE_HOME": str(folder)})
    try:
        settings = {"model": str(model)}
        capabilities = types.ClientCapabilities()
        await client.initialize_async(
            types.InitializeParams(capabilities, initialization_options=settings)
        )
        client.initialized(types.InitializedParams())
        started = time.perf_counter() - began
        took = await _type(client)
        await client.shutdown_async(None)
        return ServerTrial(started, median(took))
    finally:
        server = client._server  # pygls cannot end a server that does not answer
        if server and server.returncode is None:
            server.kill()
        await client.stop()  # type: ignore[no-untyped-call]


async def _type(client: LanguageClient) -> list[float]:
    """Type, and return the seconds from each key to its answer.

    The first request, which waits for the model to load, is not measured.
    """
    shown, typed = TEXT[:-TYPED_CHARACTERS], TEXT[-TYPED_CHARACTERS:]
    document = types.TextDocumentItem(URI, "plaintext", 0, shown)
    client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    await _request_ghost_text(client, len(shown))
    took = []
    for number, character in enumerate(typed, 1):
        started = time.perf_counter()
        position = types.Position(0, len(shown) + number - 1)
        change = types.TextDocumentContentChangePartial(types.Range(position, position), character)
        identifier = types.VersionedTextDocumentIdentifier(number, URI)
        client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        await _request_ghost_text(client, position.character + 1)
        took.append(time.perf_counter() - started)
    return took


async def _request_ghost_text(client: LanguageClient, character: int) -> None:
    context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
    position = types.Position(0, character)
    await client.text_document_inline_completion_async(
        types.InlineCompletionParams(context, types.TextDocumentIdentifier(URI), position)
    )
