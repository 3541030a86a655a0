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

CREATION_TIMEOUT: Final = 30.0
"""Seconds for a predictor to be made, with all that it imports."""

CALL_TIMEOUT: Final = 5.0
INDEXING_TIMEOUT: Final = 600.0
"""Seconds for a call: somebody waits for most of them, but not for those that read a workspace."""

ANSWERING_METHODS: Final = (
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
INDEXING_METHODS: Final = ("refresh", "update")
"""The methods that a predictor may have."""

Job: TypeAlias = tuple[
    Callable[..., Any], tuple[Any, ...], "SimpleQueue[tuple[Any, BaseException | None]]"
]


class PredictorTimeoutError(PredictorError):
    """A call was given up."""


class CallThread:
    """A thread on which one call is made after the other, for as long as they come back."""

    def __init__(self, timeout: float) -> None:
        """`timeout` is how many seconds a call may take."""
        self._timeout, self._stuck = timeout, False
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        # A daemon, which Python does not wait for at its end.
        Thread(target=_work, args=(self._jobs,), name="foretype-stranger", daemon=True).start()
        weakref.finalize(self, self._jobs.put, None)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What `function` returns or raises; UnansweredError where it takes too long, or an earlier
        call has never come back.

        Of what is no Exception, SystemExit alone is raised as it is.
        """
        if self._stuck:
            raise PredictorTimeoutError("it has not answered before")
        answer: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._jobs.put((function, arguments, answer))
        try:
            result, error = answer.get(timeout=self._timeout)
        except Empty:
            self._stuck = True
            raise PredictorTimeoutError(f"it has not answered in {self._timeout:.0f} s") from None
        if error is None:
            return result
        if isinstance(error, Exception | SystemExit):
            raise error
        # A KeyboardInterrupt would end the server.
        raise PredictorError(f"{type(error).__name__} was raised") from error


def _work(jobs: SimpleQueue[Job | None]) -> None:
    while job := jobs.get():
        function, arguments, answer = job
        try:
            answer.put((function(*arguments), None))
        except BaseException as error:  # noqa: BLE001 (whoever waits raises it)
            answer.put((None, error))
        del job, function, arguments, answer  # a state may be large, and the next call far away


class _WithTimeouts:
    """A predictor behind its lanes. Subclasses have the methods that it has, which say what kinds
    of one it is.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._answering_thread, self._indexing_thread = (
            CallThread(CALL_TIMEOUT),
            CallThread(INDEXING_TIMEOUT),
        )


def with_timeouts(predictor: Predictor) -> Predictor:
    """The same predictor, each of whose calls comes back."""
    methods = {
        name: _method(name)
        for name in (*ANSWERING_METHODS, *INDEXING_METHODS)
        if hasattr(predictor, name)
    }
    kind: type[Any] = type(type(predictor).__name__, (_WithTimeouts,), methods)
    made: Predictor = kind(predictor)
    return made


def _method(name: str) -> Callable[..., Any]:
    def method(self: _WithTimeouts, *arguments: Any) -> Any:
        thread = self._indexing_thread if name in INDEXING_METHODS else self._answering_thread
        result = thread.call(getattr(self._predictor, name), *arguments)
        return with_timeouts(result) if name == "with_model" else result

    return method
