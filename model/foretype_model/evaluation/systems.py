"""What is scored: the mixture, parts of it, and what editors do without any model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final, NoReturn, Protocol

from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer
from foretype_model.errors import PredictorError
from foretype_model.predictor import Predictor
from foretype_model.predictors.mixture import MixerWeights, Mixture


class TypingDocument(Protocol):
    """One open document, in which things are offered at the cursor."""

    def set_text(self, before: str, after: str) -> None:
        """The document is now `before` and `after`, with the cursor between them."""
        ...

    def menu(self) -> list[str]:
        """What each item of the menu would insert, best first."""
        ...

    def next_words(self) -> list[Candidate]:
        """Distinct next words, best first."""
        ...

    def ghost_text(self) -> Candidate | None:
        """What would be shown after the cursor."""
        ...


class TypingSession(Protocol):
    """A system at work for one user, who opens one document after another. It may learn from
    each.
    """

    def open(self) -> TypingDocument:
        """A new document."""
        ...

    def mixture(self) -> Mixture:
        """The next-byte distributions for a new document."""
        ...


class System(Protocol):
    """Something that completes documents. `predicts` is false where it has a menu alone, and no
    probabilities.
    """

    @property
    def name(self) -> str: ...

    @property
    def predicts(self) -> bool: ...

    def start(self) -> TypingSession:
        """A new session, which knows nothing of what was typed in another one."""
        ...


@dataclass(frozen=True)
class PredictorSystem:
    """Candidates from predictors, as the server offers them. `make` makes them, anew for each
    session.
    """

    name: str
    make: Callable[[], Mapping[str, Predictor]]
    options: Options
    predicts = True

    def start(self) -> TypingSession:
        return _PredictorSession(self.make(), self.options)


class _PredictorSession:
    def __init__(self, predictors: Mapping[str, Predictor], options: Options) -> None:
        self._predictors, self._options = predictors, options
        self._mixer_weights: MixerWeights = {}

    def open(self) -> TypingDocument:
        completer = Completer(self._predictors, failed, new_uri(), self._mixer_weights)
        return _CompleterDocument(completer, self._options)

    def mixture(self) -> Mixture:
        return Mixture(self._predictors, self._mixer_weights)


class _CompleterDocument:
    def __init__(self, completer: Completer, options: Options) -> None:
        self._completer, self._options = completer, options
        self._before, self._after = b"", b""

    def set_text(self, before: str, after: str) -> None:
        # What the last answer did without, the server reads between two keys.
        while not self._completer.catch_up():
            pass
        self._before, self._after = before.encode(), after.encode()

    def menu(self) -> list[str]:
        words = self._completer.next_words(self._before, self._after, self._options)
        characters = self._completer.next_characters(self._before, self._after, self._options)
        return list(dict.fromkeys(one.text for one in (*words, *characters)))

    def next_words(self) -> list[Candidate]:
        return self._completer.next_words(self._before, self._after, self._options)

    def ghost_text(self) -> Candidate | None:
        return self._completer.ghost_text(self._before, self._after, self._options)


_numbers: Final = count()


def new_uri() -> str:
    """The URI of a document that nobody has seen before."""
    return f"untitled:{next(_numbers)}"


def failed(name: str, error: Exception) -> NoReturn:
    """An editor goes on without a predictor that fails; a score without it would be that of
    something else.
    """
    raise PredictorError(f"the predictor {name!r} failed, so there are no scores", error)


def ablations(
    names: Sequence[str], make: Callable[[Sequence[str]], Mapping[str, Predictor]], options: Options
) -> list[PredictorSystem]:
    """All predictors together, each one alone, and all but each one: what each of them adds.

    `make` makes the predictors of the names it is given.
    """
    sets = {"mixture" if len(names) > 1 else names[0]: list(names)}
    if len(names) > 1:
        sets |= {f"only {name}": [name] for name in names}
    if len(names) > 2:  # of two, all but one is the other one alone
        sets |= {
            f"without {left_out}": [name for name in names if name != left_out]
            for left_out in names
        }
    return [
        PredictorSystem(title, partial(make, chosen), options) for title, chosen in sets.items()
    ]
