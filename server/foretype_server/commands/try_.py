"""``foretype try``: an editor in the terminal."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from foretype_server.commands.options import (
    Model,
    Seed,
    Temperature,
    UsageError,
    Workspace,
    examples,
)

EXAMPLES = examples(
    "foretype try  # begin with an empty text",
    "foretype try notes.txt  # edit a file; Ctrl-S saves it",
    "foretype try --temperature 0.8  # get more varied suggestions",
    "foretype try --prose chapter.md --workspace .  # write prose, with words from this folder",
)


def try_(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The text file to edit.")
    ] = None,
    model: Model = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    prose: Annotated[
        bool,
        typer.Option(
            "--prose", help="Suggest words and sentences, and learn from prose only: for writers."
        ),
    ] = False,
    workspace: Workspace = None,
) -> None:
    """Type in the terminal, with ghost text.

    Tab accepts the grey text, Ctrl-Right its first word. Ctrl-Z undoes, Ctrl-F
    finds, Ctrl-S saves, Ctrl-Q quits, and F1 lists all keys. Ctrl-T makes the
    suggestions bolder. With --prose, Alt-1 to Alt-5 insert one of the next
    words shown beside the text.
    """
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        raise UsageError(
            "try needs a terminal; without a terminal, use foretype complete FILE:LINE:COLUMN."
        )
    from foretype_model.store.store import Store
    from foretype_server.commands.opening import open_predictors, refresh
    from foretype_server.console.text_file import TextFile
    from foretype_server.settings import Settings
    from foretype_server.terminal.editor import TerminalEditor

    text = TextFile.open(file) if file else None
    settings = Settings(prose=prose, temperature=temperature, seed=seed)
    folders = (workspace.resolve(),) if workspace else ()
    predictors = open_predictors(
        model,
        settings.predictors,
        folders,
        file,
        settings.excluded_patterns,
        text.text if text else "",
    )
    refresh(predictors.values())
    name = Store().find(model, file).stem
    asyncio.run(TerminalEditor(predictors, text, name, settings.options()).run())
