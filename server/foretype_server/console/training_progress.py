"""How `train` shows a training: a bar where there is a terminal, and a line at each scoring
everywhere.
"""

from __future__ import annotations

import math
from textwrap import indent
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from foretype_model.files.discovery import in_words
from foretype_server.console.format import harmless, size

if TYPE_CHECKING:
    from types import TracebackType

    from foretype_model.training.corpus import Corpus
    from foretype_model.training.trainer import Progress


class TrainingScreen:
    """Standard error while a model is trained; a context within which the bar is shown."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._bar = Bar(
            BarColumn(bar_width=16),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[rate]}/s  {task.fields[left]} left"),
            TextColumn(
                "[cyan]{task.fields[training]}[/cyan] bits/byte  "
                "[bold]{task.fields[held_out]}[/bold] held out"
            ),
            console=self._console,
            disable=not self._console.is_terminal,
            refresh_per_second=4,
            transient=True,
        )
        self._task = self._bar.add_task(
            "", total=1.0, rate="-", left="-", training="-", held_out="-"
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def tell(self, message: str) -> None:
        """One line above the bar."""
        self._console.print(Text(message), soft_wrap=True)

    def tell_corpus(self, corpus: Corpus) -> None:
        """What is trained on, and what was left out."""
        read = sum(map(len, corpus.texts))
        self.tell(
            f"{len(corpus.texts)} {'text' if len(corpus.texts) == 1 else 'texts'}, {size(read)}."
        )
        if corpus.skipped:
            self.tell(f"Left out: {in_words(corpus.skipped)}.")

    def report(self, progress: Progress) -> None:
        """Show how far the training is; where it was just scored, with a line that stays."""
        self._bar.update(
            self._task,
            completed=progress.fraction,
            rate=size(progress.bytes_per_second),
            left=clock(progress.seconds_left),
            training=f"{progress.training_bits:.3f}",
        )
        if progress.held_out_bits is not None:
            self._bar.update(self._task, held_out=f"{progress.held_out_bits:.3f}")
            self.tell(_line(progress))
        if progress.sample:
            self._console.print(
                Text(indent(harmless(progress.sample).strip(), "    "), "italic dim"),
                soft_wrap=True,
            )


def clock(seconds: float) -> str:
    """A time as h:mm:ss or m:ss; "-" where it can't be told yet."""
    if not math.isfinite(seconds):
        return "-"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _line(progress: Progress) -> str:
    return (
        f"{progress.fraction:>4.0%}  step {progress.step:,}  {size(progress.bytes_per_second)}/s  "
        f"{clock(progress.seconds_left)} left  training {progress.training_bits:.3f} bits/byte  "
        f"held-out {progress.held_out_bits:.3f} bits/char"
    )
