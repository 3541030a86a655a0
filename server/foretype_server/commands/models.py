"""``foretype models``: the models on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretype_model.errors import ModelError
from foretype_server.commands.options import Json, examples, print_json
from foretype_server.console.export_summary import confirm, describe_export
from foretype_server.console.format import format_network, format_size

if TYPE_CHECKING:
    from foretype_model.store.store import Store, StoredModel

EXAMPLES = examples(
    "foretype models  # the list; * is in use",
    "foretype models use notes  # complete with notes from now on",
    "foretype models use notes ~/notes  # or with it there alone",
    "foretype models use default  # and back to the one that came with Foretype",
)

app = typer.Typer(epilog=EXAMPLES)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model's name.")]


@app.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: Json = False) -> None:
    """List the models on this machine, and choose among them."""
    if context.invoked_subcommand is None:
        list_(as_json)


@app.command("list", epilog=examples("foretype models list --json  # for programs"))
def list_(as_json: Json = False) -> None:
    """List the models; the one in use is marked *."""
    stored = _store().list()
    if as_json:
        print_json([_to_json(model) for model in stored])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "name", "network", "parameters", "bits/char", "size", "created"):
        table.add_column(
            heading, justify="right" if heading in {"parameters", "bits/char", "size"} else "left"
        )
    for model in stored:
        table.add_row("*" if model.in_use else "", model.name, *_format_row(model))
    Console().print(table)
    for path, name in sorted((path, model.name) for model in stored for path in model.paths):
        typer.echo(f"{name} completes {path}")
    for model in stored:
        if model.error:
            typer.echo(f"{model.name} can't be used: {model.error}")


@app.command(
    "show",
    epilog=examples("foretype models show  # the model in use", "foretype models show notes"),
)
def show(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME|FILE", show_default="the model in use")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a model's figures, and the card of the one that came with Foretype.

    The card tells what it was trained on and by what terms, and what it must
    not be used for.
    """
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.table import Table

    from foretype_model.predictors.network.runtime import read_metadata
    from foretype_model.store.store import model_card

    path = _store().find(name)
    card = model_card(path)
    record = {"file": str(path), "size": path.stat().st_size} | asdict(read_metadata(path))
    record |= {"card": str(card)} if card else {}
    if as_json:
        print_json(record)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in record.items():
        table.add_row(f"[dim]{key.replace('_', ' ')}[/dim]", _format_value(key, value))
    Console().print(table)
    if card:
        Console().print("", Markdown(card.read_text("utf-8")))


@app.command(
    "use",
    epilog=examples(
        "foretype models use notes  # from now on, wherever no other is",
        "foretype models use notes ~/notes  # for the files in there",
        "foretype models use default ~/notes  # and no more",
    ),
)
def use(
    name: Name,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Files and folders to use it for.",
            show_default="everywhere else",
        ),
    ] = None,
) -> None:
    """Complete with this model from now on.

    A model that was trained on files of yours is in use for these already.
    """
    _store().use(name, paths or ())
    typer.echo(f"{name} is in use{' for ' + ', '.join(map(str, paths)) if paths else ''}.")


@app.command("remove", epilog=examples("foretype models remove notes  # the file is deleted"))
def remove(name: Name) -> None:
    """Delete a model of yours."""
    _store().remove(name)
    typer.echo(f"{name} is removed.")


@app.command(
    "import", epilog=examples("foretype models import ~/Downloads/verse.onnx --name verse")
)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The model file (.onnx).")],
    name: Annotated[
        str | None, typer.Option(help="What to call it.", show_default="the file's own name")
    ] = None,
) -> None:
    """Copy a model file into the store."""
    added = _store().import_file(file, name)
    typer.echo(f"{added} is here. Complete with it: foretype models use {added}")


@app.command(
    "export",
    epilog=examples(
        "foretype models export notes notes.onnx  # to give it to somebody",
        "foretype models export notes notes.onnx --yes  # in a script, where nobody can be asked",
    ),
)
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Don't ask whether that is to be written.")
    ] = False,
) -> None:
    """Copy a model to a file.

    What is in that file and what the model was trained on is listed before it
    is written: a model remembers some of it.
    """
    if file.exists() and not file.is_dir():
        raise ModelError(f"{file} exists already; name another file, or delete that one first.")
    store = _store()
    exported = store.exportable(name, file)
    for line in describe_export(exported, store.lineage(name)):
        typer.echo(line)
    if not (yes or confirm(f"Write it to {file}?")):
        raise ModelError("nothing is written; answer y, or give --yes where nobody can be asked.")
    store.export(name, file)
    typer.echo(f"{file} holds the model {name}.")


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
