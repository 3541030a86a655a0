"""Extension of a word to a phrase or to ghost text, byte by byte."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from foretype_model.cancellation import Deadline
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.predictor import LogProbabilities
from foretype_model.text import prose, utf8
from foretype_model.text.grammar import UNSPACED_SCRIPTS, WORD_BYTES, WORD_CHARACTER

NEWLINE: Final = 0x0A
SPACE: Final = b" "
SPACE_OR_NEWLINE: Final = b" \n"

TAKES_SPACE_BACK: Final = [*prose.TAKES_SPACE_BACK.encode()]

MIN_SPACE_PROBABILITY: Final = 0.25
"""A smart space is at least so likely. After "self", a space is wrong only as often as it is right,
but nearly always "." takes it back.
"""


@dataclass
class Continuation:
    """A candidate that is extended byte by byte.

    Attributes:
        text: its bytes so far.
        tail: the last characters before it, which may begin its first grapheme.
        log_p: their log-probability.
        ends: the texts that may be offered, each with its log-probability: beginnings of `text`,
            or such a beginning and a smart space.
    """

    text: bytes
    log_p: float
    tail: str = ""
    ends: dict[bytes, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ends[self.text] = self.log_p


class Limits(NamedTuple):
    """Limits of a continuation: the least probability, the most lines and bytes, whether it stops
    at the end of a sentence, and whether it may end with a space.
    """

    min_probability: float
    max_lines: int
    max_bytes: int
    stop_at_sentence: bool
    smart_space: bool = False


def extend_all(
    lookahead: LookaheadCache,
    runs: list[Continuation],
    limits: Limits,
    choose: Callable[[bytes, LogProbabilities], int],
    deadline: Deadline,
) -> None:
    """Extend each run by one chosen byte at a time, within the limits.

    The first byte is known however late it is, since a search has computed its prediction: it tells
    whether a smart space follows.
    """
    active = runs
    while active and (active is runs or not deadline.has_passed()):
        rows = lookahead.predict([run.text for run in active])
        active = [
            run
            for run, row in zip(active, rows, strict=True)
            if _extend(run, row, choose(run.text, row), limits)
        ]


def _extend(run: Continuation, row: LogProbabilities, byte: int, limits: Limits) -> bool:
    """Add an end if the run may end before `byte`, and append `byte` if the limits allow it. Return
    whether it was appended.
    """
    unfinished = utf8.incomplete_suffix(run.text)
    if not unfinished:
        _add_end(run, row, byte, limits)
    # The limits, and the grammar of UTF-8.
    log_p = run.log_p + float(row[byte])
    last_line = byte == NEWLINE and run.text.count(b"\n") + 1 >= limits.max_lines
    unlikely = log_p < math.log(max(limits.min_probability, 1e-9))
    sentence_ended = (
        limits.stop_at_sentence and byte in SPACE_OR_NEWLINE and prose.ends_sentence(run.text)
    )
    if (
        unlikely
        or last_line
        or sentence_ended
        or len(run.text) >= limits.max_bytes
        or not utf8.allowed_next(unfinished)[byte]
    ):
        return False
    run.text, run.log_p = run.text + bytes([byte]), log_p
    return True


def _add_end(run: Continuation, row: LogProbabilities, byte: int, limits: Limits) -> None:
    """Add an end if the run may end before `byte`: after whole graphemes, not inside a word, and
    not after white space. If a space is likely there, the end has a smart space.
    """
    text = run.text.decode()
    is_grapheme = utf8.ends_on_grapheme(run.tail + text)
    if text[-1].isspace() or not is_grapheme or _is_inside_word(text[-1], byte):
        return
    ends_sentence = limits.stop_at_sentence and prose.ends_sentence(run.text)
    if limits.smart_space and not ends_sentence and _is_space_likely(row):
        run.ends.pop(run.text, None)
        run.ends[run.text + SPACE] = run.log_p
    else:
        run.ends[run.text] = run.log_p


def _is_space_likely(row: LogProbabilities) -> bool:
    """Return whether a space is likelier than all bytes before which a smart space is wrong: it
    saves a key if it comes, and costs nothing before a byte that takes it back.
    """
    p = np.exp(row)
    p_space = float(p[SPACE[0]])
    p_wrong = 1 - p_space - float(p[TAKES_SPACE_BACK].sum())
    return p_space > max(p_wrong, MIN_SPACE_PROBABILITY)


def _is_inside_word(last: str, byte: int) -> bool:
    """Return whether `byte` continues a word after its `last` character. In scripts without spaces,
    any character may end a word.
    """
    return bool(
        WORD_BYTES[byte] and WORD_CHARACTER.match(last) and not UNSPACED_SCRIPTS.match(last)
    )
