"""What `try` offers, found on a thread of its own so that no key ever waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from foretype_model.cancellation import Stale, Superseded
from foretype_model.completion.candidates import Candidate, Options
from foretype_model.completion.completer import Completer

LOOK_AHEAD = 2000
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
        asked = self.question
        if after[:LOOK_AHEAD] != asked.after or not before.startswith(asked.before):
            return ""
        typed = before[len(asked.before) :]
        return self.ghost[len(typed) :] if self.ghost.startswith(typed) else ""


class Suggestions:
    """Answers the newest question; an older one still under way is given up.

    Attributes:
        answer: the newest answer, None before the first.
        trouble: why there will be no more answers, "" while all is well.
    """

    def __init__(self, completer: Completer, changed: Callable[[], None]) -> None:
        """`changed` is called, on the thread, when `answer` or `trouble` has changed."""
        self.answer: Answer | None = None
        self.trouble = ""
        self._completer = completer
        self._changed = changed
        self._newest: Question | None = None
        self._thread = ThreadPoolExecutor(1, "suggestions")

    def ask(self, before: str, after: str, options: Options) -> None:
        """Ask what goes between `before` and `after`; returns at once."""
        question = Question(before, after[:LOOK_AHEAD], options)
        if question != self._newest:
            self._newest = question
            self._thread.submit(self._find, question).add_done_callback(self._deliver)

    def close(self) -> None:
        """Give up what is under way."""
        self._newest = None
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _find(self, question: Question) -> Answer | None:
        def stale() -> bool:
            return question is not self._newest

        try:
            return None if stale() else self._ask(question, stale)
        except Superseded:
            return None

    def _ask(self, question: Question, stale: Stale) -> Answer:
        started = time.perf_counter()
        before, after = _utf8(question.before), _utf8(question.after)
        options = question.options
        if options.prose:
            ghost = self._completer.ghost_text(before, after, options, stale)
            following = self._completer.next_words(before, after, options, stale)
        else:
            # One word is enough to begin the ghost text with; the search for more would take
            # longer.
            ghost = self._completer.ghost_text(before, after, replace(options, max_items=1), stale)
            following = self._completer.next_characters(
                before, after, replace(options, temperature=0.0)
            )
        return Answer(
            question, ghost.text if ghost else "", following, time.perf_counter() - started
        )

    def _deliver(self, found: Future[Answer | None]) -> None:
        try:
            if answer := found.result():
                self.answer = answer
                self._thread.submit(self._read_on, answer.question)
        except CancelledError:
            return
        except Exception as error:  # noqa: BLE001 - the thread has nobody above it; the user is told, and types on
            self.trouble = " ".join(f"{type(error).__name__}: {error}".split())
        self._changed()

    def _read_on(self, question: Question) -> None:
        """Read what of a long text was answered without, until the next question comes."""
        while question is self._newest and not self._completer.catch_up():
            pass


def _utf8(text: str) -> bytes:
    """What a terminal sends that isn't UTF-8 is no part of the text; it reads as "?"."""
    return text.encode(errors="replace")
