"""Predictors that came with other packages, whose calls are given up where they do not come back.

Python cannot end a thread. So what such a predictor does, it does on threads of its own, and
whoever has waited too long for one goes on without it. What ends the whole process, or never lets
go of the interpreter, is not survived.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeAlias

from foretype_model.errors import PredictorError
from foretype_model.predictor import Predictor

LONGEST_CREATION: Final = 30.0
"""Seconds for a predictor to be made, with all that it imports."""

LONGEST_CALL: Final = 5.0
LONGEST_INDEXING: Final = 600.0
"""Seconds for a call: somebody waits for most of them, but not for those that read a workspace."""

ANSWERING: Final = (
    *(
        "start",
        "feed",
        "step",
        "predict",
        "with_model",
        "observe",
        "learn",
        "save",
        "sources",
        "forget",
        "close",
    ),
)
INDEXING: Final = ("refresh", "update")
"""The methods that a predictor may have."""

Job: TypeAlias = tuple[
    Callable[..., Any], tuple[Any, ...], "SimpleQueue[tuple[Any, BaseException | None]]"
]


class UnansweredError(PredictorError):
    """A call was given up."""


class Lane:
    """A thread on which one call is made after the other, for as long as they come back."""

    def __init__(self, longest: float) -> None:
        """`longest` is how many seconds a call may take."""
        self._longest, self._stuck = longest, False
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        # A daemon, which Python does not wait for at its end.
        Thread(target=_work, args=(self._jobs,), name="foretype-stranger", daemon=True).start()
        weakref.finalize(self, self._jobs.put, None)

    def call(self, do: Callable[..., Any], *arguments: Any) -> Any:
        """What `do` returns or raises; UnansweredError where it takes too long, or an earlier call
        has never come back.

        Of what is no Exception, SystemExit alone is raised as it is.
        """
        if self._stuck:
            raise UnansweredError("it has not answered before")
        answer: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._jobs.put((do, arguments, answer))
        try:
            result, error = answer.get(timeout=self._longest)
        except Empty:
            self._stuck = True
            raise UnansweredError(f"it has not answered in {self._longest:.0f} s") from None
        if error is None:
            return result
        if isinstance(error, Exception | SystemExit):
            raise error
        # A KeyboardInterrupt would end the server.
        raise PredictorError(f"{type(error).__name__} was raised") from error


def _work(jobs: SimpleQueue[Job | None]) -> None:
    while job := jobs.get():
        do, arguments, answer = job
        try:
            answer.put((do(*arguments), None))
        except BaseException as error:  # noqa: BLE001 (whoever waits raises it)
            answer.put((None, error))
        del job, do, arguments, answer  # a state may be large, and the next call far away


class _Awaited:
    """A predictor behind its lanes. Subclasses have the methods that it has, which say what kinds
    of one it is.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._answering, self._indexing = Lane(LONGEST_CALL), Lane(LONGEST_INDEXING)


def awaited(predictor: Predictor) -> Predictor:
    """The same predictor, each of whose calls comes back."""
    methods = {name: _method(name) for name in (*ANSWERING, *INDEXING) if hasattr(predictor, name)}
    kind: type[Any] = type(type(predictor).__name__, (_Awaited,), methods)
    made: Predictor = kind(predictor)
    return made


def _method(name: str) -> Callable[..., Any]:
    def method(self: _Awaited, *arguments: Any) -> Any:
        lane = self._indexing if name in INDEXING else self._answering
        result = lane.call(getattr(self._predictor, name), *arguments)
        return awaited(result) if name == "with_model" else result

    return method
