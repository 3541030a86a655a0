"""What `try` offers, found on a thread of its own so that no key ever waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from foretype_model.cancellation import Cancelled, IsCancelled
from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer

MAX_CHARACTERS_AFTER = 2000
"""Characters after the cursor that the ghost text is made to fit."""


@dataclass(frozen=True)
class Question:
    """The text on both sides of the cursor, and how to answer."""

    before: str
    after: str
    options: Options


@dataclass(frozen=True)
class Answer:
    """What was offered to `question`, what may come next, and how long it took to find them.

    `next` has the most probable next characters, or next words where that is asked for in prose.
    """

    question: Question
    ghost: str
    next: Sequence[Candidate]
    seconds: float

    def ghost_at(self, before: str, after: str) -> str:
        """What is left of the ghost text where the user has typed on along it; "" anywhere else."""
        question = self.question
        if after[:MAX_CHARACTERS_AFTER] != question.after or not before.startswith(question.before):
            return ""
        typed = before[len(question.before) :]
        return self.ghost[len(typed) :] if self.ghost.startswith(typed) else ""


class Suggestions:
    """Answers the newest question; an older one still under way is given up.

    Attributes:
        answer: the newest answer, None before the first.
        trouble: why there will be no more answers, "" while all is well.
    """

    def __init__(self, completer: Completer, on_change: Callable[[], None]) -> None:
        """`on_change` is called, on the thread, when `answer` or `error` has changed."""
        self.answer: Answer | None = None
        self.error = ""
        self._completer = completer
        self._on_change = on_change
        self._latest: Question | None = None
        self._thread = ThreadPoolExecutor(1, "suggestions")

    def ask(self, before: str, after: str, options: Options) -> None:
        """Ask what goes between `before` and `after`; returns at once."""
        question = Question(before, after[:MAX_CHARACTERS_AFTER], options)
        if question != self._latest:
            self._latest = question
            self._thread.submit(self._answer_latest, question).add_done_callback(self._on_answer)

    def close(self) -> None:
        """Give up what is under way."""
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
            # One word is enough to begin the ghost text with; the search for more would take
            # longer.
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
        except Exception as error:  # noqa: BLE001 - the thread has nobody above it; the user is told, and types on
            self.error = " ".join(f"{type(error).__name__}: {error}".split())
        self._on_change()

    def _catch_up(self, question: Question) -> None:
        """Read what of a long text was answered without, until the next question comes."""
        while question is self._latest and not self._completer.catch_up():
            pass


def _utf8(text: str) -> bytes:
    """What a terminal sends that isn't UTF-8 is no part of the text; it reads as "?"."""
    return text.encode(errors="replace")
