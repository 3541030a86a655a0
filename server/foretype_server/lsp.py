"""The language server: what it offers, and from each request to the session and back. Nothing is decided here."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NoReturn

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from foretype_model.documents import path_of
from foretype_server import leaving, logs, memory, outlook, to_proto, transport
from foretype_server.protocol import Protocol
from foretype_server.session import Session
from foretype_server.settings import SECTION, concerns_us
from foretype_server.training import TRAIN, Training
from foretype_server.work_done import WorkDone

STATUS: Final = "foretype.status"
READING: Final = "Foretype: reading the workspace"

MOST_ACCEPTED: Final = 1_000_000
"""Characters that a client may tell of at once: no offer is as long."""

PARENT_CHECKED_EVERY: Final = 2.0
"""Seconds between looks at whether the editor's process is still there."""

CONFIGURATION_AWAITED: Final = 1.5
"""Seconds that a client may take to answer with its settings, before the models are loaded without them for now."""

log = logging.getLogger(__name__)


class ForetypeServer(LanguageServer):
    """One client's server: pygls's, with the session behind it."""

    protocol: Protocol
    session: Session
    initialization_options: Any = None
    configuration: Any = None
    asked: asyncio.Future[Any] | None = None
    follows_files = False

    def __init__(self) -> None:
        super().__init__("foretype", version("foretype"), protocol_cls=Protocol)
        self.at_end = ExitStack()
        self.cancels: dict[int | str, Callable[[], None]] = {}
        self.training = Training(self)
        self.at_end.callback(self.training.cancel)
        for method, (handler, options) in FEATURES.items():
            self.feature(method, options)(handler)
        for command, handler in COMMANDS.items():
            self.command(command)(handler)

    def warn(self, text: str) -> None:
        """Show the user one line of what is not as it should be."""
        self._show(types.MessageType.Warning, text)

    def tell(self, text: str) -> None:
        """Show the user one line."""
        self._show(types.MessageType.Info, text)

    def _show(self, kind: types.MessageType, text: str) -> None:
        self.window_show_message(types.ShowMessageParams(kind, f"Foretype: {' '.join(text.split())}"))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what kind of error it was, without a popup. What pygls gives is not yet the error itself."""
        log.warning("an error was answered", exc_info=True)

    def can(self, capability: str) -> bool:
        """Whether the client has said so."""
        return bool(get_capability(self.client_capabilities, capability, False))


def initialize(server: ForetypeServer, params: types.InitializeParams) -> None:
    """Begin a session, in the client's encoding."""
    encoding = server.workspace.position_encoding or types.PositionEncodingKind.Utf16
    # An older client names one folder, and not as a list.
    workspace = _folders(server) or tuple(_paths([params.root_uri or ""]))
    editor = params.client_info.name if params.client_info else ""
    server.session = Session(to_proto.UNITS[encoding], workspace, editor, server.warn, WorkDone(server, READING))
    server.at_end.callback(server.session.end)
    server.initialization_options = params.initialization_options
    server.session.configure(server.initialization_options)
    if params.process_id and _is_alive(params.process_id):
        watching = asyncio.ensure_future(_watch(server, params.process_id))
        server.at_end.callback(watching.cancel)


async def initialized(server: ForetypeServer, _: types.InitializedParams) -> None:
    """Take the client's settings, then load the models."""
    await _pull(server)
    server.session.start()
    asyncio.get_running_loop().run_in_executor(None, _keep_private)
    if server.can("workspace.did_change_configuration.dynamic_registration"):
        _register(
            server,
            types.WORKSPACE_DID_CHANGE_CONFIGURATION,
            types.DidChangeConfigurationRegistrationOptions(section=SECTION),
        )
    _follow_files(server)


def _keep_private() -> None:
    # Imported here, since initialize need not wait for these.
    from foretype_model.private import make_private  # noqa: PLC0415
    from foretype_model.store import data_folder  # noqa: PLC0415

    make_private(data_folder())


