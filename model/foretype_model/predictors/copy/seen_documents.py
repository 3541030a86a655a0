"""The documents that were observed, and the spans of each that the history already holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from foretype_model.predictors.copy.history import COMPARED_BYTES
from foretype_model.text import spans
from foretype_model.text.rope import Rope, common_prefix
from foretype_model.text.spans import Span

MAX_SEEN_DOCUMENTS: Final = 64
"""Documents that are remembered, the latest ones."""

MAX_DELETED_BYTES: Final = 128
"""Bytes of a deletion that may be the end of a composition, or a slip, at most."""

MAX_SEEN_BYTES: Final = 4_000_000
"""Bytes of all of them but the latest. An open document shares its bytes with the editor session; a
closed one would keep them: 25 closed documents of 8 MB left 326 MB instead of 80 MB.
"""


@dataclass(frozen=True)
class SeenDocument:
    """A document as it was last observed.

    Attributes:
        text: all of it.
        cursor: byte offset of the cursor; -1 before the first observation.
        observed: the spans of `text` that the history holds.
    """

    text: Rope
    cursor: int
    observed: list[Span]

    @property
    def size(self) -> int:
        """The bytes that are kept."""
        return len(self.text)

    def spans_in(self, text: Rope) -> list[Span]:
        """Return the observed spans, shifted to where they stand in an edited `text`."""
        prefix = self.text.common_prefix(text)
        if prefix == len(text) == len(self.text):
            return self.observed
        suffix = min(self.text.common_suffix(text), len(text) - prefix, len(self.text) - prefix)
        shift = len(text) - len(self.text)
        after = spans.clip(self.observed, len(self.text) - suffix, len(self.text))
        return spans.clip(self.observed, 0, prefix) + [
            (start + shift, end + shift) for start, end in after
        ]

    def deleted_in(self, text: Rope) -> tuple[bytes, bytes]:
        """Return the observed bytes before the cursor that an edited `text` no longer has, after
        the bytes before them; both empty if they are more than `MAX_DELETED_BYTES`.
        """
        prefix = self.text.common_prefix(text)
        if prefix == len(self.text) or prefix >= self.cursor:
            return b"", b""
        suffix = min(self.text.common_suffix(text), len(text) - prefix, len(self.text) - prefix)
        deleted = spans.clip(self.observed, prefix, len(self.text) - suffix)
        if not 0 < sum(end - start for start, end in deleted) <= MAX_DELETED_BYTES:
            return b"", b""
        first = deleted[0][0]
        before = self.text[max(0, first - COMPARED_BYTES) : first]
        return before, b"".join(self.text[start:end] for start, end in deleted)

    def is_same(self, text: Rope, cursor: int) -> bool:
        """Return whether neither the text nor the cursor has changed."""
        return cursor == self.cursor and text == self.text

    def abridged(self) -> AbridgedDocument:
        """Return the document without the text that was not observed."""
        parts = [(start, self.text[start:end]) for start, end in self.observed]
        return AbridgedDocument(len(self.text), parts)


@dataclass(frozen=True)
class AbridgedDocument:
    """The observed parts of a document: enough to recognise them when it is opened again.

    Attributes:
        length: bytes of the whole text.
        parts: (offset, bytes) of each observed span, in rising order.
    """

    length: int
    parts: list[tuple[int, bytes]]

    @property
    def size(self) -> int:
        """The bytes that are kept."""
        return sum(len(part) for _, part in self.parts)

    def spans_in(self, text: Rope) -> list[Span]:
        """Return the observed spans that `text` still has, if it was edited in one place."""
        shift, found = len(text) - self.length, list[Span]()
        for start, part in self.parts:
            end = start + len(part)
            # An edit after the part leaves its offset, an edit before it shifts the part.
            prefix = common_prefix(part, text[start:end])
            shifted = text[max(0, start + shift) : max(0, end + shift)]
            suffix = min(common_prefix(part[::-1], shifted[::-1]), len(part) - prefix)
            found += [(start, start + prefix), (end + shift - suffix, end + shift)]
        return spans.merge(found)

    def deleted_in(self, _text: Rope) -> tuple[bytes, bytes]:
        """Return nothing: the document was closed since."""
        return b"", b""

    def is_same(self, _text: Rope, _cursor: int) -> bool:
        """Return False: too little of the text is left to compare it."""
        return False

    def abridged(self) -> AbridgedDocument:
        """Return the document itself."""
        return self


class SeenDocuments:
    """The last `MAX_SEEN_DOCUMENTS` documents, in `MAX_SEEN_BYTES` and the text of the latest."""

    def __init__(self) -> None:
        self._documents: dict[str, SeenDocument | AbridgedDocument] = {}

    def get(self, uri: str) -> SeenDocument | AbridgedDocument:
        """Return a document as it was last observed; an empty one if it is unknown."""
        return self._documents.get(uri, SeenDocument(Rope(()), -1, []))

    def put(self, uri: str, document: SeenDocument) -> None:
        """Remember a document as the latest; abridge, then drop, the oldest beyond the limits."""
        self._documents.pop(uri, None)
        self._documents[uri] = document
        older = list(self._documents)[:-1]
        excess = self.older_bytes() - MAX_SEEN_BYTES
        for name in older:
            if excess <= 0:
                break
            whole, self._documents[name] = self._documents[name], self._documents[name].abridged()
            excess -= whole.size - self._documents[name].size
        for name in older:
            if excess <= 0 and len(self._documents) <= MAX_SEEN_DOCUMENTS:
                break
            excess -= self._documents.pop(name).size

    def older_bytes(self) -> int:
        """Return the bytes that are kept of all documents but the latest."""
        return sum(document.size for document in list(self._documents.values())[:-1])

    def keep(self, is_kept: Callable[[str], bool]) -> None:
        """Drop the documents whose URI does not satisfy `is_kept`."""
        self._documents = {
            uri: document for uri, document in self._documents.items() if is_kept(uri)
        }
