"""The loop that every training shares: minibatches until the time or the steps are spent, with an
evaluation now and then.

The learning rate warms up linearly, then falls to 0 along half a cosine.

A budget in minutes is all of a training's time: also reading the texts and preparing, if the caller
says when that began (`Trainer.begin`), and the work after the last step. For this work,
`Trainer.reserve` keeps twice the time of the longest evaluation so far, which scores the network,
writes a checkpoint and samples: once for the last evaluation, and once for the model's file and its
comparison. A step begins only if one as long as the last ones fits in before. At least one step is
made, however small the budget is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal, Protocol

import torch
from torch import nn

from foretype_model.errors import ModelError
from foretype_model.training import kernel
from foretype_model.training.row_adam import RowAdam

WARM_UP_STEPS: Final = 100
WEIGHT_DECAY: Final = 0.01
BETAS: Final = (0.9, 0.99)
CLIP_NORM: Final = 1.0
EVALUATIONS: Final = 20
MAX_SECONDS_BETWEEN_EVALUATIONS: Final = 600.0
"""A training is scored, saved and sampled from twenty times, but at least every ten minutes (in
seconds). With a number of steps, it is only saved then: when it is scored must not depend on time.
"""

EVALUATION_SHARE: Final = 0.1
"""The most that evaluations take of a budget in minutes: longer ones are made more rarely."""

STEP_DECAY: Final = 0.95
"""The weight of a long step in the estimate of the next one, for each step since."""


class Budget(Protocol):
    """The options of a training that set its length and its learning rate."""

    @property
    def learning_rate(self) -> float: ...
    @property
    def minutes(self) -> float: ...
    @property
    def steps(self) -> int | None: ...


Stage = Literal["reading", "preparing", "training", "comparing"]
"""Stages of a training, in their order."""


@dataclass(frozen=True)
class Progress:
    """The progress of a training.

    Attributes:
        step: minibatches learnt.
        fraction: of the time or the steps, 0 to 1; 1 after the last step.
        bytes_per_second: since the first step.
        seconds_left: the time until the end: the rest of the minutes, or an estimate.
        training_bits: bits per byte of text, smoothed over about fifty steps.
        held_out_bits: bits per character on held-out text; None between evaluations.
        sample: a few lines that the network has written; None between evaluations.
        stage: ``training``, or ``comparing`` after the last step.
    """

    step: int
    fraction: float
    bytes_per_second: float
    seconds_left: float
    training_bits: float
    held_out_bits: float | None = None
    sample: str | None = None
    stage: Stage = "training"


def choose_device(name: str) -> torch.device:
    """Return the device of that name; ``auto`` is the GPU if there is one."""
    if name != "auto":
        try:
            return torch.empty(0, device=name).device
        except (RuntimeError, AssertionError) as error:
            raise ModelError(f"device {name!r} cannot be used here: try --device cpu") from error
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps") if torch.backends.mps.is_available() else torch.device("cpu")


def optimizers(network: nn.Module, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Return AdamW (Loshchilov and Hutter 2019) for the dense parameters and, if there are tables
    with sparse gradients, Adam on the rows that a minibatch looks up.
    """
    tables = sparse_tables(network)
    adamw = torch.optim.AdamW(
        dense_parameters(network),
        lr=learning_rate,
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
        fused=True,  # one pass over the weights and their moments, and not ten
    )
    return [adamw, RowAdam(tables, learning_rate, BETAS)] if tables else [adamw]


def sparse_tables(network: nn.Module) -> list[torch.Tensor]:
    """Return the embedding tables whose gradients are sparse."""
    return [
        module.weight
        for module in network.modules()
        if isinstance(module, nn.Embedding) and module.sparse
    ]


def dense_parameters(network: nn.Module) -> list[nn.Parameter]:
    """Return the parameters whose gradients are dense."""
    tables = set(map(id, sparse_tables(network)))
    return [parameter for parameter in network.parameters() if id(parameter) not in tables]


