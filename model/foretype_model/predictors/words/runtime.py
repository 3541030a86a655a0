"""Inference of a trained word-level network without torch: one ONNX file, run by ONNX Runtime.

The file's metadata holds the vocabulary, too (`foretype_model.training.words.onnx_file` writes it).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from foretype_model.errors import ModelError
from foretype_model.predictors.network.runtime import Metadata, open_session
from foretype_model.predictors.words.vocabulary import Vocabulary

if TYPE_CHECKING:
    import onnxruntime as ort

WORDS_KEY: Final = "foretype.words"
"""Key of the metadata entry that holds the vocabulary."""

MAX_WORDS_PER_RUN: Final = 128
"""Most words read in one call."""

Floats = NDArray[np.float32]


class WordModel:
    """A loaded word-level network and its vocabulary."""

    def __init__(
        self, session: ort.InferenceSession, metadata: Metadata, vocabulary: Vocabulary
    ) -> None:
        self._session = session
        self.metadata, self.vocabulary = metadata, vocabulary
        self.state_size: int = session.get_inputs()[1].shape[1]

    @classmethod
    def open(cls, path: Path) -> WordModel:
        """Load a model file; raise ModelError if it is missing, damaged or byte-level."""
        session, metadata = open_session(path)
        if metadata.unit != "word":
            raise ModelError(
                f"{path} is a byte-level model: make one of words with 'foretype train PATH --unit "
                f"word'"
            )
        try:
            words = json.loads(session.get_modelmeta().custom_metadata_map[WORDS_KEY])
            vocabulary = Vocabulary([word.encode(errors="surrogateescape") for word in words])
        except (KeyError, ValueError, AttributeError, TypeError, RecursionError) as error:
            raise ModelError(f"{path} lacks its vocabulary: import or train it again") from error
        return cls(session, metadata, vocabulary)

    def read(self, h: Floats, words: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Read words, and predict the next ones.

        Args:
            h: the states before, shape (B, state); zeros before the first word.
            words: word numbers, shape (T, B), with T at least 1.

        Returns:
            The states after the last words, shape (B, state), and the next words' probabilities by
            number, shape (B, words + 1).
        """
        for first in range(0, len(words), MAX_WORDS_PER_RUN):
            h, probabilities = self._session.run(
                None, {"words": words[first : first + MAX_WORDS_PER_RUN], "h": h}
            )
        return h, probabilities


def vocabulary_entry(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the metadata entry of a vocabulary, with lone surrogates for bytes beyond UTF-8."""
    return {
        WORDS_KEY: json.dumps([word.decode(errors="surrogateescape") for word in vocabulary.words])
    }
