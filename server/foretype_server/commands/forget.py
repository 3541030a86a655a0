"""``foretype forget``: a file, a folder or a word removed from everything learnt."""

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
    "foretype forget diary.txt  # a file, also one already deleted",
    "foretype forget letters/  # all present and future files in a folder",
    "foretype forget hunter2  # a whole word, in every text",
    "foretype forget --word letters  # a word that is also the name of a file",
)


def forget(
    target: Annotated[
        str, typer.Argument(metavar="PATH|WORD", help="A file, a folder, or else a word.")
    ],
    word: Annotated[
        bool, typer.Option("--word", help="Treat it as a word, even if such a file exists.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Forget a file, a folder or a word, for good.

    Everything learnt from it is removed in every workspace, and it is never
    learnt again. The files themselves stay unchanged. Running editors follow
    when a file is next saved or closed.
    """
    if not target.strip():
        raise UsageError("Name a file, a folder or a word.")
    from foretype_model.predictor import Removed
    from foretype_model.predictors import predictor_folder
    from foretype_model.predictors.copy.index.registry import IndexRegistry
    from foretype_model.predictors.network.dynamic_evaluation import reset
    from foretype_model.store.store import data_folder

    indexes = IndexRegistry(predictor_folder("copy", data_folder()))
    known = indexes.open_all()
    path = None if word else _known_path(target, known)
    if path is None:
        _check_word(target, word)
    # Write the list before the reset: a server that starts without an adapted network must not
    # learn the word again.
    indexes.forget(path, None if path else target)
    adapted = reset(predictor_folder("network", data_folder()))
    removed = sum((_forget_in(index, target, path) for index in known), Removed())
    if not known and not adapted:
        raise ForetypeError(
            f"Nothing was learnt yet, so there is nothing to remove; {target} will not be learnt "
            f"from the folders that an editor opens."
        )
    if as_json:
        print_json(
            {"files": removed.names, "bytes": removed.size, "occurrences": removed.occurrences}
        )
    else:
        typer.echo(
            _format_removed(removed, target)
            if path
            else f"{target!r} is forgotten: {_format_occurrences(removed.occurrences)} removed."
        )


def _known_path(target: str, known: list[Workspace]) -> Path | None:
    """Return `target` as a path if it exists or was learnt from, else None."""
    path = Path(target).expanduser()
    return path if path.exists() or any(index.covers(path) for index in known) else None


def _check_word(target: str, named_as_word: bool) -> None:
    """Raise UsageError if `target` looks like a path, or if no text can contain it."""
    from foretype_model.privacy.forget_list import is_valid_word

    if os.sep in target and not named_as_word:
        raise UsageError(
            f"There is no {target}, and nothing was learnt from it; --word treats it as a word."
        )
    if not is_valid_word(target):
        raise UsageError(f"{target!r} is not valid UTF-8, so no text has it; give a word in UTF-8.")


def _forget_in(index: Workspace, target: str, path: Path | None) -> Removed:
    """Remove `target` from one index, and from its files."""
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
    return f"{occurrences or 'no'} {'occurrence' if occurrences == 1 else 'occurrences'}"
