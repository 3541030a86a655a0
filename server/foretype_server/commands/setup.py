"""``foretype setup``: Foretype set up in editors, with this installation's program."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foretype_model.errors import ForetypeError
from foretype_server.commands.options import UsageError, examples

if TYPE_CHECKING:
    from foretype_server.setup.editors import FoundEditor

EXAMPLES = examples(
    "foretype setup  # choose among the editors on this machine",
    "foretype setup neovim  # install the plugin for Neovim",
    "foretype setup --all  # set up every editor found, for scripts",
    "foretype setup vscode --program codium  # install it in VSCodium only",
    "foretype setup helix --print  # only print the steps",
    "foretype setup vim --remove  # undo the set-up of Vim",
    "foretype setup --remove --all  # before you uninstall Foretype",
)


def setup(
    editor: Annotated[
        str | None,
        typer.Argument(
            metavar="EDITOR", help="One of the editors above.", show_default="asks which"
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Take all editors found, without a question.")
    ] = False,
    only_print: Annotated[
        bool, typer.Option("--print", help="Only print the steps, to do them by hand.")
    ] = False,
    remove: Annotated[
        bool,
        typer.Option(
            "--remove",
            help="Undo an earlier set-up; with --all, also delete all that was learnt but models.",
        ),
    ] = False,
    program: Annotated[
        str | None,
        typer.Option(
            metavar="PROGRAM", help="The program of the editor.", show_default="all on the PATH"
        ),
    ] = None,
) -> None:
    """Set up Foretype in your editors.

    EDITOR is vscode, neovim, emacs, vim, helix, kakoune, zed or sublime-text.
    Plugins are installed in the editor's own folder. A configuration file of
    yours gets a marked block of lines, and is copied before. It can be run
    again at any time.
    """
    from foretype_server.commands import setup_runs as runs

    if only_print and remove:
        raise UsageError("Choose one of --print and --remove.")
    if editor and every:
        raise UsageError("Name an editor or give --all, not both.")
    if program and not editor:
        raise UsageError("Name the editor that --program belongs to.")
    act = runs.Act.REMOVE if remove else runs.Act.PRINT if only_print else runs.Act.SET_UP
    if editor:
        name = _editor_name(editor)
        here = _installed_editors(name, program)
        if act is runs.Act.SET_UP:
            _check_versions(name, here)
        if not runs.run(name, [one.program for one in here], act):
            raise typer.Exit(1)
    elif remove and every:
        runs.remove_everything()
    elif remove:
        runs.choose_removals()
    elif every or only_print:
        runs.run_all(act)
    else:
        runs.choose_editors()


def _editor_name(editor: str) -> str:
    """Return the key in `EDITORS` of an editor, given that key or the name of its program.

    Raises:
        UsageError: Foretype does not know the editor.
    """
    from foretype_server.setup.editors import EDITORS

    names = {alias: name for name, known in EDITORS.items() for alias in (name, *known.programs)}
    if editor.lower() in names:
        return names[editor.lower()]
    near = difflib.get_close_matches(editor, names, n=1)
    advice = (
        f"did you mean {near[0]}?"
        if near
        else "in another editor, let its LSP client start foretype serve."
    )
    raise UsageError(
        f"foretype setup does not know {editor!r}, only {', '.join(EDITORS)}; {advice}"
    )


def _installed_editors(name: str, program: str | None) -> list[FoundEditor]:
    """Return the installed editors of that kind, or the one at `program`.

    Raises:
        ForetypeError: `program` does not exist.
    """
    import shutil

    from foretype_server.setup.editors import find_editors, find_program, inspect_editor

    if program is None:
        return [one for one in find_editors() if one.name == name]
    named = Path(program).name != program
    path = shutil.which(str(Path(program).expanduser())) if named else find_program(program)
    if path is None:
        raise ForetypeError(f"there is no program {program}; name the program of the editor")
    return [inspect_editor(name, path)]


def _check_versions(name: str, here: list[FoundEditor]) -> None:
    """Remove the editors that are too old from `here`, with a message for each.

    Raises:
        ForetypeError: no editor is left.
    """
    from foretype_server.setup.editors import EDITORS

    editor = EDITORS[name]
    if not here:
        raise ForetypeError(
            f"{editor.title} ({' or '.join(editor.programs)}) is not on the PATH; name its program "
            f"with --program, or print the steps with --print"
        )
    for one in [one for one in here if not one.new_enough]:
        here.remove(one)
        old = f"{one.program} is {editor.title} {one.version}, but {one.needs} or later is needed"
        if not here:
            raise ForetypeError(f"{old}; update it, or name another program with --program")
        typer.echo(f"Skipped: {old}.")
