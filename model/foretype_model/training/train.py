"""A whole training: from its texts to its model file."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretype_model.predictors.network.runtime import Metadata
from foretype_model.training import onnx_file
from foretype_model.training.corpus import Corpus
from foretype_model.training.heldout import bits_per_character
from foretype_model.training.loop import ByteTrainer, TrainingOptions
from foretype_model.training.network import Shape
from foretype_model.training.parallel import SINGLE_PROCESS, Ranks
from foretype_model.training.rehearsal import Rehearsal
from foretype_model.training.stream import Documents, InMemoryDocuments
from foretype_model.training.trainer import Progress, Trainer


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training.

    Attributes:
        metadata: that of the model file.
        rival_bits: bits per character of the rival on the same held-out text; None without a rival.
    """

    metadata: Metadata
    rival_bits: float | None = None

    @property
    def beats_rival(self) -> bool:
        """Whether its score on held-out text beats the rival's."""
        bits = self.metadata.bits_per_character
        return bits is not None and self.rival_bits is not None and bits < self.rival_bits


def train(
    corpus: Corpus,
    options: TrainingOptions,
    *,
    destination: Path,
    checkpoint: Path,
    resume: bool,
    initial: Path | None,
    rival: Path | None,
    name: str,
    report: Callable[[Progress], None],
) -> TrainingResult:
    """Train until the options' minutes or steps are spent, and write the weights with the best
    score on held-out text.

    Args:
        destination: the model file to write.
        checkpoint: the file to resume from; the caller may remove it once the model is safe.
        resume: go on from `checkpoint`, with the options it was started with.
        initial: a model file whose network is trained further; its shape replaces the options'.
        rival: a model file to compare with.
        report: called after every step.

    Raises:
        ModelError: no checkpoint to resume from, or the corpus is not the one it was made with.
        CorpusError: too little text.
        KeyboardInterrupt: after a checkpoint has been written.
    """
    training = create_trainer(
        InMemoryDocuments(corpus.texts), options, checkpoint, resume=resume, initial=initial
    )
    if initial:
        training.rehearsal = Rehearsal.of(training.network, options.seed)
    training.run(checkpoint, report)
    metadata = export(training, destination, name, f"from {initial.stem}" if initial else "")
    return TrainingResult(metadata, _bits_of(rival, training) if rival else None)


def _bits_of(model: Path, training: ByteTrainer) -> float | None:
    """Return the bits per character of `model` on the text that `training` holds out."""
    return bits_per_character(
        onnx_file.read(model).to(training.device), training.held_out, training.device
    )


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
