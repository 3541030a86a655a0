"""Training: truncated backpropagation through time over a stream of minibatches, until the time or the steps are spent.

AdamW (Loshchilov and Hutter 2019), a linear warm-up, then half a cosine down to nothing; gradients clipped by norm
(Pascanu et al. 2013).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from foretype_model.errors import ModelError
from foretype_model.predictor import VOCABULARY
from foretype_model.training import checkpoint
from foretype_model.training.batches import Batches, Position
from foretype_model.training.heldout import bits_per_character, split
from foretype_model.training.network import ByteNetwork, Carry, Cell, Shape, detach
from foretype_model.training.parallel import ALONE, Ranks
from foretype_model.training.speak import speak
from foretype_model.training.stream import Documents, whole

WARM_UP_STEPS: Final = 100
WEIGHT_DECAY: Final = 0.01
CLIP_NORM: Final = 1.0
STOPS: Final = 20
LONGEST_STRETCH: Final = 600.0
"""Scores, checkpoints and samples come twenty times in a training, but at least every ten minutes (in seconds)."""


@dataclass(frozen=True)
class TrainingOptions:
    """What to train and for how long: `steps` repeats exactly, `minutes` ends on time whatever the machine's load."""

    cell: Cell = "gru"
    hidden: int = 512
    layers: int = 1
    embedding: int = 128
    ngrams: int = 5
    batch: int = 64
    window: int = 64
    learning_rate: float = 3e-3
    minutes: float = 10.0
    steps: int | None = None
    seed: int = 0
    device: str = "auto"

    @property
    def shape(self) -> Shape:
        return Shape(self.cell, self.hidden, self.layers, self.embedding, self.ngrams)


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes:
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


