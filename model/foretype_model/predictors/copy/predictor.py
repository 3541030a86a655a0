"""A predictor over the user's own text: the workspace, the open documents, and recent typing.

It assigns only the share of the probability that its matches support (see `ppm`), and leaves the
rest to other predictors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import Final, NamedTuple

import numpy as np

from foretype_model.errors import WorkspaceError
from foretype_model.files.uris import real_path
from foretype_model.predictor import END_OF_TEXT, LogProbabilities, PredictorConfig, Removed, Source
from foretype_model.predictors.copy import ppm, proposals, sources
from foretype_model.predictors.copy.erase import forget_documents, forget_word
from foretype_model.predictors.copy.history import MatchHistory
from foretype_model.predictors.copy.index.fm_index import MAX_CONTEXT_BYTES, FMIndex, SearchState
from foretype_model.predictors.copy.index.workspace import OnProgress, Workspace
from foretype_model.predictors.copy.ppm import OrderStats
from foretype_model.predictors.copy.seen_documents import SeenDocument, SeenDocuments
from foretype_model.privacy import secret_scanner
from foretype_model.privacy.forget_list import ForgetList
from foretype_model.privacy.forgotten_words import learnable_end, unredacted_spans
from foretype_model.privacy.learning_policy import LearningPolicy
from foretype_model.text import spans
from foretype_model.text.rope import Rope
from foretype_model.text.spans import Span

OBSERVED_BEFORE: Final = 24_000
OBSERVED_AFTER: Final = 8_000
"""Bytes of a document before and after the cursor that are taken in."""

IMMEDIATE_BEFORE: Final = 640
IMMEDIATE_AFTER: Final = 256
"""Bytes that are taken in before the next answer (1 ms). The others follow between answers, as many
at a time.
"""

MAX_OPENING_SECONDS: Final = 2.0
"""Seconds to wait for a small index, which takes 0.05; then answers do without it until it is
there.
"""

_VERSIONS: Final = count()

NEAR_HISTORY, FAR_HISTORY = 0, 2
"""The first of the two histories of text near the cursor, and of the two of text further away; of
each two, the newer one is first.
"""

MAX_HISTORY_BYTES: Final = 100_000
"""Bytes of a history (3 MB of memory); then a new one begins, and the older one is dropped."""


class CopyState:
    """The last bytes of a text, and a cache of their rows in the index.

    Only the cache is ever changed: the state is its `tail`. The cache names the index by `version`
    instead of holding its segments: a document has hundreds of states, which would keep the
    segments of before each save in memory.
    """

    __slots__ = ("matches", "tail", "version")

    def __init__(
        self, tail: bytes, version: int = -1, matches: tuple[SearchState, ...] = ()
    ) -> None:
        self.tail, self.version, self.matches = tail, version, matches


class _Index(NamedTuple):
    """The segments at one time, and a version that no other index has."""

    version: int
    segments: tuple[FMIndex, ...]


class CopyPredictor:
    """A predictor that continues text as it continued before, after the longest contexts."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        """Without a `workspace`, copy from the observed documents alone."""
        self.workspace = workspace
        self._index = _Index(next(_VERSIONS), ())
        self._lock = Lock()
        self._open_lock = Lock()
        self._is_open = workspace is None
        if workspace:
            # While the forget list cannot be read, nothing is learnt or offered; `refresh` raises
            # the reason.
            with suppress(WorkspaceError):
                if workspace.is_small():
                    opening = Thread(target=self._try_to_open, name="foretype-open", daemon=True)
                    opening.start()
                    opening.join(MAX_OPENING_SECONDS)
                if not self._is_open:
                    workspace.read_forget_list()
        self._histories = [MatchHistory() for _ in range(4)]
        self._seen = SeenDocuments()
        self._forget_list = (workspace and workspace.forget_list) or ForgetList()
        folders, exclude = (workspace.folders, workspace.exclude) if workspace else ((), ())
        self._policy = LearningPolicy(folders, exclude, self._current_forget_list)

    def open(self) -> None:
        """Load the index that is on disk, once; raise WorkspaceError.

        The constructor opens a small index, on a thread of its own, for its files may be on a slow
        disk and have a stranger's ignore rules. To check 20,000 files takes 0.9 s, so `refresh`
        opens a large index, on the thread that indexes; answers do without it until then.
        """
        with self._open_lock:
            if self.workspace and not self._is_open:
                self.workspace.open()
                self._is_open = True
                self._load_segments()

    def _try_to_open(self) -> None:
        """Do `open`, and leave it to `refresh` to raise an error."""
        with suppress(WorkspaceError):
            self.open()

    @property
    def segments(self) -> tuple[FMIndex, ...]:
        """The segments of the workspace's index."""
        return self._index.segments

    @segments.setter
    def segments(self, segments: tuple[FMIndex, ...]) -> None:
        if segments != self.segments:
            self._index = _Index(next(_VERSIONS), segments)

    def start(self) -> CopyState:
        return CopyState(bytes([END_OF_TEXT]))

    def feed(self, state: CopyState, text: bytes) -> CopyState:
        if len(text) == 1:
            return self.step([state], text)[0]
        return CopyState((state.tail + text)[-MAX_CONTEXT_BYTES:])

    def step(self, states: Sequence[CopyState], following: Sequence[int]) -> list[CopyState]:
        return [self._step(state, byte) for state, byte in zip(states, following, strict=True)]

    def predict(self, states: Sequence[CopyState]) -> LogProbabilities:
        with np.errstate(divide="ignore"):
            return np.log([ppm.distribution(self.order_stats(state)) for state in states])

    def order_stats(self, state: CopyState) -> Iterator[OrderStats]:
        """Return the followers of each length of context, the longest first."""
        found = [
            pair for history in self._histories if history for pair in history.find(state.tail)
        ]
        lists = [ppm.history_stats(found)] if found else []
        for segment, matches in self._matches(state):
            lists.append(ppm.index_stats(segment, matches))
        return ppm.merge_stats(lists)

    def observe(self, uri: str, before: Rope | bytes, after: Rope | bytes) -> bool:
        """Take in new text near the cursor, and at further calls the text around it.

        Return whether more text around the cursor is left to take in.
        """
        self._forget(self._current_forget_list() or self._forget_list)
        if not self._policy.allows(uri):
            return False
        text, cursor = Rope.of(before) + after, len(before)
        seen = self._seen.get(uri)
        # Text that was deleted right after it was typed, such as the letters from which an input
        # method has made a word, or a slip, is not copied.
        self._histories[NEAR_HISTORY].remove_last(*seen.deleted_in(text), uri)
        observed = seen.spans_in(text)
        missing = spans.subtract(self._observable(text, cursor), observed)
        if seen.is_same(text, cursor):
            now, which = spans.take_bytes(missing, IMMEDIATE_BEFORE + IMMEDIATE_AFTER), FAR_HISTORY
        else:
            near = cursor - IMMEDIATE_BEFORE, cursor + IMMEDIATE_AFTER
            now, which = spans.clip(missing, *near), NEAR_HISTORY
        for start, end in now:
            self._add(which, uri, text, start, end)
        self._seen.put(uri, SeenDocument(text, cursor, spans.merge([*observed, *now])))
        return now != missing

    def _observable(self, text: Rope, cursor: int) -> list[Span]:
        """Return the spans around the cursor that may be taken in.

        A suffix that may become a secret or a forgotten word waits until that has ended. So does
        the first byte after the cursor: it would be expected there, while the user types another.
        """
        end = learnable_end(text, cursor, self._forget_list.encoded_words())
        return [
            (max(0, cursor - OBSERVED_BEFORE), end),
            (cursor + 1, min(len(text), cursor + OBSERVED_AFTER)),
        ]

    def sources(self, state: CopyState, text: bytes, limit: int) -> list[Source]:
        """Return where `text` stood before, in the workspace and in recent text."""
        places = [
            place
            for history in self._histories
            for place in sources.find_in_history(history, state.tail, text)
        ]
        for segment, matches in self._matches(state):
            places += sources.find_in_index(segment, matches, text)
        return sources.to_sources(places, limit, self._forget_list.encoded_words())

    def propose(self, state: CopyState, limit: int) -> list[tuple[bytes, float]]:
        """Return the rests of words that followed the same text before."""
        return proposals.best(state.tail, self._histories, [*self._matches(state)], limit)

    def forget(self, path: Path | None, word: str | None) -> Removed:
        """Offer nothing from a file or folder, or never a word; for good, if there is a workspace.

        Raises:
            ForetypeError: the forget list cannot be written, or the word cannot occur in a text.
        """
        self.open()
        removed, forget_list = Removed(), self._forget_list
        if path:
            removed = self.workspace.forget(path) if self.workspace else removed
            forget_list = forget_list.with_path(real_path(path))
        if word:
            removed = self.workspace.forget_word(word) if self.workspace else removed
            forget_list = forget_list.with_word(word)
        self._load_segments()
        if self.workspace:
            forget_list = self.workspace.forget_list or forget_list
        return removed + Removed(occurrences=self._forget(forget_list))

    def refresh(self, progress: OnProgress = lambda _done, _total: None) -> None:
        """Index all changes in the workspace; raise WorkspaceError."""
        if self.workspace:
            self.open()
            self.workspace.refresh(progress)
            self._load_segments()

    def update(self, paths: Collection[Path]) -> None:
        """Index the files or folders at `paths` anew; raise WorkspaceError."""
        if self.workspace:
            self.open()
            self.workspace.update(paths)
            self._load_segments()

    def close(self) -> None:
        """Stop the indexing."""
        if self.workspace:
            self.workspace.close()

    def _load_segments(self) -> None:
        # Locked: the thread that indexes must not bring back text that was forgotten meanwhile.
        with self._lock:
            self.segments = self.workspace.segments if self.workspace else self.segments

    def _add(self, which: int, uri: str, text: Rope, start: int, end: int) -> None:
        """Append a span of a document to a history, without secrets and forgotten words."""
        if len(self._histories[which]) > MAX_HISTORY_BYTES:
            self._histories[which : which + 2] = MatchHistory(), self._histories[which]
        near, low = secret_scanner.redact_around(text, start, end)
        for first, last in unredacted_spans(
            near, start - low, end - low, self._forget_list.encoded_words()
        ):
            self._histories[which].add(
                near[max(0, first - MAX_CONTEXT_BYTES) : first], near[first:last], uri
            )

    def _forget(self, forget_list: ForgetList) -> int:
        """Remove newly forgotten text from the histories; return the number of its words."""
        before, self._forget_list = self._forget_list, forget_list
        count = 0
        for word in set(forget_list.encoded_words()) - set(before.encoded_words()):
            self._histories, found = forget_word(self._histories, word)
            count += found
        if forget_list.paths != before.paths:
            self._histories = forget_documents(
                self._histories, lambda uri: not self._policy.allows(uri)
            )
            self._seen.keep(self._policy.allows)
        return count

    def _current_forget_list(self) -> ForgetList | None:
        """Return the forget list as the workspace last read it, or None if it is unreadable."""
        return self.workspace.forget_list if self.workspace else self._forget_list

    def _step(self, state: CopyState, byte: int) -> CopyState:
        """Return the state after `byte`, and extend the cached rows by it."""
        known = self._matches(state)
        matches = tuple(segment.step(before, byte) for segment, before in known)
        return CopyState((state.tail + bytes((byte,)))[-MAX_CONTEXT_BYTES:], state.version, matches)

    def _matches(self, state: CopyState) -> Iterable[tuple[FMIndex, SearchState]]:
        """Return each segment with the rows of the state's context, from the cache if it holds."""
        version, segments = self._index  # read once: the thread that indexes replaces it
        if state.version != version:
            state.version, state.matches = (
                version,
                tuple(segment.find(state.tail) for segment in segments),
            )
        return zip(segments, state.matches, strict=True)


def create(config: PredictorConfig) -> CopyPredictor:
    """Make the predictor (the entry point), with an index for each set of folders."""
    if not config.state_folder:
        return CopyPredictor()
    folder = config.state_folder / config.workspace_name()
    return CopyPredictor(Workspace(config.workspace, folder, config.exclude))
