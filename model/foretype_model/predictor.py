"""The extension point: what anything that predicts text has to offer.

A predictor reads a document one byte of UTF-8 at a time and says, at any point, how likely each
next byte is. Everything else (warm states along the text, the mixture of several predictors, the
search for words and ghost text) is built on these four methods alone, so a plugin that offers them
takes part in all of it.

A package enters by the entry-point group ``foretype.predictors``; each entry is a factory that
takes a `PredictorConfig` and returns a `Predictor`. The built-in predictors enter by the same
door::

    [project.entry-points."foretype.predictors"]
    mine = "my_package:create"

The setting ``{"predictors": {"network": {}, "mine": {...}}}`` puts it to work; ``...`` becomes
``PredictorConfig.options``. It has to work without options too, as ``foretype doctor`` and
``foretype complete --predictor mine`` make it.

What to know before writing one:

- A search steps many continuations at once and asks for a few hundred predictions a key. A step may
  take about a millisecond; what makes the text wait much longer is dropped.
- Line ends are LF. A text may end anywhere, in the middle of a code point too.
- Give no byte probability 0, and where nothing is known make all bytes alike.
- Whoever raises is left out. The user is shown what a `PredictorError` says; of any other error the
  kind and the line, as its words may be the user's text, and editors log what they show.
- All calls come on one thread. The same state has to give the same prediction, for answers are
kept.

``foretype doctor`` tries each predictor that is installed against all this. A whole one to copy
lies in ``tests/data/plugin``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from foretype_model.text.rope import Rope

END_OF_TEXT: Final = 0xFF
"""The byte after the last byte of a text; 0xFF never occurs in UTF-8."""

ERASED: Final = 0xFE
"""Stands where a byte is forgotten or masked; never occurs in UTF-8."""

VOCABULARY: Final = 256
"""Predictions are over bytes."""

State = Any
"""What a predictor knows at one point of a text. Opaque to everybody else, and never changed once
made.
"""

LogProbabilities = NDArray[np.float32]
"""Natural logarithms of next-byte probabilities, shape (rows, 256); each row's exponentials sum to
1, or to less.

What a row leaves unassigned goes to other predictors: one that knows nothing here answers minus
infinity throughout.
"""


@dataclass(frozen=True)
class PredictorConfig:
    """What a predictor is made with.

    Attributes:
        model: the model file chosen in the settings, for predictors that use one.
        workspace: the folders that are open in the editor.
        exclude: what in them is not to be learnt from, as patterns of a ``.gitignore``.
        state_folder: where this predictor may keep what it has learnt (made on first use, private
            to the user).
        options: the predictor's own settings, from ``foretype.predictors.NAME`` when that is an
            object.
    """

    model: Path | None = None
    workspace: tuple[Path, ...] = ()
    exclude: tuple[str, ...] = ()
    state_folder: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def folders(self) -> tuple[Path, ...]:
        """Those of the workspace, without links, in one order."""
        return tuple(sorted(path.resolve() for path in self.workspace))

    def workspace_name(self) -> str:
        """What a file or folder may be called that holds what was learnt from this workspace
        alone.
        """
        return sha256("\n".join(map(str, self.folders())).encode()).hexdigest()[:16]


@runtime_checkable
class Predictor(Protocol):
    """Next-byte probabilities at any point of a text.

    States are values: a method never changes a state it was given, so that snapshots, rewinding and
    searching many continuations at once are safe. An exception from any method drops the predictor
    for that document.
    """

    def start(self) -> State:
        """The state before the first byte of a text."""
        ...

    def feed(self, state: State, text: bytes) -> State:
        """The state after reading `text` from `state`. Equal to feeding its bytes one at a time."""
        ...

    def step(self, states: Sequence[State], following: Sequence[int]) -> list[State]:
        """One byte further in many continuations at once: row i is `states[i]` after byte
        `following[i]`.
        """
        ...

    def predict(self, states: Sequence[State]) -> LogProbabilities:
        """Log-probabilities of the next byte, shape (len(states), 256)."""
        ...


@runtime_checkable
class Modelled(Protocol):
    """A predictor that works with the model in use, of which there may be several, for files in
    different places.
    """

    def with_model(self, model: Path) -> Predictor:
        """The same predictor with another model. Raises ForetypeError where that cannot be used."""
        ...


@runtime_checkable
class Observer(Protocol):
    """A predictor that wants to see documents, beside the text before a cursor."""

    def observe(self, document: str, before: Rope, after: Rope) -> bool | None:
        """Called before each answer with what surrounds the cursor; `document` is its URI.

        The two are all of the document, megabytes perhaps: their slices, as in ``before[-1000:]``,
        are bytes, and `Rope.common_prefix` tells what a document has in common with how it was
        before. The answer waits for this: what takes longer than a few milliseconds is better done
        in parts. After True, this is called again with the same document when nobody waits, two
        hundred times at the most.
        """
        ...


@runtime_checkable
class Learner(Protocol):
    """A predictor that learns while the user types."""

    def learn(self, state: State, following: int) -> None:
        """After `state` the user went on with the byte `following`. Called once for each byte that
        was typed.
        """
        ...

    def save(self) -> None:
        """Keep what was learnt, now that a document is closed or the editor ends."""
        ...


@runtime_checkable
class Indexer(Protocol):
    """A predictor that reads the files of the workspace. These methods are called on a thread of
    their own.
    """

    def refresh(self, progress: Callable[[int, int], None]) -> None:
        """Bring what is known of the workspace up to date; tell how many files are done, of how
        many.
        """
        ...

    def update(self, paths: Collection[Path]) -> None:
        """These files or folders were saved, created or removed."""
        ...

    def close(self) -> None:
        """End whatever `refresh` or `update` are at; nothing else will be asked."""
        ...


@dataclass(frozen=True)
class Source:
    """Where a text has stood before.

    Attributes:
        document: the path of a file that is indexed, or the URI of a document that was typed in.
        line: from 1; None for what was typed, which may have moved since.
        column: from 1, in characters; likewise.
        excerpt: what stands around it in its line.
        order: how many bytes before it are the same as before the cursor.
    """

    document: str
    line: int | None
    column: int | None
    excerpt: str
    order: int


@runtime_checkable
class Explainer(Protocol):
    """A predictor that can say from where it knows what it offers."""

    def sources(self, state: State, text: bytes, limit: int) -> list[Source]:
        """Where `text`, or as much of it as possible, has followed what `state` has read; the
        nearest first.
        """
        ...


@dataclass(frozen=True)
class Removed:
    """What was forgotten.

    Attributes:
        names: of files that nothing is offered from any more.
        size: of these, in bytes.
        occurrences: of a word, in the files and in what was typed.
    """

    names: tuple[str, ...] = ()
    size: int = 0
    occurrences: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(
            self.names + other.names, self.size + other.size, self.occurrences + other.occurrences
        )


@runtime_checkable
class Forgetful(Protocol):
    """A predictor that learns from the user's texts, and can forget."""

    def forget(self, path: Path | None, word: str | None) -> Removed:
        """Offer nothing learnt from the file or folder at `path`, nor `word`, ever again. One of
        them is None.
        """
        ...
