"""``foretype setup``: an editor made to use this installation."""

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
    "foretype setup  # which editors are here?",
    "foretype setup neovim  # put the plugin where Neovim finds it",
    "foretype setup vscode --program codium  # in that one alone",
    "foretype setup helix --print  # only say what to do",
    "foretype setup vim --remove  # take it out again",
)


def setup(
    editor: Annotated[
        str | None, typer.Argument(metavar="EDITOR", show_default="list those that are here")
    ] = None,
    only_print: Annotated[
        bool, typer.Option("--print", help="Only tell how it is done by hand.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take out what was put in.")] = False,
    program: Annotated[
        str | None,
        typer.Option(
            metavar="PROGRAM", help="The editor's program.", show_default="all on the PATH"
        ),
    ] = None,
) -> None:
    """Set an editor up to complete with this installation.

    For vscode, neovim, emacs, vim, helix, kakoune, zed or sublime-text. Plugins
    are put where the editor looks for them; what belongs into a file of your
    own is printed, for you to put there.
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
    """The name of an editor, which its program's name stands for as well."""
    from foretype_server.setup.editors import EDITORS

    names = {called: name for name, known in EDITORS.items() for called in (name, *known.programs)}
    if editor.lower() in names:
        return names[editor.lower()]
    near = difflib.get_close_matches(editor, names, n=1)
    advice = (
        f"did you mean {near[0]}?"
        if near
        else "let another one run foretype serve, if it has a client for that."
    )
    raise UsageError(f"There is no setup for {editor!r}, but for {', '.join(EDITORS)}; {advice}")


def _installed_editors(name: str, program: str | None) -> list[FoundEditor]:
    """The editors of that kind, or the one that `program` is; those first that will do."""
    import shutil

    from foretype_server.setup.editors import find_editors, find_program, inspect_editor

    if program is None:
        return [one for one in find_editors() if one.name == name]
    named = Path(program).name != program
    path = shutil.which(str(Path(program).expanduser())) if named else find_program(program)
    if path is None:
        raise ForetypeError(f"there is no program {program}; name the editor's, as it is started")
    return [inspect_editor(name, path)]


def _check_versions(name: str, here: list[FoundEditor]) -> None:
    """Tell of each editor, leave those out that are too old, and raise ForetypeError where none is
    left.
    """
    from foretype_server.setup.editors import EDITORS

    editor = EDITORS[name]
    if not here:
        raise ForetypeError(
            f"{editor.title} ({' or '.join(editor.programs)}) is not on the PATH; name its program "
            f"with --program, "
            "or see what to do by hand with --print"
        )
    for one in [one for one in here if not one.new_enough]:
        here.remove(one)
        old = f"{one.program} is {editor.title} {one.version}, but {one.needs} or later is needed"
        if not here:
            raise ForetypeError(f"{old}; update it, or name another one with --program")
        typer.echo(f"Left {old}.")


def _run_steps(plan: Plan, only_print: bool, remove: bool) -> None:
    """Each step, and the next one even where that can't be done; then the exit status is 1."""
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
    typer.echo("\nforetype setup EDITOR sets one of them up.")
