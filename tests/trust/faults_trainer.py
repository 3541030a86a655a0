"""Run ``foretype train`` in a process with all imports done, on networks that train in seconds."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import torch

from foretype_model.training import loop, words  # noqa: F401 (imported before the fork)
from foretype_server.commands.app import app


def train(home: Path, arguments: list[str]) -> None:
    """Run the command with the data folder `home`, and discard its output."""
    os.environ["FORETYPE_HOME"] = str(home)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    torch.set_num_threads(1)
    loop.TrainingOptions = partial(loop.TrainingOptions, embedding=16, ngrams=1, window=16)  # type: ignore[misc, assignment]
    app(["train", *arguments])
