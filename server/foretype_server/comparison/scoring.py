"""Scores a language server: the same typist, the same files, a new process for each score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Generic, TypeVar

from foretype_model.errors import ForetypeError
from foretype_model.evaluation.next_word import Vocabulary, offer_next_words
from foretype_model.evaluation.passage import Passage
from foretype_model.evaluation.score import Advance, SystemScore
from foretype_model.evaluation.server_score import Answers, ServerScore
from foretype_model.evaluation.typist import KeystrokeCounts, Mode, type_passage
from foretype_server.comparison.language_server import LanguageServer, run
from foretype_server.comparison.resources import peak_memory, processor_seconds
from foretype_server.comparison.server_command import ServerCommand
from foretype_server.comparison.typed_document import TypingServer

Result = TypeVar("Result")


@dataclass(frozen=True)
class Task:
    """The work for each server.

    Attributes:
        modes: the suggestions that the typist looks at, one after the other.
        known: the words that are no fragments.
        workspace: the folder that is open, or None.
        warn: called with the warnings that a server shows to its user.
    """

    passages: Sequence[Passage]
    modes: Sequence[Mode]
    known: Vocabulary
    workspace: Path | None
    warn: Callable[[str], None]

    @property
    def characters(self) -> int:
        """The number of characters that are typed once."""
        return sum(len(passage.typed) for passage in self.passages)

    @property
    def work(self) -> int:
        """The number of characters that a server's score reports to `advance`."""
        return self.characters * (1 + len(self.modes))


@dataclass(frozen=True)
class _Run(Generic[Result]):
    """The results of one process, a passage each; none if it has no such suggestions."""

    results: Sequence[Result]
    answers: Answers
    peak_memory: int | None


def score_server(command: ServerCommand, task: Task, advance: Advance) -> ServerScore:
    """Return the scores of a server; `advance` is called with `task.work` characters in all.

    A score begins with a new process, so that a text typed for one is still new to the others.

    Raises:
        ForetypeError: the server cannot be started, ends, or does not answer.
    """
    words = _run(
        command,
        task,
        lambda server: server.has_menu,
        lambda server, passage: offer_next_words(server, passage, advance, task.known),
        advance,
    )
    typed = {mode: _type(command, task, mode, advance) for mode in task.modes}
    shown = {mode: one for mode, one in typed.items() if one.results}
    if not shown and not words.results:
        raise ForetypeError(f"{command.name} offers no completions; {command.remedy}.")
    peaks = [words.peak_memory, *(one.peak_memory for one in typed.values())]
    return ServerScore(
        SystemScore(
            task.characters,
            None,
            list(chain.from_iterable(words.results)),
            {mode: sum(one.results, KeystrokeCounts()) for mode, one in shown.items()},
        ),
        {mode: one.answers for mode, one in shown.items()},
        max((peak for peak in peaks if peak is not None), default=None),
    )


def _type(
    command: ServerCommand, task: Task, mode: Mode, advance: Advance
) -> _Run[KeystrokeCounts]:
    def has_suggestions(server: TypingServer) -> bool:
        return (server.has_menu and mode != "inline") or (server.has_ghost_text and mode != "popup")

    def type_one(server: TypingServer, passage: Passage) -> KeystrokeCounts:
        return type_passage(server, passage, mode, advance)

    return _run(command, task, has_suggestions, type_one, advance)


def _run(
    command: ServerCommand,
    task: Task,
    has_suggestions: Callable[[TypingServer], bool],
    type_one: Callable[[TypingServer, Passage], Result],
    advance: Advance,
) -> _Run[Result]:
    """Run the server and type all passages into it."""
    with run(command, task.workspace, task.warn) as (server, folder):
        session = TypingServer(server, folder)
        session.prepare(has_workspace=task.workspace is not None)
        if not has_suggestions(session):
            advance(task.characters)
            return _Run((), Answers((), None, 0), None)
        before = processor_seconds(server.pid)
        results = []
        for passage in task.passages:
            session.name = passage.name
            results.append(type_one(session, passage))
        return _Run(results, _answers(session, server, before), peak_memory(server.pid))


def _answers(session: TypingServer, server: LanguageServer, before: float | None) -> Answers:
    """Return the answers since the processor time was `before`."""
    after = processor_seconds(server.pid)
    used = None if before is None or after is None else after - before
    return Answers(session.seconds, used, session.failed)
