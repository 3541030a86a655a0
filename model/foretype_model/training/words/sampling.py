"""A few words from a network in training."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from foretype_model.predictor import END_OF_TEXT
from foretype_model.predictors.words.vocabulary import UNKNOWN, Vocabulary
from foretype_model.sampling import gumbel, tempered
from foretype_model.training.network import Recurrent
from foretype_model.training.sampling import TEMPERATURE
from foretype_model.training.words.network import WordNetwork

WORDS: Final = 30


@torch.no_grad()
def speak(network: WordNetwork, vocabulary: Vocabulary, device: torch.device, seed: int) -> str:
    """Known words, sampled at temperature 0.8; the end of a text ends them."""
    draw = np.random.default_rng(seed)
    end = vocabulary.numbers[bytes([END_OF_TEXT])]
    word, spoken = end, bytearray()
    recurrent: Recurrent = None
    for _ in range(WORDS):
        h, recurrent = network(torch.tensor([[word]], device=device), recurrent)
        log_p = network.output.log_prob(h[-1])[0].cpu().numpy()
        log_p[UNKNOWN] = -np.inf
        word = int(gumbel(draw, tempered(log_p, TEMPERATURE)).argmax())
        if word == end:
            break
        spoken += vocabulary.words[word - 1]
    return spoken.decode(errors="ignore")
