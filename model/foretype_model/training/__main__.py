"""Train a network by one process, or by several at once, on texts of any size.

    python -m foretype_model.training PATH... --out MODEL.onnx
    torchrun --nproc-per-node 8 -m foretype_model.training CORPUS --out MODEL.onnx --minutes 600

CORPUS is what ``python -m foretype_model.training.pack`` makes; its texts stay on disk. Every
process reads the paths, the checkpoint and the model to go on from by itself, so on several
machines they must be there on each. SIGINT and SIGTERM stop all of the processes after the same
step, and leave a checkpoint.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from foretype_model.errors import CorpusError, ForetypeError
from foretype_model.training.corpus import read_corpus
from foretype_model.training.loop import TrainingOptions
from foretype_model.training.network import CELLS, Shape
from foretype_model.training.pack import PackedDocuments, is_packed
from foretype_model.training.parallel import Ranks, join_ranks
from foretype_model.training.stream import Documents, InMemoryDocuments
from foretype_model.training.train import create_trainer, export
from foretype_model.training.trainer import Progress

NEW_NETWORK = tuple(field.name for field in fields(Shape))
"""Options of a network's shape, which a trained network has already."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says; return the exit status, the same in every process."""
    parser = _parser()
    given = parser.parse_args(arguments)
    chosen = {
        field.name: value
        for field in fields(TrainingOptions)
        if (value := vars(given)[field.name]) is not None
    }
    _check(parser, given, chosen)
    checkpoint = given.checkpoint or given.out.with_suffix(".checkpoint")
    with join_ranks() as ranks:
        try:
            _train(given, TrainingOptions(**chosen), checkpoint, ranks)
        except ForetypeError as error:
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            if ranks.is_first and checkpoint.exists():
                print(f"stopped: --resume goes on from {checkpoint}", file=sys.stderr)
            return 130
    return 0


def _train(
    given: argparse.Namespace, options: TrainingOptions, checkpoint: Path, ranks: Ranks
) -> None:
    documents = _documents(given.paths)
    training = create_trainer(
        documents, options, checkpoint, resume=given.resume, initial=given.initial, ranks=ranks
    )
    with _signals() as should_stop:
        training.run(checkpoint, _report if ranks.is_first else lambda progress: None, should_stop)
    if ranks.is_first:
        export(
            training,
            given.out,
            given.out.stem,
            f"from {given.initial.stem}" if given.initial else "",
        )


def _documents(paths: Sequence[Path]) -> Documents:
    """Return a packed corpus as it lies on disk, or the texts of files and folders."""
    packed = [path for path in paths if is_packed(path)]
    if packed and len(paths) > 1:
        raise CorpusError(
            f"{packed[0]} is a packed corpus: give it alone, or pack the other paths with it"
        )
    return PackedDocuments(packed[0]) if packed else InMemoryDocuments(read_corpus(paths).texts)


@contextmanager
def _signals() -> Iterator[Callable[[], bool]]:
    """Within, SIGINT and SIGTERM only set a flag; yield a function that returns it."""
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(progress: Progress) -> None:
    """Print a line on standard error after an evaluation."""
    if progress.sample is None:
        return
    held_out = "-" if progress.held_out_bits is None else f"{progress.held_out_bits:.3f}"
    print(
        f"{progress.fraction:4.0%}  step {progress.step}  "
        f"{progress.bytes_per_second / 1e6:.2f} MB/s  "
        f"training {progress.training_bits:.3f} bits/byte  held-out {held_out} bits/char",
        file=sys.stderr,
        flush=True,
    )


def _check(
    parser: argparse.ArgumentParser, given: argparse.Namespace, chosen: dict[str, Any]
) -> None:
    """Exit with status 2 if options contradict each other."""
    if given.resume and (chosen or given.initial):
        parser.error(
            "--resume goes on with the options that the training was begun with: "
            "leave out the others"
        )
    if given.initial and (shape := [name for name in NEW_NETWORK if name in chosen]):
        parser.error(
            f"{_flag(shape[0])} makes a new network, --from goes on with one: leave out one of them"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m foretype_model.training", description="Train a network."
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", type=Path, help="files and folders, or a packed corpus"
    )
    parser.add_argument(
        "--out", metavar="MODEL.onnx", type=Path, required=True, help="the model file to write"
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", type=Path, help="beside the model file by default"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from the checkpoint, by as many processes or others",
    )
    parser.add_argument(
        "--from", dest="initial", metavar="MODEL.onnx", type=Path, help="train this model further"
    )
    defaults = TrainingOptions()
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=_positive(float), help=f"how long ({defaults.minutes:g})")
    length.add_argument("--steps", type=_positive(int), help="how many minibatches, instead")
    parser.add_argument("--cell", choices=sorted(CELLS), help=f"({defaults.cell})")
    for name, meaning in {
        "hidden": "units a layer",
        "layers": "recurrent cells on top of each other",
        "embedding": "units of the embeddings",
        "ngrams": "bytes of the longest n-gram that has an embedding; 1 for none",
        "words": "units of the embeddings of word contexts; none if not given",
        "ngram_rows": "rows of the table of n-grams, a multiple of this",
        "word_rows": "rows of the table of word contexts, a power of 2",
        "batch": "rows of a minibatch, over all processes",
        "window": "bytes of a row",
    }.items():
        parser.add_argument(
            _flag(name),
            type=_positive(int),
            help=f"{meaning} ({getattr(defaults, name)})",
        )
    parser.add_argument(
        "--learning-rate",
        type=_positive(float),
        help=f"at its highest ({defaults.learning_rate:g})",
    )
    parser.add_argument("--seed", type=int, help=f"({defaults.seed})")
    parser.add_argument("--device", metavar="auto|cpu|cuda|mps", help=f"({defaults.device})")
    return parser


def _flag(name: str) -> str:
    """Return the option of a field of `TrainingOptions`."""
    return "--" + name.replace("_", "-")


def _positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    def number(text: str) -> float:
        if not 0 < kind(text) < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not more than 0")
        return kind(text)

    return number


if __name__ == "__main__":
    sys.exit(main())
