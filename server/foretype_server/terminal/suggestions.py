"""The suggestions of `try`, computed on a thread of their own, so that no key waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from foretype_model.cancellation import Cancelled, IsCancelled
from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer

MAX_CHARACTERS_AFTER = 2000
"""Characters after the cursor that the completer takes into account."""


@dataclass(frozen=True)
class Question:
    """A request for suggestions: the text on both sides of the cursor, and the options."""

    before: str
    after: str
    options: Options


@dataclass(frozen=True)
class Answer:
    """The suggestions for `question`.

    Attributes:
        ghost: the ghost text; "" if there is none.
        next: the most probable next characters; in prose, the next words.
        seconds: the time to compute them.
    """

    question: Question
    ghost: str
    next: Sequence[Candidate]
    seconds: float

    def ghost_at(self, before: str, after: str) -> str:
        """Return the rest of the ghost text if the user has typed along it; "" anywhere else."""
        question = self.question
        if after[:MAX_CHARACTERS_AFTER] != question.after or not before.startswith(question.before):
            return ""
        typed = before[len(question.before) :]
        return self.ghost[len(typed) :] if self.ghost.startswith(typed) else ""


class Suggestions:
    """A thread that answers the newest question, and cancels the one before.

    Attributes:
        answer: the newest answer, None before the first.
        error: the error of the last computation that failed, or "".
    """

    def __init__(self, completer: Completer, on_change: Callable[[], None]) -> None:
        """Start the thread, which calls `on_change` when `answer` or `error` has changed."""
        self.answer: Answer | None = None
        self.error = ""
        self._completer = completer
        self._on_change = on_change
        self._latest: Question | None = None
        self._thread = ThreadPoolExecutor(1, "suggestions")

    def ask(self, before: str, after: str, options: Options) -> None:
        """Request suggestions between `before` and `after`; return at once."""
        question = Question(before, after[:MAX_CHARACTERS_AFTER], options)
        if question != self._latest:
            self._latest = question
            self._thread.submit(self._answer_latest, question).add_done_callback(self._on_answer)

    def close(self) -> None:
        """Cancel the computation and end the thread."""
        self._latest = None
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _answer_latest(self, question: Question) -> Answer | None:
        def is_cancelled() -> bool:
            return question is not self._latest

        try:
            return None if is_cancelled() else self._answer(question, is_cancelled)
        except Cancelled:
            return None

    def _answer(self, question: Question, is_cancelled: IsCancelled) -> Answer:
        started = time.perf_counter()
        before, after = _utf8(question.before), _utf8(question.after)
        options = question.options
        if options.prose:
            ghost = self._completer.ghost_text(before, after, options, is_cancelled)
            following = self._completer.next_words(before, after, options, is_cancelled)
        else:
            # Search for one first word of the ghost text only, since more would take longer.
            ghost = self._completer.ghost_text(
                before, after, replace(options, max_items=1), is_cancelled
            )
            following = self._completer.next_characters(
                before, after, replace(options, temperature=0.0)
            )
        return Answer(
            question, ghost.text if ghost else "", following, time.perf_counter() - started
        )

    def _on_answer(self, found: Future[Answer | None]) -> None:
        try:
            if answer := found.result():
                self.answer = answer
                self._thread.submit(self._catch_up, answer.question)
        except CancelledError:
            return
        except Exception as error:  # noqa: BLE001 - show it, since the thread has no caller
            self.error = " ".join(f"{type(error).__name__}: {error}".split())
        self._on_change()

    def _catch_up(self, question: Question) -> None:
        """Read the part of a long text that the answer left out, until the next question."""
        while question is self._latest and not self._completer.catch_up():
            pass


def _utf8(text: str) -> bytes:
    """Encode `text`; lone surrogates, from input that is not UTF-8, become "?"."""
    return text.encode(errors="replace")
