"""The loop that every training shares: minibatches until the time or the steps are spent, with an
evaluation now and then.

The learning rate warms up linearly, then falls to 0 along half a cosine.
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
"""A training is scored, saved and sampled from twenty times, but at least every ten minutes (in
seconds).
"""


class Budget(Protocol):
    """The options of a training that set its length and its learning rate."""

    @property
    def learning_rate(self) -> float: ...
    @property
    def minutes(self) -> float: ...
    @property
    def steps(self) -> int | None: ...


@dataclass(frozen=True)
class Progress:
    """The progress of a training.

    Attributes:
        step: minibatches learnt.
        fraction: of the time or the steps, 0 to 1.
        bytes_per_second: over the whole training so far.
        seconds_left: an estimate of the time until the end.
        training_bits: bits per byte of text, smoothed over about fifty steps.
        held_out_bits: bits per character on held-out text; None between evaluations.
        sample: a few lines that the network has written; None between evaluations.
    """

    step: int
    fraction: float
    bytes_per_second: float
    seconds_left: float
    training_bits: float
    held_out_bits: float | None = None
    sample: str | None = None


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
        """Return the share of the budget that is spent, 0 to 1."""
        if self.options.steps is not None:
            return min(1.0, self.step / self.options.steps)
        return min(1.0, self.seconds / (60 * self.options.minutes))

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
            stop_asked: called after every step. If it is true in any rank, all ranks stop there. A
                KeyboardInterrupt in one process alone would leave the others waiting.
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
        """Return the fraction and the second of the next evaluation; the first to come decides."""
        return self.fraction() + 1 / EVALUATIONS, self.seconds + MAX_SECONDS_BETWEEN_EVALUATIONS

    def _sync(self, loss: float, seconds: float, *, stop: bool) -> None:
        """Record the loss of a minibatch and the clock; raise KeyboardInterrupt if `stop`
        is true.
        """
        self.seconds = seconds
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
        fraction, seconds = self.fraction(), max(1e-9, self.seconds)
        left = seconds * (1 - fraction) / fraction if fraction else math.inf
        bits = self.loss / math.log(2) / self.bytes_per_unit
        return Progress(
            self.step, fraction, self.trained_bytes / seconds, left, bits, held_out_bits, sample
        )
