"""Notebooks: a cell is completed in the context of the cells before it, and learnt from by the
rules for its notebook's file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .client import Client, Message, eventually, scripted_settings, server

NOTEBOOK = "file:///plans/plan.ipynb"
CAPABILITIES = {"notebookDocument": {"synchronization": {"dynamicRegistration": False}}}
TEXTS = ("first cell\n\nsecond goes on\n\nthird ends", "other cell\n\nsecond is alone")


def cell(number: int) -> str:
    return f"vscode-notebook-cell:/plans/plan.ipynb#W{number}sZmlsZQ%3D%3D"


def document(number: int, text: str) -> Message:
    return {"uri": cell(number), "languageId": "python", "version": 1, "text": text}


def entry(number: int) -> Message:
    return {"kind": 2, "document": cell(number)}


def open_notebook(client: Client, *texts: str, uri: str = NOTEBOOK) -> None:
    """Open a notebook with these cells, numbered from 1."""
    numbered = [*enumerate(texts, 1)]
    notebook = {
        "uri": uri,
        "notebookType": "jupyter-notebook",
        "version": 1,
        "cells": [entry(number) for number, _ in numbered],
    }
    documents = [document(number, text) for number, text in numbered]
    opened = {"notebookDocument": notebook, "cellTextDocuments": documents}
    client.notify("notebookDocument/didOpen", opened)


def change_cells(client: Client, **cells: Any) -> None:
    changed = {"notebookDocument": {"uri": NOTEBOOK, "version": 2}, "change": {"cells": cells}}
    client.notify("notebookDocument/didChange", changed)


def splice(start: int, count: int, *numbers: int) -> Message:
    cells = [entry(number) for number in numbers]
    return {"start": start, "deleteCount": count, "cells": cells}


def ghosts(client: Client, number: int, line: int, character: int) -> list[str]:
    return [item["insertText"] for item in client.ghost(cell(number), line, character)]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with server(tmp_path / "home") as (client, _):
        advertised = client.initialize(
            scripted_settings(*TEXTS, inline={"maxLines": 1}), CAPABILITIES
        )
        assert advertised["notebookDocumentSync"]["notebookSelector"] == [{"notebook": "*"}]
        yield client


def test_cells_before_are_context(client: Client) -> None:
    """Ghost text in a cell continues the cells before it."""
    open_notebook(client, "first cell", "second")
    assert ghosts(client, 2, 0, 6) == [" goes on"]


def test_cell_order_decides_context(client: Client) -> None:
    """Cells that are moved, added and removed change the context."""
    open_notebook(client, "other cell", "second", "first cell")
    assert ghosts(client, 2, 0, 6) == [" is alone"]
    change_cells(client, structure={"array": splice(0, 3, 3, 2, 1)})
    assert ghosts(client, 2, 0, 6) == [" goes on"]
    added = {"array": splice(1, 0, 4), "didOpen": [document(4, "other cell")]}
    change_cells(client, structure=added)
    assert ghosts(client, 2, 0, 6) == [" is alone"]
    removed = {"array": splice(1, 1), "didClose": [{"uri": cell(4)}]}
    change_cells(client, structure=removed)
    assert ghosts(client, 2, 0, 6) == [" goes on"]
    assert ghosts(client, 4, 0, 4) == []


def test_edits_of_cells_are_followed(client: Client) -> None:
    """An edit of one cell changes the context of a later one."""
    open_notebook(client, "other cell", "second")
    assert ghosts(client, 2, 0, 6) == [" is alone"]
    word = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}}
    content = {
        "document": {"uri": cell(1), "version": 2},
        "changes": [{"range": word, "text": "first"}],
    }
    change_cells(client, textContent=[content])
    assert ghosts(client, 2, 0, 6) == [" goes on"]


def test_cells_after_limit_ghosts(client: Client) -> None:
    """Ghost text at the end of a cell does not repeat the beginning of the next one."""
    open_notebook(client, "first cell", "second goes on", "third ends")
    assert not any("third" in text for text in ghosts(client, 2, 0, 14))


def test_closed_notebook_has_no_offers(client: Client) -> None:
    """After its notebook is closed, a cell gets nothing."""
    open_notebook(client, "first cell", "second")
    closed = {"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": [{"uri": cell(2)}]}
    client.notify("notebookDocument/didClose", closed)
    assert ghosts(client, 2, 0, 6) == []
    open_notebook(client, "first cell", "second")
    assert ghosts(client, 2, 0, 6) == [" goes on"]


def test_unreadable_notebook_edit_is_reported(client: Client) -> None:
    """A notebook with an unreadable edit is named once and gets no offers until it is reopened."""
    open_notebook(client, "first cell", "second")
    for cells in (
        {"structure": {"array": {"start": 0}}},
        {"structure": {"array": {"start": 0, "deleteCount": 0, "cells": [{}]}}},
        {"structure": {"array": splice(0, 0), "didOpen": [{"uri": cell(3)}]}},
        {"textContent": [{"document": {"uri": cell(1), "version": 2}, "changes": [{"text": 5}]}]},
        {"textContent": 5},
    ):
        change_cells(client, **cells)
    (warning,) = client.warnings()
    assert "plan.ipynb: an edit of it was unreadable" in warning
    assert ghosts(client, 2, 0, 6) == []
    open_notebook(client, "first cell", "second")
    assert ghosts(client, 2, 0, 6) == [" goes on"]


def test_cell_without_notebook_is_served(client: Client) -> None:
    """A client that sends cells as plain documents gets ghost text in them."""
    client.open(cell(1), "first cell\n\nsecond")
    assert ghosts(client, 1, 2, 6) == [" goes on"]


def test_selected_item_has_context(client: Client) -> None:
    """Ghost text beyond the selected item of a menu continues the cells before, too."""
    open_notebook(client, "first cell", "sec")
    start, end = ({"line": 0, "character": at} for at in (0, 3))
    selected = {"range": {"start": start, "end": end}, "text": "second"}
    asked = {
        "textDocument": {"uri": cell(2)},
        "position": end,
        "context": {"triggerKind": 2, "selectedCompletionInfo": selected},
    }
    (item,) = client.request("textDocument/inlineCompletion", asked)["items"]
    assert item["insertText"] == "second goes on"


def test_explained_cell_is_this_text(tmp_path: Path) -> None:
    """A word that occurs in another cell is explained as of this text."""
    with server(tmp_path / "home") as (client, _):
        client.initialize({"predictors": {"copy": {}}}, CAPABILITIES)
        sentence = "The treasurer of our society is Philippa Wainwright.\n"
        open_notebook(client, sentence * 2, "The treasurer of our society is Phil")
        asked = {"uri": cell(2), "position": {"line": 0, "character": 36}, "text": "ippa"}
        explained = {"command": "foretype.explain", "arguments": [asked]}

        def places() -> set[str]:
            found = client.request("workspace/executeCommand", explained)
            return {source["where"] for source in found["sources"]} if found else set()

        assert eventually(lambda: places() == {"this text"})


def test_excluded_notebook_is_not_learnt(tmp_path: Path) -> None:
    """A notebook that `learn.exclude` names is completed, and its text is offered nowhere else."""
    folder = tmp_path / "texts"
    folder.mkdir()
    sentence = "The treasurer of our society is Philippa Wainwright.\n"
    for name, is_offered in (("open.ipynb", True), ("private.ipynb", False)):
        with server(tmp_path / "home") as (client, _):
            settings = {"predictors": {"copy": {}}, "learn": {"exclude": ["private.*"]}}
            folders = [{"uri": folder.as_uri(), "name": "texts"}]
            client.initialize(settings, CAPABILITIES, workspaceFolders=folders)
            open_notebook(client, sentence, "Yes. ", uri=(folder / name).as_uri())
            client.completions(cell(2), 0, 5)
            client.open("untitled:Untitled-1", "The treasurer of our society is Phil")
            found = client.completions("untitled:Untitled-1", 0, 36)["items"]
            assert any("Philippa" in item["label"] for item in found) is is_offered, name


def test_excluded_unsaved_file_is_not_learnt(tmp_path: Path) -> None:
    """An unsaved file that `learn.exclude` names is completed, and its text is offered nowhere
    else.
    """
    folder = tmp_path / "texts"
    folder.mkdir()
    sentence = "The treasurer of our society is Philippa Wainwright.\n"
    names = {f"untitled:{folder}/open/a.txt": True, f"untitled:{folder}/private/a.txt": False}
    for uri, is_offered in names.items():
        with server(tmp_path / "home") as (client, _):
            settings = {"predictors": {"copy": {}}, "learn": {"exclude": ["private/"]}}
            folders = [{"uri": folder.as_uri(), "name": "texts"}]
            client.initialize(settings, CAPABILITIES, workspaceFolders=folders)
            client.open(uri, sentence * 2 + "The treas")
            client.completions(uri, 2, 9)
            client.open("untitled:Untitled-1", "The treasurer of our society is Phil")
            found = client.completions("untitled:Untitled-1", 0, 36)["items"]
            assert any("Philippa" in item["label"] for item in found) is is_offered, uri
