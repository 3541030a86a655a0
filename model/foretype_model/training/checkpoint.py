"""Checkpoints: all that a training needs to resume exactly, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from foretype_model.errors import ModelError
from foretype_model.files.atomic import atomic_write
from foretype_model.training.network import Carry, Recurrent

Tensors = dict[str, Tensor]

FORMAT: Final = 3
"""The version of the checkpoint's layout."""


def save(path: Path, tensors: Tensors, record: dict[str, Any]) -> None:
    """Write atomically: a crash leaves the previous checkpoint."""
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    with atomic_write(path) as partial:
        save_file(contiguous, partial, {"foretype": json.dumps({"format": FORMAT} | record)})


def load(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """Return the tensors and the record of a checkpoint; raise ModelError if it is missing or
    damaged.
    """
    if not path.is_file():
        raise ModelError(f"no checkpoint at {path}: train without --resume first")
    try:
        with safe_open(path, "pt") as file:
            record = json.loads(file.metadata()["foretype"])
            if record.get("format", 1) != FORMAT:
                raise ModelError(
                    f"{path} is a checkpoint of another release: remove it and train anew"
                )
            return {name: file.get_tensor(name) for name in file.keys()}, record  # noqa: SIM118 (not a mapping)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{path} is not a checkpoint of a training ({error}): remove it and train anew"
        ) from error


def read_unit(path: Path) -> str:
    """Return the unit of a checkpoint's network, ``byte`` or ``word``; raise ModelError as `load`
    does.
    """
    return str(load(path)[1].get("unit", "byte"))


def with_prefix(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with ``prefix.``, without that prefix."""
    return {
        name.removeprefix(prefix + "."): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix + ".")
    }


def flatten(**parts: Tensors) -> Tensors:
    """Invert `with_prefix`, for several prefixes at once."""
    return {
        f"{prefix}.{name}": tensor
        for prefix, tensors in parts.items()
        for name, tensor in tensors.items()
    }


def recurrent_tensors(recurrent: Recurrent) -> Tensors:
    """Return the cells' state as named tensors; none at the start of a text."""
    parts = recurrent if isinstance(recurrent, tuple) else (recurrent,)
    return {name: tensor for name, tensor in zip("hc", parts, strict=False) if tensor is not None}


def recurrent_from(tensors: Tensors) -> Recurrent:
    """Invert `recurrent_tensors`, for a state that is not a text's start."""
    return (tensors["h"], tensors["c"]) if "c" in tensors else tensors["h"]


def carry_tensors(carry: Carry) -> Tensors:
    """Return the carry as named tensors."""
    return recurrent_tensors(carry.recurrent) | {"tail": carry.tail, "words": carry.words}


def carry_from(tensors: Tensors) -> Carry:
    """Invert `carry_tensors`."""
    return Carry(recurrent_from(tensors), tensors["tail"], tensors["words"])


def optimizer_tensors(optimizers: Sequence[torch.optim.Optimizer]) -> Tensors:
    """Return Adam's moments and step counts, by number of optimizer and parameter."""
    return {
        f"{number}.{index}.{name}": value
        for number, optimizer in enumerate(optimizers)
        for index, slots in optimizer.state_dict()["state"].items()
        for name, value in slots.items()
    }


def load_optimizers(optimizers: Sequence[torch.optim.Optimizer], tensors: Tensors) -> None:
    """Invert `optimizer_tensors`, into optimizers over the same parameters."""
    for number, optimizer in enumerate(optimizers):
        whole_state = optimizer.state_dict()
        for key, value in with_prefix(tensors, str(number)).items():
            index, name = key.split(".")
            whole_state["state"].setdefault(int(index), {})[name] = value
        optimizer.load_state_dict(whole_state)
