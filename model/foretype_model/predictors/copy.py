"""What the user's own text has said before: in the workspace, in the open documents, and just now.

It assigns only the part of the probability that it has reason to (see `evidence`), and leaves the rest to others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np

from foretype_model import evidence
from foretype_model.evidence import Level
from foretype_model.index import MOST, Matches, Shard
from foretype_model.predictor import END_OF_TEXT, Context, LogProbabilities
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
        self._seen: dict[str, bytes] = {}

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
        for shard, matches in zip(self.shards, self._matches(state), strict=True):
            sources.append(evidence.indexed_levels(shard, matches))
        return evidence.merged(sources)

    def observe(self, document: str, before: bytes, after: bytes) -> None:
        """Take in what is new in a document since it was last seen, where `before` and `after` surround the cursor."""
        text = before + after
        seen = self._seen.get(document)
        self._seen[document] = text
        if seen is None:
            first = max(0, len(before) - FIRST_BEFORE)
            self._add(text[:first], text[first : len(before) + FIRST_AFTER])
            return
        same = common_prefix(seen, text)
        kept = _common_suffix(seen[same:], text[same:])
        new = text[same : len(text) - kept]
        self._add(text[:same], new[-FIRST_BEFORE:])

    def refresh(self, progress: Progress = lambda _done, _total: None) -> None:
        """Index what is new in the workspace; raises WorkspaceError."""
        if self.workspace:
            self.shards = self.workspace.refresh(progress)

    def update(self, paths: Collection[Path]) -> None:
        """Index files that have changed; raises WorkspaceError."""
        if self.workspace:
            self.shards = self.workspace.update(paths)

    def close(self) -> None:
        """End the indexing."""
        if self.workspace:
            self.workspace.close()

    def _add(self, before: bytes, text: bytes) -> None:
        if len(self._recent[0]) > GENERATION:
            self._recent = [Recent(), self._recent[0]]
        self._recent[0].add(before[-MOST:] or bytes([END_OF_TEXT]), text)

    def _step(self, state: CopyState, byte: int) -> CopyState:
        matches = tuple(map(Shard.step, self.shards, self._matches(state), [byte] * len(self.shards)))
        return CopyState((state.tail + bytes((byte,)))[-MOST:], self.shards, matches)

    def _matches(self, state: CopyState) -> tuple[Matches, ...]:
        if state.matches is None or state.shards != self.shards:
            state.shards, state.matches = self.shards, tuple(shard.find(state.tail) for shard in self.shards)
        return state.matches


def _common_suffix(a: bytes, b: bytes) -> int:
    return common_prefix(a[::-1], b[::-1])


def create(context: Context) -> CopyPredictor:
    """The entry point. Each set of folders has an index of its own below the state folder."""
    if not context.workspace or not context.state_folder:
        return CopyPredictor()
    folders = tuple(sorted(path.resolve() for path in context.workspace))
    name = sha256("\n".join(map(str, folders)).encode()).hexdigest()[:16]
    return CopyPredictor(Workspace(folders, context.state_folder / name, context.exclude))
