"""What the user's own text has said before: in the workspace, in the open documents, and just now.

It assigns only the part of the probability that it has reason to (see `evidence`), and leaves the rest to others.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np

from foretype_model import evidence, provenance, secrets
from foretype_model.documents import file_of
from foretype_model.evidence import Level
from foretype_model.forgetting import forget_documents, forget_word, kept, unsettled
from foretype_model.index import MOST, Matches, Shard
from foretype_model.manifest import Forgotten
from foretype_model.predictor import END_OF_TEXT, Context, LogProbabilities, Removed, Source
from foretype_model.recent import Recent, context_of
from foretype_model.warm import common_prefix
from foretype_model.workspace import Progress, Workspace

FIRST_BEFORE: Final = 24_000
FIRST_AFTER: Final = 8_000
"""Bytes around the cursor that are taken in of a document that is new (about 50 ms)."""

GENERATION: Final = 100_000
"""Bytes of recent text, of which the last two lots are kept (some 20 MB each)."""


class CopyState:
    """The last bytes of a text; and what the shards know of them, once somebody has asked.

    Only a cache is ever changed: the state is its `tail`.
    """

    __slots__ = ("matches", "shards", "tail")

    def __init__(self, tail: bytes, shards: tuple[Shard, ...] = (), matches: tuple[Matches, ...] | None = None) -> None:
        self.tail, self.shards, self.matches = tail, shards, matches


class CopyPredictor:
    """Goes on as the text has gone on before, after the longest contexts that occurred."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        """Without a workspace, only from what is observed."""
        self.workspace = workspace
        self.shards: tuple[Shard, ...] = workspace.open() if workspace else ()
        self._recent = [Recent()]
        self._seen: dict[str, tuple[bytes, tuple[int, int]]] = {}
        self._forgotten = workspace.forgotten if workspace else Forgotten()
        self._lock = Lock()

    def start(self) -> CopyState:
        return CopyState(bytes([END_OF_TEXT]))

    def feed(self, state: CopyState, text: bytes) -> CopyState:
        if len(text) == 1:
            return self.step([state], text)[0]
        return CopyState((state.tail + text)[-MOST:])

    def step(self, states: Sequence[CopyState], following: Sequence[int]) -> list[CopyState]:
        return [self._step(state, byte) for state, byte in zip(states, following, strict=True)]

    def predict(self, states: Sequence[CopyState]) -> LogProbabilities:
        with np.errstate(divide="ignore"):
            return np.log([evidence.distribution(self.levels(state)) for state in states])

    def levels(self, state: CopyState) -> Iterator[Level]:
        """What followed each length of context, the longest first."""
        context = context_of(state.tail)
        found = [pair for recent in self._recent for pair in recent.find(context)]
        sources = [evidence.recent_levels(found)] if found else []
        for shard, matches in self._matches(state):
            sources.append(evidence.indexed_levels(shard, matches))
        return evidence.merged(sources)

    def observe(self, document: str, before: bytes, after: bytes) -> None:
        """Take in what is new in a document since it was last seen, where `before` and `after` surround the cursor."""
        if self.workspace:
            self._forget(self.workspace.forgotten)
        if self._is_forgotten(document) or secrets.is_private(document):
            return
        text, cursor = before + after, len(before)
        # But for the first byte after the cursor: it would be expected there, where something else is typed.
        new = [(0, cursor), (cursor + 1, cursor + FIRST_AFTER)]
        if document in self._seen:
            new = _new(*self._seen[document], text)
        settled, held = self._settled(before), (0, 0)
        for first, last in new:
            parts = [(first, last)]
            if first < cursor <= last:
                # What is new at the cursor and may become a secret or a forgotten word waits until that has ended.
                held = max(first, settled), cursor
                parts = [(first, held[0]), (cursor, last)]
            for start, end in parts:
                self._add(document, text, max(start, end - FIRST_BEFORE), end)
        self._seen[document] = text, held

    def sources(self, state: CopyState, text: bytes, most: int) -> list[Source]:
        """Where `text` has stood, in the workspace and in what was typed."""
        places = [place for recent in self._recent for place in provenance.typed(recent, state.tail, text)]
        for shard, matches in self._matches(state):
            places += provenance.written(shard, matches, text)
        return provenance.as_sources(places, most, self._forgotten.in_bytes())

    def forget(self, path: Path | None, word: str | None) -> Removed:
        """Offer nothing from a file or folder, or never a word; for good where there is a workspace.

        Raises:
            WorkspaceError: that cannot be kept.
        """
        removed, forgotten = Removed(), self._forgotten
        if path:
            removed = self.workspace.forget(path) if self.workspace else removed
            forgotten = forgotten.with_path(os.path.realpath(path))
        if word:
            removed = self.workspace.forget_word(word) if self.workspace else removed
            forgotten = forgotten.with_word(word)
        self._take_shards()
        return removed + Removed(occurrences=self._forget(self.workspace.forgotten if self.workspace else forgotten))

    def refresh(self, progress: Progress = lambda _done, _total: None) -> None:
        """Index what is new in the workspace; raises WorkspaceError."""
        if self.workspace:
            self.workspace.refresh(progress)
            self._take_shards()

    def update(self, paths: Collection[Path]) -> None:
        """Index files that have changed; raises WorkspaceError."""
        if self.workspace:
            self.workspace.update(paths)
            self._take_shards()

    def close(self) -> None:
        """End the indexing."""
        if self.workspace:
            self.workspace.close()

    def _take_shards(self) -> None:
        # Two threads may: the one that indexes must not bring back what was forgotten meanwhile.
        with self._lock:
            self.shards = self.workspace.shards if self.workspace else self.shards

    def _add(self, document: str, text: bytes, start: int, end: int) -> None:
        end = min(end, len(text))
        if start >= end:
            return
        if len(self._recent[0]) > GENERATION:
            self._recent = [Recent(), self._recent[0]]
        near, low = secrets.masked_around(text, start, end)
        for first, last in kept(near, start - low, end - low, self._forgotten.in_bytes()):
            self._recent[0].add(near[max(0, first - MOST) : first], near[first:last], document)

    def _settled(self, before: bytes) -> int:
        """Where what may become a secret or a forgotten word begins, at the end of `before`."""
        end = len(before) - secrets.unsettled(before)
        return end - unsettled(before[:end], self._forgotten.in_bytes())

    def _forget(self, forgotten: Forgotten) -> int:
        """Be rid of what was typed and is forgotten by now; how many words that were."""
        before, self._forgotten = self._forgotten, forgotten
        count = 0
        for word in set(forgotten.in_bytes()) - set(before.in_bytes()):
            self._recent, found = forget_word(self._recent, word)
            count += found
        if forgotten.paths != before.paths:
            self._recent = forget_documents(self._recent, self._is_forgotten)
            self._seen = {document: seen for document, seen in self._seen.items() if not self._is_forgotten(document)}
        return count

    def _is_forgotten(self, document: str) -> bool:
        # Most users forget no file, and to ask for links takes time.
        return bool(self._forgotten.paths) and self._forgotten.covers(file_of(document) or document)

    def _step(self, state: CopyState, byte: int) -> CopyState:
        known = self._matches(state)
        matches = tuple(shard.step(before, byte) for shard, before in known)
        return CopyState((state.tail + bytes((byte,)))[-MOST:], state.shards, matches)

    def _matches(self, state: CopyState) -> Iterable[tuple[Shard, Matches]]:
        shards = self.shards  # looked at once: the thread that indexes replaces them
        if state.matches is None or state.shards != shards:
            state.shards, state.matches = shards, tuple(shard.find(state.tail) for shard in shards)
        return zip(state.shards, state.matches, strict=True)


def _new(seen: bytes, held: tuple[int, int], text: bytes) -> list[tuple[int, int]]:
    """Where in `text` it is not as in `seen`, of which a part was held back."""
    first = common_prefix(seen, text)
    last = len(text) - _common_suffix(seen[first:], text[first:])
    moved = len(text) - len(seen)
    before, after = (held[0], min(held[1], first)), (max(held[0] + moved, last), held[1] + moved)
    parts: list[tuple[int, int]] = []
    for start, end in (before, (first, last), after):
        if start < end and parts and parts[-1][1] == start:
            parts[-1] = parts[-1][0], end
        elif start < end:
            parts.append((start, end))
    return parts


def _common_suffix(a: bytes, b: bytes) -> int:
    return common_prefix(a[::-1], b[::-1])


def create(context: Context) -> CopyPredictor:
    """The entry point. Each set of folders has an index of its own below the state folder."""
    if not context.workspace or not context.state_folder:
        return CopyPredictor()
    folder = context.state_folder / context.workspace_name()
    return CopyPredictor(Workspace(context.folders(), folder, context.exclude))


def indexes(state_folder: Path) -> list[Workspace]:
    """Of every workspace that was learnt from, opened, to forget something in all of them.

    Raises:
        WorkspaceError: of one it cannot be told what is forgotten.
    """
    found = [Workspace((), folder) for folder in sorted(state_folder.glob("*")) if folder.is_dir()]
    for index in found:
        index.open()
    return found
