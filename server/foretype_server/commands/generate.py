"""``foretype generate``: text written from a prompt."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Final

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
    "foretype generate  # some sentences, of which you get others by --seed 1",
    'foretype generate "Alice was "  # continue a prompt',
    'foretype generate "Alice was " --temperature 1.2  # bolder',
    "foretype generate --count 3 --length 200  # three short texts",
    "head -n 5 notes.txt | foretype generate  # a prompt from a pipe",
)

BEGINNINGS: Final = (
    "When I came home that evening,",
    "Dear Anna,\n\nThank you for your letter.",
    "He was an old man who",
    "The weather was",
    "I have often thought that",
    "She opened the door and",
    "We walked along the river, and",
    "In the beginning",
)
"""Prompts for a text without one, by turns: a text begun with nothing is often the head of a file,
such as a licence.
"""


def generate(
    prompt: Annotated[
        str | None,
        typer.Argument(
            metavar="PROMPT",
            help="The beginning of the text.",
            show_default="standard input, or one of a few",
        ),
    ] = None,
    prompt_option: Annotated[
        str | None, typer.Option("--prompt", help="A PROMPT that begins with a dash.")
    ] = None,
    model: Model = None,
    temperature: Temperature = 0.7,
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
    ] = 0.9,
    length: Annotated[int, typer.Option(min=1, help="Maximum number of characters.")] = 400,
    count: Annotated[int, typer.Option(min=1, help="Number of texts, with successive seeds.")] = 1,
    seed: Seed = 0,
) -> None:
    """Write text from a prompt.

    The prompt is printed first, then the text while it is generated, to the
    end of a sentence. At temperature 0 every byte is the most probable one,
    and a small model repeats itself; above, it does not. The model is small:
    it writes words and phrases, not sense.
    """
    if prompt is not None and prompt_option is not None:
        raise UsageError("PROMPT and --prompt exclude each other; give one of them.")
    prompt_text = next((given for given in (prompt, prompt_option) if given is not None), None)
    prompt_text = (_read_stdin() or None) if prompt_text is None else prompt_text
    from foretype_model.completion.candidates import Options
    from foretype_model.completion.generate import generate as continuation
    from foretype_model.completion.generate import until_sentence_end
    from foretype_server.commands.opening import open_predictors

    name = _predictor_name(model)
    predictor = open_predictors(model, {name: {}}, text=prompt_text or "")[name]
    for number in range(seed, seed + count):
        options = Options(temperature=temperature, top_k=top_k, top_p=top_p, seed=number)
        begun = BEGINNINGS[number % len(BEGINNINGS)] if prompt_text is None else prompt_text
        if count > 1:
            typer.echo(f"--- seed {number} ---")
        pieces = continuation(
            predictor, begun.encode(), length, options, may_repeat=temperature == 0
        )
        _stream(begun, until_sentence_end(pieces, length))


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
