"""Ghost text: the next word and its continuation."""

from __future__ import annotations

import math
from typing import Final

from foretype_model.cancellation import NO_DEADLINE, Deadline
from foretype_model.completion.after_cursor import AroundCursor
from foretype_model.completion.candidates import BEFORE_BYTES, Candidate, Options, fitted
from foretype_model.completion.continuation import Continuation, Limits, extend_all
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.repetition import first_repeated_line
from foretype_model.completion.search import Hypothesis

ROUNDING: Final = 1e-6
"""Tolerance for a probability that is a sum of 32-bit numbers."""

MAX_GHOST_BYTES: Final = 60
"""Bytes of a line of ghost text, at most. Each byte takes a step (0.4 ms)."""


def extend(
    lookahead: LookaheadCache,
    word: Hypothesis,
    around: AroundCursor,
    options: Options,
    deadline: Deadline = NO_DEADLINE,
) -> Candidate | None:
    """Return a word with the continuation that saves the most keys, as far as it fits; None if the
    word is not sure enough.

    A text that is too long costs little, as the user can accept its first word alone. So it ends
    where its probability times the length added to the first word is highest.
    """
    if math.exp(word.log_p) < options.min_confidence:
        return None
    run = Continuation(word.text, word.log_prefix, around.before[-BEFORE_BYTES:])
    before = around.before.encode()
    sampler = options.sampler(before)
    max_bytes = MAX_GHOST_BYTES * options.max_lines
    limits = Limits(
        options.min_confidence, options.max_lines, max_bytes, options.prose, options.smart_space
    )
    extend_all(lookahead, [run], limits, sampler.sample, deadline)
    unrepeated = first_repeated_line(run.text, before)
    texts = {text: log_p for text, log_p in run.ends.items() if len(text) <= unrepeated}
    first_word = len(word.text.decode())
    sure = [
        one
        for one in fitted(texts, around, "ghost").values()
        if one.text.strip() and one.probability >= options.min_confidence - ROUNDING
    ]
    return max(
        sure,
        key=lambda one: one.probability * (len(one.text) - first_word),
        default=None,
    )
