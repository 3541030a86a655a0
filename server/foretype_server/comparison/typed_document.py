"""Documents that the typist of an evaluation types into a language server."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Final, NoReturn

from lsprotocol import types

from foretype_model.completion.candidates import Candidate
from foretype_model.errors import ForetypeError
from foretype_server.comparison import offers
from foretype_server.comparison.connection import ErrorAnswer
from foretype_server.comparison.language_server import START_TIMEOUT, LanguageServer
from foretype_server.comparison.offers import Cursor
from foretype_server.languages import language_of

ANSWER_TIMEOUT: Final = 10.0
"""Seconds for an answer. No typist waits as long; a slow server can be told from a dead one."""

MAX_LATE_ANSWERS: Final = 3
"""Late answers in a row after which a server is taken for dead."""


class TypingServer:
    """A language server in use by one user, with one document open at a time.

    It is a `TypingSession` whose menu and ghost text come from the server.

    Attributes:
        seconds: from each request to its answer.
        failed: requests without an answer in time, or with an error.
    """

    def __init__(self, server: LanguageServer, folder: Path) -> None:
        """`folder` is where the documents seem to lie. They do not exist there, so that no
        server can read ahead.
        """
        self._server, self._folder = server, folder.resolve()
        self._numbers = count(1)
        self._document: TypedDocument | None = None
        self._late = 0
        self.name = ""
        self.seconds: list[float] = []
        self.failed = 0

    @property
    def has_ghost_text(self) -> bool:
        return self._server.supports(
            types.TEXT_DOCUMENT_INLINE_COMPLETION, "inlineCompletionProvider"
        )

    @property
    def has_menu(self) -> bool:
        return self._server.supports(types.TEXT_DOCUMENT_COMPLETION, "completionProvider")

    def prepare(self, *, has_workspace: bool) -> None:
        """Ask once in an empty document, while the server may still load its model, and wait for
        its index of a workspace. Nothing of it is measured.
        """
        document = self.open()
        document.set_text("", "")
        for method, has in (
            (types.TEXT_DOCUMENT_COMPLETION, self.has_menu),
            (types.TEXT_DOCUMENT_INLINE_COMPLETION, self.has_ghost_text),
        ):
            if has:
                with suppress(ErrorAnswer):  # of an empty document
                    self._server.request(method, document.params(method), START_TIMEOUT)
        if has_workspace:
            self._server.wait_for_preparation()

    def open(self, name: str = "", /) -> TypedDocument:
        """Open a new document under a file name, by default `self.name`, and close the last one."""
        if self._document:
            self._document.close()
        path = self._folder / f"typed-{next(self._numbers)}" / (name or self.name or "text.txt")
        self._document = TypedDocument(self, self._server, path)
        return self._document

    def mixture(self) -> NoReturn:
        raise NotImplementedError("a language server tells no probabilities")

    def ask(self, method: str, params: Any) -> Any:
        """Return the result of a request, and count the time; None if it fails.

        Raises:
            ForetypeError: the server has ended, or several answers in a row are late.
        """
        started, self._late = time.perf_counter(), self._late + 1
        answer = None
        try:
            answer = self._server.ask(method, params, ANSWER_TIMEOUT)
            self._late = 0
        except ErrorAnswer:
            self._late, self.failed = 0, self.failed + 1
        except TimeoutError:
            self.failed += 1
        self.seconds.append(time.perf_counter() - started)
        if self._late == MAX_LATE_ANSWERS:
            raise ForetypeError(
                f"{self._server.name} has left {MAX_LATE_ANSWERS} requests in a row unanswered "
                f"for {ANSWER_TIMEOUT:.0f} s each; {self._server.remedy}."
            )
        return answer


class TypedDocument:
    """A document that is typed into a server."""

    def __init__(self, session: TypingServer, server: LanguageServer, path: Path) -> None:
        self._session, self._server = session, server
        self._uri = path.as_uri()
        self._language = language_of(path.name)
        self._version = 0
        self._before, self._after = "", ""

    def set_text(self, before: str, after: str) -> None:
        """Open the document, or send the change of its text."""
        self._version += 1
        document = {"uri": self._uri, "version": self._version}
        if self._version == 1:
            document |= {"languageId": self._language, "text": before + after}
            self._server.notify(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": document})
        elif (before, after) != (self._before, self._after):
            changes = [self._change(before, after)]
            self._server.notify(
                types.TEXT_DOCUMENT_DID_CHANGE,
                {"textDocument": document, "contentChanges": changes},
            )
        self._before, self._after = before, after

    def menu(self) -> list[str]:
        """Return the texts that the items of the menu would insert, best first."""
        if not self._session.has_menu:
            return []
        method = types.TEXT_DOCUMENT_COMPLETION
        answer = self._session.ask(method, self.params(method))
        return offers.menu_texts(answer, self._cursor())

    def ghost_text(self) -> Candidate | None:
        """Return the ghost text; its probability is not a number, for a server tells none."""
        if not self._session.has_ghost_text:
            return None
        method = types.TEXT_DOCUMENT_INLINE_COMPLETION
        answer = self._session.ask(method, self.params(method))
        text = offers.ghost_text(answer, self._cursor())
        return Candidate(text, math.nan, "ghost") if text else None

    def next_words(self) -> list[Candidate]:
        """Return nothing: a server tells no probabilities."""
        return []

    def close(self) -> None:
        self._server.notify(types.TEXT_DOCUMENT_DID_CLOSE, {"textDocument": {"uri": self._uri}})

    def params(self, method: str) -> dict[str, Any]:
        """Return the parameters of a request at the cursor."""
        invoked, automatic = (
            types.CompletionTriggerKind.Invoked,
            types.InlineCompletionTriggerKind.Automatic,
        )
        kind = invoked if method == types.TEXT_DOCUMENT_COMPLETION else automatic
        return {
            "textDocument": {"uri": self._uri},
            "position": self._position(self._before),
            "context": {"triggerKind": kind.value},
        }

    def _change(self, before: str, after: str) -> dict[str, Any]:
        """Return the change to a new text: an insertion at the cursor, or the whole text."""
        is_typed = before.startswith(self._before) and after == self._after
        if not (is_typed and self._server.takes_edits):
            return {"text": before + after}
        place = self._position(self._before)
        return {"range": {"start": place, "end": place}, "text": before[len(self._before) :]}

    def _position(self, before: str) -> dict[str, int]:
        last_line = before.rpartition("\n")[2]
        width = self._server.units.width(last_line.encode())
        return {"line": before.count("\n"), "character": width}

    def _cursor(self) -> Cursor:
        number, last_line = self._before.count("\n"), self._before.rpartition("\n")[2]
        return Cursor(number, last_line, self._after.partition("\n")[0], self._server.units)
