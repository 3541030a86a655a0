"""A whole training of a word-level network: from its texts to its model file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from foretype_model.predictors.network.runtime import Metadata
from foretype_model.training.corpus import Corpus
from foretype_model.training.train import TrainingResult, describe_model
from foretype_model.training.trainer import Progress
from foretype_model.training.words import onnx_file
from foretype_model.training.words.loop import UNIT, WordOptions, WordTrainer


def train(
    corpus: Corpus,
    options: WordOptions,
    *,
    destination: Path,
    checkpoint: Path,
    resume: bool,
    name: str,
    report: Callable[[Progress], None],
    began: float | None = None,
) -> TrainingResult:
    """Train a new word-level network; arguments and errors as for
    `foretype_model.training.train.train`.
    """
    training = (
        WordTrainer.resume(corpus.texts, checkpoint)
        if resume
        else WordTrainer(corpus.texts, options)
    )
    training.begin(began)
    if training.options.steps is None:
        training.evaluate(checkpoint)
    training.run(checkpoint, report)
    return TrainingResult(export(training, destination, name))


def export(training: WordTrainer, destination: Path, name: str) -> Metadata:
    """Write the best weights so far as a model file."""
    metadata = describe_model(
        training, training.network.shape, name, unit=UNIT, vocabulary=len(training.vocabulary.words)
    )
    onnx_file.write(training.network, training.vocabulary, metadata, destination)
    return metadata
