"""Run the experiment of a lesson on generative recurrent networks in its way and in Foretype's.

    python tests/benchmarks/lesson.py AG_NEWS --plot lesson.png [--minutes 5]

The lesson (Microsoft's "AI for Beginners", Generative Networks) has two notebooks. One trains a
character LSTM of 64 units on texts of AG News with Adam at 0.01: a minibatch is all windows of 100
characters of a text. The other trains one of 128 units on the titles with RMSprop as in Keras: a
minibatch is eight titles, padded in front. Both read one-hot characters from an initial state of
zeros. Foretype's way is the product's training with as many LSTM units, without and with n-grams.
All networks learn from the same texts, are initialized by torch, and are scored on the same
held-out texts: nats for each character after a text's first, and for a title's end. The loss
printed by the second notebook counts the padding, as its mask lets it through. The column `printed`
has that loss, and every other figure excludes the padding.

AG_NEWS is a folder with train_subset.txt and test.txt, a text a line, and test.csv, whose second
column has the titles. They are for non-commercial use: this script stores neither the texts nor a
model trained on them.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from foretype_model.evaluation.plot import COLOURS
from foretype_model.files.atomic import atomic_write
from foretype_model.predictor import END_OF_TEXT
from foretype_model.sampling import gumbel, with_temperature
from foretype_model.training.heldout import split_held_out
from foretype_model.training.loop import ByteTrainer, TrainingOptions
from foretype_model.training.stream import InMemoryDocuments, load_all
from foretype_model.training.trainer import Progress, Trainer

SEED: Final = 1
WINDOW: Final = 100
PADDING: Final = 0
IGNORED_TARGET: Final = -100
BYTES: Final = bytes(range(256)).decode("latin-1")
"""All bytes as characters; the texts are ASCII."""

TABLE_HEADER: Final = (
    f"{'':20} parameters training  printed held out     best    time    steps   characters  reached"
)


@dataclass(frozen=True)
class Task:
    """One notebook's task. `ends`: whether the ends of texts are learnt; `printed`: its losses;
    `start`: the beginning of samples.
    """

    title: str
    texts: list[str]
    hidden: int
    ends: bool
    printed: tuple[float, float]
    start: str


class TimedTrainer(Trainer):
    """A training scheduled by CPU seconds, excluding those of scoring, which records its losses.

    Attributes:
        texts: the held-out texts.
        lot: number of texts scored at a time, padded `in_front` or behind.
        skipped: number of end-of-text tokens read before a text.
        alphabet: the characters of the tokens; the last is the end of a text.
        curve: CPU seconds, smoothed training loss and held-out loss, in nats per character.
        path: CPU seconds and smoothed training loss, at shorter intervals.
    """

    name: str
    network: Any
    task: Task
    texts: list[str]
    lot, in_front, skipped = 64, False, 0

    def __init__(self, alphabet: str) -> None:
        self.alphabet, self.end = alphabet, len(alphabet) - 1
        self.step, self.seconds, self.loss, self.printed = 0, 0.0, 0.0, 0.0
        self.curve: list[tuple[float, float, float]] = []
        self.path: list[tuple[float, float]] = []
        self.start_time = time.process_time()

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text; an unknown character becomes padding."""
        return [self.end] * self.skipped + [
            max(PADDING, self.alphabet.find(character)) for character in text
        ]

    def pair(self, text: str) -> tuple[list[int], list[int]]:
        """Return x and y of one text."""
        tokens = self.tokens(text)
        x, y = (tokens, [*tokens[1:], self.end]) if self.task.ends else (tokens[:-1], tokens[1:])
        return x, [IGNORED_TARGET] * self.skipped + y[self.skipped :]

    @torch.no_grad()
    def score(self) -> float:
        """Return the nats per character of the held-out texts."""
        nats, texts = 0.0, self.texts if self.in_front else sorted(self.texts, key=len)
        for first in range(0, len(texts), self.lot):
            xs, ys = zip(*map(self.pair, texts[first : first + self.lot]), strict=True)
            logits, _ = self.network(padded(xs, PADDING, in_front=self.in_front), None)
            nats += cross_entropy(
                logits, padded(ys, IGNORED_TARGET, in_front=self.in_front), "sum"
            ).item()
        return nats / sum(len(text) - 1 + self.task.ends for text in texts)

    @torch.no_grad()
    def sample_text(self, temperature: float, most: int = 160) -> str:
        """Continue the task's start for at most `most` tokens, or to the end of a text."""
        draw, spoken = np.random.default_rng(SEED), list[int]()
        tokens, state = self.tokens(self.task.start), None
        while len(spoken) < most:
            logits, state = self.network(torch.tensor(tokens)[:, None], state)
            tokens = [
                int(gumbel(draw, with_temperature(logits[-1, 0].numpy(), temperature)).argmax())
            ]
            if tokens == [self.end]:
                break
            spoken += tokens
        text = self.task.start + "".join(self.alphabet[token] for token in spoken)
        return text + " <end>" * (len(spoken) < most)

    def note(self, _progress: Progress) -> None:
        """Record the training loss at logarithmically even times."""
        if not self.path or self.seconds > self.path[-1][0] * 1.02 + 0.2:
            self.path.append((self.seconds, self.loss))

    def save(self, path: Path) -> None:
        """Save nothing, as the texts' licence demands."""

    def _sync(self, loss: float, _seconds: float, _reserve: float, *, stop: bool) -> None:
        super()._sync(loss, time.process_time() - self.start_time, 0.0, stop=stop)

    def _is_evaluation_due(self, fraction: float, _seconds: float) -> bool:
        return self.fraction() >= fraction * 1.25 + 0.01

    def _evaluate(self, _checkpoint_path: Path) -> Progress:
        before = time.process_time()
        self.curve.append((self.seconds, self.loss, self.score()))
        self.start_time += time.process_time() - before
        return self._progress()


