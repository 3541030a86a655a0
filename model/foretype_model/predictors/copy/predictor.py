"""What the user's own text has said before: in the workspace, in the open documents, and just now.

It assigns only the part of the probability that it has reason to (see `ppm`), and leaves the rest
to others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

import numpy as np

from foretype_model.errors import WorkspaceError
from foretype_model.files.uris import real_path
from foretype_model.predictor import END_OF_TEXT, Context, LogProbabilities, Removed, Source
from foretype_model.predictors.copy import ppm, sources
from foretype_model.predictors.copy.erase import forget_documents, forget_word
from foretype_model.predictors.copy.history import Recent
from foretype_model.predictors.copy.index.fm_index import MOST, Matches, Shard
from foretype_model.predictors.copy.index.workspace import Progress, Workspace
from foretype_model.predictors.copy.ppm import Level
from foretype_model.privacy import secret_scanner
from foretype_model.privacy.forget_list import Forgotten
from foretype_model.privacy.forgotten_words import kept, settled
from foretype_model.privacy.learning_policy import Consent
from foretype_model.text import spans
from foretype_model.text.rope import Rope
from foretype_model.text.spans import Span

BEFORE: Final = 24_000
AFTER: Final = 8_000
"""Bytes around the cursor that are taken in of a document."""

NEAR_BEFORE: Final = 640
NEAR_AFTER: Final = 256
"""Those of them that are taken in while somebody waits (1 ms); the others when nobody does, so many
at a time.
"""

SEEN: Final = 64
"""Documents, the last ones, of which it is remembered what was taken in."""

_NUMBERS: Final = count()

NEAR, FAR = 0, 2
"""The logs of what was taken in at once, and of what was later: two of each, the newer one first.
"""

GENERATION: Final = 100_000
"""Bytes of a log, after which a new one takes its place and the last but one is dropped (3 MB
each).
"""


class CopyState:
    """The last bytes of a text; and what the shards of that number know of them, once somebody has
    asked.

    Only a cache is ever changed: the state is its `tail`. The shards are not in it: a document has
    hundreds of states, which would keep those of before each save.
    """

    __slots__ = ("matches", "number", "tail")

    def __init__(self, tail: bytes, number: int = -1, matches: tuple[Matches, ...] = ()) -> None:
        self.tail, self.number, self.matches = tail, number, matches


class _Index(NamedTuple):
    """The shards at a time, and the number that they are known by; no two have the same."""

    number: int
    shards: tuple[Shard, ...]


class _Seen(NamedTuple):
    """A document as it was when it was last seen, where the cursor was, and what of it has been
    taken in.
    """

    text: Rope
    cursor: int
    taken: list[Span]


class CopyPredictor:
    """Goes on as the text has gone on before, after the longest contexts that occurred."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        """Without a workspace, only from what is observed."""
        self.workspace = workspace
        self._index = _Index(next(_NUMBERS), ())
        if workspace:
            # Where it cannot be told what is forgotten, nothing is learnt or offered until it can;
            # `refresh` tells why.
            with suppress(WorkspaceError):
                self.shards = workspace.open()
        self._recent = [Recent() for _ in range(4)]
        self._seen: dict[str, _Seen] = {}
        self._forgotten = (workspace and workspace.forgotten) or Forgotten()
        folders, exclude = (workspace.folders, workspace.exclude) if workspace else ((), ())
        self._consent = Consent(folders, exclude, self._forgotten_now)
        self._lock = Lock()

    @property
    def shards(self) -> tuple[Shard, ...]:
        """The index of the workspace."""
        return self._index.shards

    @shards.setter
    def shards(self, shards: tuple[Shard, ...]) -> None:
        if shards != self.shards:
            self._index = _Index(next(_NUMBERS), shards)

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
            return np.log([ppm.distribution(self.levels(state)) for state in states])

    def levels(self, state: CopyState) -> Iterator[Level]:
        """What followed each length of context, the longest first."""
        found = [pair for recent in self._recent if recent for pair in recent.find(state.tail)]
        lists = [ppm.recent_levels(found)] if found else []
        for shard, matches in self._matches(state):
            lists.append(ppm.indexed_levels(shard, matches))
        return ppm.merged(lists)

    def observe(self, document: str, before: Rope | bytes, after: Rope | bytes) -> bool:
        """Take in what is new in a document near the cursor, and at the next calls what is around;
        whether more is.
        """
        self._forget(self._forgotten_now() or self._forgotten)
        if not self._consent.given(document):
            return False
        text, cursor = Rope.of(before) + after, len(before)
        seen = self._seen.pop(document, _Seen(text, -1, []))
        same = seen.text.common_prefix(text)
        unchanged = same == len(text) == len(seen.text)
        taken = seen.taken if unchanged else _moved(seen, text, same)
        # What may become a secret or a forgotten word waits until that has ended. So does the first
        # byte after the cursor: it would be expected there, where something else is typed.
        wanted = [
            (max(0, cursor - BEFORE), settled(text, cursor, self._forgotten.in_bytes())),
            (cursor + 1, min(len(text), cursor + AFTER)),
        ]
        missing = spans.without(wanted, taken)
        if unchanged and seen.cursor == cursor:
            now, log = spans.first(missing, NEAR_BEFORE + NEAR_AFTER), FAR
        else:
            now, log = spans.within(missing, cursor - NEAR_BEFORE, cursor + NEAR_AFTER), NEAR
        for start, end in now:
            self._add(log, document, text, start, end)
        self._seen[document] = _Seen(text, cursor, spans.merged([*taken, *now]))
        if len(self._seen) > SEEN:
            del self._seen[next(iter(self._seen))]
        return now != missing

    def sources(self, state: CopyState, text: bytes, most: int) -> list[Source]:
        """Where `text` has stood, in the workspace and in what was typed."""
        places = [
            place for recent in self._recent for place in sources.typed(recent, state.tail, text)
        ]
        for shard, matches in self._matches(state):
            places += sources.written(shard, matches, text)
        return sources.as_sources(places, most, self._forgotten.in_bytes())

    def forget(self, path: Path | None, word: str | None) -> Removed:
        """Offer nothing from a file or folder, or never a word; for good where there is a
        workspace.

        Raises:
            ForetypeError: that cannot be kept, or the word can stand in no text.
        """
        removed, forgotten = Removed(), self._forgotten
        if path:
            removed = self.workspace.forget(path) if self.workspace else removed
            forgotten = forgotten.with_path(real_path(path))
        if word:
            removed = self.workspace.forget_word(word) if self.workspace else removed
            forgotten = forgotten.with_word(word)
        self._take_shards()
        if self.workspace:
            forgotten = self.workspace.forgotten or forgotten
        return removed + Removed(occurrences=self._forget(forgotten))

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

    def _add(self, log: int, document: str, text: Rope, start: int, end: int) -> None:
        if len(self._recent[log]) > GENERATION:
            self._recent[log : log + 2] = Recent(), self._recent[log]
        near, low = secret_scanner.masked_around(text, start, end)
        for first, last in kept(near, start - low, end - low, self._forgotten.in_bytes()):
            self._recent[log].add(near[max(0, first - MOST) : first], near[first:last], document)

    def _forget(self, forgotten: Forgotten) -> int:
        """Be rid of what was typed and is forgotten by now; how many words that were."""
        before, self._forgotten = self._forgotten, forgotten
        count = 0
        for word in set(forgotten.in_bytes()) - set(before.in_bytes()):
            self._recent, found = forget_word(self._recent, word)
            count += found
        if forgotten.paths != before.paths:
            self._recent = forget_documents(
                self._recent, lambda document: not self._consent.given(document)
            )
            self._seen = {
                document: seen
                for document, seen in self._seen.items()
                if self._consent.given(document)
            }
        return count

    def _forgotten_now(self) -> Forgotten | None:
        """What was forgotten by the last time that the workspace was looked at; None where that
        cannot be told.
        """
        return self.workspace.forgotten if self.workspace else self._forgotten

    def _step(self, state: CopyState, byte: int) -> CopyState:
        known = self._matches(state)
        matches = tuple(shard.step(before, byte) for shard, before in known)
        return CopyState((state.tail + bytes((byte,)))[-MOST:], state.number, matches)

    def _matches(self, state: CopyState) -> Iterable[tuple[Shard, Matches]]:
        number, shards = self._index  # looked at once: the thread that indexes replaces it
        if state.number != number:
            state.number, state.matches = number, tuple(shard.find(state.tail) for shard in shards)
        return zip(shards, state.matches, strict=True)


def _moved(seen: _Seen, text: Rope, same: int) -> list[Span]:
    """Where that which was taken in stands now, in a text that begins with the `same` bytes."""
    rest = min(seen.text.common_suffix(text), len(text) - same, len(seen.text) - same)
    moved = len(text) - len(seen.text)
    after = spans.within(seen.taken, len(seen.text) - rest, len(seen.text))
    return spans.within(seen.taken, 0, same) + [
        (start + moved, end + moved) for start, end in after
    ]


def create(context: Context) -> CopyPredictor:
    """The entry point. Each set of folders has an index of its own below the state folder; that of
    none stays empty.
    """
    if not context.state_folder:
        return CopyPredictor()
    folder = context.state_folder / context.workspace_name()
    return CopyPredictor(Workspace(context.workspace, folder, context.exclude))
