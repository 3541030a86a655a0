"""``foretype train``: a model trained on the user's files."""

from __future__ import annotations

import math
import re
import shlex
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    from foretype_model.store.store import Store
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
DEFAULT_MINUTES: Final = 10.0
SCRIPT_BYTES: Final = 2000
"""Bytes of each text by which the training texts' script is found."""

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
        typer.Option(
            callback=require_finite,
            help="Minutes that it takes in all, from reading the texts to the comparison.",
            show_default="10",
        ),
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
    --resume continues. If the new model is better than the model that completes
    the files under PATH, beyond chance, it completes them from then on.
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
    if steps is None and not resume:
        chosen.setdefault("minutes", DEFAULT_MINUTES)
    trained, kept_back = _train(paths, name, origin, chosen, resume=resume, as_json=as_json)
    _print_result(name, trained, paths, kept_back=kept_back, as_json=as_json)


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
) -> tuple[TrainingResult, bool]:
    """Train the model `name`, add it to the store, and use it for `paths` if it beats the models
    that complete them.

    Return the result, and whether the new model was kept back: one of the same name completes
    these files, and the new one does not beat it.
    """
    from foretype_model.files.atomic import private_folder
    from foretype_model.store.script_models import for_text
    from foretype_model.store.store import Store, data_folder
    from foretype_model.training.corpus import read_corpus
    from foretype_server.console.training_lines import TrainingLines
    from foretype_server.console.training_progress import TrainingScreen

    store, seconds = Store(), 60 * chosen.get("minutes", math.inf)
    screen = TrainingLines(seconds) if as_json else TrainingScreen(seconds)
    checkpoint = data_folder() / "models" / f"{name}.checkpoint"
    with tempfile.TemporaryDirectory() as folder, screen:
        screen.show_stage("reading")
        corpus = read_corpus(paths)
        beginnings = "\n".join(text[:SCRIPT_BYTES].decode(errors="ignore") for text in corpus.texts)
        initial = for_text(store.find(origin), beginnings) if origin else None
        rivals = _rivals(store, paths, beginnings)
        screen.print_corpus(corpus)
        for line in _plans(store, name, origin, checkpoint, rivals, resume=resume):
            screen.print_line(line)
        private_folder(checkpoint.parent)
        screen.show_stage("preparing")
        file = Path(folder) / "model.onnx"
        try:
            trainer = _trainer(
                chosen, initial, list(rivals.values()), checkpoint if resume else None
            )
            trained = trainer(
                corpus,
                destination=file,
                checkpoint=checkpoint,
                resume=resume,
                name=name,
                report=screen.report,
                began=screen.clock.began,
            )
        except KeyboardInterrupt:
            _print_resume_hint(screen, checkpoint, paths, name)
            raise
        kept_back = name in rivals and trained.metadata.unit == "byte" and not trained.beats_rivals
        if not kept_back:
            texts = _training_texts(paths, corpus)
            store.add(name, file, store.extended_lineage("" if resume else origin, texts))
        if trained.beats_rivals:
            store.use(name, paths)
        # Delete it last: a full disk must not lose the training.
        checkpoint.unlink(missing_ok=True)
    return trained, kept_back


def _rivals(store: Store, paths: Sequence[Path], text: str) -> dict[str, Path]:
    """Return the files of the models that complete `text` in `paths` today, by name. The default
    model takes the place of a broken one, as in the server.
    """
    from foretype_model.store.active import DEFAULT_MODEL
    from foretype_model.store.script_models import for_text
    from foretype_model.store.store import model_unit

    in_use = store.in_use()
    files = {name: for_text(store.find(name), text) for name in map(in_use.for_path, paths)}
    whole = {name: file for name, file in files.items() if model_unit(file) is not None}
    return whole or {DEFAULT_MODEL: for_text(store.find(DEFAULT_MODEL), text)}


def _plans(
    store: Store,
    name: str,
    origin: str | None,
    checkpoint: Path,
    rivals: Mapping[str, Path],
    *,
    resume: bool,
) -> Iterator[str]:
    """Yield what the user should know before the training: what becomes of older files."""
    if name in store.names():
        condition = " if the new one is better" if name in rivals else ""
        yield (
            f"The existing model {name} will be replaced at the end{condition}; --name gives "
            f"another name."
        )
    if origin:
        yield f"Fine-tuning {origin}. It first generates text, to rehearse it beside yours."
    if checkpoint.exists() and not resume:
        yield f"An unfinished training of {name} is discarded; --resume would have continued it."


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
    chosen: Mapping[str, Any],
    initial: Path | None,
    rivals: Sequence[Path],
    resumed: Path | None,
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
    return partial(train, options=make(**options), initial=initial, rivals=rivals)


def _print_resume_hint(
    screen: TrainingScreen | TrainingLines, checkpoint: Path, paths: Sequence[Path], name: str
) -> None:
    if checkpoint.exists():
        command = shlex.join(["foretype", "train", *map(str, paths), "--name", name, "--resume"])
        screen.print_line(f"Stopped; the progress is saved. To continue: {command}")


def _print_result(
    name: str, trained: TrainingResult, paths: Sequence[Path], *, kept_back: bool, as_json: bool
) -> None:
    from foretype_server.console.training_result import format_figures, format_usage

    figures = format_figures(name, trained)
    usage = format_usage(name, trained, paths, kept_back=kept_back)
    if as_json:
        completes = [str(path) for path in paths if trained.beats_rivals]
        summary = f"{figures} {usage}"
        print_json(asdict(trained.metadata) | {"completes": completes, "summary": summary})
        return
    typer.echo(figures)
    typer.echo(f"Try it: foretype generate --model {name}")
    typer.echo(usage)
