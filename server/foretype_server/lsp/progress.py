"""The progress of long work, as ``$/progress``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Final
from uuid import uuid4

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer

REPORT_INTERVAL: Final = 0.2
"""Seconds between reports."""


class WorkDoneProgress:
    """The progress of one kind of work. It begins at the first part, ends once all are done, and
    sends nothing to clients without the capability.
    """

    def __init__(
        self,
        server: LanguageServer,
        cancel_callbacks: MutableMapping[int | str, Callable[[], None]],
        title: str,
        cancel: Callable[[], None] | None = None,
    ) -> None:
        """`cancel` is called if the user cancels the work: `cancel_callbacks` holds it meanwhile,
        by token.
        """
        self._server, self._cancel_callbacks, self._title, self._cancel = (
            server,
            cancel_callbacks,
            title,
            cancel,
        )
        self._token: str | None = None
        self._has_begun = False
        self._creation: asyncio.Task[None] | None = None
        self._last_report = 0.0

    def __call__(self, done: int, total: int, message: str | None = None) -> None:
        """Show `done` parts of `total`, or `message` instead; equal numbers end the progress."""
        if done >= total:
            self._end()
        elif self._token is None:
            self._begin()
        elif self._has_begun and time.monotonic() - self._last_report > REPORT_INTERVAL:
            self._last_report = time.monotonic()
            self._send(
                types.WorkDoneProgressReport(
                    message=message or f"{done} of {total}", percentage=100 * done // total
                )
            )

    def _begin(self) -> None:
        if not get_capability(self._server.client_capabilities, "window.work_done_progress", False):
            return
        self._token = str(uuid4())
        if self._cancel:
            self._cancel_callbacks[self._token] = self._cancel
        self._creation = asyncio.ensure_future(self._create_token(self._token))

    async def _create_token(self, token: str) -> None:
        """Begin once the client has accepted the token, unless the work has ended by then."""
        with suppress(Exception):  # a client that refuses gets no progress
            await self._server.window_work_done_progress_create_async(
                types.WorkDoneProgressCreateParams(token)
            )
            if token == self._token:
                self._has_begun = True
                self._send(
                    types.WorkDoneProgressBegin(
                        title=self._title, percentage=0, cancellable=self._cancel is not None
                    )
                )

    def _end(self) -> None:
        if self._token is None:
            return
        if self._has_begun:
            self._send(types.WorkDoneProgressEnd())
        self._cancel_callbacks.pop(self._token, None)
        self._token, self._has_begun = None, False

    def _send(
        self,
        value: types.WorkDoneProgressBegin
        | types.WorkDoneProgressReport
        | types.WorkDoneProgressEnd,
    ) -> None:
        if self._token is not None:
            self._server.progress(types.ProgressParams(self._token, value))
