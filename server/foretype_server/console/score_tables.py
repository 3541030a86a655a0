"""The tables of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table

from foretype_model.evaluation.calibration import expected_calibration_error
from foretype_model.evaluation.plot import MODE_LABELS
from foretype_model.evaluation.typist import KeystrokeCounts
from foretype_server.console.format import format_size

if TYPE_CHECKING:
    from foretype_model.evaluation.score import SystemScore
    from foretype_model.evaluation.server_score import ServerScore
    from foretype_model.evaluation.typist import Mode

NAME_WIDTH: Final = 16
"""Terminal columns of a server's name, which may take several lines."""

MISSING: Final = "-"
"""The cell of a figure that a system does not have."""

LEGEND: Final = """\
bits: per character; fewer are better.
saved: share of keys that an ideal typist saves by accepting every right part of the ghost
  text (inline), or of the first five menu items (popup).
off by: mean error of the probabilities.  ms: mean time of an answer.
first, of 3, of 5: share of words that are among so many different first words of the first
  five menu items, where the word begins.  distinct: how many of these differ.
fragments: share of them that are no words: not in the files, the workspace or --dictionary."""
SERVERS_LEGEND: Final = """\
Each server is a process of its own, and starts anew for each kind of suggestion."""


def systems_table(scores: Mapping[str, SystemScore], modes: Sequence[Mode]) -> Table:
    """Return the table of bits, keys saved, calibration and time, a row for each system."""
    saved = [f"saved\n{mode}" for mode in modes]
    table = _table("\nsystem", "\nbits", *saved, "off by\nword", "\nghost", "\nms")
    for name, score in scores.items():
        table.add_row(escape(name), *_format_system(score, modes))
    return table


def next_word_table(scores: Mapping[str, SystemScore]) -> Table:
    """Return the table of the next words, a row for each system."""
    table = _table("\nnext word", "\nfirst", "\nof 3", "\nof 5", "\ndistinct", "\nfragments")
    for name, score in scores.items():
        table.add_row(escape(name), *_format_next_words(score))
    return table


def servers_table(servers: Mapping[str, ServerScore]) -> Table:
    """Return the table of language servers side by side, a row for each figure."""
    table = _table("", *map(escape, servers))
    for column in table.columns[1:]:
        column.max_width = NAME_WIDTH
    scores = servers.values()
    kinds = ("first", "of 3", "of 5", "distinct", "fragments")
    cells = zip(*(_format_next_words(one.score) for one in scores), strict=True)
    for kind, row in zip(kinds, cells, strict=True):
        table.add_row(f"next word, {kind}", *row)
    for mode in dict.fromkeys(mode for one in scores for mode in one.answers):
        columns = zip(*(_format_mode(one, mode) for one in scores), strict=True)
        figures = ("keys saved", "half of the answers", "99 % of them", "processor time of one")
        for figure, row in zip(figures, columns, strict=True):
            table.add_row(f"{MODE_LABELS[mode]}: {figure}", *row)
    table.add_row(
        "memory at most",
        *(MISSING if one.peak_memory is None else format_size(one.peak_memory) for one in scores),
    )
    return table


def _table(first: str, *titles: str) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="bold")
    table.add_column(first, no_wrap=True)
    for title in titles:
        table.add_column(title, justify="right")
    return table


def _format_system(score: SystemScore, modes: Sequence[Mode]) -> Iterator[str]:
    yield MISSING if score.bits_per_character is None else f"{score.bits_per_character:.3f}"
    yield from (
        _format_percent(score.typing[mode].savings if mode in score.typing else None)
        for mode in modes
    )
    yield from (
        _format_percent(expected_calibration_error(guesses))
        for guesses in (score.words, score.ghosts)
    )
    counts = sum(score.typing.values(), KeystrokeCounts())
    yield f"{counts.milliseconds:.1f}" if score.typing else MISSING


def _format_next_words(score: SystemScore) -> Iterator[str]:
    yield from (_format_percent(score.top(among)) for among in (1, 3, 5))
    yield MISSING if score.distinct is None else f"{score.distinct:.2f}"
    yield _format_percent(score.fragments)


def _format_mode(server: ServerScore, mode: Mode) -> Iterator[str]:
    if mode not in server.answers:
        yield from (MISSING,) * 4
        return
    answers = server.answers[mode]
    yield _format_percent(server.score.typing[mode].savings)
    yield from (_format_seconds(answers.quantile(share)) for share in (0.5, 0.99))
    yield _format_seconds(answers.processor_each)


def _format_percent(share: float | None) -> str:
    return MISSING if share is None else f"{share:.1%}"


def _format_seconds(seconds: float | None) -> str:
    return MISSING if seconds is None else f"{1000 * seconds:.1f} ms"
