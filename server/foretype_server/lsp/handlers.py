"""The handlers of the language server: each passes a message to the session, and the answer back.
They decide nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from foretype_model.files.uris import uri_to_path
from foretype_server.lsp import explain_and_forget, outlook, to_proto
from foretype_server.lsp.models import MODELS, list_models
from foretype_server.lsp.server import ForetypeServer
from foretype_server.lsp.shutdown import is_alive, watch_parent
from foretype_server.lsp.train import TRAIN
from foretype_server.session.session import ClientSession
from foretype_server.settings import SECTION, has_foretype_settings

STATUS: Final = "foretype.status"
INDEXING_TITLE: Final = "Foretype: reading the workspace"

MAX_ACCEPTED_CHARACTERS: Final = 1_000_000
"""Characters in one report of a client at most: no offer is as long."""

MAX_ALTERNATIVES: Final = 3
"""Ghost texts that answer an explicit request, at most."""

CONFIGURATION_TIMEOUT: Final = 1.5
"""Seconds that a client may take to send its settings, before the models are loaded without them.
"""

log = logging.getLogger(__name__)


def initialize(server: ForetypeServer, params: types.InitializeParams) -> None:
    """Begin a session, with the client's position encoding."""
    encoding = server.workspace.position_encoding or types.PositionEncodingKind.Utf16
    root = server.protocol.root
    workspace = _folders(server) or ((Path(root),) if root else ())
    editor = params.client_info.name if params.client_info else ""
    server.protocol.session = ClientSession(
        to_proto.POSITION_ENCODINGS[encoding],
        workspace,
        editor,
        server.warn,
        server.create_progress(INDEXING_TITLE),
    )
    server.exit_stack.callback(server.session.end)
    server.initialization_options = params.initialization_options
    server.session.configure(server.initialization_options)
    if params.process_id and is_alive(params.process_id):
        watching = asyncio.ensure_future(watch_parent(params.process_id, server.protocol.end))
        server.exit_stack.callback(watching.cancel)


async def initialized(server: ForetypeServer, _: types.InitializedParams) -> None:
    """Request the client's settings, then load the models."""
    await _request_configuration(server)
    server.session.start()
    asyncio.get_running_loop().run_in_executor(None, _restrict_permissions)
    if server.client_supports("workspace.did_change_configuration.dynamic_registration"):
        _register(
            server,
            types.WORKSPACE_DID_CHANGE_CONFIGURATION,
            types.DidChangeConfigurationRegistrationOptions(section=SECTION),
        )
    _watch_files(server)


def _restrict_permissions() -> None:
    # Imported here: initialize must not wait for these.
    from foretype_model.files.permissions import make_private  # noqa: PLC0415
    from foretype_model.store.store import data_folder  # noqa: PLC0415

    make_private(data_folder())


def did_save(server: ForetypeServer, params: types.DidSaveTextDocumentParams) -> None:
    """Learn from the saved file."""
    server.session.tally.saved()
    server.session.files_changed(_paths([params.text_document.uri]))


def did_save_notebook(server: ForetypeServer, params: types.DidSaveNotebookDocumentParams) -> None:
    """Learn from the saved notebook."""
    server.session.files_changed(_paths([params.notebook_document.uri]))


def did_change_watched_files(
    server: ForetypeServer, params: types.DidChangeWatchedFilesParams
) -> None:
    """Learn from files that other programs changed."""
    server.session.files_changed(_paths([change.uri for change in params.changes]))


def did_change_workspace_folders(
    server: ForetypeServer, _: types.DidChangeWorkspaceFoldersParams
) -> None:
    """Learn from the present folders, which pygls lists."""
    server.session.set_workspace(_folders(server))
    _watch_files(server)


async def did_change_configuration(
    server: ForetypeServer, params: types.DidChangeConfigurationParams
) -> None:
    """Apply the settings in the message, or request them."""
    if has_foretype_settings(params.settings):
        server.configuration_request = None
        _apply_configuration(server, params.settings)
    else:
        await _request_configuration(server)