class Training:
    """One training, from its start or from a checkpoint, by one process or by several that do the same steps.

    Each of several learns from its rows of every minibatch, and all of them hold the same weights. What is reported,
    scored and written is so by rank 0.
    """

    def __init__(
        self, documents: Documents, options: TrainingOptions, initial: ByteNetwork | None = None, ranks: Ranks = ALONE
    ) -> None:
        torch.manual_seed(options.seed)
        self.options, self.ranks = options, ranks
        self.device = ranks.device(choose_device(options.device))
        kept, held_out = split(documents, options.seed)
        self.held_out = whole(held_out)
        self.batches = Batches(kept, options.batch, options.window, options.seed)
        self.rows = ranks.rows(self.batches.batch)
        self.network = (initial or ByteNetwork(options.shape)).to(self.device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=options.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=WEIGHT_DECAY,
            fused=True,  # the table of n-grams has 8 million numbers: one pass over them and not ten
        )
        self.carry: Carry | None = None
        self.position = Position()
        self.step, self.seconds, self.loss = 0, 0.0, math.log(VOCABULARY)
        self.best_bits: float | None = None
        self.best = copy.deepcopy(self.network.state_dict())

    @property
    def trained_bytes(self) -> int:
        return self.step * self.batches.batch * self.batches.window

    def fraction(self) -> float:
        """Of the budget that is spent."""
        if self.options.steps is not None:
            return min(1.0, self.step / self.options.steps)
        return min(1.0, self.seconds / (60 * self.options.minutes))

    def run(
        self, checkpoint_path: Path, report: Callable[[Progress], None], stop_asked: Callable[[], bool] = lambda: False
    ) -> None:
        """Learn until the budget is spent; an interruption leaves a checkpoint and goes on upwards.

        Args:
            checkpoint_path: written now and then, and at an interruption.
            report: told after every step.
            stop_asked: looked at after every step. Where any rank's says so, all of them are interrupted there; a
                KeyboardInterrupt out of nowhere, which one process alone may have, would leave the others waiting.
        """
        began, before = time.monotonic(), self.seconds
        next_stop = self._next_stop()
        # Subnormal numbers, which a saturated gate's gradient is full of, cost a CPU many times the work.
        torch.set_flush_denormal(True)
        try:
            for position, x, y in self.batches.windows(self.position, self.rows):
                loss = self._learn(torch.from_numpy(x), torch.from_numpy(y))
                self.position = position
                self._agree(loss, before + time.monotonic() - began, stop=stop_asked())
                if self.fraction() >= 1:
                    break
                if self.fraction() < next_stop[0] and self.seconds < next_stop[1]:
                    report(self._progress())
                    continue
                report(self._take_stock(checkpoint_path))
                next_stop = self._next_stop()
            report(self._take_stock(checkpoint_path))
        except KeyboardInterrupt:
            self.save(checkpoint_path)
            raise
        finally:
            torch.set_flush_denormal(False)

    def _next_stop(self) -> tuple[float, float]:
        """The fraction and the second, of which the first to come is when to take stock."""
        return self.fraction() + 1 / STOPS, self.seconds + LONGEST_STRETCH

    def _agree(self, loss: float, seconds: float, *, stop: bool) -> None:
        """Take the minibatch's loss and rank 0's clock, alike in all ranks; a KeyboardInterrupt if any is to stop."""
        loss, self.seconds, stops = self.ranks.total(loss, seconds if self.ranks.first else 0.0, float(stop))
        self.loss += (loss - self.loss) / min(self.step, 50)
        if stops:
            raise KeyboardInterrupt

    def _learn(self, x: torch.Tensor, y: torch.Tensor) -> float:
        """One step on one minibatch, of which x and y, of shape (T, rows), are here; their part in its mean loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        logits, carry = self.network(x.to(self.device, torch.long), self.carry)
        loss = nn.functional.cross_entropy(logits.reshape(-1, VOCABULARY), y.to(self.device, torch.long).reshape(-1))
        loss = loss * (len(self.rows) / self.batches.batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.ranks.add_gradients(self.network)
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.carry = detach(carry)
        self.step += 1
        return loss.item()

    def _learning_rate(self) -> float:
        warm_up = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        return self.options.learning_rate * warm_up * 0.5 * (1 + math.cos(math.pi * self.fraction()))

    def _progress(self, held_out_bits: float | None = None, sample: str | None = None) -> Progress:
        fraction, seconds = self.fraction(), max(1e-9, self.seconds)
        left = seconds * (1 - fraction) / fraction if fraction else math.inf
        bits = self.loss / math.log(2)
        return Progress(self.step, fraction, self.trained_bytes / seconds, left, bits, held_out_bits, sample)

    def _take_stock(self, checkpoint_path: Path) -> Progress:
        """Score, keep the weights if they are the best so far, write a checkpoint, and let the network speak."""
        if not self.ranks.first:
            self.save(checkpoint_path)
            return self._progress()
        bits = bits_per_character(self.network, self.held_out, self.device)
        if bits is None or self.best_bits is None or bits < self.best_bits:
            self.best_bits, self.best = bits, copy.deepcopy(self.network.state_dict())
        self.save(checkpoint_path)
        return self._progress(bits, speak(self.network, self.device, seed=self.step))

    def save(self, path: Path) -> None:
        """Write a checkpoint, which knows nothing of ranks: each rank has its rows of the carry from all of them."""
        carry = checkpoint.carry_tensors(self.carry) if self.carry is not None else {}
        carry = {name: self.ranks.whole(tensor, self.rows, self.batches.batch) for name, tensor in carry.items()}
        if not self.ranks.first:
            return
        tensors = checkpoint.whole(
            network=self.network.state_dict(),
            best=self.best,
            optimizer=checkpoint.optimizer_tensors(self.optimizer),
            carry=carry,
        )
        record: dict[str, Any] = {
            "options": asdict(replace(self.options, **asdict(self.network.shape))),
            "position": asdict(self.position),
            "step": self.step,
            "seconds": self.seconds,
            "loss": self.loss,
            "best_bits": self.best_bits,
            "per_epoch": self.batches.per_epoch,
        }
        checkpoint.save(path, tensors, record)

    @classmethod
    def resume(cls, documents: Documents, path: Path, ranks: Ranks = ALONE) -> Training:
        """Exactly where `path` was written, with the options it was started with; the texts must be the same."""
        tensors, record = checkpoint.load(path)
        training = cls(documents, TrainingOptions(**record["options"]), ranks=ranks)
        if training.batches.per_epoch != record["per_epoch"]:
            raise ModelError("the texts have changed since the checkpoint was written: train anew without --resume")
        training.network.load_state_dict(checkpoint.part(tensors, "network"))
        training.best = checkpoint.part(tensors, "best")
        checkpoint.load_optimizer(training.optimizer, checkpoint.part(tensors, "optimizer"))
        rows = slice(training.rows.start, training.rows.stop)
        # Cloned, to begin where memory is aligned: products of matrices are rounded otherwise where it is not.
        carry = {
            name: tensor[:, rows].clone().to(training.device)
            for name, tensor in checkpoint.part(tensors, "carry").items()
        }
        training.carry = checkpoint.carry_from(carry) if carry else None
        training.position = Position(**record["position"])
        training.step, training.seconds = record["step"], record["seconds"]
        training.loss, training.best_bits = record["loss"], record["best_bits"]
        return training
