"""What is scored: the mixture, parts of it, and what editors do without any model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, Protocol

from foretype_model.candidates import Candidate, Options
from foretype_model.completer import Completer
from foretype_model.errors import PredictorError
from foretype_model.mixture import Mixture
from foretype_model.predictor import Predictor


class Document(Protocol):
    """One open document, in which things are offered at the cursor."""

    def tell(self, before: str, after: str) -> None:
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


class System(Protocol):
    """Something that completes documents."""

    @property
    def name(self) -> str: ...

    def open(self) -> Document:
        """A new document."""
        ...

    def mixture(self) -> Mixture | None:
        """Its next-byte distributions, for one new document; None for what has none and only knows a menu."""
        ...


@dataclass(frozen=True)
class PredictorSystem:
    """Candidates from predictors, as the server offers them."""

    name: str
    predictors: Mapping[str, Predictor]
    options: Options

    def open(self) -> Document:
        return _CompleterDocument(Completer(self.predictors, failed), self.options)

    def mixture(self) -> Mixture:
        return Mixture(self.predictors)


class _CompleterDocument:
    def __init__(self, completer: Completer, options: Options) -> None:
        self._completer, self._options = completer, options
        self._before, self._after = b"", b""

    def tell(self, before: str, after: str) -> None:
        # What the last answer did without, the server reads between two keys.
        while not self._completer.catch_up(self._before):
            pass
        self._before, self._after = before.encode(), after.encode()

    def menu(self) -> list[str]:
        words = self._completer.next_words(self._before, self._after, self._options)
        characters = self._completer.next_characters(self._before, self._options)
        return list(dict.fromkeys(one.text for one in (*words, *characters)))

    def next_words(self) -> list[Candidate]:
        return self._completer.next_words(self._before, self._after, self._options)

    def ghost_text(self) -> Candidate | None:
        return self._completer.ghost_text(self._before, self._after, self._options)


def failed(name: str, error: Exception) -> NoReturn:
    """An editor goes on without a predictor that fails; a score without it would be that of something else."""
    raise PredictorError(f"the predictor {name!r} failed, so there are no scores: {type(error).__name__}: {error}")


def ablations(predictors: Mapping[str, Predictor], options: Options) -> list[PredictorSystem]:
    """All `predictors` together, each one alone, and all but each one: what each of them adds."""
    if len(predictors) == 1:
        return [PredictorSystem(name, predictors, options) for name in predictors]
    systems = [PredictorSystem("mixture", predictors, options)]
    systems += [PredictorSystem(f"only {name}", {name: one}, options) for name, one in predictors.items()]
    if len(predictors) > 2:  # of two, all but one is the other one alone
        systems += [
            PredictorSystem(f"without {left_out}", {n: p for n, p in predictors.items() if n != left_out}, options)
            for left_out in predictors
        ]
    return systems
