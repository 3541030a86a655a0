"""Compare small trainings, to find the value of each choice before a training of hours.

    python tests/benchmarks/training_choices.py CORPUS [--only NAME...] [--megabytes 6]

All trainings read the same bytes of CORPUS, a folder of texts, except those that differ in batch or
window. Each prints a line with the bits per character of held-out text and the seconds of CPU time.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from foretype_model.predictor import VOCABULARY
from foretype_model.training.batches import Batches, Position
from foretype_model.training.corpus import read_corpus
from foretype_model.training.heldout import bits_per_character, split_held_out
from foretype_model.training.network import ByteNetwork, Shape, detach_carry
from foretype_model.training.stream import InMemoryDocuments, load_all
from foretype_model.training.trainer import CLIP_NORM, WARM_UP_STEPS


class LayerNormGRU(nn.Module):
    """A GRU with two normalised products (Ba et al. 2016, "Layer Normalization", section 6.3)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.input, self.state = (
            nn.Linear(inputs, 3 * hidden),
            nn.Linear(hidden, 3 * hidden, bias=False),
        )
        self.input_norm, self.state_norm = nn.LayerNorm(3 * hidden), nn.LayerNorm(3 * hidden)
        self.hidden = hidden

    def forward(self, e: Tensor, h: Tensor | None) -> tuple[Tensor, Tensor]:
        """Run like `torch.nn.GRU`: e has shape (T, B, inputs), h (1, B, hidden)."""
        h = e.new_zeros(e.shape[1], self.hidden) if h is None else h[0]
        outputs = []
        for x in self.input_norm(self.input(e)):
            h = self.step(x, h)
            outputs.append(h)
        return torch.stack(outputs), h[None]

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        """Return h' for x of shape (B, 3 hidden): the input's part of r, z and n."""
        return gated(x, self.state_norm(self.state(h)), h)


class MultiplicativeGRU(LayerNormGRU):
    """A GRU whose input chooses the transition: m = (U x) * (V h) replaces h (Krause et al. 2016),
    without normalisation.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.input = nn.Linear(inputs, 4 * hidden)
        self.factor = nn.Linear(hidden, hidden, bias=False)
        self.input_norm, self.state_norm = nn.Identity(), nn.Identity()

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        """Return h' for x of shape (B, 4 hidden), with the factors last."""
        x, factors = x.split([3 * self.hidden, self.hidden], -1)
        return gated(x, self.state((1 + factors) * self.factor(h)), h)


def gated(x: Tensor, u: Tensor, h: Tensor) -> Tensor:
    """Return h' = z h + (1 - z) tanh(x_n + r u_n), with the gates r and z (Cho et al. 2014)."""
    (x_r, x_z, x_n), (u_r, u_z, u_n) = x.chunk(3, -1), u.chunk(3, -1)
    r, z = torch.sigmoid(x_r + u_r), torch.sigmoid(x_z + u_z)
    return torch.lerp(torch.tanh(x_n + r * u_n), h, z)


class Residual(nn.Module):
    """Two GRU layers, with the output of the first added to that of the second."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.lower, self.upper = nn.GRU(inputs, hidden), nn.GRU(hidden, hidden)

    def forward(self, e: Tensor, h: Tensor | None) -> tuple[Tensor, Tensor]:
        """Run like `torch.nn.GRU` with two layers."""
        below, h_0 = self.lower(e, None if h is None else h[:1])
        above, h_1 = self.upper(below, None if h is None else h[1:])
        return below + above, torch.cat([h_0, h_1])


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised gate by gate (Jordan et al. 2024).

    torch's implementation works in bfloat16: 510 ms for a matrix of 768 by 256 on a CPU that must
    emulate bfloat16.
    """

    def __init__(self, matrices: Iterable[Tensor], lr: float) -> None:
        super().__init__(matrices, {"lr": lr, "scale": 1.0})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Make one step at the rate `lr * scale`."""
        for group in self.param_groups:
            for matrix in group["params"]:
                # Nesterov momentum
                momentum = self.state[matrix].setdefault("momentum", torch.zeros_like(matrix))
                momentum.mul_(0.95).add_(matrix.grad)
                update = matrix.grad.add(momentum, alpha=0.95)
                # a block of rows per gate: weight decay, then the orthogonalised update
                rate, hidden = group["lr"] * group["scale"], len(matrix) // 3
                for weights, gate_update in zip(
                    matrix.split(hidden), update.split(hidden), strict=True
                ):
                    weights.mul_(1 - 0.1 * rate).add_(orthogonal(gate_update), alpha=-rate)


def orthogonal(matrix: Tensor) -> Tensor:
    """Approximate the closest orthogonal matrix by five Newton-Schulz steps (Jordan et al.)."""
    x = matrix / (matrix.norm() + 1e-7)
    wide = x if x.shape[0] <= x.shape[1] else x.T
    for _ in range(5):
        product = wide @ wide.T
        wide = 3.4445 * wide + (-4.7750 * product + 2.0315 * product @ product) @ wide
    return wide if wide.shape == x.shape else wide.T


@dataclass(frozen=True)
class TrainingVariant:
    """One choice of training; the defaults are the product's."""

    shape: Shape = field(default_factory=lambda: Shape(hidden=256))
    recurrent: Callable[[int, int], nn.Module] | None = None
    batch: int = 64
    window: int = 64
    learning_rate: float = 3e-3
    muon: float | None = None
    weight_decay: float = 0.01
    average: float | None = None


