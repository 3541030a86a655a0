"""``foretype evaluate``: the quality of the completions, scored on the user's own texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foretype_model.errors import ForetypeError
from foretype_server.commands.options import (
    Json,
    Model,
    UsageError,
    Workspace,
    examples,
    print_json,
)
from foretype_server.console.format import table_width

if TYPE_CHECKING:
    from foretype_model.evaluation.next_word import Vocabulary
    from foretype_model.evaluation.passage import Passage
    from foretype_model.evaluation.score import SystemScore
    from foretype_model.evaluation.server_score import ServerScore
    from foretype_model.evaluation.systems import System
    from foretype_model.evaluation.typist import Mode
    from foretype_model.predictor import Predictor
    from foretype_server.comparison.server_command import ServerCommand

EXAMPLES = examples(
    "foretype evaluate letters/*.txt  # score texts that the model has not read",
    "foretype evaluate notes.md --max-chars 1000  # one minute instead of several",
    "foretype evaluate src/new.py --workspace ../other-project  # learn from a folder first",
    "foretype evaluate notes.md --plot scores.png  # also draw a picture",
    'foretype evaluate notes.md --beside "my-server --stdio"  # and another server',
)


class EvaluationMode(StrEnum):
    """The suggestions that the typist looks at."""

    inline = "inline"
    popup = "popup"
    both = "both"


class TypingPosition(StrEnum):
    """The part of a file that the typist types."""

    end = "end"
    middle = "middle"


def evaluate(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Texts that the model has not read.")
    ],
    model: Model = None,
    mode: Annotated[
        EvaluationMode | None,
        typer.Option(
            help="Accept from the ghost text, the menu, or both at once.",
            show_default="inline, then popup",
        ),
    ] = None,
    at: Annotated[
        TypingPosition,
        typer.Option(help="Type each file from its start, or its middle third between the others."),
    ] = TypingPosition.end,
    max_chars: Annotated[
        int, typer.Option(min=1, help="Maximum number of characters per file.")
    ] = 6000,
    workspace: Workspace = None,
    beside: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMMAND",
            help="Also type into this language server, and into Foretype's; may be repeated.",
            show_default=False,
        ),
    ] = None,
    dictionary: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Words that are no fragments, one a line."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Also draw a picture of the scores.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score the completions on files, by typing them again.

    The tables compare all predictors together, each one alone, and two
    baselines: the word completion of editors (words) and an n-gram model
    (n-gram). With --beside, another table compares language servers: keys
    saved, time, processor and memory. Ctrl-C shows the scores of the files
    finished so far.
    """
    _check_outside_workspace(files, workspace)
    if plot:
        from foretype_model.evaluation.plot import check_plotting

        check_plotting()
    from foretype_server.console.text_file import read_text

    texts = [read_text(file) for file in files]
    passages = _passages(files, texts, at, max_chars)
    known = _known_words(texts, dictionary, workspace)
    modes: list[Mode] = [mode.value] if mode else ["inline", "popup"]
    # First, as a command that is no language server is to fail at once.
    commands = _commands(beside or [], model, passages)
    servers = _score_servers(commands, passages, modes, known, workspace)
    rows = _score(model, workspace, passages, modes, known)
    scores = _totals(rows)
    if as_json:
        print_json(
            {
                "files": len(rows),
                "systems": [{"name": name, **one.figures()} for name, one in scores.items()],
                "servers": [{"name": name, **one.figures()} for name, one in servers.items()],
            }
        )
    else:
        _print(scores, servers, modes, len(rows))
    if plot:
        from foretype_model.evaluation.plot import plot as draw

        draw(scores, servers, plot)
    if len(rows) < len(passages):
        raise KeyboardInterrupt


def _check_outside_workspace(files: Sequence[Path], workspace: Path | None) -> None:
    """Raise UsageError if a file lies in the workspace."""
    within = [
        file for file in files if workspace and file.resolve().is_relative_to(workspace.resolve())
    ]
    if within:
        raise UsageError(
            f"{within[0]} lies in {workspace} and would complete itself; give files outside of it."
        )


def _passages(
    files: Sequence[Path], texts: Sequence[str], at: TypingPosition, max_chars: int
) -> list[Passage]:
    from foretype_model.evaluation.passage import Passage

    passages = [
        Passage.of(text, at.value, max_chars, file.name)
        for file, text in zip(files, texts, strict=True)
    ]
    if not (typed := [passage for passage in passages if passage.typed]):
        raise ForetypeError("There is nothing in these files to score; give files with text.")
    return typed


def _known_words(
    texts: Sequence[str], dictionary: Path | None, workspace: Path | None
) -> Vocabulary:
    """Return the words that are no fragments: of the files, the workspace and the dictionary."""
    from foretype_model.evaluation.next_word import vocabulary
    from foretype_model.evaluation.workspace import read_workspace
    from foretype_server.console.text_file import read_text

    listed = [read_text(dictionary)] if dictionary else []
    around = [text.decode() for text in read_workspace(workspace)] if workspace else []
    return vocabulary([*texts, *listed, *around])


