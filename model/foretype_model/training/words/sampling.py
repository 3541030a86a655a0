"""A few words from a network in training."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from foretype_model.predictor import END_OF_TEXT
from foretype_model.predictors.words.vocabulary import UNKNOWN, Vocabulary
from foretype_model.sampling import gumbel, with_temperature
from foretype_model.training.network import Recurrent
from foretype_model.training.sampling import TEMPERATURE
from foretype_model.training.words.network import WordNetwork

SAMPLE_WORDS: Final = 30


@torch.no_grad()
def sample_text(
    network: WordNetwork, vocabulary: Vocabulary, device: torch.device, seed: int
) -> str:
    """Sample known words at temperature 0.8, up to the end of a text."""
    rng = np.random.default_rng(seed)
    end = vocabulary.word_ids[bytes([END_OF_TEXT])]
    word, sampled = end, bytearray()
    recurrent: Recurrent = None
    for _ in range(SAMPLE_WORDS):
        h, recurrent = network(torch.tensor([[word]], device=device), recurrent)
        log_p = network.output.log_prob(h[-1])[0].cpu().numpy()
        log_p[UNKNOWN] = -np.inf
        word = int(gumbel(rng, with_temperature(log_p, TEMPERATURE)).argmax())
        if word == end:
            break
        sampled += vocabulary.words[word - 1]
    return sampled.decode(errors="ignore")
