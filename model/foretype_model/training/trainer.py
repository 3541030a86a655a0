"""The course that every training takes: minibatches until the time or the steps are spent, and a
stop now and then.

A linear warm-up, then half a cosine down to nothing.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

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
"""Scores, checkpoints and samples come twenty times in a training, but at least every ten minutes
(in seconds).
"""


class Budget(Protocol):
    """What of a training's options the course goes by."""

    @property
    def learning_rate(self) -> float: ...
    @property
    def minutes(self) -> float: ...
    @property
    def steps(self) -> int | None: ...


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes:
        options: what the course goes by, among others.
        step: minibatches learnt.
        fraction: of the time or the steps, 0 to 1.
        bytes_per_second: over the whole training so far.
        seconds_left: until it ends, as far as can be told.
        training_bits: bits per byte of text, smoothed over about fifty steps.
        held_out_bits: bits per character on text held back, where it was just scored.
        sample: a few lines the network writes, where it was just asked to.
    """

    step: int
    fraction: float
    bytes_per_second: float
    seconds_left: float
    training_bits: float
    held_out_bits: float | None = None
    sample: str | None = None


def choose_device(name: str) -> torch.device:
    """``auto`` is the GPU where there is one."""
    if name != "auto":
        try:
            return torch.empty(0, device=name).device
        except (RuntimeError, AssertionError) as error:
            raise ModelError(f"device {name!r} cannot be used here: try --device cpu") from error
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps") if torch.backends.mps.is_available() else torch.device("cpu")


def optimizers(network: nn.Module, learning_rate: float) -> list[torch.optim.Optimizer]:
    """AdamW (Loshchilov and Hutter 2019) for the dense parameters; for embedding tables with sparse
    gradients, Adam on the rows that a minibatch looks up.
    """
    tables = [
        module.weight
        for module in network.modules()
        if isinstance(module, nn.Embedding) and module.sparse
    ]
    adamw = torch.optim.AdamW(
        dense_parameters(network),
        lr=learning_rate,
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
        fused=True,  # one pass over the weights and their moments, and not ten
    )
    return [adamw, RowAdam(tables, learning_rate, BETAS)] if tables else [adamw]


def dense_parameters(network: nn.Module) -> list[nn.Parameter]:
    """The parameters whose gradients are dense."""
    tables = {
        id(module.weight)
        for module in network.modules()
        if isinstance(module, nn.Embedding) and module.sparse
    }
    return [parameter for parameter in network.parameters() if id(parameter) not in tables]


class Trainer(ABC):
    """One training on its way; what is learnt, and how, is the subclass's.

    Attributes:
        options: what the course goes by, among others.
        network: what learns.
        step: minibatches learnt.
        seconds: spent, by all processes that the training was resumed in.
        loss: nats for each of the network's units, smoothed.
        best: the weights that did best on text held back, and `best_bits` what they scored there
            per character.
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

    @property
    @abstractmethod
    def trained_bytes(self) -> int:
        """Of text, repetitions counted."""

    @abstractmethod
    def _minibatches(self) -> Iterable[tuple[Any, ...]]:
        """From where the training stands, without end."""

    @abstractmethod
    def _training_step(self, *minibatch: Any) -> float:
        """One step on one minibatch; its loss."""

    @abstractmethod
    def _evaluate(self, checkpoint_path: Path) -> Progress:
        """Score, keep the weights if they are the best so far, write a checkpoint, and let the
        network speak.
        """

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write a checkpoint."""

    def fraction(self) -> float:
        """Of the budget that is spent."""
        if self.options.steps is not None:
            return min(1.0, self.step / self.options.steps)
        return min(1.0, self.seconds / (60 * self.options.minutes))

    def run(
        self,
        checkpoint_path: Path,
        report: Callable[[Progress], None],
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Learn until the budget is spent; an interruption leaves a checkpoint and goes on upwards.

        Args:
            checkpoint_path: written now and then, and at an interruption.
            report: told after every step.
            stop_asked: looked at after every step. Where any rank's says so, all of them are
                interrupted there; a KeyboardInterrupt out of nowhere, which one process alone may
                have, would leave the others waiting.
        """
        began, before = time.monotonic(), self.seconds
        next_evaluation = self._next_evaluation()
        kernel.keep_freed_memory()
        # Subnormal numbers, which a saturated gate's gradient is full of, cost a CPU many times the
        # work.
        torch.set_flush_denormal(True)
        try:
            for minibatch in self._minibatches():
                loss = self._training_step(*minibatch)
                self._sync(loss, before + time.monotonic() - began, stop=should_stop())
                if self.fraction() >= 1:
                    break
                if self.fraction() < next_evaluation[0] and self.seconds < next_evaluation[1]:
                    report(self._progress())
                    continue
                report(self._evaluate(checkpoint_path))
                next_evaluation = self._next_evaluation()
            report(self._evaluate(checkpoint_path))
        except KeyboardInterrupt:
            self.save(checkpoint_path)
            raise
        finally:
            torch.set_flush_denormal(False)

    def _next_evaluation(self) -> tuple[float, float]:
        """The fraction and the second, of which the first to come is when to take stock."""
        return self.fraction() + 1 / EVALUATIONS, self.seconds + MAX_SECONDS_BETWEEN_EVALUATIONS

    def _sync(self, loss: float, seconds: float, *, stop: bool) -> None:
        """Take the minibatch's loss and the clock; a KeyboardInterrupt where it is to stop."""
        self.seconds = seconds
        self.loss += (loss - self.loss) / min(self.step, 50)
        if stop:
            raise KeyboardInterrupt

    def _optimizer_step(self, loss: torch.Tensor) -> None:
        """One step down the gradient of `loss`."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._share_gradients()
        nn.utils.clip_grad_norm_(dense_parameters(self.network), CLIP_NORM)
        for optimizer in self.optimizers:
            optimizer.step()

    def _share_gradients(self) -> None:  # noqa: B027 (one process has nobody to share them with)
        """Add up what several processes have found."""

    def _set_learning_rate(self) -> None:
        """For the step that comes."""
        warm_up = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        cosine = 0.5 * (1 + math.cos(math.pi * self.fraction()))
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.options.learning_rate * warm_up * cosine

    def _progress(self, held_out_bits: float | None = None, sample: str | None = None) -> Progress:
        fraction, seconds = self.fraction(), max(1e-9, self.seconds)
        left = seconds * (1 - fraction) / fraction if fraction else math.inf
        bits = self.loss / math.log(2) / self.bytes_per_unit
        return Progress(
            self.step, fraction, self.trained_bytes / seconds, left, bits, held_out_bits, sample
        )
