"""What leaves this machine with a model's file, as it is told before the file is written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from foretype_server.console.format import format_size

if TYPE_CHECKING:
    from foretype_model.store.lineage import Lineage, TrainingTexts
    from foretype_model.store.store import StoredModel

MEMORIZATION_NOTE = (
    "A model remembers some of its texts, and whoever has the file may get that out of it."
)


def describe_export(model: StoredModel, trained_on: Lineage | None) -> Iterator[str]:
    """Lines on all that is in the file, and on what it was made from."""
    yield f"One file, {format_size(model.size)}; in it are"
    if model.metadata:
        yield f"  the network's numbers  {model.metadata.parameters:,}"
        fields = {
            key: value for key, value in asdict(model.metadata).items() if value not in {"", None}
        }
        description = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in fields.items())
        yield f"  what it says of itself  {description}"
    else:
        yield f"  what can't be told: {model.error}"
    if model.bundled:
        yield "No text of yours went into it; its card tells what did: foretype models show default"
    elif trained_on is None:
        yield f"What it was trained on is not known here. {MEMORIZATION_NOTE}"
    else:
        yield from _describe_trainings(trained_on)
        yield f"It has no path and no whole text in it. {MEMORIZATION_NOTE}"


def _describe_trainings(trained_on: Lineage) -> Iterator[str]:
    yield "It was trained on text of yours, in files that stay here:"
    for texts in trained_on.trainings:
        yield f"  {', '.join(texts.paths)}: {_format_texts(texts)}"
    if trained_on.begun_with is not None:
        first = trained_on.begun_with or "that it may have gone on from"
        yield f"  and before that, whatever the model {first} was trained on"


def _format_texts(texts: TrainingTexts) -> str:
    found = f"{texts.files} {'text' if texts.files == 1 else 'texts'}, {format_size(texts.size)}"
    return f"{found}, less {texts.secrets} keys and passwords" if texts.secrets else found


def confirm(question: str) -> bool:
    """Whether the user says yes. Where nobody is there to answer, that is a no."""
    typer.echo(f"{question} [y/N] ", nl=False, err=True)
    answer = sys.stdin.readline().strip().lower()
    if not sys.stdin.isatty():
        typer.echo(err=True)
    return answer in {"y", "yes"}
