"""The language server of one client: pygls's server with a session behind it. Its handlers are in
`handlers`.
"""

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

from foretype_server.lsp.progress import WorkDoneProgress
from foretype_server.lsp.protocol import ForetypeProtocol
from foretype_server.lsp.train import TrainingProcess

if TYPE_CHECKING:
    from foretype_server.session.session import ClientSession

log = logging.getLogger(__name__)


class ForetypeServer(LanguageServer):
    """One client's server: pygls's, with the session behind it."""

    protocol: ForetypeProtocol
    initialization_options: Any = None
    configuration: Any = None
    configuration_request: asyncio.Future[Any] | None = None
    watches_files = False

    def __init__(self) -> None:
        super().__init__("foretype", version("foretype"), protocol_cls=ForetypeProtocol)
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
        """Progress of long work under this title; `cancel` is called where the user wants no more
        of it.
        """
        return WorkDoneProgress(self, self.cancel_callbacks, title, cancel)

    def warn(self, text: str) -> None:
        """Show the user one line of what is not as it should be."""
        self._show_message(types.MessageType.Warning, text)

    def notify(self, text: str) -> None:
        """Show the user one line."""
        self._show_message(types.MessageType.Info, text)

    def _show_message(self, kind: types.MessageType, text: str) -> None:
        self.window_show_message(
            types.ShowMessageParams(kind, f"Foretype: {' '.join(text.split())}")
        )

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what kind of error it was, without a popup. What pygls gives is not yet the error
        itself.
        """
        log.warning("an error was answered", exc_info=True)

    def client_supports(self, capability: str) -> bool:
        """Whether the client has said so."""
        return bool(get_capability(self.client_capabilities, capability, False))
