"""The command line, ``foretype COMMAND``: its commands, exit statuses and error lines."""

from __future__ import annotations

import sys
from importlib.metadata import version
from io import TextIOWrapper
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from foretype_model.errors import ForetypeError
from foretype_server import streams
from foretype_server.commands import (
    complete,
    doctor,
    evaluate,
    forget,
    generate,
    models,
    playground,
    serve,
    setup,
    stats,
    train,
    try_,
)
from foretype_server.commands.options import UsageError, examples

FAILURE_STATUS = 1


class CommandGroup(TyperGroup):
    """A group whose commands all end alike.

    The exit status is 0, 1 (failure), 2 (wrong usage) or 130 (Ctrl-C). An error is one line on
    standard error.
    """

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command named by the arguments, and exit."""
        _replace_unencodable()
        streams.make_blocking()
        if sys.stdout is None and sys.argv[1:2] != ["serve"]:
            _fail(
                "foretype: Standard output is closed; open it, or send it to a file.",
                FAILURE_STATUS,
            )
        try:
            sys.exit(super().main(*args, **kwargs | {"standalone_mode": False}))
        except typer.TyperException as error:
            _fail(_format_usage_error(error), error.exit_code)
        except (ForetypeError, OSError, UnicodeError) as error:
            _fail(f"foretype: {_format_error(error)}", FAILURE_STATUS)
        except (KeyboardInterrupt, typer.Abort):
            sys.exit(130)


def _replace_unencodable() -> None:
    """Print "?" for characters that the output's encoding lacks: a Windows pipe is seldom UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # None if it is closed
            stream.reconfigure(errors="replace")


def _fail(message: str, status: int) -> NoReturn:
    typer.echo(" ".join(message.split()), err=True)
    sys.exit(status)


def _format_usage_error(error: typer.TyperException) -> str:
    if isinstance(error, UsageError):
        return f"foretype: {error}"
    context: typer.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context else "foretype"
    return f"{command}: {error.format_message()} (See {command} --help)"


def _format_error(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


app = typer.Typer(
    name="foretype",
    cls=CommandGroup,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "foretype try  # type with ghost text in this terminal",
        "foretype complete notes.txt:3:14  # show the suggestions at a position",
        "foretype train ~/notes --minutes 10  # train a model on your notes",
    ),
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"foretype {version('foretype')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def foretype(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_show_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Complete your text as you type, in any editor. All of it runs on this machine."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        return
    from foretype_model.files.permissions import make_private
    from foretype_model.store.store import data_folder

    make_private(data_folder())


app.command("try", epilog=try_.EXAMPLES)(try_.try_)
app.command("playground", epilog=playground.EXAMPLES)(playground.playground)
app.command("complete", cls=complete.CompleteCommand, epilog=complete.EXAMPLES)(complete.complete)
app.command("generate", epilog=generate.EXAMPLES)(generate.generate)
app.command("train", epilog=train.EXAMPLES)(train.train)
app.add_typer(models.app, name="models")
app.command("setup", epilog=setup.EXAMPLES)(setup.setup)
app.command("serve", epilog=serve.EXAMPLES)(serve.serve)
app.command("forget", epilog=forget.EXAMPLES)(forget.forget)
app.command("stats", epilog=stats.EXAMPLES)(stats.stats)
app.command("evaluate", epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor)
