"""Measure the bytes per second of a training step: nn.GRU in float32 and the fused GRU in bfloat16.

    python -m tests.benchmarks.training_step [HIDDEN...] [--threads N] [--rounds N]

Both train the same network on random bytes, and the median round counts. The float32 step
takes minibatches of 64 windows of 64 bytes and AdamW over the whole table of n-grams; the fused one
takes 128 windows of 128 bytes, and Adam over the rows that they look up. Run it on an
idle machine.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Final
from unittest import mock

import torch
from torch import nn

from foretype_model.predictor import VOCABULARY
from foretype_model.training import fused_gru, kernel
from foretype_model.training.network import ByteNetwork, Shape, detach_carry
from foretype_model.training.trainer import BETAS, CLIP_NORM, optimizers

BEFORE: Final = (64, 64)
AFTER: Final = (128, 128)
"""Rows and bytes of a minibatch, of the float32 and of the fused step."""


def stepping(hidden: int, rows: int, window: int, *, fused: bool) -> Callable[[], int]:
    """Return a function that makes one training step and returns the bytes that it read."""
    network, carry = ByteNetwork(Shape(hidden=hidden)), None
    network.ngrams.sparse = fused
    steps = optimizers(network, 1e-3)
    if not fused:
        steps = [torch.optim.AdamW(network.parameters(), 1e-3, BETAS, fused=True)]

    def step() -> int:
        nonlocal carry
        text = torch.randint(97, 123, (window + 1, rows))
        with mock.patch.object(fused_gru, "available", fused_gru.available if fused else never):
            logits, carry = network(text[:-1], carry)
        carry = detach_carry(carry)
        loss = nn.functional.cross_entropy(logits.reshape(-1, VOCABULARY), text[1:].reshape(-1))
        for optimizer in steps:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(
            [p for p in network.parameters() if not p.grad.is_sparse], CLIP_NORM
        )
        for optimizer in steps:
            optimizer.step()
        return rows * window

    return step


def never(*_: object) -> bool:
    """Take the place of `fused_gru.available`: nn.GRU does the work."""
    return False


def main() -> None:
    """Print a line for each number of hidden units."""
    parser = argparse.ArgumentParser()
    parser.add_argument("hidden", type=int, nargs="*", default=[512, 768, 1024])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    print(f"products: {kernel.products().name}; threads: {arguments.threads}")
    before = [
        measure(stepping(hidden, *BEFORE, fused=False), arguments.rounds)
        for hidden in arguments.hidden
    ]
    kernel.keep_freed_memory()
    after = [
        measure(stepping(hidden, *AFTER, fused=True), arguments.rounds)
        for hidden in arguments.hidden
    ]
    for hidden, slow, fast in zip(arguments.hidden, before, after, strict=True):
        print(
            f"{hidden:5} units: {slow / 1e3:6.1f} kB/s before, {fast / 1e3:6.1f} kB/s after, "
            f"{fast / slow:.1f} times"
        )


def measure(step: Callable[[], int], rounds: int) -> float:
    """Return the median bytes a second of some steps, after one that warms up."""
    step()
    rates = []
    for _ in range(rounds):
        began = time.perf_counter()
        read = step()
        rates.append(read / (time.perf_counter() - began))
    return statistics.median(rates)


if __name__ == "__main__":
    main()
