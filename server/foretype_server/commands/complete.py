"""``foretype complete``: the suggestions at one position in a file."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand

from foretype_model.files.uris import location
from foretype_server.commands.options import (
    Json,
    Model,
    Seed,
    Temperature,
    UsageError,
    Workspace,
    examples,
    print_json,
)
from foretype_server.console.format import format_bar, show_white_space, table_width

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from foretype_model.completion.candidates import Candidate, Options
    from foretype_model.completion.completer import Completer
    from foretype_model.predictor import Source

EXAMPLES = examples(
    "foretype complete notes.txt:3:14  # line 3, column 14",
    'echo "The weather is " | foretype complete -:1:16  # from a pipe',
    "foretype complete notes.txt:3:14 --predictor network --predictor mine  # with your plugin",
    "foretype complete notes.txt:3:14 --workspace ..  # learn from the parent folder",
    "foretype complete notes.txt:3:14 --json  # print JSON",
)
BAR_WIDTH: Final = 20
"""Cells of a bar for 100 %."""


@dataclass(frozen=True)
class Location:
    """A position in a file.

    Attributes:
        line: counted from 1.
        column: in characters, counted from 1; the end of a line is one past its last character.
    """

    file: str
    line: int
    column: int

    @classmethod
    def parse(cls, text: str) -> Location:
        """Parse ``FILE:LINE:COLUMN``; FILE may contain colons.

        Raises:
            UsageError: `text` has another form.
        """
        match = re.fullmatch(r"(.+):0*([1-9][0-9]{0,8}):0*([1-9][0-9]{0,8})", text, re.DOTALL)
        if not match:
            raise UsageError(
                f"{text} is not FILE:LINE:COLUMN, counted from 1, such as notes.txt:3:14."
            )
        return cls(match[1], int(match[2]), int(match[3]))

    def split(self, text: str) -> tuple[str, str]:
        """Split `text` at this position.

        Raises:
            UsageError: `text` has no such line or column.
        """
        pieces = re.split(r"(\r\n|\r|\n)", text)
        lines = pieces[::2]
        if self.line > len(lines):
            raise UsageError(f"{self.file} has no line {self.line}; its last line is {len(lines)}.")
        end = len(lines[self.line - 1]) + 1
        if self.column > end:
            raise UsageError(
                f"Line {self.line} of {self.file} has no column {self.column}; its end is column "
                f"{end}."
            )
        offset = sum(map(len, pieces[: 2 * (self.line - 1)])) + self.column - 1
        return text[:offset], text[offset:]


class CompleteCommand(TyperCommand):
    """A command that takes ``-:LINE:COLUMN`` as an argument, although it begins with a dash."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move such arguments behind a ``--``."""
        if "--" not in args:
            piped = [arg for arg in args if arg.startswith("-:")]
            args = [*(arg for arg in args if arg not in piped), "--", *piped]
        return super().parse_args(ctx, args)


MAX_SOURCES: Final = 3
"""Earlier occurrences that an item lists at most."""


@dataclass(frozen=True)
class ExplainedCandidate:
    """A candidate with its earlier occurrences in the user's texts."""

    candidate: Candidate
    sources: Sequence[Source]

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        return {**asdict(self.candidate), "sources": [asdict(source) for source in self.sources]}


@dataclass(frozen=True)
class CompletionResult:
    """The suggestions at one position, and the time that finding them took."""

    ghost: ExplainedCandidate | None
    words: Sequence[ExplainedCandidate]
    characters: Sequence[ExplainedCandidate]
    milliseconds: float

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        return {
            "ghost": self.ghost and self.ghost.to_json(),
            "words": [offer.to_json() for offer in self.words],
            "characters": [offer.to_json() for offer in self.characters],
            "milliseconds": self.milliseconds,
        }


