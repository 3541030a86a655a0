"""``foretype train``: a model from the user's files."""

from __future__ import annotations

import re
import shlex
import tempfile
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from foretype_model.errors import MissingExtraError
from foretype_server.commands.options import Json, UsageError, examples, print_json, require_finite

if TYPE_CHECKING:
    from foretype_model.store.lineage import TrainingTexts
    from foretype_model.training.corpus import Corpus
    from foretype_model.training.train import TrainingResult
    from foretype_server.console.training_lines import TrainingLines
    from foretype_server.console.training_progress import TrainingScreen

EXAMPLES = examples(
    "foretype train ~/notes  # ten minutes from the default",
    "foretype train src docs --name work --minutes 60  # an hour on two folders",
    "foretype train ~/notes --from none --hidden 256  # a small one from nothing",
    "foretype train ~/notes --unit word --name words  # one of words, to work beside it",
    "foretype train ~/notes --resume  # on from where it was stopped",
)
REQUIRED_PACKAGES: Final = ("torch", "onnx", "safetensors")


class Unit(StrEnum):
    """What a network reads and predicts."""

    byte = "byte"
    word = "word"


class CellKind(StrEnum):
    """The recurrent cell."""

    gru = "gru"
    lstm = "lstm"
    rnn = "rnn"


