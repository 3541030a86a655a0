"""The content of an exported model, listed before the file is written."""

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
    "A model memorizes parts of its training texts, and these can be extracted from the file."
)


def describe_export(model: StoredModel, trained_on: Lineage | None) -> Iterator[str]:
    """Yield the lines on the content of the file and on the training texts."""
    yield f"One file, {format_size(model.size)}, with"
    if model.metadata:
        yield f"  parameters  {model.metadata.parameters:,}"
        fields = {
            key: value for key, value in asdict(model.metadata).items() if value not in {"", None}
        }
        description = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in fields.items())
        yield f"  metadata    {description}"
    else:
        yield f"  unknown content: {model.error}"
    if model.bundled:
        yield "It has no text of yours; its card lists its texts: foretype models show default"
    elif trained_on is None:
        yield f"Its training texts are not known here. {MEMORIZATION_NOTE}"
    else:
        yield from _describe_trainings(trained_on)
        yield f"The file contains no path and no whole text. {MEMORIZATION_NOTE}"


def _describe_trainings(trained_on: Lineage) -> Iterator[str]:
    yield "It was trained on your text, in files that stay on this machine:"
    for texts in trained_on.trainings:
        yield f"  {', '.join(texts.paths)}: {_format_texts(texts)}"
    if trained_on.begun_with is not None:
        base = trained_on.begun_with
        yield f"  and before, the texts of {f'the model {base}' if base else 'an unknown model'}"


def _format_texts(texts: TrainingTexts) -> str:
    size = f"{texts.files} {'text' if texts.files == 1 else 'texts'}, {format_size(texts.size)}"
    return f"{size}, without {texts.secrets} keys and passwords" if texts.secrets else size


def confirm(question: str) -> bool:
    """Ask the user; return True for y or yes, False for anything else or a closed input."""
    typer.echo(f"{question} [y/N] ", nl=False, err=True)
    answer = sys.stdin.readline().strip().lower() if sys.stdin else ""
    if not (sys.stdin and sys.stdin.isatty()):
        typer.echo(err=True)
    return answer in {"y", "yes"}
