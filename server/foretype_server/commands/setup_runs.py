"""The runs of ``foretype setup``: over one editor or all of them, chosen by the user or named."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import typer

from foretype_model.errors import ForetypeError
from foretype_server.console.choice import ask_choice, ask_yes, is_interactive
from foretype_server.console.format import format_size
from foretype_server.setup.config_file import ManualChangeError
from foretype_server.setup.editors import EDITORS, FoundEditor, find_editors
from foretype_server.setup.leftovers import find_leftovers, size_of
from foretype_server.setup.plans import plan
from foretype_server.setup.steps import State, Step

STATES: Final = {
    State.ABSENT: "",
    State.OUTDATED: "  (set up in part, or by another version)",
    State.CURRENT: "  (set up)",
}

NONE_FOUND: Final = (
    f"no editor that Foretype can set up is on the PATH ({', '.join(EDITORS)}); foretype try needs "
    "none, and docs/editors.md tells other clients how to start foretype serve"
)


class Act(Enum):
    """The ways to carry out a plan."""

    SET_UP = auto()
    PRINT = auto()
    REMOVE = auto()


def run(name: str, programs: Sequence[str], act: Act) -> bool:
    """Do one editor's plan; if a step fails, go on with the next. Return whether none failed."""
    made = plan(name, programs)
    if act is Act.SET_UP and made.missing:
        raise ForetypeError(f"{_missing(name, made.missing)}; install it and run this again")
    done = [_do(step, act) for step in (reversed(made.steps) if act is Act.REMOVE else made.steps)]
    if all(done) and act is not Act.REMOVE:
        typer.echo(made.follow_up)
    return all(done)


def _do(step: Step, act: Act) -> bool:
    """Do one step, print its message or its error, and return whether it succeeded."""
    methods = {Act.SET_UP: step.apply, Act.PRINT: step.instructions, Act.REMOVE: step.undo}
    try:
        typer.echo(methods[act]())
    except ManualChangeError as error:
        typer.echo(f"foretype: {error}", err=True)
        if act is Act.SET_UP:
            typer.echo(step.instructions())
        return False
    except (ForetypeError, OSError) as error:
        typer.echo(f"foretype: {error}", err=True)
        return False
    return True


@dataclass(frozen=True)
class Choice:
    """An editor that can be set up, with one program or several.

    Attributes:
        name: its key in `EDITORS`.
        programs: the paths of its programs.
        version: of the first of them; empty if unknown.
        state: whether it is set up.
        missing: a program that it needs first; empty if it lacks none.
    """

    name: str
    programs: Sequence[str]
    version: str
    state: State
    missing: str = ""


def run_all(act: Act) -> None:
    """Do the plan of each editor on this machine.

    Raises:
        ForetypeError: there is none.
    """
    found = find_editors()
    everything = find_choices(found)
    for one in found:
        if not one.new_enough:
            typer.echo(f"Skipped: {_too_old(one)}.")
    for choice in everything:
        if choice.missing:
            typer.echo(f"Skipped: {_missing(choice.name, choice.missing)}.")
    choices = [choice for choice in everything if not choice.missing]
    if not choices:
        raise ForetypeError(NONE_FOUND)
    _exit_unless(_run_choices(choices, act))


def choose_editors() -> None:
    """List the editors on this machine, ask which to set up, and set them up.

    Without a terminal, nothing is set up, and the commands for that are printed.

    Raises:
        ForetypeError: there is no editor.
    """
    found = find_editors()
    everything = find_choices(found)
    choices = [choice for choice in everything if not choice.missing]
    _print_list(choices)
    _print_others(found, [choice for choice in everything if choice.missing])
    if not choices:
        raise ForetypeError(NONE_FOUND)
    if not is_interactive():
        typer.echo(
            f"\nNothing was changed. To set up {_names(choices)}: foretype setup --all\n"
            f"To set up one of them: foretype setup EDITOR"
        )
    elif chosen := _ask("Set up", choices):
        all_done = _run_choices(chosen, Act.SET_UP)
        typer.echo("\nTo undo it: foretype setup --remove")
        _exit_unless(all_done)
    else:
        typer.echo("Nothing was changed.")


def choose_removals() -> None:
    """Ask which set-ups to undo, and undo them; without a terminal, print the commands."""
    choices = [one for one in find_choices(find_editors()) if one.state is not State.ABSENT]
    if not choices:
        typer.echo("No editor on this machine is set up.")
        return
    _print_list(choices)
    if not is_interactive():
        typer.echo(
            f"\nNothing was changed. To undo one of them: foretype setup EDITOR --remove\n"
            f"To undo {_names(choices)}, and delete all that was learnt but models: "
            f"foretype setup --remove --all"
        )
    elif chosen := _ask("Undo", choices):
        _exit_unless(_run_choices(chosen, Act.REMOVE))
    else:
        typer.echo("Nothing was changed.")


