"""Time limits for the calls of predictors from other packages.

Python cannot end a thread. So each such predictor runs on threads of its own, and a caller that has
waited too long continues without it. A predictor that ends the process, or never releases the
interpreter lock, still stops the server.
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
"""Seconds to make a predictor, its imports included."""

CALL_TIMEOUT: Final = 5.0
INDEXING_TIMEOUT: Final = 600.0
"""Seconds for a call; the user waits for all but those that read a workspace."""

ANSWERING_METHODS: Final = (
    "start",
    "feed",
    "step",
    "predict",
    "with_model",
    "observe",
    "learn",
    "save",
    "propose",
    "sources",
    "forget",
    "close",
)
INDEXING_METHODS: Final = ("refresh", "update")
"""The methods that a predictor may have, each group on a thread of its own."""

Job: TypeAlias = tuple[
    Callable[..., Any], tuple[Any, ...], "SimpleQueue[tuple[Any, BaseException | None]]"
]


class PredictorTimeoutError(PredictorError):
    """A call took too long and was abandoned."""


class CallThread:
    """A thread that makes one call after the other, until one does not return."""

    def __init__(self, timeout: float) -> None:
        """Allow each call `timeout` seconds."""
        self._timeout, self._stuck = timeout, False
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        # A daemon: Python does not wait for it at exit.
        Thread(target=_work, args=(self._jobs,), name="foretype-plugin", daemon=True).start()
        weakref.finalize(self, self._jobs.put, None)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return the result of `function`, or raise its exception.

        Raises:
            PredictorTimeoutError: it takes too long, or an earlier call has not returned.
            PredictorError: it raised a BaseException other than an Exception or SystemExit.
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
        except BaseException as error:  # noqa: BLE001 (the caller raises it)
            answer.put((None, error))
        del job, function, arguments, answer  # free a state that may be large before the next call


class _WithTimeouts:
    """A predictor whose calls have time limits.

    `with_timeouts` makes a subclass with the methods of the predictor, since these determine which
    protocols it implements.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._answering_thread, self._indexing_thread = (
            CallThread(CALL_TIMEOUT),
            CallThread(INDEXING_TIMEOUT),
        )


def with_timeouts(predictor: Predictor) -> Predictor:
    """Return the predictor with a time limit on each call."""
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
