"""A whole training: from its texts to its model file."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from foretype_model.predictors.network.runtime import Metadata, Network
from foretype_model.training import onnx_file
from foretype_model.training.corpus import Corpus
from foretype_model.training.heldout import Comparison, Score, compare
from foretype_model.training.loop import ByteTrainer, TrainingOptions
from foretype_model.training.network import Shape
from foretype_model.training.parallel import SINGLE_PROCESS, Ranks
from foretype_model.training.rehearsal import SAMPLING_SHARE, Rehearsal
from foretype_model.training.stream import Documents, InMemoryDocuments
from foretype_model.training.trainer import Progress, Trainer


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training.

    Attributes:
        metadata: that of the model file.
        comparison: the model file beside its best rival on the same held-out text; None without a
            rival or without held-out text.
    """

    metadata: Metadata
    comparison: Comparison | None = None

    @property
    def beats_rivals(self) -> bool:
        """Whether it beats every rival on held-out text, beyond chance and noticeably."""
        return self.comparison is not None and self.comparison.counts


def train(
    corpus: Corpus,
    options: TrainingOptions,
    *,
    destination: Path,
    checkpoint: Path,
    resume: bool,
    initial: Path | None,
    rivals: Sequence[Path],
    name: str,
    report: Callable[[Progress], None],
    began: float | None = None,
) -> TrainingResult:
    """Train until the options' minutes or steps are spent, and write the weights with the best
    score on held-out text.

    Args:
        destination: the model file to write.
        checkpoint: the file to resume from; the caller may remove it once the model is safe.
        resume: go on from `checkpoint`, with the options it was started with.
        initial: a model file whose network is trained further; its shape replaces the options'.
        rivals: model files to compare with.
        report: called after every step, and after a scoring before the first.
        began: when the time began that counts as the options' minutes, by `time.monotonic`; by
            default now. All of the work is done within the minutes (`trainer`): sampling and each
            of the first scorings take a tenth of them at most.

    Raises:
        ModelError: no checkpoint to resume from, or the corpus is not the one it was made with.
        CorpusError: too little text.
        KeyboardInterrupt: after a checkpoint has been written, unless it was not yet prepared.
    """
    began = monotonic() if began is None else began
    training = create_trainer(
        InMemoryDocuments(corpus.texts), options, checkpoint, resume=resume, initial=initial
    )
    training.begin(began)
    if initial:
        training.rehearsal = Rehearsal.of(
            training.network,
            Network.open(initial),
            options.seed,
            seconds=training.share_of_budget(SAMPLING_SHARE),
        )
    if initial or training.options.steps is None:
        # A fine-tuning that finds nothing better keeps the network that it began with.
        report(training.evaluate(checkpoint))
    scores = [_score(rival, training) for rival in rivals]
    training.run(checkpoint, report)
    metadata = export(training, destination, name, f"from {initial.stem}" if initial else "")
    return TrainingResult(metadata, _compare(destination, scores, training))


def _score(model: Path, training: ByteTrainer) -> Score | None:
    """Return the score of a model file on the text that `training` holds out."""
    return training.score(onnx_file.read(model).to(training.device))


def _compare(
    model: Path, rivals: Sequence[Score | None], training: ByteTrainer
) -> Comparison | None:
    """Compare a model file with the rival that it beats least surely."""
    scored = _score(model, training) if rivals else None
    comparisons = [compare(scored, rival) for rival in rivals if scored and rival]
    return min(comparisons, key=lambda one: (one.counts, one.gain), default=None)


def create_trainer(
    documents: Documents,
    options: TrainingOptions,
    checkpoint: Path,
    *,
    resume: bool,
    initial: Path | None,
    ranks: Ranks = SINGLE_PROCESS,
) -> ByteTrainer:
    """Return a training that is ready to run; arguments and errors as for `train`."""
    if resume:
        return ByteTrainer.resume(documents, checkpoint, ranks)
    return ByteTrainer(documents, options, onnx_file.read(initial) if initial else None, ranks)


def export(training: ByteTrainer, destination: Path, name: str, description: str = "") -> Metadata:
    """Write the best weights so far as a model file."""
    metadata = describe_model(
        training,
        training.network.shape,
        name,
        description=description,
        ngrams=training.network.shape.ngrams,
        words=training.network.shape.words,
        word_rows=training.network.shape.word_rows,
    )
    onnx_file.write(training.network, metadata, destination)
    return metadata


def describe_model(training: Trainer, shape: Shape, name: str, **more: Any) -> Metadata:
    """Load a training's best weights into its network, and return the metadata of their
    model file.
    """
    training.network.load_state_dict(training.best)
    return Metadata(
        name=name,
        cell=shape.cell,
        hidden=shape.hidden,
        layers=shape.layers,
        embedding=shape.embedding,
        parameters=sum(parameter.numel() for parameter in training.network.parameters()),
        trained_bytes=training.trained_bytes,
        bits_per_character=None if training.best_bits is None else round(training.best_bits, 4),
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        **more,
    )
