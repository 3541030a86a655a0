"""Training of a byte-level network: truncated backpropagation through time over minibatches, until
the time or the steps are spent.

Gradients are clipped by norm (Pascanu et al. 2013). `foretype_model.training.trainer` has the loop
that every training shares.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from foretype_model.errors import ModelError
from foretype_model.predictor import VOCABULARY
from foretype_model.predictors.network.kernel import word_contexts
from foretype_model.training import checkpoint
from foretype_model.training.batches import Batches, Position
from foretype_model.training.heldout import Score, score, split_held_out
from foretype_model.training.network import (
    NGRAM_ROWS,
    ByteNetwork,
    Carry,
    Cell,
    Shape,
    detach_carry,
)
from foretype_model.training.parallel import SINGLE_PROCESS, Ranks
from foretype_model.training.rehearsal import Rehearsal
from foretype_model.training.sampling import sample_text
from foretype_model.training.stream import Bytes, Documents, load_all
from foretype_model.training.trainer import Progress, Trainer, choose_device, optimizers

REHEARSE_EVERY: Final = 3
"""Minibatches of new text between two rehearsed ones, if there is something to rehearse."""

SCORING_SHARE: Final = 0.1
"""The most that the first scoring takes of a budget in minutes."""


@dataclass(frozen=True)
class TrainingOptions:
    """The network, its minibatches and the length of a training.

    `steps` repeats exactly; `minutes` ends on time, however busy the machine is.
    """

    cell: Cell = "gru"
    hidden: int = 512
    layers: int = 1
    embedding: int = 128
    ngrams: int = 5
    words: int = 0
    ngram_rows: int = NGRAM_ROWS
    word_rows: int = word_contexts.ROWS
    batch: int = 32
    window: int = 64
    learning_rate: float = 3e-3
    minutes: float = 10.0
    steps: int | None = None
    seed: int = 0
    device: str = "auto"

    @classmethod
    def for_fine_tuning(cls, **chosen: Any) -> TrainingOptions:
        """Return options for a network that is trained already: the `chosen` ones and a
        lower rate.
        """
        return cls(**{"learning_rate": 1e-3} | chosen)

    @property
    def shape(self) -> Shape:
        return Shape(**{field.name: getattr(self, field.name) for field in fields(Shape)})


class ByteTrainer(Trainer):
    """A training of a byte-level network, new or from a checkpoint, by one process or several.

    Several processes make the same steps: each learns from its rows of every minibatch, and all
    hold the same weights. Rank 0 alone reports, scores and writes.
    """

    def __init__(
        self,
        documents: Documents,
        options: TrainingOptions,
        initial: ByteNetwork | None = None,
        ranks: Ranks = SINGLE_PROCESS,
    ) -> None:
        """Train `initial`, or a new network if it is None."""
        torch.manual_seed(options.seed)
        self.options: TrainingOptions = options
        self.ranks = ranks
        self.device = ranks.device(choose_device(options.device))
        kept, held_out = split_held_out(documents, options.seed)
        self.held_out = load_all(held_out)
        self.batches = Batches(kept, options.batch, options.window, options.seed)
        self.rows = ranks.rows(self.batches.batch)
        self.network: ByteNetwork = (initial or ByteNetwork(options.shape)).to(self.device)
        self.optimizers = optimizers(self.network, options.learning_rate)
        self.rehearsal: Rehearsal | None = None
        self.windows: int | None = None
        self.carry: Carry | None = None
        self.position = Position()
        self.step, self.seconds, self.loss = 0, 0.0, math.log(VOCABULARY)
        self.best_bits: float | None = None
        self.best = copy.deepcopy(self.network.state_dict())

    @property
    def trained_bytes(self) -> int:
        return self.step * self.batches.batch * self.batches.window

    def _minibatches(self) -> Iterator[tuple[Position, Bytes, Bytes]]:
        return self.batches.windows(self.position, self.rows)

    def _sync(self, loss: float, seconds: float, reserve: float, *, stop: bool) -> None:
        """Record the loss of the whole minibatch and the clock of rank 0, the same in all ranks;
        raise KeyboardInterrupt if any rank is to stop.
        """
        clock = (seconds, reserve) if self.ranks.is_first else (0.0, 0.0)
        loss, seconds, reserve, stops = self.ranks.all_sum(loss, *clock, float(stop))
        super()._sync(loss, seconds, reserve, stop=bool(stops))

    def _training_step(self, position: Position, x: Bytes, y: Bytes) -> float:
        """Make one step on one minibatch and return this rank's part of its mean loss.

        x and y are this rank's rows, of shape (T, rows).
        """
        self._set_learning_rate()
        logits, carry = self.network(self._as_tensor(x), self.carry)
        loss = nn.functional.cross_entropy(
            logits.reshape(-1, VOCABULARY), self._as_tensor(y).reshape(-1)
        )
        loss = loss * (len(self.rows) / self.batches.batch)
        self._optimizer_step(loss)
        self.carry, self.position = detach_carry(carry), position
        self.step += 1
        if self.rehearsal and self.step % REHEARSE_EVERY == 0:
            self._optimizer_step(self.rehearsal.loss(self.network))
        return loss.item()

    def _share_gradients(self) -> None:
        self.ranks.add_gradients(self.network)

    def _as_tensor(self, text: Bytes) -> torch.Tensor:
        return torch.from_numpy(text).to(self.device, torch.long)

    def _evaluate(self, checkpoint_path: Path) -> Progress:
        """Score, keep the weights if they are the best so far, write a checkpoint and write a
        sample.
        """
        if not self.ranks.is_first:
            self.save(checkpoint_path)
            return self._progress()
        bits = self.bits_per_character()
        if bits is None or self.best_bits is None or bits < self.best_bits:
            self.best_bits, self.best = bits, copy.deepcopy(self.network.state_dict())
        self.save(checkpoint_path)
        return self._progress(bits, sample_text(self.network, self.device, seed=self.step))

    def bits_per_character(self) -> float | None:
        """Return the score of the network on held-out text."""
        scored = self.score(self.network)
        return None if scored is None else scored.per_character

    def score(self, network: ByteNetwork) -> Score | None:
        """Score a network on the held-out text, or on as much of it as the first scoring read in
        a tenth of the minutes.
        """
        seconds = self.share_of_budget(SCORING_SHARE) if self.windows is None else math.inf
        scored = score(network, self.held_out, self.device, windows=self.windows, seconds=seconds)
        self.windows = None if scored is None else scored.windows
        return scored

    def save(self, path: Path) -> None:
        """Write a checkpoint. It is independent of ranks: it holds the carry of all rows."""
        carry = checkpoint.carry_tensors(self.carry) if self.carry is not None else {}
        carry = {
            name: self.ranks.gather_rows(tensor, self.rows, self.batches.batch)
            for name, tensor in carry.items()
        }
        if not self.ranks.is_first:
            return
        tensors = checkpoint.flatten(
            network=self.network.state_dict(),
            best=self.best,
            optimizer=checkpoint.optimizer_tensors(self.optimizers),
            carry=carry,
            rehearsal=self.rehearsal.tensors() if self.rehearsal else {},
        )
        record: dict[str, Any] = {
            "options": asdict(replace(self.options, **asdict(self.network.shape))),
            "position": asdict(self.position),
            "step": self.step,
            "seconds": self.seconds,
            "prepared": self.prepared,
            "windows": self.windows,
            "loss": self.loss,
            "best_bits": self.best_bits,
            "per_epoch": self.batches.per_epoch,
        }
        checkpoint.save(path, tensors, record)

    @classmethod
    def resume(cls, documents: Documents, path: Path, ranks: Ranks = SINGLE_PROCESS) -> ByteTrainer:
        """Resume exactly where `path` was written, with its options; the texts must be the same."""
        tensors, record = checkpoint.load(path)
        training = cls(documents, TrainingOptions(**record["options"]), ranks=ranks)
        if training.batches.per_epoch != record["per_epoch"]:
            raise ModelError(
                "the texts have changed since the checkpoint was written: train anew without "
                "--resume"
            )
        training.network.load_state_dict(checkpoint.with_prefix(tensors, "network"))
        training.best = checkpoint.with_prefix(tensors, "best")
        checkpoint.load_optimizers(
            training.optimizers, checkpoint.with_prefix(tensors, "optimizer")
        )
        rows = slice(training.rows.start, training.rows.stop)
        # Cloned, to begin where memory is aligned: products of matrices are rounded otherwise where
        # it is not.
        carry = {
            name: tensor[:, rows].clone().to(training.device)
            for name, tensor in checkpoint.with_prefix(tensors, "carry").items()
        }
        training.carry = checkpoint.carry_from(carry) if carry else None
        if rehearsal := checkpoint.with_prefix(tensors, "rehearsal"):
            training.rehearsal = Rehearsal.from_tensors(rehearsal, copy.deepcopy(training.network))
        training.position = Position(**record["position"])
        training.step, training.seconds = record["step"], record["seconds"]
        training.prepared, training.windows = record.get("prepared", 0.0), record.get("windows")
        training.loss, training.best_bits = record["loss"], record["best_bits"]
        return training
