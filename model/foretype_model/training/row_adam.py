"""Adam for embedding tables of which a minibatch looks up a part: only those rows are updated.

As ``torch.optim.SparseAdam``, in one pass over each row in C (``kernel/rows.c``). If the kernel was
not compiled, that optimizer itself serves. The table of n-grams has 8 million numbers, of which a
minibatch touches a tenth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from foretype_model.training import kernel


class RowAdam(torch.optim.SparseAdam):
    """Adam (Kingma and Ba 2015) on sparse gradients; other rows stay as they are."""

    def __init__(
        self, tables: Iterable[Tensor], lr: float, betas: tuple[float, float] = (0.9, 0.99)
    ) -> None:
        super().__init__(list(tables), lr=lr, betas=betas)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One step with the sparse gradients that ``nn.Embedding(sparse=True)`` leaves."""
        native = kernel.library()
        tables = [
            (group, table)
            for group in self.param_groups
            for table in group["params"]
            if table.grad is not None
        ]
        for _, table in tables:
            if not (state := self.state[table]):
                # As a tensor, so that a checkpoint holds it as it holds the moments.
                state["step"] = torch.tensor(0.0)
                state["exp_avg"] = torch.zeros_like(table)
                state["exp_avg_sq"] = torch.zeros_like(table)
        if native is None or any(table.device.type != "cpu" for _, table in tables):
            super().step(closure)  # type: ignore[no-untyped-call]
            return
        for group, table in tables:
            self._step(native, group, table)

    def _step(self, native: Any, group: dict[str, Any], table: Tensor) -> None:
        assert table.grad is not None
        state, (beta1, beta2) = self.state[table], group["betas"]
        state["step"] += 1
        t = int(state["step"])
        # Not coalesced: the kernel adds up the gradients of a row that was looked up several times.
        rows, gradients = table.grad._indices()[0].contiguous(), table.grad._values().contiguous()
        arrays = (rows, gradients, table, state["exp_avg"], state["exp_avg_sq"])
        pointers = [kernel.pointer(array) for array in arrays]
        rate = group["lr"] * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        numbers = (rate, beta1, beta2, group["eps"])
        if native.foretype_training_rows(*table.shape, len(rows), *pointers, *numbers):
            raise MemoryError