def did_save(server: ForetypeServer, params: types.DidSaveTextDocumentParams) -> None:
    """Learn from the file as it is now."""
    server.session.changed(_paths([params.text_document.uri]))


def did_change_watched_files(server: ForetypeServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Learn from files as others have left them."""
    server.session.changed(_paths([change.uri for change in params.changes]))


def did_change_workspace_folders(server: ForetypeServer, _: types.DidChangeWorkspaceFoldersParams) -> None:
    """Learn from the folders that there are now, of which pygls keeps a list."""
    server.session.move(_folders(server))
    _follow_files(server)


async def did_change_configuration(server: ForetypeServer, params: types.DidChangeConfigurationParams) -> None:
    """Take the settings that come along, or ask for them."""
    if concerns_us(params.settings):
        server.asked = None
        _configure(server, params.settings)
    else:
        await _pull(server)


async def inline_completion(server: ForetypeServer, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Ghost text."""
    candidate = await server.session.ghost_text(params.text_document.uri, to_proto.point(params.position))
    return to_proto.inline_completions(candidate, params.text_document.uri, params.position)


async def completion(server: ForetypeServer, params: types.CompletionParams) -> types.CompletionList:
    """Next words, then next characters."""
    uri = params.text_document.uri
    asked = to_proto.Asked(uri, server.session.version(uri), params.position)
    candidates, before = await server.session.candidates(uri, to_proto.point(params.position))
    return to_proto.completions(candidates, before, asked, server.session.units)


async def resolve(server: ForetypeServer, item: types.CompletionItem) -> types.CompletionItem:
    """Where the item comes from."""
    return await memory.resolve(server.session, item)


def status(server: ForetypeServer, *_: object) -> dict[str, Any]:
    """What is loaded, and what was accepted so far."""
    return {"version": server.version, **server.session.status()}


def accepted(server: ForetypeServer, *arguments: object) -> None:
    """Count what the user took."""
    match arguments:
        case [{"kind": "ghost" | "word" | "character" as kind, "characters": int() as characters, **more}] if (
            0 <= characters <= MOST_ACCEPTED
        ):
            whole = more.get("whole") is True
            server.session.tally.told(str(more.get("uri", "")), kind, characters, whole=whole)
        case _:
            raise JsonRpcInvalidParams(
                f'give one {{"kind": "ghost", "word" or "character", "characters": 0 to {MOST_ACCEPTED}}}'
            )


async def explain(server: ForetypeServer, *arguments: object) -> dict[str, Any] | None:
    """Why something is offered."""
    return await memory.explain(server.session, *arguments)


async def look_out(server: ForetypeServer, *arguments: object) -> dict[str, Any] | None:
    """What may come next, and how probable what there is was."""
    return await outlook.outlook(server.session, *arguments)


async def forget(server: ForetypeServer, *arguments: object) -> dict[str, Any]:
    """Forget a file, a folder or a word."""
    return await memory.forget(server.session, *arguments)


async def train(server: ForetypeServer, *arguments: object) -> dict[str, Any]:
    """Train a model, beside all else."""
    return await server.training.start(server.session.workspace, *arguments)


def cancel(server: ForetypeServer, params: types.WorkDoneProgressCancelParams) -> None:
    """The user wants no more of something that takes long."""
    server.cancels.get(params.token, lambda: None)()


FEATURES: Final[Mapping[str, tuple[Callable[..., Any], Any]]] = {
    types.INITIALIZE: (initialize, None),
    types.INITIALIZED: (initialized, None),
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: (did_change_configuration, None),
    types.TEXT_DOCUMENT_DID_SAVE: (did_save, None),
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
    memory.EXPLAIN: explain,
    memory.FORGET: forget,
    outlook.OUTLOOK: look_out,
    TRAIN: train,
}


def _follow_files(server: ForetypeServer) -> None:
    """Be told of what others change in the workspace, from when there is one on."""
    can = server.can("workspace.did_change_watched_files.dynamic_registration")
    if server.session.workspace and can and not server.follows_files:
        server.follows_files = True
        every_file = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
        _register(server, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, every_file)


def _register(server: ForetypeServer, method: str, options: Any) -> None:
    registration = types.Registration(id=method, method=method, register_options=options)
    server.client_register_capability(types.RegistrationParams([registration]))


def _folders(server: ForetypeServer) -> tuple[Path, ...]:
    """Of the workspace. Not by the names that pygls keeps them under, which would be unquoted once more."""
    return tuple(_paths([folder.uri for folder in server.workspace.folders.values()]))


def _paths(uris: list[str]) -> list[Path]:
    return [Path(path) for uri in uris if (path := path_of(uri))]


def _configure(server: ForetypeServer, configuration: Any) -> None:
    """Take settings that the client has sent; None leaves those it sent before."""
    if configuration is not None:
        server.configuration = configuration
    server.session.configure(server.initialization_options, server.configuration)


async def _pull(server: ForetypeServer) -> None:
    """Ask for the client's settings, and wait a while. Those of a client that is slow are taken once they come."""
    if not server.can("workspace.configuration"):
        return
    wanted = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    server.asked = asyncio.ensure_future(server.workspace_configuration_async(wanted))
    server.asked.add_done_callback(lambda asked: _take(server, asked))
    await asyncio.wait({server.asked}, timeout=CONFIGURATION_AWAITED)


def _take(server: ForetypeServer, asked: asyncio.Future[Any]) -> None:
    """The answer, unless newer settings have come or been asked for."""
    if asked.cancelled():
        return
    if error := asked.exception():
        log.info("the client gave no settings: %s", type(error).__name__)
        return
    match asked.result():
        case [settings] if asked is server.asked:
            _configure(server, settings)


async def _watch(server: ForetypeServer, process: int) -> None:
    """End the conversation once the editor's process is gone: pygls never looks."""
    while _is_alive(process):
        await asyncio.sleep(PARENT_CHECKED_EVERY)
    server.protocol.end()


def _is_alive(process: int) -> bool:
    """Whether there is such a process that we can see: not in another container, and not on Windows.

    Signal 0 there is Ctrl-C; the end of stdin has to do.
    """
    if os.name != "posix":
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


async def converse(messages: transport.Messages, writer: transport.Writer, headers: bool) -> int:
    """Hold one conversation to its end; the exit status is 0 if the client said good-bye as it should."""
    server = ForetypeServer()
    server.protocol.begin()
    server.protocol.set_writer(writer, headers)
    with server.at_end:
        reading = asyncio.ensure_future(_read(server.protocol, messages))
        server.at_end.callback(reading.cancel)
        return await server.protocol.ended


async def _read(protocol: Protocol, messages: transport.Messages) -> None:
    async for message in messages:
        protocol.receive(message)
        # A handler that awaits begins only now, and takes its snapshot before the next message is handled.
        await asyncio.sleep(0)
    protocol.end()


def serve_stdio(*, log_text: bool = False) -> NoReturn:
    """Serve the editor that started this, on stdin and stdout. Exits with the status the protocol prescribes."""
    logs.begin(with_text=log_text)
    leaving.run(transport.stdio(converse))


def serve_tcp(host: str, port: int, *, log_text: bool = False) -> NoReturn:
    """Serve on a TCP port of this machine, one client after another, until interrupted."""
    from foretype_server.access import gate  # noqa: PLC0415 (what editors start by themselves does without)

    logs.begin(with_text=log_text)
    leaving.run(transport.tcp(converse, gate(), host, port))


def serve_ws(host: str, port: int, *, log_text: bool = False) -> NoReturn:
    """Serve WebSockets on a port of this machine, one client after another, until interrupted."""
    from foretype_server.access import gate  # noqa: PLC0415 (what editors start by themselves does without)

    logs.begin(with_text=log_text)
    leaving.run(transport.websocket(converse, gate(), host, port))
