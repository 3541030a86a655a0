"""The protocol beyond pygls: every request gets an answer, however malformed, and no user's text is
logged.

pygls would leave a malformed request unanswered and show a popup; take a nested object with a
"jsonrpc" key for a message; keep documents itself, at milliseconds a key; and answer an internal
error with a traceback.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

from foretype_model.files.uris import absolute_path, uri_to_path
from foretype_server.lsp import notebook_sync
from foretype_server.lsp.decoding import parse
from foretype_server.lsp.to_proto import to_changes

if TYPE_CHECKING:
    from foretype_server.session.session import ClientSession

MAX_DEPTH: Final = 100
"""Levels of nesting in a message at most. Ten are usual; from 500 on, cattrs and pygls take minutes
to reject one.
"""

EDIT_METHODS: Final = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
)
"""The notifications without which a text is out of step with the editor's."""

NOTIFICATIONS: Final = [
    method for method, (_, result, *_) in types.METHOD_TO_TYPES.items() if result is None
]

log = logging.getLogger(__name__)
# pygls logs whole messages, which contain the user's text: only with --log-text, see logs.py.
wire_log = logging.getLogger("pygls.wire")
logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)


class ForetypeProtocol(LanguageServerProtocol):
    """The conversation with one client. `exit_status` resolves to the exit status that the protocol
    prescribes.

    Attributes:
        session: the client's documents and settings, from `initialize` on.
        root: the folder of a client that knows no workspace folders.
    """

    session: ClientSession
    root: str | None = None

    def prepare(self) -> None:
        """Prepare for the first message. Called on the event loop."""
        self.exit_status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def receive(self, body: bytes | str) -> None:
        """Handle one message. Never raises: an invalid request is answered with an error, any other
        invalid message is ignored.
        """
        wire_log.debug("received: %s", body)
        try:
            message = parse(body)
        except (ValueError, RecursionError):
            self._send_error(None, JsonRpcParseError())
            self._lose_edits_in(body)
            return
        if not isinstance(message, dict):
            self._send_error(None, JsonRpcInvalidRequest())
            self._lose_edits_in(body)
            return
        _drop_nulls(message)
        try:
            self._validate(message)
            self.handle_message(self.structure_message({**message, "jsonrpc": self.VERSION}))
        except Exception as error:  # noqa: BLE001 (the next message must be read in any case)
            self._reject(message, error)
            if message.get("method") in EDIT_METHODS:
                self._lose_edit(message.get("params"))

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Return a message as a type of the protocol."""
        try:
            message = super().structure_message(data)
        except JsonRpcInternalError:  # pygls's answer to errors of hooks
            raise JsonRpcInvalidParams from None
        if isinstance(message, types.ResponseErrorMessage) and message.error is None:
            # An unreadable error is one all the same.
            message.error = JsonRpcInternalError().to_response_error()
        return message

    def _validate(self, message: dict[str, Any]) -> None:
        if _is_too_deep(message):
            raise JsonRpcInvalidRequest("nested too deeply")
        method = message.get("method")
        if method is None or method == types.EXIT:
            return
        if "id" in message and not _is_id(message["id"]):
            raise JsonRpcInvalidRequest("an id is an integer or a string")
        if method not in types.METHOD_TO_TYPES:
            raise JsonRpcMethodNotFound.of(str(method))
        if "id" in message and self.get_result_type(method) is None:
            raise JsonRpcInvalidRequest(f"{method} is no request")
        if self._shutdown:
            raise JsonRpcInvalidRequest("the server is shutting down")
        if (self._workspace is None) != (method == types.INITIALIZE):
            raise (
                JsonRpcServerNotInitialized()
                if self._workspace is None
                else JsonRpcInvalidRequest()
            )

    def _reject(self, message: dict[str, Any], error: Exception) -> None:
        answer = error if isinstance(error, JsonRpcException) else JsonRpcInvalidParams()
        ident = message.get("id")
        if "id" in message and "method" in message:
            self._send_error(ident if _is_id(ident) else None, answer)
        elif not _is_id(ident):
            log.info("ignored a notification: %s", type(error).__name__)
        else:
            self._handle_response(ident, error=answer.to_response_error())

    def _lose_edits_in(self, body: bytes | str) -> None:
        """Tell the user if a message that is unreadable as a whole had an edit."""
        data = body.encode(errors="replace") if isinstance(body, str) else body
        if any(method.encode() in data for method in EDIT_METHODS):
            self._lose_edit(None)

    def _lose_edit(self, params: Any) -> None:
        """Have the session know that an edit with these parameters is lost."""
        if self._workspace is None or self._shutdown:
            return
        match params:
            case {"textDocument": {"uri": str() as uri}} | {
                "notebookDocument": {"uri": str() as uri}
            }:
                self.session.sync.lose(uri)
            case _:
                self.session.sync.lose(None)

    def _send_error(self, ident: int | str | None, error: JsonRpcException) -> None:
        # Not through pygls, which omits an id of null: the answer to an unreadable message has one.
        self._send_data(
            {
                "jsonrpc": self.VERSION,
                "id": ident,
                "error": {"code": error.code, "message": error.message},
            }
        )

    def _send_response(
        self, msg_id: int | str, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        if error is not None and error.data is not None:
            # pygls puts the traceback into `data`, and the error's text, which may be the user's,
            # after the colon.
            error.message, error.data = error.message.partition(":")[0], None
        super()._send_response(msg_id, result, error)

    def _execute_handler(
        self, msg_id: int | str, handler: Any, callback: Any, args: Any = None, kwargs: Any = None
    ) -> None:
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        # pygls frees the futures of requests only: those of commands and notifications would stay
        # forever.
        if future := self._request_futures.get(msg_id):
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))
            # pygls runs a command under an id of its own, and `$/cancelRequest` would cancel the
            # answer alone.
            request = getattr(callback, "keywords", {}).get("result_future")
            if request is not None:
                request.add_done_callback(lambda _: request.cancelled() and future.cancel())

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        """Begin the conversation."""
        # An older client sends one folder, as `rootUri`, and a still older one as `rootPath`.
        uri, path = params.root_uri or "", params.root_path or ""
        self.root = uri_to_path(uri) or absolute_path(path)
        # pygls fails for some of them, and nothing reads its own.
        params.root_uri = params.root_path = None
        return (yield from super().lsp_initialize(params))

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: object) -> None:  # type: ignore[override]  # pygls's fails while a command is under way
        """Cancel all requests, write the usage counts, and accept only `exit` from now on."""
        for ident, future in list(self._request_futures.items()):
            if ident != self.msg_id:
                future.cancel()
        self._shutdown = True
        self.session.tally.end()

    @lsp_method(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(
        self, params: types.DidChangeWorkspaceFoldersParams
    ) -> Generator[Any, Any, None]:
        """Update the workspace's folders."""
        # In this order: a renamed folder is in both lists.
        for folder in params.event.removed:
            self.workspace.remove_folder(folder.uri)
        for folder in params.event.added:
            self.workspace.add_folder(folder)
        yield self.fm.features[types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Open a document."""
        document = params.text_document
        self.session.open(document.uri, document.language_id, document.version, document.text)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Apply the changes of a document."""
        self.session.change(
            params.text_document.uri,
            params.text_document.version,
            to_changes(params.content_changes),
        )

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Close a document."""
        self.session.close(params.text_document.uri)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Open a notebook."""
        notebook_sync.did_open(self.session, params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(
        self, params: types.DidChangeNotebookDocumentParams
    ) -> None:
        """Apply the changes of a notebook."""
        notebook_sync.did_change(self.session, params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(
        self, params: types.DidCloseNotebookDocumentParams
    ) -> None:
        """Close a notebook."""
        self.session.close_notebook(params.notebook_document.uri)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]  # pygls's calls sys.exit from a generator
        """End the conversation: status 0 after `shutdown`, 1 without."""
        self.end()

    def end(self) -> None:
        """End the conversation."""
        if not self.exit_status.done():
            self.exit_status.set_result(0 if self._shutdown else 1)


def _drop_nulls(message: dict[str, Any]) -> None:
    """Drop the fields that are null in JSON-RPC 1.0 and missing in 2.0: the error of an answer
    without one, and the id of a notification.
    """
    if message.get("error", ...) is None:
        del message["error"]
    if message.get("id", ...) is None and message.get("method") in NOTIFICATIONS:
        del message["id"]


def _is_too_deep(message: object) -> bool:
    level = [message]
    for _ in range(MAX_DEPTH):
        inner = (
            one.values() if isinstance(one, dict) else one
            for one in level
            if isinstance(one, dict | list)
        )
        level = [one for several in inner for one in several]
        if not level:
            return False
    return True


def _is_id(ident: object) -> TypeGuard[int | str]:
    return isinstance(ident, int | str) and not isinstance(ident, bool)