def cross_entropy(logits: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """Return the cross-entropy in nats, without padding; logits (T, B, V), y (T, B)."""
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), y.flatten(), ignore_index=IGNORED_TARGET, reduction=reduction
    )


def padded(rows: Sequence[Sequence[int]], fill: int, *, in_front: bool) -> Tensor:
    """Return rows of different lengths as padded columns, shape (T, B)."""
    gaps = [[fill] * (max(map(len, rows)) - len(row)) for row in rows]
    return torch.tensor(
        [[*g, *r] if in_front else [*r, *g] for r, g in zip(rows, gaps, strict=True)]
    ).T


class Generator(nn.Module):
    """The lesson's network: one-hot characters, an LSTM, and a linear output layer."""

    def __init__(self, vocabulary: int, hidden: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.recurrent, self.output = nn.LSTM(vocabulary, hidden), nn.Linear(hidden, vocabulary)

    def forward(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return the logits, shape (T, B, vocabulary), and the final state, for x of shape (T, B);
        None is a state of zeros.
        """
        h, state = self.recurrent(nn.functional.one_hot(x, self.vocabulary).float(), state)
        return self.output(h), state


class Lesson(TimedTrainer):
    """The notebooks' common part: one-hot input, no carried state, no clipping, a constant rate."""

    name = "the lesson's way"
    trained_bytes = 0
    optimizer_of: Any

    def __init__(self, task: Task, minutes: float) -> None:
        torch.manual_seed(SEED)
        training_texts, held_out = split_held_out(
            InMemoryDocuments([text.encode() for text in task.texts]), SEED
        )
        self.training_texts, self.texts = (
            [text.decode() for text in load_all(documents)]
            for documents in (training_texts, held_out)
        )
        self.task, self.options = task, TrainingOptions(minutes=minutes)
        alphabet = (
            BYTES[PADDING] + "".join(sorted(set("".join(self.training_texts)))) + BYTES[END_OF_TEXT]
        )
        self.network = Generator(len(alphabet), task.hidden)
        self.optimizer = self.optimizer_of(self.network.parameters())
        super().__init__(alphabet)

    def descend(self, x: Tensor, y: Tensor, characters: int) -> Tensor:
        """Make one step on so many characters; return the logits before it, shape (T, B, V)."""
        logits: Tensor = self.network(x, None)[0]
        loss = cross_entropy(logits, y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.step, self.trained_bytes = self.step + 1, self.trained_bytes + characters
        self.printed += (loss.item() - self.printed) / min(self.step, 50)
        return logits.detach()


class Windows(Lesson):
    """The notebook on texts; it skips texts of fewer than ten windows."""

    optimizer_of = partial(torch.optim.Adam, lr=0.01)

    def _minibatches(self) -> Iterator[tuple[str]]:
        while True:
            yield from ((text,) for text in self.training_texts if len(text) >= WINDOW + 10)

    def _training_step(self, text: str) -> float:
        windows = torch.tensor(self.tokens(text)).unfold(0, WINDOW + 1, 1).T
        return cross_entropy(self.descend(windows[:-1], windows[1:], len(text)), windows[1:]).item()


class Titles(Lesson):
    """The notebook on titles, which are padded for scoring as well."""

    optimizer_of = partial(torch.optim.RMSprop, lr=0.001, alpha=0.9, eps=1e-7)
    lot, in_front = 8, True

    def _minibatches(self) -> Iterator[tuple[list[str]]]:
        while True:
            yield from (
                (self.training_texts[first : first + self.lot],)
                for first in range(0, len(self.training_texts), self.lot)
            )

    def _training_step(self, titles: list[str]) -> float:
        x = padded([self.tokens(title) for title in titles], PADDING, in_front=True)
        y = torch.cat([x[1:], torch.full_like(x[:1], self.end)])
        logits = self.descend(x, y, sum(map(len, titles)))
        return cross_entropy(logits, y.where(x != PADDING, IGNORED_TARGET)).item()


class ProductTrainer(TimedTrainer, ByteTrainer):
    """The product's training: a carried state, clipping, AdamW, a warm-up and a half cosine."""

    skipped = 1

    def __init__(self, task: Task, minutes: float, ngrams: int) -> None:
        options = TrainingOptions(
            "lstm", task.hidden, ngrams=ngrams, minutes=minutes, seed=SEED, device="cpu"
        )
        ByteTrainer.__init__(
            self, InMemoryDocuments([text.encode() for text in task.texts]), options
        )
        self.task, self.name = task, "Foretype, n-grams" if ngrams > 1 else "Foretype"
        self.texts = [text.decode() for text in self.held_out]
        super().__init__(BYTES)


def tasks(folder: Path) -> list[Task]:
    """Return the tasks of the two notebooks."""
    texts = [
        line
        for name in ("train_subset.txt", "test.txt")
        for line in (folder / name).read_text().splitlines()
    ]
    with (folder / "test.csv").open(newline="") as file:
        titles = [row[1] for row in csv.reader(file)]
    return [
        Task("Texts, 64 units", texts, 64, False, (1.5, 2.0), "today "),
        Task("Titles, 128 units", titles, 128, True, (1.18, 1.54), "Today "),
    ]


def compete(task: Task, minutes: float) -> list[TimedTrainer]:
    """Run the trainings in turn, the lesson's first, and print a line for each."""
    done: list[TimedTrainer] = []
    makers: list[Callable[[Task, float], TimedTrainer]] = [
        Titles if task.ends else Windows,
        *(partial(ProductTrainer, ngrams=n) for n in (1, TrainingOptions().ngrams)),
    ]
    for make in makers:
        one = make(task, minutes)
        one.run(Path(), one.note)
        done.append(one)
        print(row(one, goal=done[0].curve[-1][2]), flush=True)
    for one in done:
        print(
            *(f"{one.name}, temperature {t}: {one.sample_text(t)!r}" for t in (0, 0.3, 0.8)),
            sep="\n",
            flush=True,
        )
    return done


def row(one: TimedTrainer, goal: float) -> str:
    """Return a row of the table; `goal` is the held-out loss of the lesson's way."""
    reached = next((f"{seconds:.0f} s" for seconds, _, loss in one.curve if loss <= goal), "never")
    size = sum(parameter.numel() for parameter in one.network.parameters())
    seconds, training, held_out = one.curve[-1]
    losses = (training, one.printed or training, held_out, min(loss for _, _, loss in one.curve))
    figures = " ".join(f"{loss:8.3f}" for loss in losses)
    return (
        f"{one.name:20} {size:10,} {figures} {seconds:5.0f} s {one.step:8,} "
        f"{one.trained_bytes:12,} {reached:>8}"
    )


def draw(axes: Axes, task: Task, done: Sequence[TimedTrainer]) -> None:
    """Plot the losses of one task."""
    axes.axhspan(
        *task.printed,
        color="#eeeeee",
        label="training loss that the notebook printed" + ", with padding" * task.ends,
    )
    for one, colour in zip(done, COLOURS, strict=True):
        axes.plot(*zip(*one.path, strict=True), color=colour, alpha=0.45, linewidth=1)
        seconds, _, held_out = zip(*one.curve, strict=True)
        axes.plot(seconds, held_out, color=colour, marker="o", markersize=3, label=one.name)
    axes.set(xscale="log", xlim=(1, None), ylim=(1.0, 3.8))
    axes.set(xlabel="training, CPU seconds", ylabel="nats per character (dots: held out)")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_title(task.title, loc="left")
    axes.legend(frameon=False, loc="upper right")
    axes.spines[["top", "right"]].set_visible(False)


def main() -> None:
    """Run six trainings, print two tables and samples, and plot the losses."""
    parser = argparse.ArgumentParser(
        description="A lesson's experiment, in its way and in Foretype's."
    )
    parser.add_argument("folder", type=Path, metavar="AG_NEWS")
    parser.add_argument("--plot", type=Path, required=True, metavar="PNG")
    parser.add_argument(
        "--minutes", type=float, default=5.0, help="of CPU time, for each training (5)"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    figure = Figure(figsize=(12, 5), layout="constrained")
    for axes, task in zip(figure.subplots(1, 2), tasks(arguments.folder), strict=True):
        print(f"\n{task.title}\n{TABLE_HEADER}")
        draw(axes, task, compete(task, arguments.minutes))
        with atomic_write(arguments.plot) as unfinished:
            figure.savefig(unfinished, format="png", dpi=150)


if __name__ == "__main__":
    main()
