"""The fused GRU layer and the optimizer of tables, against torch's own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from foretype_model.training import fused_gru, kernel
from foretype_model.training.row_adam import RowAdam

CPU = torch.device("cpu")
WAYS = [way for way in kernel.Products if way]
needs_kernel = pytest.mark.skipif(kernel.library() is None, reason="the kernel was not compiled")


@pytest.fixture
def way(request) -> Iterator[kernel.Products]:
    """One of the ways to compute products, for a test; the fastest afterwards."""
    if kernel.choose_products(request.param) != request.param:
        pytest.skip(f"this processor has no products {request.param.name}")
    yield request.param
    kernel.choose_products(kernel.Products.BY_AMX)


def run(
    layer, e: Tensor, h: Tensor, into: Tensor, parameters: list[Tensor]
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """States, last state and the gradients of a loss that weighs every state by `into`."""
    inputs = [*parameters, e, h]
    for tensor in inputs:
        tensor.grad = None
    states, last = layer(e, h)
    ((states.float() * into).sum() + (last * into[0]).sum()).backward()
    return states.detach().float(), last.detach(), [tensor.grad.clone() for tensor in inputs]


def relative(found: Tensor, expected: Tensor) -> float:
    return ((found - expected).norm() / expected.norm()).item()


@pytest.mark.parametrize("way", WAYS, indirect=True)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("sizes", [(9, 32, 24, 64), (33, 96, 40, 96), (16, 64, 168, 256)])
@pytest.mark.usefixtures("way")
def test_equals_torchs_gru(sizes, threads) -> None:
    """States agree to 0.01, and every gradient to 1 % of its norm."""
    steps, rows, inputs, hidden = sizes
    torch.manual_seed(0)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        cell = nn.GRU(inputs, hidden)
        e = torch.randn(steps, rows, inputs).requires_grad_()
        h = (torch.randn(rows, hidden) * 0.3).requires_grad_()
        into, parameters = torch.randn(steps, rows, hidden), list(cell.parameters())

        def reference(e: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
            states, last = cell(e, h[None])
            return states, last[0]

        states, last, gradients = run(reference, e, h, into, parameters)
        fused = run(lambda e, h: fused_gru.fused_gru(e, h, cell), e, h, into, parameters)
    finally:
        torch.set_num_threads(before)
    assert (fused[0] - states).abs().max() < 0.01
    assert (fused[1] - last).abs().max() < 0.01
    for found, expected in zip(fused[2], gradients, strict=True):
        assert relative(found, expected) < 0.01


@pytest.mark.parametrize("way", WAYS, indirect=True)
@pytest.mark.usefixtures("way")
def test_saturated_gates_stay_finite() -> None:
    """Inputs of any size give the states that torch gives, and no infinity or NaN."""
    torch.manual_seed(0)
    cell = nn.GRU(32, 32)
    e = (
        torch.randn(4, 32, 32) * torch.tensor([1e-3, 1.0, 1e2, 1e4])[:, None, None]
    ).requires_grad_()
    states, last = fused_gru.fused_gru(e, torch.zeros(32, 32), cell)
    (states.float().sum() + last.sum()).backward()
    assert torch.isfinite(states).all()
    assert torch.isfinite(e.grad).all()
    assert (states[:2].float() - cell(e)[0][:2]).abs().max() < 0.01


@pytest.mark.parametrize(
    ("steps", "rows", "hidden", "device"),
    [(9, 31, 64, "cpu"), (9, 32, 65, "cpu"), (9, 32, 64, "meta"), (2, 32, 64, "cpu")],
)
def test_other_sizes_are_refused(steps, rows, hidden, device) -> None:
    """The kernel takes blocks of 32 by 32 on the processor, and nothing else."""
    assert not fused_gru.available(steps, rows, hidden, torch.device(device))


@needs_kernel
@given(st.integers(1, 40), st.integers(1, 70), st.integers(1, 60), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_rows_learn_as_by_sparse_adam(rows, width, lookups, seed) -> None:
    """RowAdam makes the steps of torch's SparseAdam, however often a row is looked up."""
    draw = np.random.default_rng(seed)
    tables = []
    for optimizer in (RowAdam, torch.optim.SparseAdam):
        torch.manual_seed(seed)
        table = nn.Embedding(rows, width, sparse=True)
        steps = optimizer([table.weight], lr=0.01, betas=(0.9, 0.99))
        draw = np.random.default_rng(seed)
        for _ in range(3):
            steps.zero_grad()
            found = table(torch.from_numpy(draw.integers(0, rows, lookups)))
            (
                found * torch.from_numpy(draw.normal(size=found.shape).astype(np.float32))
            ).sum().backward()
            steps.step()
        tables.append(table.weight.detach())
    assert torch.allclose(*tables, atol=1e-5)