def train(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Files, and folders to search for text.")
    ],
    name: Annotated[
        str | None,
        typer.Option(help="What to call the model.", show_default="after the first PATH"),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="default|none|NAME",
            help="The model to go on from.",
            show_default="default; none for words, or where --cell, --hidden or --layers is given",
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(callback=require_finite, help="How long to train.", show_default="10"),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="How many minibatches to train on, instead.")
    ] = None,
    read_unit: Annotated[
        Unit | None,
        typer.Option(
            help="What the network reads. One of words works beside one of bytes.",
            show_default="byte",
        ),
    ] = None,
    cell: Annotated[
        CellKind | None, typer.Option(help="The recurrent cell.", show_default="gru")
    ] = None,
    hidden: Annotated[
        int | None,
        typer.Option(min=1, max=8192, help="Units a layer.", show_default="512; 256 for words"),
    ] = None,
    layers: Annotated[
        int | None, typer.Option(min=1, max=16, help="Layers.", show_default="1")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="The same seed repeats exactly, with --steps.", show_default="0"),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(metavar="auto|cpu|cuda|mps", help="Where to train.", show_default="auto"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training of this name.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a model on your own text.

    Every text file in the folders is read; hidden, ignored, binary, huge and
    minified ones are left out. Ctrl-C stops, and --resume goes on from there.
    All of it happens on this machine. Where the model does better than the one
    in use, it completes the files under PATH from then on.
    """
    shape = {
        "unit": read_unit and read_unit.value,
        "cell": cell and cell.value,
        "hidden": hidden,
        "layers": layers,
    }
    given = {**shape, "minutes": minutes, "steps": steps, "seed": seed, "device": device}
    chosen = {key: value for key, value in given.items() if value is not None}
    origin = _origin(from_, chosen, resume=resume)
    name = _model_name(name, paths)
    _check_installed()
    trained = _train(paths, name, origin, chosen, resume=resume, as_json=as_json)
    if as_json:
        completes = [str(path) for path in paths if trained.beats_rival]
        summary = f"{_figures(name, trained)} {_usage_hint(name, trained, paths)}"
        print_json(asdict(trained.metadata) | {"completes": completes, "summary": summary})
    else:
        _print_result(name, trained, paths)


def _origin(from_: str | None, chosen: Mapping[str, Any], *, resume: bool) -> str | None:
    """The name of the model to go on from, if any; wrong usage where the options contradict each
    other.
    """
    if "minutes" in chosen and "steps" in chosen:
        raise UsageError("--minutes and --steps exclude each other; give one of them.")
    if chosen.get("minutes", 1) <= 0:
        raise UsageError("--minutes is more than 0.")
    if resume and (chosen or from_):
        option = next(iter(chosen), "from")
        raise UsageError(f"--resume goes on as the training was begun; leave out --{option}.")
    shape = [option for option in ("cell", "hidden", "layers") if option in chosen]
    shape += ["unit word"] if chosen.get("unit") == "word" else []
    if shape and from_ not in {None, "none"}:
        raise UsageError(
            f"--{shape[0]} makes a new network, --from {from_} goes on with one; leave out one of "
            f"them."
        )
    return None if resume or shape or from_ == "none" else from_ or "default"


def _model_name(name: str | None, paths: Sequence[Path]) -> str:
    """The model's name: as given, or after the first path."""
    if name is not None and (name != _to_slug(name) or name == "default"):
        raise UsageError(
            f"{name!r} can't name a model; use the letters a-z, digits, '.', '_' and '-'."
        )
    if name:
        return name
    derived = _to_slug(paths[0].resolve().stem)
    if not derived or derived == "default":
        raise UsageError(f"No name can be made of {paths[0]}; give one with --name.")
    return derived


def _to_slug(text: str) -> str:
    """`text` as a model's name: small letters a to z, digits, and "-" for what is neither."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._-]+", "-", plain).strip("._-")[:64]


def _check_installed() -> None:
    if missing := [package for package in REQUIRED_PACKAGES if find_spec(package) is None]:
        raise MissingExtraError(f"training needs {missing[0]}", "train")


def _train(
    paths: Sequence[Path],
    name: str,
    origin: str | None,
    chosen: Mapping[str, Any],
    *,
    resume: bool,
    as_json: bool,
) -> TrainingResult:
    """Train the model `name`, put it in the store, and in use for `paths` where it is better than
    what is.
    """
    from foretype_model.files.atomic import private_folder
    from foretype_model.store.store import Store, data_folder
    from foretype_model.training.corpus import read_corpus
    from foretype_server.console.training_lines import TrainingLines
    from foretype_server.console.training_progress import TrainingScreen

    store, screen = Store(), TrainingLines() if as_json else TrainingScreen()
    corpus = read_corpus(paths)
    initial = store.find(origin) if origin else None
    screen.print_corpus(corpus)
    checkpoint = data_folder() / "models" / f"{name}.checkpoint"
    if name in store.names():
        screen.print_line(
            f"The model {name} is replaced once this one is done; --name gives another name."
        )
    private_folder(checkpoint.parent)
    if origin:
        screen.print_line(
            f"From {origin}, which first writes some text of its own, to rehearse beside yours."
        )
    if checkpoint.exists() and not resume:
        screen.print_line(
            f"An unfinished training of {name} is given up for this one; "
            "--resume would go on with it."
        )
    with tempfile.TemporaryDirectory() as folder, screen:
        file = Path(folder) / "model.onnx"
        try:
            trainer = _trainer(chosen, initial, store.find(None), checkpoint if resume else None)
            trained = trainer(
                corpus,
                destination=file,
                checkpoint=checkpoint,
                resume=resume,
                name=name,
                report=screen.report,
            )
        except KeyboardInterrupt:
            _print_resume_hint(screen, checkpoint, paths, name)
            raise
        store.add(
            name,
            file,
            store.extended_lineage("" if resume else origin, _training_texts(paths, corpus)),
        )
        if trained.beats_rival:
            store.use(name, paths)
        # Only now: a disk that is full must not cost the training.
        checkpoint.unlink(missing_ok=True)
    return trained


def _training_texts(paths: Sequence[Path], corpus: Corpus) -> TrainingTexts:
    """What there is to write down of the texts that a model is trained on."""
    from foretype_model.store.lineage import TrainingTexts
    from foretype_model.training.corpus import SECRETS_REMOVED

    size = sum(map(len, corpus.texts))
    return TrainingTexts(
        [str(path.resolve()) for path in paths],
        len(corpus.texts),
        size,
        corpus.skipped.get(SECRETS_REMOVED, 0),
    )


def _trainer(
    chosen: Mapping[str, Any], initial: Path | None, rival: Path, resumed: Path | None
) -> Callable[..., TrainingResult]:
    """What trains a network of the chosen unit, or of that of the checkpoint that is resumed."""
    # These import torch: once the paths are known to be good.
    from foretype_model.training.checkpoint import read_unit
    from foretype_model.training.loop import TrainingOptions
    from foretype_model.training.train import train
    from foretype_model.training.words.loop import WordOptions
    from foretype_model.training.words.train import train as train_words

    options = {key: value for key, value in chosen.items() if key != "unit"}
    if (read_unit(resumed) if resumed else chosen.get("unit")) == "word":
        return partial(train_words, options=WordOptions(**options))
    make = TrainingOptions.for_fine_tuning if initial else TrainingOptions
    return partial(train, options=make(**options), initial=initial, rival=rival)


def _print_resume_hint(
    screen: TrainingScreen | TrainingLines, checkpoint: Path, paths: Sequence[Path], name: str
) -> None:
    if checkpoint.exists():
        command = shlex.join(["foretype", "train", *map(str, paths), "--name", name, "--resume"])
        screen.print_line(f"Stopped; what was learnt is kept. Go on with: {command}")


def _print_result(name: str, trained: TrainingResult, paths: Sequence[Path]) -> None:
    typer.echo(_figures(name, trained))
    typer.echo(f"Try it: foretype generate --model {name}")
    typer.echo(_usage_hint(name, trained, paths))


def _figures(name: str, trained: TrainingResult) -> str:
    bits, rival_bits, metadata = (
        trained.metadata.bits_per_character,
        trained.rival_bits,
        trained.metadata,
    )
    figure = (
        f"{bits:.3f} bits per character on held-out text"
        if bits is not None
        else "no text was held out"
    )
    than = f", where the model in use needs {rival_bits:.3f}" if rival_bits is not None else ""
    return f"{name} is trained: {figure}{than}; {metadata.parameters:,} parameters."


def _usage_hint(name: str, trained: TrainingResult, trained_paths: Sequence[Path]) -> str:
    """Where it completes, or how to have it complete."""
    from foretype_model.store.store import setting_for_words

    paths = shlex.join(map(str, trained_paths))
    if trained.metadata.unit == "word":
        return f"Complete with it: {setting_for_words(name)}"
    if trained.beats_rival:
        return (
            f"It completes what is under {paths} from now on. Everywhere else, too: foretype "
            f"models use {name}"
        )
    seen = "not seen to be" if trained.rival_bits is None else "no"
    return (
        f"It is {seen} better than the model in use. To complete with it: foretype models use "
        f"{name} {paths}"
    )
