"""How far the workspace is indexed, as ``$/progress``."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from lsprotocol import types

if TYPE_CHECKING:
    from foretype_server.lsp import ForetypeServer

TITLE: Final = "Foretype: reading the workspace"

REPORTED_EVERY: Final = 0.2
"""Seconds between reports."""


class WorkDone:
    """Begins at the first file, and ends once all are done. Shows nothing to clients that cannot show it."""

    def __init__(self, server: ForetypeServer) -> None:
        self._server = server
        self._token: str | None = None
        self._creating: asyncio.Task[None] | None = None
        self._reported = 0.0

    def __call__(self, done: int, total: int) -> None:
        """`done` files of `total`; equal numbers are the end of it."""
        if done >= total:
            self._end()
        elif self._token is None:
            self._begin()
        elif time.monotonic() - self._reported > REPORTED_EVERY:
            self._reported = time.monotonic()
            self._send(types.WorkDoneProgressReport(message=f"{done} of {total}", percentage=100 * done // total))

    def _begin(self) -> None:
        if not self._server.can("window.work_done_progress"):
            return
        self._token = str(uuid4())
        self._creating = asyncio.ensure_future(self._create(self._token))

    async def _create(self, token: str) -> None:
        with suppress(Exception):  # a client that refuses is told no more than it wants
            await self._server.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token))
            self._send(types.WorkDoneProgressBegin(title=TITLE, percentage=0), token)

    def _end(self) -> None:
        if self._token is not None:
            token, self._token = self._token, None
            created = self._creating
            if created and not created.done():
                created.add_done_callback(lambda _: self._send(types.WorkDoneProgressEnd(), token))
            else:
                self._send(types.WorkDoneProgressEnd(), token)

    def _send(
        self,
        value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
        token: str | None = None,
    ) -> None:
        token = token or self._token
        if token is not None:
            self._server.progress(types.ProgressParams(token, value))