def complete(
    location: Annotated[
        str,
        typer.Argument(
            metavar="FILE:LINE:COLUMN",
            help="Lines and columns (in characters) count from 1. FILE - is standard input.",
        ),
    ],
    model: Model = None,
    predictor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A predictor to use; can be repeated.",
            show_default="those of an editor",
        ),
    ] = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    max_items: Annotated[
        int, typer.Option(min=1, max=100, help="Maximum number of words, and of characters.")
    ] = 10,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Show the suggestions at a position in a file.

    These are the ghost text, the next words and the next characters, each with
    its probability, the share of each predictor in it, and its last occurrence
    in your texts.
    """
    at = Location.parse(location)
    before, after = at.split(_read_input(at.file))
    from foretype_model.completion.candidates import Options
    from foretype_model.text.prose import is_code_file
    from foretype_server.commands.opening import open_completer, stdout_to_stderr

    options = Options(
        temperature=temperature, seed=seed, max_items=max_items, is_code=is_code_file(at.file)
    )
    with stdout_to_stderr():
        file = None if at.file == "-" else Path(at.file)
        completer = open_completer(
            model, predictor or (), (workspace,) if workspace else (), file, before + after
        )
        result = find_candidates(completer, before, after, options)
    if as_json:
        print_json(result.to_json())
    else:
        _print(result, workspace or Path())


def find_candidates(
    completer: Completer, before: str, after: str, options: Options
) -> CompletionResult:
    """Ask `completer` for every kind of suggestion between `before` and `after`."""
    left, right = before.encode(), after.encode()
    started = time.perf_counter()
    ghost = completer.ghost_text(left, right, options)
    words = completer.next_words(left, right, options)
    characters = completer.next_characters(left, right, options)
    milliseconds = 1000 * (time.perf_counter() - started)

    def explained(candidate: Candidate) -> ExplainedCandidate:
        explanation = completer.explain(left, candidate.text, MAX_SOURCES)
        return ExplainedCandidate(candidate, explanation.sources if explanation else ())

    return CompletionResult(
        explained(ghost) if ghost else None,
        [*map(explained, words)],
        [*map(explained, characters)],
        milliseconds,
    )


def _read_input(file: str) -> str:
    from foretype_server.console.text_file import read_stdin, read_text

    text = read_stdin("Standard input") if file == "-" else read_text(Path(file))
    return text.removeprefix("\ufeff")  # no editor counts a byte order mark as a column


def _print(result: CompletionResult, folder: Path) -> None:
    from rich.console import Console

    console = Console()
    for title, some, none in (
        (
            "ghost text",
            [result.ghost] if result.ghost else [],
            "none: too uncertain, or already in the text",
        ),
        ("next words", result.words, "none"),
        ("next characters", result.characters, "none"),
    ):
        console.print(f"[bold]{title}[/bold]" + ("" if some else f"  [dim]{none}[/dim]"))
        if some:
            console.print(_table(some, folder, console))
    console.print(f"[dim]in {result.milliseconds:.1f} ms[/dim]")


def _table(candidates: Sequence[ExplainedCandidate], folder: Path, console: Console) -> Table:
    """Build a table with a row per candidate; if it is too wide, drop the bars, then the shares."""
    rows = [_format_cells(candidate, folder) for candidate in candidates]
    tables = [_build_table(rows, columns) for columns in ((0, 1, 2, 3, 4), (0, 1, 3, 4), (0, 1, 4))]
    return next(
        (table for table in tables if table_width(table, console) <= console.width), tables[-1]
    )


def _build_table(rows: Sequence[Sequence[Text]], columns: Sequence[int]) -> Table:
    from rich.table import Column, Table

    headers = [
        Column(overflow="fold"),
        Column(no_wrap=True, min_width=len("100.0%")),
        Column(no_wrap=True),
        Column(),
        Column(overflow="fold"),
    ]
    table = Table(*(headers[i] for i in columns), box=None, show_header=False, padding=(0, 1))
    for row in rows:
        table.add_row(*(row[i] for i in columns))
    return table


def _format_cells(explained: ExplainedCandidate, folder: Path) -> Sequence[Text]:
    """Format the cells of a row: text, probability, its bar, the predictors' shares, source."""
    from rich.text import Text

    candidate, sources = explained.candidate, explained.sources
    return (
        Text(show_white_space(candidate.text)),
        Text(f"{candidate.probability:.1%}"),
        Text(format_bar(candidate.probability, BAR_WIDTH), "cyan"),
        Text(_format_shares(candidate.shares), "dim"),
        Text(location(sources[0].document, sources[0].line, [folder]) if sources else ""),
    )


def _format_shares(shares: Mapping[str, float]) -> str:
    return ", ".join(
        f"{name} {share:.0%}" for name, share in sorted(shares.items(), key=lambda item: -item[1])
    )