def remove_everything() -> None:
    """Undo the set-up of each editor, also of those that are gone; delete all but models."""
    choices = find_choices(find_editors())
    names = {choice.name for choice in choices}
    choices += [
        Choice(name, (), "", plan(name, ()).state()) for name in EDITORS if name not in names
    ]
    present = [choice for choice in choices if choice.state is not State.ABSENT]
    if not present:
        typer.echo("No editor on this machine is set up.")
    all_removed = _run_choices(present, Act.REMOVE)
    _delete_learnt()
    _exit_unless(all_removed)


def find_choices(found: Sequence[FoundEditor]) -> list[Choice]:
    """Return the editors that are new enough; each relative of VS Code is one of its own."""
    programs: dict[tuple[str, str], list[FoundEditor]] = {}
    for one in found:
        if one.new_enough:
            alone = one.program if one.name == "vscode" else ""
            programs.setdefault((one.name, alone), []).append(one)
    with ThreadPoolExecutor(max(1, len(programs))) as pool:
        return list(pool.map(_choice, programs.values()))


def _choice(here: Sequence[FoundEditor]) -> Choice:
    name, programs = here[0].name, [one.program for one in here]
    made = plan(name, programs)
    return Choice(name, programs, here[0].version, made.state(), made.missing)


def _run_choices(choices: Sequence[Choice], act: Act) -> bool:
    """Do the plan of each editor under a heading. Return whether none failed."""
    all_done = True
    for choice in choices:
        program = f" ({choice.programs[0]})" if choice.programs else ""
        typer.echo(f"\n{EDITORS[choice.name].title}{program}:")
        try:
            all_done &= run(choice.name, choice.programs, act)
        except ForetypeError as error:
            typer.echo(f"foretype: {error}", err=True)
            all_done = False
    return all_done


def _exit_unless(all_done: bool) -> None:
    if not all_done:
        raise typer.Exit(1)


def _print_list(choices: Sequence[Choice]) -> None:
    """Print the editors that can be chosen, with numbers."""
    for number, one in enumerate(choices, 1):
        version, program = one.version or "?", one.programs[0]
        typer.echo(f"{number:>3}  {one.name:<12}  {version:<9}  {program}{STATES[one.state]}")


def _print_others(found: Sequence[FoundEditor], lacking: Sequence[Choice]) -> None:
    """Print the editors that cannot be set up, and the names of those that were not found."""
    for one in found:
        if not one.new_enough:
            old = f"(too old: {one.needs} or later is needed)"
            typer.echo(f"     {one.name:<12}  {one.version:<9}  {one.program}  {old}")
    for choice in lacking:
        typer.echo(
            f"     {choice.name:<12}  needs {choice.missing} first, which is not on the PATH"
        )
    missing = [name for name in EDITORS if name not in {one.name for one in found}]
    if found and missing:
        typer.echo(f"not found: {', '.join(missing)}")


def _ask(verb: str, choices: Sequence[Choice]) -> list[Choice]:
    """Ask for some of the editors that were listed."""
    typer.echo()
    if len(choices) == 1:
        return list(choices) if ask_yes(f"{verb} {EDITORS[choices[0].name].title}?") else []
    question = f"{verb} which? Numbers such as 1 2, Enter for all, n for none:"
    chosen = ask_choice(question, [choice.name for choice in choices])
    return [choices[index] for index in chosen]


def _delete_learnt() -> None:
    """Delete all that was learnt but models, and print where these are; ask on a terminal."""
    left = find_leftovers()
    if left.learnt:
        what = f"all that was learnt and counted, {format_size(size_of(left.learnt))}"
        if is_interactive() and not ask_yes(
            f"\nClose your editors, whose servers write there again. Then delete {what}, in "
            f"{left.folder}?"
        ):
            typer.echo(f"Kept {left.folder}.")
        else:
            left.delete_learnt()
            typer.echo(f"Deleted {what}, in {left.folder}.")
    if left.models:
        typer.echo(f"Your models stay in {left.models[0].parent}; delete that folder if you like.")
    typer.echo("Now uninstall the program as you installed it, with pipx, uv or pip.")


def _names(choices: Sequence[Choice]) -> str:
    return ", ".join(dict.fromkeys(choice.name for choice in choices))


def _too_old(one: FoundEditor) -> str:
    title = EDITORS[one.name].title
    return f"{one.program} is {title} {one.version}, but {one.needs} or later is needed"


def _missing(name: str, program: str) -> str:
    return f"{EDITORS[name].title} needs {program} first, which is not on the PATH"
