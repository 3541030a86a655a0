"""The open notebooks: their cells are documents for the editor, and one text for the predictors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from foretype_model.text.rope import Rope
from foretype_server.document import Snapshot
from foretype_server.session.open_document import OpenDocument

CELL_SEPARATOR: Final = b"\n\n"
"""Stands between two cells in the text of a notebook."""


class Notebooks:
    """The notebooks of one client. A cell is completed in the context of its notebook, in which the
    other cells precede and follow it.
    """

    def __init__(self, documents: Mapping[str, OpenDocument]) -> None:
        """`documents` are the open documents by URI, cells among them."""
        self._documents = documents
        self._cells: dict[str, list[str]] = {}
        self._notebook_of: dict[str, str] = {}

    def open(self, uri: str, cells: Iterable[str]) -> None:
        """Open a notebook with these cells in their order."""
        self._cells[uri] = []
        self.splice(uri, 0, 0, [*cells])

    def close(self, uri: str) -> None:
        """Close a notebook, if it is open."""
        for cell in self._cells.pop(uri, []):
            self._notebook_of.pop(cell, None)

    def splice(self, uri: str, start: int, count: int, cells: Sequence[str]) -> None:
        """Replace `count` cells of an open notebook, from the number `start` on, by `cells`."""
        if uri not in self._cells:
            return
        for cell in self._cells[uri][start : start + count]:
            self._notebook_of.pop(cell, None)
        self._cells[uri][start : start + count] = cells
        self._notebook_of.update(dict.fromkeys(cells, uri))

    def cells(self, uri: str) -> Sequence[str]:
        """Return the cells of a notebook in their order."""
        return self._cells.get(uri, ())

    def text_of(self, uri: str) -> str:
        """Return the URI of the text that a document belongs to: its notebook's, or its own."""
        return self._notebook_of.get(uri, uri)

    def above(self, uri: str) -> Rope:
        """Return the text of a cell's notebook before the cell; no text for other documents."""
        cells, number = self._place(uri)
        return self._joined(cells[:number])

    def in_context(self, snapshot: Snapshot) -> Snapshot:
        """Return a cell's snapshot as one of its notebook; others unchanged."""
        cells, number = self._place(snapshot.uri)
        if not cells:
            return snapshot
        below = self._joined(cells[number + 1 :])
        return replace(
            snapshot,
            uri=self.text_of(snapshot.uri),
            before=self._joined(cells[:number]) + snapshot.before,
            after=snapshot.after + CELL_SEPARATOR + below if len(below) else snapshot.after,
        )

    def _place(self, uri: str) -> tuple[Sequence[str], int]:
        """Return the cells of a cell's notebook, and its number; none for other documents."""
        cells = self.cells(self.text_of(uri)) if uri in self._notebook_of else ()
        return (cells, cells.index(uri)) if cells else ((), 0)

    def _joined(self, cells: Sequence[str]) -> Rope:
        """Return the texts of cells, each with a separator after it."""
        text = Rope(())
        for cell in cells:
            document = self._documents.get(cell)
            if document and len(document.text):
                text = text + document.text.rope() + CELL_SEPARATOR
        return text
