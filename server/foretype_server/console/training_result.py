"""The result of a training in words: its figures, and where its model completes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from foretype_model.store.store import setting_for_words

if TYPE_CHECKING:
    from foretype_model.training.train import TrainingResult


def format_figures(name: str, trained: TrainingResult) -> str:
    """Return the score on held-out text, that of the model in use, and the size."""
    bits, comparison = trained.metadata.bits_per_character, trained.comparison
    figure = (
        f"{bits:.3f} bits per character on held-out text"
        if bits is not None
        else "no text was held out"
    )
    rival = f" (the model in use: {comparison.rival_bits:.3f})" if comparison else ""
    if comparison and comparison.counts:
        rival += f", better by {comparison.gain:.2g} bits a character, beyond chance"
    return f"{name} is trained: {figure}{rival}; {trained.metadata.parameters:,} parameters."


def format_usage(
    name: str, trained: TrainingResult, trained_paths: Sequence[Path], *, kept_back: bool
) -> str:
    """Return the line that says where the model completes, or how to use it.

    `kept_back` says that an older model of the same name stays in its place.
    """
    paths = shlex.join(map(str, trained_paths))
    if trained.metadata.unit == "word":
        return f"To complete with it: {setting_for_words(name)}"
    if trained.beats_rivals:
        return (
            f"It completes the files under {paths} from now on. To use it everywhere: foretype "
            f"models use {name}"
        )
    verdict = f"It is {_verdict(trained)}"
    if kept_back:
        return (
            f"{verdict}: the {name} that completes these files stays as it was. To keep both, give "
            f"another --name."
        )
    return f"{verdict}: not put to use; `foretype models use {name} {paths}` does."


def _verdict(trained: TrainingResult) -> str:
    """Return why a model is not put to use."""
    comparison = trained.comparison
    if comparison is None or not comparison.has_enough_text:
        return "not known to be better than the model in use, for want of text"
    if comparison.gain <= 0:
        return "not better than the model in use"
    return (
        "not noticeably better than the model in use"
        if comparison.is_beyond_chance
        else "no better than chance"
    )
