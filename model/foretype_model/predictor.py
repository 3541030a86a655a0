"""The extension point: the methods of a predictor, and of predictors that do more.

A predictor reads a document one byte of UTF-8 at a time and gives, at any point, the probability of
each next byte. Everything else (cached states along the text, the mixture of several predictors,
the search for words and ghost text) uses these four methods alone, so it works with any plugin that
has them.

A package registers in the entry-point group ``foretype.predictors``. Each entry is a factory that
takes a `PredictorConfig` and returns a `Predictor`. The built-in predictors register in the same
way::

    [project.entry-points."foretype.predictors"]
    mine = "my_package:create"

The setting ``{"predictors": {"network": {}, "mine": {...}}}`` enables it; ``...`` becomes
``PredictorConfig.options``. It has to work without options too, because ``foretype doctor`` and
``foretype complete --predictor mine`` create it without.

Rules for a predictor:

- A search steps many continuations at once and asks for a few hundred predictions a key. A step may
  take about a millisecond; a predictor that is much slower is disabled.
- Line ends are LF. A text may end anywhere, even inside a code point.
- Give no byte probability 0. If nothing is known, give all bytes the same probability.
- A predictor that raises is disabled. The user sees the message of a `PredictorError`. For other
  exceptions the user sees only the type and the location: the message may contain the user's text,
  and editors log all that they show.
- All calls come on one thread. The same state has to give the same prediction, because predictions
  are cached.

``foretype doctor`` tests each installed predictor against these rules. A complete example is in
``tests/data/plugin``.
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
"""Replaces a forgotten or masked byte; never occurs in UTF-8."""

VOCABULARY: Final = 256
"""Predictions are over bytes."""

State = Any
"""A predictor's knowledge at one point of a text. Opaque to other code, and immutable."""

LogProbabilities = NDArray[np.float32]
"""Natural logarithms of next-byte probabilities, shape (rows, 256). The exponentials of a row sum
to 1 or less.

Other predictors get the rest of a row's probability. A predictor that knows nothing at a point
answers minus infinity for all bytes.
"""


@dataclass(frozen=True)
class PredictorConfig:
    """The configuration that a predictor is created with.

    Attributes:
        model: the model file chosen in the settings, for predictors that use one.
        workspace: the folders that are open in the editor.
        exclude: the files in them that must not be learnt from, as patterns of a ``.gitignore``.
        state_folder: the folder for data that the predictor has learnt (created on first use,
            private to the user).
        options: the predictor's own settings, from ``foretype.predictors.NAME`` if that is an
            object.
    """

    model: Path | None = None
    workspace: tuple[Path, ...] = ()
    exclude: tuple[str, ...] = ()
    state_folder: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def folders(self) -> tuple[Path, ...]:
        """Return the workspace folders with symbolic links resolved, sorted."""
        return tuple(sorted(path.resolve() for path in self.workspace))

    def workspace_name(self) -> str:
        """Return a name for a file or folder with data from this workspace alone: 16 hexadecimal
        digits.
        """
        return sha256("\n".join(map(str, self.folders())).encode()).hexdigest()[:16]


@runtime_checkable
class Predictor(Protocol):
    """Next-byte probabilities at any point of a text.

    States are values: a method never changes its argument, so that snapshots, rewinding and
    searching many continuations at once are safe. An exception from any method disables the
    predictor for that document.
    """

    def start(self) -> State:
        """Return the state before the first byte of a text."""
        ...

    def feed(self, state: State, text: bytes) -> State:
        """Return the state after reading `text` from `state`, equal to feeding its bytes singly."""
        ...

    def step(self, states: Sequence[State], following: Sequence[int]) -> list[State]:
        """Return the states one byte further in many continuations at once: item i is `states[i]`
        after byte `following[i]`.
        """
        ...

    def predict(self, states: Sequence[State]) -> LogProbabilities:
        """Return the log-probabilities of the next byte, shape (len(states), 256)."""
        ...


@runtime_checkable
class Modelled(Protocol):
    """A predictor that uses the active model. Files in different folders may have different
    models.
    """

    def with_model(self, model: Path) -> Predictor:
        """Return this predictor with another model. Raises ForetypeError if it is unusable."""
        ...


@runtime_checkable
class Observer(Protocol):
    """A predictor that reads whole documents, not only the text before a cursor."""

    def observe(self, uri: str, before: Rope, after: Rope) -> bool | None:
        """Read the document at `uri`, before each answer. The cursor is between `before` and
        `after`.

        The two are the whole document, perhaps megabytes. Their slices, as in ``before[-1000:]``,
        are bytes, and `Rope.common_prefix` compares a document with its last version. The answer
        waits for this call: divide work of more than a few milliseconds. If this returns True, it
        is called again with the same document when no request waits, at most two hundred times.
        """
        ...


@runtime_checkable
class Learner(Protocol):
    """A predictor that learns while the user types."""

    def learn(self, state: State, following: int) -> None:
        """Learn that the user typed the byte `following` after `state`. Called once for each typed
        byte.
        """
        ...

    def save(self) -> None:
        """Save the learnt data, after a document was closed or before the editor ends."""
        ...


@runtime_checkable
class Indexer(Protocol):
    """A predictor that reads the files of the workspace. These methods are called on a separate
    thread.
    """

    def refresh(self, progress: Callable[[int, int], None]) -> None:
        """Bring the index of the workspace up to date, and report progress as the number of files
        done and the number of all files.
        """
        ...

    def update(self, paths: Collection[Path]) -> None:
        """Update the index of files or folders that were saved, created or removed."""
        ...

    def close(self) -> None:
        """Stop a `refresh` or `update` in progress. No method is called after this."""
        ...


@runtime_checkable
class Proposer(Protocol):
    """A predictor that knows whole words."""

    def propose(self, state: State, limit: int) -> list[tuple[bytes, float]]:
        """Return at most `limit` texts that may follow `state`, each with its log-probability, the
        most probable first.

        Within a word, a text is the rest of it, or a separator and a word if the word may end
        here. After a separator, it is a whole word.
        """
        ...


@dataclass(frozen=True)
class Source:
    """An earlier occurrence of a text.

    Attributes:
        document: the path of an indexed file, or the URI of a document that was typed in.
        line: from 1; None for typed text, which may have moved since.
        column: from 1, in characters; None for typed text.
        excerpt: the text around it in its line.
        order: the number of bytes before it that equal the bytes before the cursor.
    """

    document: str
    line: int | None
    column: int | None
    excerpt: str
    order: int


@runtime_checkable
class Explainer(Protocol):
    """A predictor that knows the sources of its predictions."""

    def sources(self, state: State, text: bytes, limit: int) -> list[Source]:
        """Return at most `limit` places where `text`, or as much of it as possible, has followed
        the text that `state` has read; the longest common contexts first.
        """
        ...


@dataclass(frozen=True)
class Removed:
    """The extent of a removal from the learnt data.

    Attributes:
        names: of the removed files.
        size: of these files, in bytes.
        occurrences: of a removed word, in the files and in typed text.
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
        """Remove the data learnt from the file or folder at `path`, or all occurrences of `word`,
        and learn neither again. One of them is None.
        """
        ...