async def inline_completion(
    server: ForetypeServer, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Return the ghost text: of an explicit request, with its alternatives; while an item of the
    menu is selected, one that begins with that item.
    """
    uri, context = params.text_document.uri, params.context
    # A position past the end of its line stands for that end, in the item's range too.
    point = server.session.clamp(uri, to_proto.to_point(params.position))
    if selected := context.selected_completion_info:
        item = to_proto.to_selected_item(selected)
        found = await server.session.ghost_text_beyond(uri, point, item)
        typed, ghosts = (found[0], [found[1]]) if found else ("", [])
        return to_proto.inline_completions(ghosts, uri, selected.range, typed)
    is_explicit = context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    ghosts = await server.session.ghost_texts(uri, point, MAX_ALTERNATIVES if is_explicit else 1)
    position = to_proto.to_position(point)
    return to_proto.inline_completions(ghosts, uri, types.Range(start=position, end=position))


async def completion(
    server: ForetypeServer, params: types.CompletionParams
) -> types.CompletionList:
    """Return next words, then next characters."""
    uri = params.text_document.uri
    point = server.session.clamp(uri, to_proto.to_point(params.position))
    context = to_proto.ItemContext(uri, server.session.version(uri), to_proto.to_position(point))
    candidates, before = await server.session.candidates(uri, point)
    return to_proto.completions(
        candidates,
        before,
        context,
        server.session.encoding,
        is_code=server.session.is_code(uri),
    )


async def resolve(server: ForetypeServer, item: types.CompletionItem) -> types.CompletionItem:
    """Add the sources of the item."""
    return await explain_and_forget.resolve(server.session, item)


def status(server: ForetypeServer, *arguments: object) -> dict[str, Any]:
    """Return the loaded predictors, the problems, the accepted characters, and the model of the
    document that an argument names, if any.
    """
    match arguments:
        case [{"uri": str() as uri}]:
            found = server.session.status(uri)
        case _:
            found = server.session.status()
    return {"version": server.version, "python": sys.executable, **found}


def accepted(server: ForetypeServer, *arguments: object) -> None:
    """Count an accepted offer."""
    match arguments:
        case [
            {
                "kind": "ghost" | "word" | "character" as kind,
                "characters": int() as characters,
                **more,
            }
        ] if 0 <= characters <= MAX_ACCEPTED_CHARACTERS:
            whole = more.get("whole") is True
            server.session.tally.report_accepted(
                str(more.get("uri", "")), kind, characters, whole=whole
            )
        case _:
            raise JsonRpcInvalidParams(
                f'give one {{"kind": "ghost", "word" or "character", "characters": 0 to '
                f"{MAX_ACCEPTED_CHARACTERS}}}"
            )


async def models(_: ForetypeServer, *__: object) -> list[dict[str, Any]]:
    """Return the models on this machine."""
    return await asyncio.to_thread(list_models)


async def explain(server: ForetypeServer, *arguments: object) -> dict[str, Any] | None:
    """Return the reasons for an offer."""
    return await explain_and_forget.explain(server.session, *arguments)


async def get_outlook(server: ForetypeServer, *arguments: object) -> dict[str, Any] | None:
    """Return the next characters, and the probability of each character of a range."""
    return await outlook.outlook(server.session, *arguments)


async def forget(server: ForetypeServer, *arguments: object) -> dict[str, Any]:
    """Forget a file, a folder or a word."""
    return await explain_and_forget.forget(server.session, *arguments)


async def train(server: ForetypeServer, *arguments: object) -> dict[str, Any]:
    """Train a model, in a process of its own."""
    return await server.training.start(server.session.workspace, *arguments)


def cancel(server: ForetypeServer, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancel long work, at the user's request."""
    server.cancel_callbacks.get(params.token, lambda: None)()


FEATURES: Final[Mapping[str, tuple[Callable[..., Any], Any]]] = {
    types.INITIALIZE: (initialize, None),
    types.INITIALIZED: (initialized, None),
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: (did_change_configuration, None),
    types.TEXT_DOCUMENT_DID_SAVE: (did_save, None),
    types.NOTEBOOK_DOCUMENT_DID_SAVE: (did_save_notebook, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (did_change_watched_files, None),
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (did_change_workspace_folders, None),
    # pygls advertises it only if it has options.
    types.TEXT_DOCUMENT_INLINE_COMPLETION: (inline_completion, types.InlineCompletionOptions()),
    types.TEXT_DOCUMENT_COMPLETION: (completion, types.CompletionOptions(resolve_provider=True)),
    types.COMPLETION_ITEM_RESOLVE: (resolve, None),
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: (cancel, None),
}

COMMANDS: Final[Mapping[str, Callable[..., Any]]] = {
    STATUS: status,
    to_proto.ACCEPTED: accepted,
    explain_and_forget.EXPLAIN: explain,
    explain_and_forget.FORGET: forget,
    outlook.OUTLOOK: get_outlook,
    MODELS: models,
    TRAIN: train,
}


def create_server() -> ForetypeServer:
    """Return a server that handles the messages of one client."""
    server = ForetypeServer()
    for method, (handler, options) in FEATURES.items():
        server.feature(method, options)(handler)
    for command, handler in COMMANDS.items():
        server.command(command)(handler)
    return server


def _watch_files(server: ForetypeServer) -> None:
    """Register for changes of files, once there is a workspace."""
    can_register = server.client_supports("workspace.did_change_watched_files.dynamic_registration")
    if server.session.workspace and can_register and not server.watches_files:
        server.watches_files = True
        every_file = types.DidChangeWatchedFilesRegistrationOptions(
            [types.FileSystemWatcher("**/*")]
        )
        _register(server, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, every_file)


def _register(server: ForetypeServer, method: str, options: Any) -> None:
    registration = types.Registration(id=method, method=method, register_options=options)
    server.client_register_capability(types.RegistrationParams([registration]))


def _folders(server: ForetypeServer) -> tuple[Path, ...]:
    """Return the workspace's folders. pygls's own keys would be unquoted twice."""
    return tuple(_paths([folder.uri for folder in server.workspace.folders.values()]))


def _paths(uris: list[str]) -> list[Path]:
    return [Path(path) for uri in uris if (path := uri_to_path(uri))]


def _apply_configuration(server: ForetypeServer, configuration: Any) -> None:
    """Apply the client's settings; None keeps the earlier ones."""
    if configuration is not None:
        server.configuration = configuration
    server.session.configure(server.initialization_options, server.configuration)


async def _request_configuration(server: ForetypeServer) -> None:
    """Request the client's settings, and wait `CONFIGURATION_TIMEOUT` for them. Later ones are
    applied when they come.
    """
    if not server.client_supports("workspace.configuration"):
        return
    section = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    server.configuration_request = asyncio.ensure_future(
        server.workspace_configuration_async(section)
    )
    server.configuration_request.add_done_callback(
        lambda request: _on_configuration(server, request)
    )
    await asyncio.wait({server.configuration_request}, timeout=CONFIGURATION_TIMEOUT)


def _on_configuration(server: ForetypeServer, request: asyncio.Future[Any]) -> None:
    """Apply the answer, unless newer settings have come or been requested."""
    if request.cancelled():
        return
    if error := request.exception():
        log.info("the client sent no settings: %s", type(error).__name__)
        return
    match request.result():
        case [settings] if request is server.configuration_request:
            _apply_configuration(server, settings)
