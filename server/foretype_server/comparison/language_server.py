"""A language server in a process of its own: its start, its abilities and its end."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import IO, Any, Final

from lsprotocol import converters, types

from foretype_model.errors import ForetypeError
from foretype_server.comparison.connection import (
    Connection,
    ConnectionClosedError,
    ErrorAnswer,
    UnknownMethodError,
)
from foretype_server.comparison.server_command import ServerCommand, kill, shorten
from foretype_server.document import CodeUnits
from foretype_server.lsp.to_proto import POSITION_ENCODINGS, chosen_encoding

START_TIMEOUT: Final = 60.0
"""Seconds for the answer to ``initialize``, and for the first one to a request: a server may load
its model in the meantime.
"""

PREPARATION_TIMEOUT: Final = 300.0
"""Seconds for work with a progress bar that follows, such as an index of the workspace."""

PREPARATION_PAUSE: Final = 2.0
"""Seconds without such work after which there will be none."""

END_TIMEOUT: Final = 3.0
"""Seconds for the answer to ``shutdown``, and for the end of the process after ``exit``."""

MAX_ERROR_LENGTH: Final = 200
"""Characters of a server's last words in an error."""

EMPTY_ANSWERS: Final = frozenset(
    {
        types.CLIENT_REGISTER_CAPABILITY,
        types.CLIENT_UNREGISTER_CAPABILITY,
        types.WINDOW_SHOW_MESSAGE_REQUEST,
        types.WINDOW_WORK_DONE_PROGRESS_CREATE,
        types.WORKSPACE_CODE_LENS_REFRESH,
        types.WORKSPACE_DIAGNOSTIC_REFRESH,
        types.WORKSPACE_FOLDING_RANGE_REFRESH,
        types.WORKSPACE_INLAY_HINT_REFRESH,
        types.WORKSPACE_INLINE_VALUE_REFRESH,
        types.WORKSPACE_SEMANTIC_TOKENS_REFRESH,
    }
)
"""The requests of a server that are answered by null."""


