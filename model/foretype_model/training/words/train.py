"""A training of a word-level network from its texts to its model file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from foretype_model.predictors.network.runtime import Metadata
from foretype_model.training.corpus import Corpus
from foretype_model.training.train import Trained, described
from foretype_model.training.trainer import Progress
from foretype_model.training.words import onnx_file
from foretype_model.training.words.loop import UNIT, WordOptions, WordTraining


def train(
    corpus: Corpus,
    options: WordOptions,
    *,
    destination: Path,
    checkpoint: Path,
    resume: bool,
    name: str,
    report: Callable[[Progress], None],
) -> Trained:
    """As `foretype_model.training.train.train` does for one of bytes, but from nothing always;
    raises the same.
    """
    training = (
        WordTraining.resume(corpus.texts, checkpoint)
        if resume
        else WordTraining(corpus.texts, options)
    )
    training.run(checkpoint, report)
    return Trained(export(training, destination, name))


def export(training: WordTraining, destination: Path, name: str) -> Metadata:
    """Write the best weights so far as a model file."""
    metadata = described(
        training, training.network.shape, name, unit=UNIT, vocabulary=len(training.vocabulary.words)
    )
    onnx_file.write(training.network, training.vocabulary, metadata, destination)
    return metadata