def _commands(
    beside: Sequence[str], model: str | None, passages: Sequence[Passage]
) -> dict[str, ServerCommand]:
    """Return the servers to compare by name, Foretype's own first; none without another one."""
    if not beside:
        return {}
    from foretype_server.commands.opening import find_model
    from foretype_server.comparison.server_command import ServerCommand

    commands = [ServerCommand.parse(one) for one in beside]
    named = {"foretype serve": ServerCommand.foretype(find_model(model, None, _typed(passages)))}
    for number, command in enumerate(commands, 2):
        name = command.name if command.name not in named else f"{command.name} ({number})"
        named[name] = command
    return named


def _score_servers(
    commands: Mapping[str, ServerCommand],
    passages: Sequence[Passage],
    modes: Sequence[Mode],
    known: Vocabulary,
    workspace: Path | None,
) -> dict[str, ServerScore]:
    """Type all passages into each server; the own one comes last, for it is known to start."""
    if not commands:
        return {}
    from foretype_server.commands.opening import warn
    from foretype_server.comparison.scoring import Task, score_server
    from foretype_server.console.work_progress import show_work

    # Each process of a server would repeat its warnings.
    task = Task(passages, modes, known, workspace, cache(warn))
    with show_work(task.work * len(commands)) as advance:
        scores = {
            name: score_server(command, task, advance)
            for name, command in reversed([*commands.items()])
        }
    return {name: scores[name] for name in commands}


def _typed(passages: Sequence[Passage]) -> str:
    return "\n".join(one.typed for one in passages)


def _systems(model: str | None, workspace: Path | None, text: str) -> list[System]:
    """Return the systems to compare on `text`, that of all predictors first."""
    from foretype_model.evaluation.ngram import NGramPredictor
    from foretype_model.evaluation.systems import PredictorSystem, ablations
    from foretype_model.evaluation.words import WordsSystem
    from foretype_model.evaluation.workspace import read_workspace
    from foretype_server.commands.opening import open_predictors, refresh
    from foretype_server.settings import Settings

    settings, folders = Settings(smart_space=True), (workspace,) if workspace else ()

    def make(chosen: Sequence[str]) -> dict[str, Predictor]:
        wanted = {name: settings.predictors[name] for name in chosen}
        return open_predictors(model, wanted, folders, text=text)

    opened = make(list(settings.predictors))  # warns of those it cannot open
    refresh(opened.values())

    texts = read_workspace(workspace) if workspace else []
    # One serves all documents, since it learns nothing from one for another.
    ngram = NGramPredictor(texts)
    return [
        *ablations(list(opened), make, settings.options()),
        PredictorSystem("n-gram", lambda: {"n-gram": ngram}, settings.options()),
        WordsSystem(text.decode() for text in texts),
    ]


def _score(
    model: str | None,
    workspace: Path | None,
    passages: Sequence[Passage],
    modes: Sequence[Mode],
    known: Vocabulary,
) -> list[dict[str, SystemScore]]:
    """Score each passage with each system; Ctrl-C ends it early once one passage is scored."""
    from foretype_model.evaluation.score import Scorer
    from foretype_server.commands.opening import stdout_to_stderr
    from foretype_server.console.work_progress import show_work

    rows: list[dict[str, SystemScore]] = []
    try:
        with stdout_to_stderr():
            systems = _systems(model, workspace, _typed(passages))
            scorers = {system.name: Scorer(system, modes, known) for system in systems}
            total_work = sum(
                scorer.work(passage) for scorer in scorers.values() for passage in passages
            )
            with show_work(total_work) as advance:
                for passage in passages:
                    row = {name: scorer.score(passage, advance) for name, scorer in scorers.items()}
                    rows.append(row)
    except KeyboardInterrupt:
        if not rows:
            raise
    return rows


def _totals(rows: Sequence[dict[str, SystemScore]]) -> dict[str, SystemScore]:
    from foretype_model.evaluation.score import combine

    return {name: combine([row[name] for row in rows]) for name in rows[0]}


def _print(
    scores: Mapping[str, SystemScore],
    servers: Mapping[str, ServerScore],
    modes: Sequence[Mode],
    files: int,
) -> None:
    from rich.console import Console

    from foretype_server.console.score_tables import (
        LEGEND,
        SERVERS_LEGEND,
        next_word_table,
        servers_table,
        systems_table,
    )

    console = Console(highlight=False)
    tables = [systems_table(scores, modes), next_word_table(scores)]
    tables += [servers_table(servers)] if servers else []
    # A narrower terminal breaks the lines; Rich would cut the figures.
    console.width = max(console.width, *(table_width(table, console) for table in tables))
    for table in tables:
        console.print(table)
    characters = next(iter(scores.values())).characters
    console.print(
        f"[dim]On {characters:,} characters of {files} {'file' if files == 1 else 'files'}.[/dim]"
    )
    console.print(LEGEND, style="dim", soft_wrap=True)
    if servers:
        console.print(SERVERS_LEGEND, style="dim", soft_wrap=True)
