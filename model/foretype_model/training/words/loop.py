"""Training of a word-level network, like `foretype_model.training.loop` for bytes.

The loss is that of words; progress is reported in bits per byte of text all the same.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from foretype_model.errors import ModelError
from foretype_model.predictors.words.vocabulary import Vocabulary
from foretype_model.training import checkpoint
from foretype_model.training.heldout import split_held_out
from foretype_model.training.network import Cell, Recurrent, Shape, detach_recurrent
from foretype_model.training.stream import InMemoryDocuments, load_all
from foretype_model.training.trainer import Progress, Trainer, choose_device, optimizers
from foretype_model.training.words.network import WordNetwork
from foretype_model.training.words.sampling import sample_text
from foretype_model.training.words.stream import (
    HeldOutWords,
    WordBatches,
    WordIds,
    as_tensor,
    bits_per_character,
)

UNIT = "word"


@dataclass(frozen=True)
class WordOptions:
    """The network, its minibatches and the length of a training; `window` is in words."""

    cell: Cell = "gru"
    hidden: int = 256
    layers: int = 1
    embedding: int = 128
    batch: int = 32
    window: int = 32
    learning_rate: float = 3e-3
    minutes: float = 10.0
    steps: int | None = None
    seed: int = 0
    device: str = "auto"

    @property
    def shape(self) -> Shape:
        return Shape(self.cell, self.hidden, self.layers, self.embedding, ngrams=1)


class WordTrainer(Trainer):
    """A training of a word-level network, new or from a checkpoint."""

    def __init__(self, texts: list[bytes], options: WordOptions) -> None:
        torch.manual_seed(options.seed)
        self.options: WordOptions = options
        self.device = choose_device(options.device)
        kept, held = map(load_all, split_held_out(InMemoryDocuments(texts), options.seed))
        self.vocabulary = Vocabulary.of(kept)
        self.batches = WordBatches(
            kept, self.vocabulary, options.batch, options.window, options.seed
        )
        self.held_out = HeldOutWords.of(held, self.vocabulary)
        self.network: WordNetwork = WordNetwork(options.shape, len(self.vocabulary.words) + 1).to(
            self.device
        )
        self.optimizers = optimizers(self.network, options.learning_rate)
        self.bytes_per_unit = self.batches.bytes_per_word
        self.recurrent: Recurrent = None
        self.step, self.seconds, self.loss = 0, 0.0, math.log(len(self.vocabulary.words))
        self.best_bits: float | None = None
        self.best = copy.deepcopy(self.network.state_dict())

    @property
    def trained_bytes(self) -> int:
        return round(
            self.step * self.batches.batch * self.batches.window * self.batches.bytes_per_word
        )

    def _minibatches(self) -> Iterator[tuple[WordIds, WordIds]]:
        return self.batches.windows(self.step)

    def _training_step(self, x: WordIds, y: WordIds) -> float:
        """Make one step on one minibatch, x and y of shape (T, B), and return its loss."""
        self._set_learning_rate()
        h, recurrent = self.network(as_tensor(x, self.device), self.recurrent)
        loss = -self.network.log_probabilities(h, as_tensor(y, self.device)).mean()
        self._optimizer_step(loss)
        self.recurrent = detach_recurrent(recurrent)
        self.step += 1
        return loss.item()

    def _evaluate(self, checkpoint_path: Path) -> Progress:
        """Score, keep the weights if they are the best so far, write a checkpoint and write a
        sample.
        """
        bits = bits_per_character(self.network, self.held_out, self.device)
        if bits is None or self.best_bits is None or bits < self.best_bits:
            self.best_bits, self.best = bits, copy.deepcopy(self.network.state_dict())
        self.save(checkpoint_path)
        return self._progress(
            bits, sample_text(self.network, self.vocabulary, self.device, seed=self.step)
        )

    def save(self, path: Path) -> None:
        tensors = checkpoint.flatten(
            network=self.network.state_dict(),
            best=self.best,
            optimizer=checkpoint.optimizer_tensors(self.optimizers),
            recurrent=checkpoint.recurrent_tensors(self.recurrent),
        )
        record: dict[str, Any] = {
            "unit": UNIT,
            "options": asdict(self.options),
            "step": self.step,
            "seconds": self.seconds,
            "prepared": self.prepared,
            "loss": self.loss,
            "best_bits": self.best_bits,
            "per_epoch": self.batches.per_epoch,
        }
        checkpoint.save(path, tensors, record)

    @classmethod
    def resume(cls, texts: list[bytes], path: Path) -> WordTrainer:
        """Resume exactly where `path` was written, with its options; the texts must be the same."""
        tensors, record = checkpoint.load(path)
        training = cls(texts, WordOptions(**record["options"]))
        network = checkpoint.with_prefix(tensors, "network")
        words = training.network.embedding.num_embeddings
        if (
            training.batches.per_epoch != record["per_epoch"]
            or len(network["embedding.weight"]) != words
        ):
            raise ModelError(
                "the texts have changed since the checkpoint was written: train anew without "
                "--resume"
            )
        training.network.load_state_dict(network)
        training.best = checkpoint.with_prefix(tensors, "best")
        checkpoint.load_optimizers(
            training.optimizers, checkpoint.with_prefix(tensors, "optimizer")
        )
        recurrent = checkpoint.with_prefix(tensors, "recurrent")
        on_device = {name: tensor.to(training.device) for name, tensor in recurrent.items()}
        training.recurrent = checkpoint.recurrent_from(on_device) if recurrent else None
        training.step, training.seconds = record["step"], record["seconds"]
        training.prepared = record.get("prepared", 0.0)
        training.loss, training.best_bits = record["loss"], record["best_bits"]
        return training
