"""``foretype train``: a model trained on the user's files."""

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
    "foretype train ~/notes  # fine-tune the default model for 10 minutes",
    "foretype train src docs --name work --minutes 60  # an hour on two folders",
    "foretype train ~/notes --from none --hidden 256  # a small network from scratch",
    "foretype train ~/notes --unit word --name words  # a word-level model, used beside it",
    "foretype train ~/notes --resume  # continue an interrupted training",
)
REQUIRED_PACKAGES: Final = ("torch", "onnx", "safetensors")


class Unit(StrEnum):
    """The unit that a network reads and predicts."""

    byte = "byte"
    word = "word"


class CellKind(StrEnum):
    """The recurrent cell."""

    gru = "gru"
    lstm = "lstm"
    rnn = "rnn"


def train(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Text files, and folders of text files.")
    ],
    name: Annotated[
        str | None,
        typer.Option(help="The model's name.", show_default="from the first PATH"),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="default|none|NAME",
            help="The model to fine-tune; none trains a new network.",
            show_default="default; none with --unit word, --cell, --hidden or --layers",
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(callback=require_finite, help="Minutes to train.", show_default="10"),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Minibatches to train on, instead of --minutes.")
    ] = None,
    unit: Annotated[
        Unit | None,
        typer.Option(
            help="The unit that the network reads. A word-level model works beside a byte-level "
            "one.",
            show_default="byte",
        ),
    ] = None,
    cell: Annotated[
        CellKind | None, typer.Option(help="The recurrent cell.", show_default="gru")
    ] = None,
    hidden: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=8192,
            help="Hidden units per layer.",
            show_default="512; 256 with --unit word",
        ),
    ] = None,
    layers: Annotated[
        int | None, typer.Option(min=1, max=16, help="Number of layers.", show_default="1")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="With --steps, the same seed trains exactly the same model.",
            show_default="0",
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="auto|cpu|cuda|mps", help="The device to train on.", show_default="auto"
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the interrupted training of this name.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a model on your own text.

    All text files in the folders are read, except hidden, ignored, binary,
    huge and minified ones. Everything happens on this machine. Ctrl-C stops;
    --resume continues. If the new model is better than the model in use, it
    completes the files under PATH from then on.
    """
    shape = {
        "unit": unit and unit.value,
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
    """Return the name of the model to fine-tune, or None.

    Raises:
        UsageError: the options contradict each other.
    """
    if "minutes" in chosen and "steps" in chosen:
        raise UsageError("--minutes and --steps exclude each other; give one of them.")
    if chosen.get("minutes", 1) <= 0:
        raise UsageError("--minutes must be more than 0.")
    if resume and (chosen or from_):
        option = next(iter(chosen), "from")
        raise UsageError(f"--resume keeps the options of its training; leave out --{option}.")
    shape = [option for option in ("cell", "hidden", "layers") if option in chosen]
    shape += ["unit word"] if chosen.get("unit") == "word" else []
    if shape and from_ not in {None, "none"}:
        raise UsageError(
            f"--{shape[0]} makes a new network, but --from {from_} continues one; leave out one of "
            f"them."
        )
    return None if resume or shape or from_ == "none" else from_ or "default"


def _model_name(name: str | None, paths: Sequence[Path]) -> str:
    """Return the model's name: the given one, or one from the first path.

    Raises:
        UsageError: the name is not valid, or the path gives none.
    """
    if name is not None and (name != _to_slug(name) or name == "default"):
        raise UsageError(
            f"{name!r} cannot name a model; use the letters a-z, digits, '.', '_' and '-'."
        )
    if name:
        return name
    derived = _to_slug(paths[0].resolve().stem)
    if not derived or derived == "default":
        raise UsageError(f"{paths[0]} gives no name for the model; give one with --name.")
    return derived


def _to_slug(text: str) -> str:
    """Return `text` as a model's name: letters a to z, digits, and "-" for anything else."""
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
    """Train the model `name`, add it to the store, and use it for `paths` if it beats its rival."""
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
            f"The existing model {name} will be replaced at the end; --name gives another name."
        )
    private_folder(checkpoint.parent)
    if origin:
        screen.print_line(
            f"Fine-tuning {origin}. It first generates text, to rehearse it beside yours."
        )
    if checkpoint.exists() and not resume:
        screen.print_line(
            f"An unfinished training of {name} is discarded; --resume would have continued it."
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
        # Delete it last: a full disk must not lose the training.
        checkpoint.unlink(missing_ok=True)
    return trained


def _training_texts(paths: Sequence[Path], corpus: Corpus) -> TrainingTexts:
    """Return the record of the texts that a model is trained on."""
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
    """Return the training function for the chosen unit, or for that of the resumed checkpoint."""
    # These import torch, so only after the paths have been checked.
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
        screen.print_line(f"Stopped; the progress is saved. To continue: {command}")


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
    rival = f" (the model in use: {rival_bits:.3f})" if rival_bits is not None else ""
    return f"{name} is trained: {figure}{rival}; {metadata.parameters:,} parameters."


def _usage_hint(name: str, trained: TrainingResult, trained_paths: Sequence[Path]) -> str:
    """Return the line that says where the model completes, or how to use it."""
    from foretype_model.store.store import setting_for_words

    paths = shlex.join(map(str, trained_paths))
    if trained.metadata.unit == "word":
        return f"To complete with it: {setting_for_words(name)}"
    if trained.beats_rival:
        return (
            f"It completes the files under {paths} from now on. To use it everywhere: foretype "
            f"models use {name}"
        )
    better = "not known to be better" if trained.rival_bits is None else "not better"
    return (
        f"It is {better} than the model in use. To complete with it: foretype models use "
        f"{name} {paths}"
    )