class LanguageServer:
    """A running language server, and the editor in front of it.

    Attributes:
        name, remedy: of the command.
        units: the units of positions.
    """

    def __init__(
        self,
        command: ServerCommand,
        process: subprocess.Popen[bytes],
        workspace: Path | None,
        warn: Callable[[str], None],
    ) -> None:
        """`warn` gets the errors and warnings that the server shows to its user."""
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.name, self.remedy = command.name, command.remedy
        self._settings = {"smartSpace": True, **command.settings}
        self.units: CodeUnits = next(iter(POSITION_ENCODINGS.values()))
        self._process, self._workspace, self._warn = process, workspace, warn
        self._registered: dict[str, Any] = {}
        self._capabilities: dict[str, Any] = {}
        self._working: set[str | int] = set()
        self._idle_since = time.monotonic()
        self._last_words: deque[bytes] = deque(maxlen=1)
        self._listening = Thread(target=self._listen, args=(process.stderr,), daemon=True)
        self._listening.start()
        self._connection = Connection(process.stdin, process.stdout, self._answer, self._notice)

    @property
    def pid(self) -> int:
        return self._process.pid

    def initialize(self) -> None:
        """Begin the session.

        Raises:
            ForetypeError: the server ends, does not answer, or uses an unknown position encoding.
        """
        params = converters.get_converter().unstructure(self._initialize_params())
        try:
            answer = self.request("initialize", params, START_TIMEOUT)
        except ErrorAnswer as error:
            said = shorten(str(error), MAX_ERROR_LENGTH)
            raise ForetypeError(f"{self.name} refuses to start ({said}); {self.remedy}.") from None
        capabilities = answer.get("capabilities") if isinstance(answer, dict) else None
        if not isinstance(capabilities, dict):
            raise ForetypeError(
                f"{self.name} answers initialize without capabilities; {self.remedy}."
            )
        units = chosen_encoding(capabilities)
        if units is None:
            raise ForetypeError(
                f"{self.name} has chosen an unknown position encoding; {self.remedy}."
            )
        self._capabilities, self.units = capabilities, units
        self.notify("initialized", {})

    def request(self, method: str, params: Any, timeout: float) -> Any:
        """Return the result of a request that a server has to answer.

        Raises:
            ErrorAnswer: the answer is an error.
            ForetypeError: the server has ended, or not answered within `timeout` seconds.
        """
        try:
            return self.ask(method, params, timeout)
        except TimeoutError:
            raise ForetypeError(
                f"{self.name} has not answered {method} within {timeout:.0f} s; {self.remedy}."
            ) from None

    def ask(self, method: str, params: Any, timeout: float) -> Any:
        """Return the result of a request.

        Raises:
            TimeoutError: there was no answer within `timeout` seconds.
            ErrorAnswer: the answer is an error.
            ForetypeError: the server has ended.
        """
        try:
            return self._connection.request(method, params, timeout)
        except ConnectionClosedError:
            raise ForetypeError(f"{self.name} {self._ending()}; {self.remedy}.") from None

    def notify(self, method: str, params: Any) -> None:
        self._connection.notify(method, params)

    def supports(self, method: str, capability: str) -> bool:
        """Return whether the server has a method, by its capability or by a later registration."""
        declared = self._capabilities.get(capability)
        return (declared is not None and declared is not False) or method in self._registered

    @property
    def takes_edits(self) -> bool:
        """Whether the server takes changes as edits of a range, and not the whole text alone."""
        declared = self._capabilities.get("textDocumentSync")
        kind = declared.get("change") if isinstance(declared, dict) else declared
        later = self._registered.get(types.TEXT_DOCUMENT_DID_CHANGE)
        if isinstance(later, dict):
            kind = later.get("syncKind")
        return kind == types.TextDocumentSyncKind.Incremental

    def wait_for_preparation(self) -> None:
        """Wait until no work with a progress bar is under way, and none begins within a moment."""
        end = time.monotonic() + PREPARATION_TIMEOUT
        self._idle_since = time.monotonic()
        while time.monotonic() < end:
            if not self._working and time.monotonic() > self._idle_since + PREPARATION_PAUSE:
                return
            time.sleep(PREPARATION_PAUSE / 20)

    def end(self) -> None:
        """End the process: by ``shutdown`` and ``exit``, or by force."""
        with suppress(ForetypeError, TimeoutError, ErrorAnswer, subprocess.TimeoutExpired):
            if self._process.poll() is None:
                self.ask("shutdown", None, END_TIMEOUT)
                self.notify("exit", None)
                self._process.wait(END_TIMEOUT)
        self._connection.close()
        kill(self._process)

    def _initialize_params(self) -> types.InitializeParams:
        folder = self._workspace and self._workspace.resolve()
        uri = folder.as_uri() if folder else None
        return types.InitializeParams(
            _client_capabilities(),
            process_id=os.getpid(),
            client_info=types.ClientInfo("foretype evaluate", version("foretype")),
            root_path=str(folder) if folder else None,
            root_uri=uri,
            workspace_folders=self._folders(),
            initialization_options=self._settings,
        )

    def _folders(self) -> list[types.WorkspaceFolder] | None:
        folder = self._workspace and self._workspace.resolve()
        return [types.WorkspaceFolder(folder.as_uri(), folder.name)] if folder else None

    def _answer(self, method: str, params: Any) -> Any:
        """Return the answer to a request of the server, as an editor without a user gives it."""
        if method == types.CLIENT_REGISTER_CAPABILITY:
            self._register(params)
        if method in EMPTY_ANSWERS:
            return None
        match method, params:
            case types.WORKSPACE_CONFIGURATION, {"items": list() as items}:
                return [self._settings for _ in items]
            case types.WORKSPACE_WORKSPACE_FOLDERS, _:
                return converters.get_converter().unstructure(self._folders())
            case types.WORKSPACE_APPLY_EDIT, _:
                return {"applied": False}
            case types.WINDOW_SHOW_DOCUMENT, _:
                return {"success": False}
        raise UnknownMethodError

    def _register(self, params: Any) -> None:
        match params:
            case {"registrations": list() as registrations}:
                for registration in registrations:
                    match registration:
                        case {"method": str() as method}:
                            self._registered[method] = registration.get("registerOptions") or {}

    def _notice(self, method: str, params: Any) -> None:
        """Follow the progress of the server's work, and pass on its warnings."""
        match method, params:
            case types.WINDOW_SHOW_MESSAGE, {"type": 1 | 2, "message": str() as message}:
                self._warn(f"{self.name}: {shorten(message, MAX_ERROR_LENGTH)}")
            case types.PROGRESS, {"token": str() | int() as token, "value": {"kind": "begin"}}:
                self._working.add(token)
            case types.PROGRESS, {"token": str() | int() as token, "value": {"kind": "end"}}:
                self._working.discard(token)
                self._idle_since = time.monotonic()

    def _listen(self, stderr: IO[bytes]) -> None:
        """Drain standard error, or the server would wait for a reader."""
        with suppress(OSError, ValueError):
            while line := stderr.readline(MAX_ERROR_LENGTH):
                if line.strip():
                    self._last_words.append(line)

    def _ending(self) -> str:
        """Describe how the process has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_TIMEOUT)
        self._listening.join(END_TIMEOUT)
        status = self._process.poll()
        how = "no longer speaks the protocol" if status is None else f"has ended, status {status}"
        said = b"".join(self._last_words).decode(errors="replace").strip()
        return f"{how} ({said})" if said else how


@contextmanager
def run(
    command: ServerCommand, workspace: Path | None, warn: Callable[[str], None]
) -> Iterator[tuple[LanguageServer, Path]]:
    """Run a server, initialized, and end it; yield it, and a folder for documents.

    The folder is the workspace, or an empty one. `warn` gets the server's warnings to its user.

    Raises:
        ForetypeError: it cannot be started, or does not answer.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder, "home")
        server = LanguageServer(command, command.start(home), workspace, warn)
        try:
            server.initialize()
            yield server, workspace or Path(folder)
        finally:
            server.end()


def _client_capabilities() -> types.ClientCapabilities:
    """Return the capabilities of an editor without snippets."""
    item = types.ClientCompletionItemOptions(snippet_support=False, insert_replace_support=True)
    defaults = types.CompletionListCapabilities(
        item_defaults=[
            "commitCharacters",
            "editRange",
            "insertTextFormat",
            "insertTextMode",
            "data",
        ]
    )
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=list(POSITION_ENCODINGS)),
        window=types.WindowClientCapabilities(work_done_progress=True),
        workspace=types.WorkspaceClientCapabilities(configuration=True, workspace_folders=True),
        text_document=types.TextDocumentClientCapabilities(
            synchronization=types.TextDocumentSyncClientCapabilities(dynamic_registration=True),
            completion=types.CompletionClientCapabilities(
                dynamic_registration=True,
                completion_item=item,
                completion_list=defaults,
                context_support=True,
            ),
            inline_completion=types.InlineCompletionClientCapabilities(dynamic_registration=True),
        ),
    )
