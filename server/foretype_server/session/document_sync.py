"""Documents whose text may differ from the editor's, and the one message about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote

MAX_NAME_CHARACTERS: Final = 80
"""Characters of a document's name in a message at most."""

RECOVERY: Final = "close it and open it again"


class DocumentSync:
    """Tells the user that a document may be out of step: once, until it is opened again.

    The protocol has no request for the text of a document. So a lost edit stays lost until the
    client sends all of the text, and meanwhile the document gets no offers.
    """

    def __init__(self, warn: Callable[[str], None], documents: Mapping[str, object]) -> None:
        """`documents` are the open documents by URI."""
        self._warn = warn
        self._documents = documents
        self._lost: set[str] = set()
        self._reported: set[str | None] = set()

    def is_lost(self, uri: str) -> bool:
        """Return whether an edit of a document is lost."""
        return uri in self._lost

    def lose(self, uri: str | None) -> None:
        """Stop the offers in a document that has lost an edit; in all, if its URI is lost too."""
        if uri is not None:
            self._lost.add(uri)
            self._report(uri, f"no suggestions in {_name(uri)}: an edit of it was unreadable")
        elif self._lost.issuperset(self._documents):
            self._report(None, "the editor sent an unreadable edit of an unknown document")
        else:
            self._lost.update(self._documents)
            self._reported.update((None, *self._documents))
            self._warn(
                "no suggestions in the open documents: the editor sent an unreadable edit of one "
                "of them; close them and open them again"
            )

    def doubt(self, uri: str, reason: str) -> None:
        """Report that a document may be out of step, for a reason that its edits may survive."""
        self._report(uri, f"suggestions in {_name(uri)} may be wrong: {reason}")

    def restore(self, uri: str) -> None:
        """Follow a document again, all of whose text has come."""
        self._lost.discard(uri)

    def forget(self, uri: str) -> None:
        """Forget a document that is closed or opened anew."""
        self._lost.discard(uri)
        self._reported.discard(uri)

    def _report(self, uri: str | None, message: str) -> None:
        if uri not in self._reported:
            self._reported.add(uri)
            self._warn(f"{message}; {RECOVERY}")


def _name(uri: str) -> str:
    return unquote(uri.rpartition("/")[2])[:MAX_NAME_CHARACTERS] or "a document"
