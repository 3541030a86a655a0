"""Several processes, started by torchrun, that train one network: each on its rows of every
minibatch.

The gradients are added up here, and not by torch's DistributedDataParallel. That sends the whole
table of n-grams, 33 MB, of which a minibatch of 64 x 64 bytes touches a ninth, and one of 512 x 64
two fifths. Its strength is to send some gradients while others are computed; those of a recurrent
network are complete only at the end, all at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
import torch.distributed as dist
from torch import Tensor, nn

from foretype_model.errors import ModelError


@dataclass(frozen=True)
class Ranks:
    """One process among those that train together. All of them call the same methods in the same
    order.

    Attributes:
        rank: its number among all, from 0.
        size: the number of processes.
        local: its number among those on this machine.
    """

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def device(self, chosen: torch.device) -> torch.device:
        """Return the device of this process: a GPU of its own, if GPUs are chosen.

        Raises:
            ModelError: there are too few GPUs, or of a kind that processes cannot share the work
                on.
        """
        if self.size == 1 or chosen.type == "cpu":
            return chosen
        if chosen.type != "cuda":
            raise ModelError(
                f"several processes cannot train on {chosen.type}: give --device cpu, or start one "
                f"alone"
            )
        if self.local >= torch.cuda.device_count():
            raise ModelError(
                f"more processes than GPUs: start torchrun with --nproc-per-node "
                f"{torch.cuda.device_count()}"
            )
        torch.cuda.set_device(self.local)
        return torch.device("cuda", self.local)

    def rows(self, batch: int) -> range:
        """Return this process's rows of a minibatch: as many as the others have, or one more.

        Raises:
            ModelError: there are fewer rows than processes.
        """
        if batch < self.size:
            raise ModelError(
                f"{self.size} processes share {batch} rows of text: start fewer, or raise --batch"
            )
        return range(batch * self.rank // self.size, batch * (self.rank + 1) // self.size)

    def all_sum(self, *numbers: float) -> list[float]:
        """Return each number's sum over the processes."""
        summed = torch.tensor(numbers, dtype=torch.float64)
        if self.size > 1:
            dist.all_reduce(summed)
        return summed.tolist()

    def gather_rows(self, part: Tensor, rows: range, batch: int) -> Tensor:
        """Join tensors over single rows, shape (n, rows, ...), from all processes: shape (n, batch,
        ...).
        """
        if self.size == 1:
            return part
        together = part.new_zeros(part.shape[0], batch, *part.shape[2:])
        together[:, rows.start : rows.stop] = part
        dist.all_reduce(together)
        return together

    def add_gradients(self, network: nn.Module) -> None:
        """Replace each gradient by its sum over the processes; of tables, send only the rows that
        are not all 0.
        """
        if self.size == 1:
            return
        tables = [module.weight for module in network.modules() if isinstance(module, nn.Embedding)]
        sparse = [table for table in tables if table.grad is not None and table.grad.is_sparse]
        for table in sparse:
            table.grad = _gradient(table).to_dense()
        touched = torch.cat([_gradient(table).any(1) for table in tables]).to(torch.uint8)
        dist.all_reduce(touched, dist.ReduceOp.MAX)
        rows = [
            mask.nonzero().squeeze(1)
            for mask in torch.split(touched, [len(table) for table in tables])
        ]
        others = [
            _gradient(p) for p in network.parameters() if not any(p is table for table in tables)
        ]
        parts = [
            _gradient(table)[chosen] for table, chosen in zip(tables, rows, strict=True)
        ] + others
        together = torch.cat([part.flatten() for part in parts])
        dist.all_reduce(together)
        summed = [
            flat.view_as(part)
            for flat, part in zip(
                torch.split(together, [part.numel() for part in parts]), parts, strict=True
            )
        ]
        for table, chosen, gradient in zip(tables, rows, summed, strict=False):
            if any(table is one for one in sparse):
                table.grad = torch.sparse_coo_tensor(
                    chosen[None], gradient, table.shape, check_invariants=False
                )
            else:
                _gradient(table)[chosen] = gradient
        for gradient, total in zip(others, summed[len(tables) :], strict=True):
            gradient.copy_(total)


SINGLE_PROCESS: Final = Ranks()


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


@contextmanager
def join_ranks() -> Iterator[Ranks]:
    """Yield the place of this process among those that torchrun has started; ALONE without
    torchrun.
    """
    if not dist.is_torchelastic_launched():
        yield SINGLE_PROCESS
        return
    # Numbers and states go by way of the CPU, gradients from GPU to GPU.
    on_gpus = torch.cuda.is_available() and dist.is_nccl_available()
    dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpus else "gloo")
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size(), int(os.environ["LOCAL_RANK"]))
    finally:
        dist.destroy_process_group()
