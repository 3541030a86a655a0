"""The language server of one client: pygls's server with a session. `handlers` has its handlers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer

from foretype_server.lsp import notebook_sync
from foretype_server.lsp.decoding import create_converter
from foretype_server.lsp.progress import WorkDoneProgress
from foretype_server.lsp.protocol import ForetypeProtocol
from foretype_server.lsp.train import TrainingProcess

if TYPE_CHECKING:
    from foretype_server.session.session import ClientSession

log = logging.getLogger(__name__)


class ForetypeServer(LanguageServer):
    """The server of one client: pygls's, with a session."""

    protocol: ForetypeProtocol
    initialization_options: Any = None
    configuration: Any = None
    configuration_request: asyncio.Future[Any] | None = None
    watches_files = False

    def __init__(self) -> None:
        super().__init__(
            "foretype",
            version("foretype"),
            protocol_cls=ForetypeProtocol,
            converter_factory=create_converter,
            notebook_document_sync=notebook_sync.OPTIONS,
        )
        self.exit_stack = ExitStack()
        self.cancel_callbacks: dict[int | str, Callable[[], None]] = {}
        self.training = TrainingProcess(self.warn, self.notify, self.create_progress)
        self.exit_stack.callback(self.training.cancel)

    @property
    def session(self) -> ClientSession:
        """The session that `initialize` began."""
        return self.protocol.session

    def create_progress(
        self, title: str, cancel: Callable[[], None] | None = None
    ) -> WorkDoneProgress:
        """Return the progress of long work with this title; `cancel` is called if the user cancels
        it.
        """
        return WorkDoneProgress(self, self.cancel_callbacks, title, cancel)

    def warn(self, text: str) -> None:
        """Show the user one line about a problem."""
        self._show_message(types.MessageType.Warning, text)

    def notify(self, text: str) -> None:
        """Show the user one line."""
        self._show_message(types.MessageType.Info, text)

    def _show_message(self, kind: types.MessageType, text: str) -> None:
        self.window_show_message(
            types.ShowMessageParams(kind, f"Foretype: {' '.join(text.split())}")
        )

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log the kind of the error, without a popup. The exception being handled is logged:
        pygls wraps it in `error`.
        """
        log.warning("a request failed", exc_info=True)

    def client_supports(self, capability: str) -> bool:
        """Return whether the client has announced a capability."""
        return bool(get_capability(self.client_capabilities, capability, False))
