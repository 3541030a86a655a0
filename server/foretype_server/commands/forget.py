"""``foretype forget``: a file, a folder or a word out of what was learnt."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foretype_model.errors import ForetypeError
from foretype_server.commands.options import Json, UsageError, examples, print_json
from foretype_server.console.format import format_size

if TYPE_CHECKING:
    from foretype_model.predictor import Removed
    from foretype_model.predictors.copy.index.workspace import Workspace

EXAMPLES = examples(
    "foretype forget diary.txt  # a file, or one that there was",
    "foretype forget letters/  # all files in a folder, and all that will come to be there",
    "foretype forget hunter2  # a word, wherever it stands alone",
    "foretype forget --word letters  # a word that is a file's name too",
)


def forget(
    target: Annotated[
        str, typer.Argument(metavar="PATH|WORD", help="A file or a folder; or else a word.")
    ],
    word: Annotated[
        bool, typer.Option("--word", help="It is a word, though there is a file of that name.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Forget a file, a folder or a word, for good.

    Whatever was learnt from it in any workspace goes, and nothing of it is
    learnt again in any. The files themselves are left alone. Editors that are
    open follow once a file is saved or closed.
    """
    if not target.strip():
        raise UsageError("Name a file, a folder or a word.")
    from foretype_model.predictor import Removed
    from foretype_model.predictors import predictor_folder
    from foretype_model.predictors.copy.index.registry import IndexRegistry
    from foretype_model.predictors.network.dynamic_evaluation import reset
    from foretype_model.privacy.forget_list import is_valid_word
    from foretype_model.store.store import data_folder

    indexes = IndexRegistry(predictor_folder("copy", data_folder()))
    known = indexes.open_all()
    path = None if word else _known_path(target, known)
    if path is None and os.sep in target and not word:
        raise UsageError(
            f"There is no {target}, and nothing was learnt from one; --word takes it for a word."
        )
    if path is None and not is_valid_word(target):
        raise UsageError(
            f"{target!r} can stand in no text, so there is nothing to forget; give a word in UTF-8."
        )
    # First, so that no server goes on from nothing and learns it again.
    indexes.forget(path, None if path else target)
    adapted = reset(predictor_folder("network", data_folder()))
    removed = sum((_forget_in(index, target, path) for index in known), Removed())
    if not known and not adapted:
        raise ForetypeError(
            f"Nothing was learnt as yet. Foretype learns from the folders that an editor opens, "
            f"and not {target} there."
        )
    if as_json:
        print_json(
            {"files": removed.names, "bytes": removed.size, "occurrences": removed.occurrences}
        )
    else:
        typer.echo(
            _format_removed(removed, target)
            if path
            else f"{target!r} is forgotten: {_format_occurrences(removed.occurrences)}."
        )


def _known_path(target: str, known: list[Workspace]) -> Path | None:
    """`target`, where it is a path that there is, or that was learnt from."""
    path = Path(target).expanduser()
    return path if path.exists() or any(index.covers(path) for index in known) else None


def _forget_in(index: Workspace, target: str, path: Path | None) -> Removed:
    """From one index, on the disk too."""
    removed = index.forget(path) if path else index.forget_word(target)
    index.compact()
    return removed


def _format_removed(removed: Removed, target: str) -> str:
    files = len(removed.names)
    if not files:
        return f"Nothing was learnt from {target}, and nothing will be."
    return (
        f"{target} is forgotten: {files} {'file' if files == 1 else 'files'}, "
        f"{format_size(removed.size)}."
    )


def _format_occurrences(occurrences: int) -> str:
    if not occurrences:
        return "it stood in nothing that was learnt"
    return "it stood in one place" if occurrences == 1 else f"it stood in {occurrences} places"
