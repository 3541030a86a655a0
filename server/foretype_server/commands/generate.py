"""``foretype generate``: text written from a prompt."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from foretype_server.commands.options import (
    Model,
    Seed,
    Temperature,
    UsageError,
    examples,
    require_finite,
)
from foretype_server.console.format import strip_control_characters

EXAMPLES = examples(
    'foretype generate "Alice was "  # continue a prompt',
    "foretype generate --temperature 0  # always the most probable byte",
    "foretype generate --count 3 --length 200  # three short texts",
    "head -n 5 notes.txt | foretype generate  # a prompt from a pipe",
)


def generate(
    prompt: Annotated[
        str | None,
        typer.Argument(
            metavar="PROMPT", help="The beginning of the text.", show_default="standard input"
        ),
    ] = None,
    prompt_option: Annotated[
        str | None, typer.Option("--prompt", help="A PROMPT that begins with a dash.")
    ] = None,
    model: Model = None,
    temperature: Temperature = 0.8,
    top_k: Annotated[
        int, typer.Option(min=0, help="Sample from the K most probable bytes; 0 for all.")
    ] = 0,
    top_p: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            callback=require_finite,
            help="Sample from the most probable bytes that sum to P.",
        ),
    ] = 1.0,
    length: Annotated[int, typer.Option(min=1, help="Maximum number of characters.")] = 500,
    count: Annotated[int, typer.Option(min=1, help="Number of texts, with successive seeds.")] = 1,
    seed: Seed = 0,
) -> None:
    """Write text from a prompt.

    The prompt is printed first, then the text while it is generated. At
    temperature 0 every byte is the most probable one: a small model may
    repeat itself.
    """
    if prompt is not None and prompt_option is not None:
        raise UsageError("PROMPT and --prompt exclude each other; give one of them.")
    prompt_text = next((given for given in (prompt, prompt_option) if given is not None), None)
    prompt_text = _read_stdin() if prompt_text is None else prompt_text
    from foretype_model.completion.candidates import Options
    from foretype_model.completion.generate import generate as continuation
    from foretype_server.commands.opening import open_predictors

    name = _predictor_name(model)
    predictor = open_predictors(model, {name: {}})[name]
    for i in range(count):
        options = Options(temperature=temperature, top_k=top_k, top_p=top_p, seed=seed + i)
        if count > 1:
            typer.echo(f"--- seed {seed + i} ---", err=True)
        _stream(prompt_text, continuation(predictor, prompt_text.encode(), length, options))


def _predictor_name(model: str | None) -> str:
    """Return the name of the predictor that runs `model`; the model in use is byte-level."""
    from foretype_model.store.store import Store, model_unit

    return "words" if model is not None and model_unit(Store().find(model)) == "word" else "network"


def _read_stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    from foretype_server.console.text_file import read_stdin

    return read_stdin("The prompt")


def _stream(prompt: str, pieces: Iterator[str]) -> None:
    escape = strip_control_characters if sys.stdout.isatty() else str
    typer.echo(prompt, nl=False)
    for piece in pieces:
        typer.echo(escape(piece), nl=False)
    typer.echo()
