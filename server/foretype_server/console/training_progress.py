"""Shows the progress of `train`: a stage and a bar on a terminal, and a line at each evaluation."""

from __future__ import annotations

import math
from textwrap import indent
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from foretype_model.files.discovery import summarise_skipped
from foretype_server.console.format import format_size, strip_control_characters
from foretype_server.console.training_clock import TrainingClock

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress_bar import ProgressBar

    from foretype_model.training.corpus import Corpus
    from foretype_model.training.trainer import Progress, Stage


class _StageColumn(ProgressColumn):
    """The stage, the share that is done and the time left, as of now."""

    def __init__(self, clock: TrainingClock) -> None:
        super().__init__()
        self._clock = clock

    def render(self, task: Task) -> Text:
        """Return the text of the column; rich asks for it four times a second."""
        left = format_duration(self._clock.seconds_left())
        return Text(f"{self._clock.stage:<9} {self._clock.fraction():>4.0%}  {left} left")


class _ShareColumn(BarColumn):
    """A bar of the share that is done, as of now."""

    def __init__(self, clock: TrainingClock) -> None:
        super().__init__(bar_width=16)
        self._clock = clock

    def render(self, task: Task) -> ProgressBar:
        """Return the bar."""
        task.completed = self._clock.fraction()
        return super().render(task)


class TrainingScreen:
    """The output of a training on standard error; as a context manager, it shows the bar."""

    def __init__(self, seconds: float = math.inf, console: Console | None = None) -> None:
        """Show a training of so many seconds; infinity if they are unknown."""
        self.clock = TrainingClock(seconds)
        self._console = console or Console(stderr=True, highlight=False)
        self._bar = Bar(
            SpinnerColumn(),
            _ShareColumn(self.clock),
            _StageColumn(self.clock),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            disable=not self._console.is_terminal,
            refresh_per_second=4,
            transient=True,
        )
        self._task = self._bar.add_task("", total=1.0, figures="")
        self._held_out = "-"

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

    def show_stage(self, stage: Stage) -> None:
        """Show what the training is doing."""
        self.clock.stage = stage
        self._bar.refresh()

    def print_line(self, message: str) -> None:
        """Print one line above the bar."""
        self._console.print(Text(message), soft_wrap=True)

    def print_corpus(self, corpus: Corpus) -> None:
        """Print the number and size of the training texts, and a summary of the skipped files."""
        count, size = len(corpus.texts), sum(map(len, corpus.texts))
        self.print_line(f"{count} {'text' if count == 1 else 'texts'}, {format_size(size)}.")
        if corpus.skipped:
            self.print_line(f"Skipped: {summarise_skipped(corpus.skipped)}.")

    def report(self, progress: Progress) -> None:
        """Update the bar; after an evaluation, also print a line that stays."""
        self.clock.update(progress)
        if progress.held_out_bits is not None:
            self._held_out = f"{progress.held_out_bits:.3f}"
            self.print_line(_format_progress(progress))
        figures = (
            f"{format_size(progress.bytes_per_second)}/s  "
            f"[cyan]{progress.training_bits:.3f}[/cyan] bits/byte  "
            f"[bold]{self._held_out}[/bold] held out"
        )
        self._bar.update(self._task, figures=figures)
        if progress.sample:
            self._console.print(
                Text(
                    indent(strip_control_characters(progress.sample).strip(), "    "), "italic dim"
                ),
                soft_wrap=True,
            )


def format_duration(seconds: float) -> str:
    """Format a time as h:mm:ss or m:ss; "-" if it is not finite."""
    if not math.isfinite(seconds):
        return "-"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _format_progress(progress: Progress) -> str:
    return (
        f"{progress.fraction:>4.0%}  step {progress.step:,}  "
        f"{format_size(progress.bytes_per_second)}/s  "
        f"{format_duration(progress.seconds_left)} left  "
        f"training {progress.training_bits:.3f} bits/byte  "
        f"held-out {progress.held_out_bits:.3f} bits/char"
    )