class Trainer(ABC):
    """A running training; subclasses define the network, its minibatches and its loss.

    Attributes:
        options: its length and learning rate, among others.
        network: the network in training.
        step: minibatches learnt.
        seconds: spent so far, by all processes that have resumed it.
        prepared: seconds that were spent before the first step.
        reserve: seconds of the minutes that are kept free for the end.
        loss: nats for each unit of the network, smoothed.
        best: the weights with the best score on held-out text, `best_bits` per character.
    """

    options: Budget
    network: nn.Module
    optimizers: list[torch.optim.Optimizer]
    step: int
    seconds: float
    loss: float
    best: dict[str, Any]
    best_bits: float | None
    bytes_per_unit: float = 1.0
    prepared: float = 0.0
    reserve: float = 0.0
    _start: float | None = None
    _evaluation_seconds: float = 0.0
    _step_seconds: float = 0.0

    @property
    @abstractmethod
    def trained_bytes(self) -> int:
        """Bytes of text learnt, repetitions counted."""

    @abstractmethod
    def _minibatches(self) -> Iterable[tuple[Any, ...]]:
        """Yield minibatches from the current position on, without end."""

    @abstractmethod
    def _training_step(self, *minibatch: Any) -> float:
        """Make one step on one minibatch and return its loss."""

    @abstractmethod
    def _evaluate(self, checkpoint_path: Path) -> Progress:
        """Score, keep the weights if they are the best so far, write a checkpoint and write a
        sample.
        """

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write a checkpoint."""

    def fraction(self) -> float:
        """Return the share of the steps, or of the time for them, that is spent: 0 to 1."""
        if self.options.steps is not None:
            return min(1.0, self.step / self.options.steps)
        learning = 60 * self.options.minutes - self.reserve - self.prepared
        return min(1.0, (self.seconds - self.prepared) / max(1e-9, learning))

    def begin(self, began: float | None = None) -> None:
        """Start the clock, at `began` of `time.monotonic`; by default now."""
        self._start = (monotonic() if began is None else began) - self.seconds

    def share_of_budget(self, share: float) -> float:
        """Return a share of the minutes, in seconds; infinity if the steps are given."""
        return math.inf if self.options.steps is not None else 60 * self.options.minutes * share

    def run(
        self,
        checkpoint_path: Path,
        report: Callable[[Progress], None],
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Learn until the budget is spent. An interruption writes a checkpoint and is raised again.

        Args:
            checkpoint_path: written now and then, and at an interruption.
            report: called after every step.
            should_stop: called after every step. If it is true in any rank, all ranks stop there. A
                KeyboardInterrupt in one process alone would leave the others waiting.
        """
        if self._start is None:
            self.begin()
        elif self.step == 0:
            self.prepared = self.seconds = self._elapsed()
        self.reserve = self._needed_at_the_end()
        kernel.keep_freed_memory()
        # Subnormal numbers, which a saturated gate's gradient is full of, cost a CPU many times the
        # work.
        torch.set_flush_denormal(True)
        try:
            self._learn(checkpoint_path, report, should_stop)
            report(replace(self._progress(), stage="comparing"))
            report(replace(self.evaluate(checkpoint_path), stage="comparing"))
        except KeyboardInterrupt:
            self.save(checkpoint_path)
            raise
        finally:
            torch.set_flush_denormal(False)

    def _learn(
        self,
        checkpoint_path: Path,
        report: Callable[[Progress], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """Make steps until the budget is spent, with evaluations between them."""
        evaluated = saved = self.fraction(), self.seconds
        for minibatch in self._minibatches():
            began = monotonic()
            loss = self._training_step(*minibatch)
            self._step_seconds = max(STEP_DECAY * self._step_seconds, monotonic() - began)
            self._sync(loss, self._elapsed(), self._needed_at_the_end(), stop=should_stop())
            if self.fraction() >= 1:
                return
            if self._is_evaluation_due(*evaluated):
                report(self.evaluate(checkpoint_path))
                evaluated = saved = self.fraction(), self.seconds
                continue
            if self.seconds >= saved[1] + MAX_SECONDS_BETWEEN_EVALUATIONS:
                self.save(checkpoint_path)
                saved = self.fraction(), self.seconds
            report(self._progress())

    def _is_evaluation_due(self, fraction: float, seconds: float) -> bool:
        """Return whether to evaluate, if the last time was at `fraction` and `seconds`. All ranks
        agree, as they share the clock and the reserve.
        """
        share = self.fraction() >= fraction + 1 / EVALUATIONS
        if self.options.steps is not None:
            return share
        since = self.seconds - seconds
        affordable = since >= self.reserve / 2 / EVALUATION_SHARE
        return affordable and (share or since >= MAX_SECONDS_BETWEEN_EVALUATIONS)

    def evaluate(self, checkpoint_path: Path) -> Progress:
        """Score, keep the weights if they are the best so far, write a checkpoint and sample; note
        how long that takes.

        Before the first step, it tells a budget in minutes how long the end will take.
        """
        began = monotonic()
        progress = self._evaluate(checkpoint_path)
        self._evaluation_seconds = max(self._evaluation_seconds, monotonic() - began)
        return progress

    def _elapsed(self) -> float:
        """Return the seconds spent so far, by this process's clock."""
        assert self._start is not None
        return monotonic() - self._start

    def _needed_at_the_end(self) -> float:
        """Return the seconds to keep free, by this process's clock: see the module."""
        return 2 * self._evaluation_seconds + self._step_seconds

    def _sync(self, loss: float, seconds: float, reserve: float, *, stop: bool) -> None:
        """Record the loss of a minibatch, the clock and the reserve; raise KeyboardInterrupt if
        `stop` is true.
        """
        self.seconds, self.reserve = seconds, reserve
        self.loss += (loss - self.loss) / min(self.step, 50)
        if stop:
            raise KeyboardInterrupt

    def _optimizer_step(self, loss: torch.Tensor) -> None:
        """Make one step down the gradient of `loss`."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._share_gradients()
        nn.utils.clip_grad_norm_(dense_parameters(self.network), CLIP_NORM)
        for optimizer in self.optimizers:
            optimizer.step()

    def _share_gradients(self) -> None:  # noqa: B027 (one process has nobody to share them with)
        """Add up the gradients of several processes."""

    def _set_learning_rate(self) -> None:
        """Set the learning rate of the next step."""
        warm_up = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        cosine = 0.5 * (1 + math.cos(math.pi * self.fraction()))
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.options.learning_rate * warm_up * cosine

    def _progress(self, held_out_bits: float | None = None, sample: str | None = None) -> Progress:
        fraction, learning = self.fraction(), max(1e-9, self.seconds - self.prepared)
        if self.options.steps is not None:
            left = learning * (1 - fraction) / fraction if fraction else math.inf
        else:
            seconds, whole = self._elapsed(), 60 * self.options.minutes
            left = max(0.0, whole - seconds)
            fraction = fraction if fraction == 1 else min(1.0, seconds / whole)
        bits = self.loss / math.log(2) / self.bytes_per_unit
        return Progress(
            self.step, fraction, self.trained_bytes / learning, left, bits, held_out_bits, sample
        )
