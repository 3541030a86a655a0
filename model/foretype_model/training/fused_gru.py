"""A GRU layer's training step: products in bfloat16, all between two products in one pass.

The same function as ``torch.nn.GRU`` (Cho et al. 2014, in the form that torch and cuDNN compute).
States, sums, gates and master weights are float32; the operands of products are rounded to
bfloat16. Against ``nn.GRU`` in float32, states differ by less than 0.01 and gradients by less than
1 % of their norm. The kernel in C (``kernel/gru.c``) runs on x86-64 processors with AMX or with
AVX-512 for bfloat16 under Linux; `available` says where, and `foretype_model.training.network` uses
``nn.GRU`` elsewhere.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final

import torch
from torch import Tensor, nn

from foretype_model.training import kernel

BLOCK: Final = 32
"""Rows and units that the kernel takes together: both have to be multiples of it."""

LEAST_STEPS: Final = 8

PAD: Final = 32
"""Numbers between two rows, so that rows of 1,024 units do not share the sets of a cache."""

SAVED: Final = 5
"""Numbers kept for the backward pass, for each unit and step."""

BF16: Final = torch.bfloat16


def available(steps: int, rows: int, hidden: int, device: torch.device) -> bool:
    """Whether `fused_gru` can take `rows` windows of `steps` bytes through a layer of `hidden`
    units, and sooner than ``nn.GRU``: packing the weights takes as long as a few steps.
    """
    fits = steps >= LEAST_STEPS and not rows % BLOCK and not hidden % BLOCK
    quick = kernel.products() is not kernel.Products.IN_FLOAT32
    return fits and device.type == "cpu" and quick


def fused_gru(e: Tensor, h: Tensor, cell: nn.GRU) -> tuple[Tensor, Tensor]:
    """One layer of `cell` over a window.

    Args:
        e: the layer's inputs, shape (T, B, E).
        h: the state before the window, shape (B, H), float32.
        cell: a GRU of one layer.

    Returns:
        The states, shape (T, B, H) in bfloat16, and the last of them, shape (B, H) in float32.
    """
    weights = cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0, cell.bias_hh_l0
    states, last = _Window.apply(e.to(BF16), h, *weights)  # type: ignore[no-untyped-call]
    return states, last


class _Window(torch.autograd.Function):
    """Forward and backward passes over a window of T steps, B rows, E inputs and H units."""

    @staticmethod
    def forward(  # noqa: PLR0917 (autograd passes them by place)
        ctx: Any, e: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> tuple[Tensor, Tensor]:
        steps, rows, inputs = e.shape
        hidden = h.shape[1]
        # For r and z, the biases of both products are one. That of n's recurrent product stands
        # within r * (...).
        bias = b_ih.clone()
        bias[: 2 * hidden] += b_hh[: 2 * hidden]
        w_ih = w_ih.to(BF16)
        x = torch.addmm(bias.to(BF16), e.reshape(-1, inputs), w_ih.t())
        ahead, back = torch.empty(2, w_hh.numel(), dtype=BF16)
        arrays = map(kernel.pointer, (w_hh.contiguous(), ahead, back))
        kernel.loaded().foretype_training_pack(hidden, *arrays)
        states = torch.empty(steps + 1, rows, hidden + PAD, dtype=BF16)
        saved = torch.empty(steps * rows * hidden * SAVED, dtype=BF16)
        last, b_n = h.detach().float().clone(), b_hh[2 * hidden :].float().contiguous()
        _each_part("forward", (steps, rows, hidden), x, ahead, b_n, last, states, saved)
        ctx.save_for_backward(e, w_ih, back, states, saved)
        return states[1:, :, :hidden], last

    @staticmethod
    def backward(ctx: Any, grad: Tensor, grad_last: Tensor) -> tuple[Tensor | None, ...]:
        e, w_ih, back, states, saved = ctx.saved_tensors
        steps, rows, inputs = e.shape
        hidden = grad_last.shape[1]
        into = torch.empty(steps, rows, 3 * hidden + PAD, dtype=BF16)
        across = torch.empty(4 * hidden, steps * rows + PAD, dtype=BF16)
        sums = torch.zeros(rows // BLOCK, 4 * hidden)
        before = grad_last.float().contiguous().clone()
        grad = grad.to(BF16).contiguous()
        _each_part("backward", (steps, rows, hidden), grad, back, saved, before, into, across, sums)
        # Rows of `across`: (n r, r, z) are the gradients of the recurrent product's outputs,
        # (r, z, n) those of the input's.
        across = across[:, : steps * rows]
        previous = states[:-1].view(steps * rows, -1)[:, :hidden]
        d_hh = torch.mm(across[: 3 * hidden], previous).float().roll(-hidden, 0)
        d_ih = torch.mm(across[hidden:], e.reshape(-1, inputs)).float()
        d_b = sums.sum(0)
        d_b_hh, d_b_ih = d_b[: 3 * hidden].roll(-hidden), d_b[hidden:]
        d_x = into.view(steps * rows, -1)[:, : 3 * hidden]
        d_e = torch.mm(d_x, w_ih).view(steps, rows, inputs)
        return d_e, before, d_ih, d_hh, d_b_ih, d_b_hh


def _each_part(name: str, sizes: tuple[int, int, int], *tensors: Tensor) -> None:
    """Call the kernel for parts of the rows, one for each of torch's threads."""
    function = getattr(kernel.loaded(), f"foretype_training_{name}")
    rows, threads = sizes[1], torch.get_num_threads()
    each = max(BLOCK, -(-rows // threads) + BLOCK - 1 & -BLOCK)
    pointers = [kernel.pointer(tensor) for tensor in tensors]

    def part(first: int) -> int:
        return int(function(*sizes, first, min(each, rows - first), *pointers))

    firsts = range(0, rows, each)
    failed = (
        list(map(part, firsts))
        if len(firsts) == 1
        else list(_threads(len(firsts)).map(part, firsts))
    )
    if any(failed):
        raise MemoryError


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, "foretype-training")
