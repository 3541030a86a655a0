"""The messages about notebooks. A cell is a document, and a notebook the order of its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lsprotocol import types

from foretype_server.lsp.to_proto import to_changes

if TYPE_CHECKING:
    from foretype_server.session.session import ClientSession

OPTIONS: Final = types.NotebookDocumentSyncOptions(
    notebook_selector=[types.NotebookDocumentFilterWithNotebook(notebook="*")], save=True
)
"""Every cell of every notebook."""


def did_open(session: ClientSession, params: types.DidOpenNotebookDocumentParams) -> None:
    """Open a notebook."""
    notebook = params.notebook_document
    session.open_notebook(notebook.uri, [cell.document for cell in notebook.cells])
    for document in params.cell_text_documents:
        session.open(document.uri, document.language_id, document.version, document.text)


def did_change(session: ClientSession, params: types.DidChangeNotebookDocumentParams) -> None:
    """Apply a change: of the cells and their order, then of their texts."""
    cells = params.change.cells
    if cells is None:
        return
    if cells.structure is not None:
        _change_structure(session, params.notebook_document.uri, cells.structure)
    for content in cells.text_content or ():
        document = content.document
        session.change(document.uri, document.version, to_changes(content.changes))


def _change_structure(
    session: ClientSession, notebook: str, structure: types.NotebookDocumentCellChangeStructure
) -> None:
    array = structure.array
    inserted = [cell.document for cell in array.cells or ()]
    session.notebooks.splice(notebook, array.start, array.delete_count, inserted)
    for closed in structure.did_close or ():
        session.close(closed.uri)
    for opened in structure.did_open or ():
        session.open(opened.uri, opened.language_id, opened.version, opened.text)
