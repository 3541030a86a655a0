"""Every field of the messages about notebooks, left out, null, as a float and of a wrong type: then
cells and texts are those of the editor, or the user has been told.
"""

from __future__ import annotations

import asyncio
from typing import Any

from foretype_server.lsp.server import ForetypeServer

from .test_message_fields import STATUS, initialized, receive, text_of, variants

Json = Any
NOTEBOOK = "file:///plan.ipynb"
CAPABILITIES = {"capabilities": {"notebookDocument": {"synchronization": {}}}}


def document(cell: str, text: str) -> Json:
    return {"uri": cell, "languageId": "python", "version": 1, "text": text}


def opening() -> Json:
    """Return the parameters of a notebook's opening, with the cells a and b."""
    cells = [{"kind": 2, "document": "a"}, {"kind": 2, "document": "b"}]
    notebook = {"uri": NOTEBOOK, "notebookType": "jupyter-notebook", "version": 1, "cells": cells}
    documents = [document("a", "one"), document("b", "two")]
    return {"notebookDocument": notebook, "cellTextDocuments": documents}


def change() -> Json:
    """Return the parameters of a change that puts the cell c before b, and edits a."""
    array = {"start": 1, "deleteCount": 0, "cells": [{"kind": 1, "document": "c"}]}
    start = {"line": 0, "character": 0}
    edit = {"range": {"start": start, "end": start}, "text": "1"}
    content = {"document": {"uri": "a", "version": 2}, "changes": [edit]}
    structure = {"array": array, "didOpen": [document("c", "new")], "didClose": []}
    return {
        "notebookDocument": {"uri": NOTEBOOK, "version": 2},
        "change": {"cells": {"structure": structure, "textContent": [content]}},
    }


def cells_of(server: ForetypeServer) -> dict[str, str | None]:
    """Return the text of each cell, in the order of the cells."""
    return {cell: text_of(server, cell) for cell in server.session.notebooks.cells(NOTEBOOK)}


def run(method: str, before: Json | None, params: Json) -> tuple[dict[str, str | None], list[str]]:
    """Return the cells after a message, and what the user was told."""

    async def send() -> tuple[dict[str, str | None], list[str]]:
        server, recorder = initialized(CAPABILITIES)
        with server.exit_stack:
            if before:
                receive(server, {"method": "notebookDocument/didOpen", "params": before})
            receive(server, {"method": method, "params": params})
            receive(server, STATUS)
            await asyncio.sleep(0.01)
            assert "result" in recorder.answers["last"], "still answers"
            return cells_of(server), recorder.shown

    return asyncio.run(send())


def leaves_out(variant: Json, message: Json) -> bool:
    """Return whether a variant is the message itself, or lacks parts that may be missing."""
    if variant is None or variant == []:
        return True
    if isinstance(message, dict) and isinstance(variant, dict):
        return all(leaves_out(variant.get(name), inner) for name, inner in message.items())
    if isinstance(message, list) and isinstance(variant, list):
        return len(variant) == len(message) and all(map(leaves_out, variant, message))
    return bool(variant == message)


def test_opened_notebook_is_known_or_reported() -> None:
    """After any `notebookDocument/didOpen`, the cells are the editor's, or the user was told."""
    whole = {"a": "one", "b": "two"}
    assert run("notebookDocument/didOpen", None, opening()) == (whole, [])
    for variant in variants(opening()):
        cells, shown = run("notebookDocument/didOpen", None, variant)
        assert shown or cells == whole or leaves_out(variant, opening()), variant


def test_changed_notebook_is_known_or_reported() -> None:
    """After any `notebookDocument/didChange`, the cells are the editor's, or the user was told."""
    whole = {"a": "1one", "c": "new", "b": "two"}
    assert run("notebookDocument/didChange", opening(), change()) == (whole, [])
    for variant in variants(change()):
        cells, shown = run("notebookDocument/didChange", opening(), variant)
        assert shown or cells == whole or leaves_out(variant, change()), variant
