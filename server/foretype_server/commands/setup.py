"""``foretype setup``: Foretype set up in an editor, with this installation's program."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foretype_model.errors import ForetypeError
from foretype_server.commands.options import UsageError, examples

if TYPE_CHECKING:
    from foretype_server.setup.editors import FoundEditor
    from foretype_server.setup.plans import Plan

EXAMPLES = examples(
    "foretype setup  # list the editors on this machine",
    "foretype setup neovim  # install the plugin for Neovim",
    "foretype setup vscode --program codium  # install it in VSCodium only",
    "foretype setup helix --print  # only print the steps",
    "foretype setup vim --remove  # uninstall the plugin",
)


def setup(
    editor: Annotated[
        str | None,
        typer.Argument(
            metavar="EDITOR", help="One of the editors above.", show_default="list those found"
        ),
    ] = None,
    only_print: Annotated[
        bool, typer.Option("--print", help="Only print the steps, to do them by hand.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Undo an earlier set-up.")] = False,
    program: Annotated[
        str | None,
        typer.Option(
            metavar="PROGRAM", help="The program of the editor.", show_default="all on the PATH"
        ),
    ] = None,
) -> None:
    """Set up Foretype in an editor.

    EDITOR is vscode, neovim, emacs, vim, helix, kakoune, zed or sublime-text.
    Plugins are installed in the editor's own folder. Lines for a configuration
    file that you write yourself are printed, for you to add.
    """
    from foretype_server.setup.plans import plan

    if only_print and remove:
        raise UsageError("Choose one of --print and --remove.")
    if editor is None:
        _list_editors()
        return
    name = _editor_name(editor)
    here = _installed_editors(name, program)
    if not (only_print or remove):
        _check_versions(name, here)
    _run_steps(plan(name, [one.program for one in here]), only_print, remove)


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


def _run_steps(plan: Plan, only_print: bool, remove: bool) -> None:
    """Run all steps; if one fails, go on with the next, and exit with status 1 at the end."""
    failed = False
    for step in plan.steps:
        try:
            typer.echo(
                step.undo() if remove else step.instructions() if only_print else step.apply()
            )
        except (ForetypeError, OSError) as error:
            typer.echo(f"foretype: {error}", err=True)
            failed = True
    if failed:
        raise typer.Exit(1)
    if not remove:
        typer.echo(plan.follow_up)


def _list_editors() -> None:
    from foretype_server.setup.editors import EDITORS, find_editors

    here = find_editors()
    for one in here:
        old = "" if one.new_enough else f" (too old: {one.needs} or later is needed)"
        typer.echo(f"{one.name:<12}  {one.version or '?':<9}  {one.program}{old}")
    missing = [name for name in EDITORS if name not in {one.name for one in here}]
    if missing:
        typer.echo(f"not found: {', '.join(missing)}")
    typer.echo("\nTo set one up: foretype setup EDITOR")
