"""The systems that are scored: the mixture, parts of it, and completion without a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Final, NoReturn, Protocol

from foretype_model.completion import menu
from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer
from foretype_model.errors import PredictorError
from foretype_model.predictor import Predictor
from foretype_model.predictors.log_mixer import MixerWeights
from foretype_model.predictors.mixture import Mixture
from foretype_model.text.prose import is_code_file


class TypingDocument(Protocol):
    """One open document, with suggestions at its cursor."""

    def set_text(self, before: str, after: str) -> None:
        """Set the text to `before` and `after`, with the cursor between them."""
        ...

    def menu(self) -> list[str]:
        """Return the text that each item of the menu would insert, best first."""
        ...

    def next_words(self) -> list[Candidate]:
        """Return distinct next words, best first."""
        ...

    def ghost_text(self) -> Candidate | None:
        """Return the ghost text after the cursor, or None."""
        ...


class TypingSession(Protocol):
    """A system in use by one user, who opens one document after another. It may learn from each."""

    def open(self, name: str = "", /) -> TypingDocument:
        """Open a new document, of a file name if it has one."""
        ...

    def mixture(self) -> Mixture:
        """Return the mixture that gives next-byte distributions for a new document."""
        ...


class System(Protocol):
    """A way to complete documents."""

    @property
    def name(self) -> str: ...

    @property
    def predicts(self) -> bool:
        """Whether the system has probabilities and ghost text, and not the menu alone."""
        ...

    def start(self) -> TypingSession:
        """Start a new session, which knows nothing of the texts typed in another one."""
        ...


@dataclass(frozen=True)
class PredictorSystem:
    """The completion of the server, with predictors that `make` makes anew for each session."""

    name: str
    make: Callable[[], Mapping[str, Predictor]]
    options: Options
    predicts = True

    def start(self) -> TypingSession:
        return _PredictorSession(self.make(), self.options)


class _PredictorSession:
    def __init__(self, predictors: Mapping[str, Predictor], options: Options) -> None:
        self._predictors, self._options = predictors, options
        self._mixer_weights = MixerWeights()

    def open(self, name: str = "", /) -> TypingDocument:
        completer = Completer(self._predictors, failed, new_uri(), self._mixer_weights)
        options = replace(self._options, is_code=is_code_file(name))
        return _CompleterDocument(completer, options)

    def mixture(self) -> Mixture:
        return Mixture(self._predictors, self._mixer_weights)


class _CompleterDocument:
    def __init__(self, completer: Completer, options: Options) -> None:
        self._completer, self._options = completer, options
        self._before, self._after = b"", b""
        self._words: list[Candidate] | None = None  # of this text: a menu and a guess share them

    def set_text(self, before: str, after: str) -> None:
        # Between two keys, the server reads the text that the last answer skipped.
        while not self._completer.catch_up():
            pass
        self._before, self._after, self._words = before.encode(), after.encode(), None

    def menu(self) -> list[str]:
        characters = self._completer.next_characters(self._before, self._after, self._options)
        offered = menu.merge(self.next_words(), characters, self._before, self._options)
        return list(dict.fromkeys(one.text for one in offered))

    def next_words(self) -> list[Candidate]:
        if self._words is None:
            self._words = self._completer.next_words(self._before, self._after, self._options)
        return self._words

    def ghost_text(self) -> Candidate | None:
        return self._completer.ghost_text(self._before, self._after, self._options)


_numbers: Final = count()


def new_uri() -> str:
    """Return a URI that no document has had before."""
    return f"untitled:{next(_numbers)}"


def failed(name: str, error: Exception) -> NoReturn:
    """Raise PredictorError: an editor goes on without a predictor that failed, but its score would
    be that of another system.
    """
    raise PredictorError(f"no scores, because the predictor {name!r} failed", error)


def ablations(
    names: Sequence[str], make: Callable[[Sequence[str]], Mapping[str, Predictor]], options: Options
) -> list[PredictorSystem]:
    """Return systems that show the contribution of each predictor: all of them together, each one
    alone, and all but each one.

    `make` makes the predictors with the given names.
    """
    sets = {"mixture" if len(names) > 1 else names[0]: list(names)}
    if len(names) > 1:
        sets |= {f"only {name}": [name] for name in names}
    if len(names) > 2:  # with two predictors, all but one is the other one alone
        sets |= {
            f"without {left_out}": [name for name in names if name != left_out]
            for left_out in names
        }
    return [
        PredictorSystem(title, partial(make, chosen), options) for title, chosen in sets.items()
    ]
