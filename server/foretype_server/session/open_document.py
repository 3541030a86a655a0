"""An open document, and the cancellation of the requests for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from foretype_model.text.prose import PROSE_LANGUAGES
from foretype_model.text.rope import to_lf
from foretype_server.document import Point, Snapshot, Text


class CancellationToken:
    """The cancellation of one request, by a newer request of its kind or by an edit."""

    def __init__(self) -> None:
        self.cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def cancel(self) -> None:
        """Cancel the request, and wake its waiters."""
        if not self.cancelled.done():
            self.cancelled.set_result(None)

    def is_cancelled(self) -> bool:
        """Return whether the request is cancelled. Safe to call on any thread."""
        return self.cancelled.done()


class SelectedItem(NamedTuple):
    """The item that is selected in the editor's menu: `text` in the place of a range."""

    start: Point
    end: Point
    text: str


@dataclass
class OpenDocument:
    """An open document, and the token of the newest request of each kind for it."""

    language: str
    version: int
    text: Text
    tokens: dict[str, CancellationToken] = field(default_factory=dict)

    @property
    def is_code(self) -> bool:
        """Whether the document is code, for which the editor may have another language server."""
        return self.language not in PROSE_LANGUAGES

    def with_item(self, uri: str, item: SelectedItem) -> Snapshot:
        """Return the document as it will be with `item` accepted, and the cursor after that."""
        before, _ = self.text.split_at(item.start)
        _, after = self.text.split_at(item.end)
        with_item = before + to_lf(item.text.encode(errors="replace"))
        return Snapshot(uri, with_item, after, self.is_code)

    def typed_part(self, item: SelectedItem, cursor: Point) -> str:
        """Return the beginning of `item` that is typed before the cursor already; "" if the item
        replaces other text.
        """
        start, end = (len(self.text.split_at(point)[0]) for point in (item.start, cursor))
        typed = self.text.split_at(cursor)[0][start:end].decode()
        return typed if item.text.startswith(typed) else ""

    def supersede_previous(self, kind: str) -> CancellationToken:
        """Return a token for a new request, and cancel the older one of its kind."""
        if kind in self.tokens:
            self.tokens[kind].cancel()
        self.tokens[kind] = CancellationToken()
        return self.tokens[kind]

    def cancel_requests(self) -> None:
        """Cancel all requests so far."""
        for token in self.tokens.values():
            token.cancel()
