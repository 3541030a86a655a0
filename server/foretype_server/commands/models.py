"""``foretype models``: the models on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretype_model.errors import ModelError
from foretype_server.commands.options import Json, examples, model_names, print_json
from foretype_server.console.export_summary import confirm, describe_export
from foretype_server.console.format import format_network, format_size

if TYPE_CHECKING:
    from foretype_model.store.store import Store, StoredModel

EXAMPLES = examples(
    "foretype models  # list them; * marks the model in use",
    "foretype models use notes  # complete with the model notes from now on",
    "foretype models use notes ~/notes  # complete with it in that folder only",
    "foretype models use default  # complete with the default model again",
)

app = typer.Typer(epilog=EXAMPLES)

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The model's name.", autocompletion=model_names),
]


@app.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: Json = False) -> None:
    """List the models on this machine, and choose one."""
    if context.invoked_subcommand is None:
        list_(as_json)


@app.command("list", epilog=examples("foretype models list --json  # print JSON"))
def list_(as_json: Json = False) -> None:
    """List the models; * marks the model in use."""
    stored = _store().list()
    if as_json:
        print_json([_to_json(model) for model in stored])
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "name", "network", "parameters", "bits/char", "size", "created"):
        table.add_column(
            heading, justify="right" if heading in {"parameters", "bits/char", "size"} else "left"
        )
    for model in stored:
        table.add_row("*" if model.in_use else "", model.name, *map(escape, _format_row(model)))
    Console().print(table)
    for path, name in sorted((path, model.name) for model in stored for path in model.paths):
        typer.echo(f"{name} completes {path}")
    for model in stored:
        if model.error:
            typer.echo(f"{model.name} cannot be used: {model.error}")


@app.command(
    "show",
    epilog=examples(
        "foretype models show  # the model in use",
        "foretype models show notes  # another model",
        "foretype models show default --card  # what it was trained on, and is not fit for",
    ),
)
def show(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|FILE",
            help="The name or the file of a model.",
            show_default="the model in use",
            autocompletion=model_names,
        ),
    ] = None,
    card: Annotated[
        bool,
        typer.Option("--card", help="Print the card of the default model instead."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the figures of a model.

    The default model has a card, too: its training texts, their licences, and
    the uses that it is not fit for.
    """
    from foretype_model.predictors.network.runtime import read_metadata
    from foretype_model.store.store import model_card

    path = _store().find(name)
    card_file = model_card(path)
    if card:
        _print_card(card_file, path)
        return
    record = {"file": str(path), "size": path.stat().st_size} | asdict(read_metadata(path))
    record |= {"card": str(card_file)} if card_file else {}
    if as_json:
        print_json(record)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in record.items():
        table.add_row(f"[dim]{key.replace('_', ' ')}[/dim]", escape(_format_value(key, value)))
    Console().print(table)
    if card_file:
        typer.echo("Its training texts and its limits: foretype models show --card")


def _print_card(card: Path | None, model: Path) -> None:
    if card is None:
        raise ModelError(f"{model} has no card; only the default model has one.")
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(card.read_text("utf-8")))


@app.command(
    "use",
    epilog=examples(
        "foretype models use notes  # for all files without a model of their own",
        "foretype models use notes ~/notes  # for the files in that folder",
        "foretype models use default ~/notes  # use the default model there again",
    ),
)
def use(
    name: Name,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH",
            help="Files and folders to complete with it.",
            show_default="everywhere else",
        ),
    ] = None,
) -> None:
    """Complete with this model from now on.

    `foretype train` assigns its model to the files that it was trained on, if
    it is better than the model in use.
    """
    _store().use(name, paths or ())
    typer.echo(f"{name} is in use{' for ' + ', '.join(map(str, paths)) if paths else ''}.")


@app.command("remove", epilog=examples("foretype models remove notes  # delete its file"))
def remove(name: Name) -> None:
    """Delete a model from the store."""
    _store().remove(name)
    typer.echo(f"{name} is removed.")


@app.command(
    "import",
    epilog=examples("foretype models import ~/Downloads/verse.onnx --name verse  # name it verse"),
)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The model file (.onnx).")],
    name: Annotated[
        str | None, typer.Option(help="The model's name.", show_default="the name of the file")
    ] = None,
) -> None:
    """Copy a model file into the store."""
    added = _store().import_file(file, name)
    typer.echo(f"{added} is imported. To complete with it: foretype models use {added}")


@app.command(
    "export",
    epilog=examples(
        "foretype models export notes notes.onnx  # a file that you can share",
        "foretype models export notes notes.onnx --yes  # without a question, for scripts",
    ),
)
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    yes: Annotated[bool, typer.Option("--yes", help="Write the file without a question.")] = False,
) -> None:
    """Copy a model to a file.

    Before it is written, the content of the file and the training texts of the
    model are listed: a model memorizes parts of its training texts.
    """
    if file.exists() and not file.is_dir():
        raise ModelError(f"{file} exists already; name another file, or delete this one first.")
    store = _store()
    exported = store.exportable(name, file)
    for line in describe_export(exported, store.lineage(name)):
        typer.echo(line)
    if not (yes or confirm(f"Write it to {file}?")):
        raise ModelError("nothing is written; answer y, or give --yes in a script.")
    store.export(name, file)
    typer.echo(f"Wrote the model {name} to {file}.")


def _store() -> Store:
    from foretype_model.store.store import Store

    return Store()


def _format_row(model: StoredModel) -> tuple[str, ...]:
    if model.metadata is None:
        return ()
    about = model.metadata
    return (
        format_network(about),
        f"{about.parameters:,}",
        _format_bits(about.bits_per_character),
        format_size(model.size),
        about.created[:10],
    )


def _to_json(model: StoredModel) -> dict[str, Any]:
    return asdict(model) | {"path": str(model.path)}


def _format_bits(bits: float | None) -> str:
    return "" if bits is None else f"{bits:.3f}"


def _format_value(key: str, value: object) -> str:
    if isinstance(value, int):
        return format_size(value) if key in {"size", "trained_bytes"} else f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else str(value or "")
