"""A few lines from a network in training: the quickest way for a person to see its progress."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from foretype_model.predictor import END_OF_TEXT
from foretype_model.sampling import gumbel, with_temperature
from foretype_model.training.heldout import single_thread
from foretype_model.training.network import ByteNetwork

TEMPERATURE: Final = 0.8
PROMPT: Final = b"\n"


@torch.no_grad()
def sample_text(network: ByteNetwork, device: torch.device, seed: int, length: int = 160) -> str:
    """Sample at most `length` bytes at temperature 0.8; the end-of-text byte ends them."""
    rng = np.random.default_rng(seed)
    x = torch.tensor([[byte] for byte in PROMPT], device=device)
    carry, sampled = None, bytearray()
    with single_thread():
        while len(sampled) < length:
            logits, carry = network(x, carry)
            logits_now = logits[-1, 0].cpu().numpy()
            byte = int(gumbel(rng, with_temperature(logits_now, TEMPERATURE)).argmax())
            if byte == END_OF_TEXT:
                break
            sampled.append(byte)
            x = torch.tensor([[byte]], device=device)
    return sampled.decode(errors="ignore")
