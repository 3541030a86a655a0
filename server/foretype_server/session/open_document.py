"""An open document, and the cancellation of the requests for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from foretype_server.document import Text


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


@dataclass
class OpenDocument:
    """An open document, and the token of the newest request of each kind for it."""

    language: str
    version: int
    text: Text
    tokens: dict[str, CancellationToken] = field(default_factory=dict)

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
