"""Training of a word-level network, as `foretype_model.training.loop` trains one of bytes.

The loss is that of words; what is reported is in bits per byte of text all the same.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from foretype_model.errors import ModelError
from foretype_model.training import checkpoint
from foretype_model.training.heldout import split
from foretype_model.training.loop import (
    CLIP_NORM,
    LONGEST_STRETCH,
    STOPS,
    WARM_UP_STEPS,
    WEIGHT_DECAY,
    Progress,
    choose_device,
)
from foretype_model.training.network import Cell, Shape
from foretype_model.training.stream import Texts, whole
from foretype_model.training.words.network import Recurrent, WordNetwork, detach
from foretype_model.training.words.speak import speak
from foretype_model.training.words.stream import Held, WordBatches, as_tensor, bits_per_character
from foretype_model.vocabulary import Vocabulary

UNIT = "word"


@dataclass(frozen=True)
class WordOptions:
    """What to train and for how long; `window` is in words."""

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


class WordTraining:
    """One training, from its start or from a checkpoint."""

    def __init__(self, texts: list[bytes], options: WordOptions) -> None:
        torch.manual_seed(options.seed)
        self.options, self.device = options, choose_device(options.device)
        kept, held = map(whole, split(Texts(texts), options.seed))
        self.vocabulary = Vocabulary.of(kept)
        self.batches = WordBatches(kept, self.vocabulary, options.batch, options.window, options.seed)
        self.held_out = Held.of(held, self.vocabulary)
        self.network = WordNetwork(options.shape, len(self.vocabulary.words) + 1).to(self.device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=options.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=WEIGHT_DECAY,
            fused=True,
        )
        self.recurrent: Recurrent = None
        self.step, self.seconds, self.loss = 0, 0.0, math.log(len(self.vocabulary.words))
        self.best_bits: float | None = None
        self.best = copy.deepcopy(self.network.state_dict())

    @property
    def trained_bytes(self) -> int:
        return round(self.step * self.batches.batch * self.batches.window * self.batches.bytes_per_word)

    def fraction(self) -> float:
        """Of the budget that is spent."""
        spent = self.seconds / (60 * self.options.minutes)
        return min(1.0, self.step / self.options.steps if self.options.steps is not None else spent)

    def run(self, checkpoint_path: Path, report: Callable[[Progress], None]) -> None:
        """Learn until the budget is spent; an interruption leaves a checkpoint and goes on upwards."""
        began, before = time.monotonic(), self.seconds
        next_stop = self._next_stop()
        torch.set_flush_denormal(True)
        try:
            for x, y in self.batches.windows(self.step):
                self._learn(as_tensor(x, self.device), as_tensor(y, self.device))
                self.seconds = before + time.monotonic() - began
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

    def _learn(self, x: torch.Tensor, y: torch.Tensor) -> None:
        """One step on one minibatch; x and y of shape (T, B)."""
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        h, recurrent = self.network(x, self.recurrent)
        loss = -self.network.log_probabilities(h, y).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.recurrent = detach(recurrent)
        self.step += 1
        self.loss += (loss.item() - self.loss) / min(self.step, 50)

    def _learning_rate(self) -> float:
        warm_up = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        return self.options.learning_rate * warm_up * 0.5 * (1 + math.cos(math.pi * self.fraction()))

    def _progress(self, held_out_bits: float | None = None, sample: str | None = None) -> Progress:
        fraction, seconds = self.fraction(), max(1e-9, self.seconds)
        left = seconds * (1 - fraction) / fraction if fraction else math.inf
        bits = self.loss / math.log(2) / self.batches.bytes_per_word
        return Progress(self.step, fraction, self.trained_bytes / seconds, left, bits, held_out_bits, sample)

    def _take_stock(self, checkpoint_path: Path) -> Progress:
        """Score, keep the weights if they are the best so far, write a checkpoint, and let the network speak."""
        bits = bits_per_character(self.network, self.held_out, self.device)
        if bits is None or self.best_bits is None or bits < self.best_bits:
            self.best_bits, self.best = bits, copy.deepcopy(self.network.state_dict())
        self.save(checkpoint_path)
        return self._progress(bits, speak(self.network, self.vocabulary, self.device, seed=self.step))

    def save(self, path: Path) -> None:
        h = self.recurrent if isinstance(self.recurrent, tuple) else (self.recurrent,)
        tensors = checkpoint.whole(
            network=self.network.state_dict(),
            best=self.best,
            optimizer=checkpoint.optimizer_tensors(self.optimizer),
            recurrent={name: tensor for name, tensor in zip("hc", h, strict=False) if tensor is not None},
        )
        record: dict[str, Any] = {
            "unit": UNIT,
            "options": asdict(self.options),
            "step": self.step,
            "seconds": self.seconds,
            "loss": self.loss,
            "best_bits": self.best_bits,
            "per_epoch": self.batches.per_epoch,
        }
        checkpoint.save(path, tensors, record)

    @classmethod
    def resume(cls, texts: list[bytes], path: Path) -> WordTraining:
        """Exactly where `path` was written, with the options it was started with; the texts must be the same."""
        tensors, record = checkpoint.load(path)
        training = cls(texts, WordOptions(**record["options"]))
        network = checkpoint.part(tensors, "network")
        words = training.network.embedding.num_embeddings
        if training.batches.per_epoch != record["per_epoch"] or len(network["embedding.weight"]) != words:
            raise ModelError("the texts have changed since the checkpoint was written: train anew without --resume")
        training.network.load_state_dict(network)
        training.best = checkpoint.part(tensors, "best")
        checkpoint.load_optimizer(training.optimizer, checkpoint.part(tensors, "optimizer"))
        recurrent = [tensor.to(training.device) for _, tensor in sorted(checkpoint.part(tensors, "recurrent").items())]
        if recurrent:  # c comes before h
            training.recurrent = (recurrent[1], recurrent[0]) if len(recurrent) > 1 else recurrent[0]
        training.step, training.seconds = record["step"], record["seconds"]
        training.loss, training.best_bits = record["loss"], record["best_bits"]
        return training