BASELINE = TrainingVariant()
VARIANTS = {
    "baseline": BASELINE,
    "rate 1.5e-3": replace(BASELINE, learning_rate=1.5e-3),
    "rate 6e-3": replace(BASELINE, learning_rate=6e-3),
    "Muon 0.01": replace(BASELINE, muon=0.01),
    "Muon 0.03": replace(BASELINE, muon=0.03),
    "batch 16": replace(BASELINE, batch=16),
    "batch 32": replace(BASELINE, batch=32),
    "batch 128": replace(BASELINE, batch=128),
    "window 32": replace(BASELINE, window=32),
    "window 128": replace(BASELINE, window=128),
    "no n-grams": replace(BASELINE, shape=Shape(hidden=256, ngrams=1)),
    "n-grams to 8": replace(BASELINE, shape=Shape(hidden=256, ngrams=8)),
    "embedding 64": replace(BASELINE, shape=Shape(hidden=256, embedding=64)),
    "LSTM 216": replace(BASELINE, shape=Shape(cell="lstm", hidden=216)),
    "rnn": replace(BASELINE, shape=Shape(cell="rnn", hidden=440)),
    "384 units": replace(BASELINE, shape=Shape(hidden=384)),
    "2 layers of 160": replace(BASELINE, shape=Shape(hidden=160, layers=2)),
    "2 layers of 160, residual": replace(BASELINE, shape=Shape(hidden=160), recurrent=Residual),
    "layer norm": replace(BASELINE, recurrent=LayerNormGRU),
    "multiplicative 220": replace(BASELINE, shape=Shape(hidden=220), recurrent=MultiplicativeGRU),
    "average of weights": replace(BASELINE, average=0.99),
    "weight decay 0.1": replace(BASELINE, weight_decay=0.1),
}


def network_of(variant: TrainingVariant) -> ByteNetwork:
    """Return the product's network, with another recurrent layer if the variant has one."""
    torch.manual_seed(0)
    network = ByteNetwork(variant.shape)
    if variant.recurrent is not None:
        network.recurrent = variant.recurrent(variant.shape.embedding, variant.shape.hidden)
    return network


def optimizers_of(variant: TrainingVariant, network: ByteNetwork) -> list[torch.optim.Optimizer]:
    """Return AdamW, with Muon for the recurrent layer's matrices if the variant has it."""
    matrices = (
        [] if variant.muon is None else [p for p in network.recurrent.parameters() if p.ndim == 2]
    )
    rest = [p for p in network.parameters() if all(p is not matrix for matrix in matrices)]
    adamw = torch.optim.AdamW(
        rest,
        lr=variant.learning_rate,
        betas=(0.9, 0.99),
        weight_decay=variant.weight_decay,
        fused=True,
    )
    return [adamw, Muon(matrices, variant.muon)] if variant.muon is not None else [adamw]


def train(
    variant: TrainingVariant, texts: list[bytes], megabytes: float
) -> tuple[float, float, int]:
    """Return the bits per character of held-out text, the CPU seconds, and the number of parameters
    without the table of n-grams.
    """
    training_documents, held_out = split_held_out(InMemoryDocuments(texts), seed=1)
    network = network_of(variant)
    optimizers = optimizers_of(variant, network)
    rates = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
    averaged = variant.average and torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(variant.average)
    )
    batches = Batches(training_documents, variant.batch, variant.window, seed=1)
    steps = round(megabytes * 1e6 / (variant.batch * variant.window))
    carry, start = None, time.process_time()
    for step, (_, x, y) in zip(
        range(steps), batches.windows(Position(), range(batches.batch)), strict=False
    ):
        factor = min(1.0, (step + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for rate, group in zip(rates, (g for o in optimizers for g in o.param_groups), strict=True):
            group["lr"] = rate * factor
        logits, carry = network(torch.from_numpy(x).long(), carry)
        loss = nn.functional.cross_entropy(
            logits.reshape(-1, VOCABULARY), torch.from_numpy(y).long().reshape(-1)
        )
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        for optimizer in optimizers:
            optimizer.step()
        carry = detach_carry(carry)
        if averaged:
            averaged.update_parameters(network)
    seconds = time.process_time() - start
    scored = averaged.module if averaged else network
    bits = bits_per_character(scored, load_all(held_out), torch.device("cpu"))
    assert bits is not None
    size = sum(p.numel() for name, p in network.named_parameters() if not name.startswith("ngrams"))
    return bits, seconds, size


def main() -> None:
    """Train each variant in turn."""
    parser = argparse.ArgumentParser(description="Small trainings side by side.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--only", nargs="*", choices=sorted(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--megabytes", type=float, default=6.0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    texts = read_corpus([arguments.corpus]).texts
    for name in arguments.only:
        bits, seconds, size = train(VARIANTS[name], texts, arguments.megabytes)
        print(f"{name:28} {bits:.3f} bits/char {seconds:6.0f} s {size:10,} parameters", flush=True)


if __name__ == "__main__":
    main()
