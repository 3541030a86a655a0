"""Extension of a word to a phrase or to ghost text, byte by byte."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from foretype_model.cancellation import Deadline
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.predictor import LogProbabilities
from foretype_model.text import prose, utf8
from foretype_model.text.grammar import UNSPACED_SCRIPTS, WORD_BYTES, WORD_CHARACTER

NEWLINE: Final = 0x0A
SPACE_OR_NEWLINE: Final = b" \n"

MIN_SPACE_PROBABILITY: Final = 0.5
"""A smart space is a part of an offer if it is at least as likely as this after the word."""


@dataclass
class Continuation:
    """A candidate that is extended byte by byte.

    Attributes:
        text: its bytes so far.
        tail: the last characters before it, which may begin its first grapheme.
        log_p: their log-probability.
        end_points: the lengths at which it may end, each with the log-probability up to there.
    """

    text: bytes
    log_p: float
    tail: str = ""
    end_points: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.end_points.append((len(self.text), self.log_p))


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
    """Extend each run by one chosen byte at a time, within the limits."""
    active = runs
    while active and not deadline.has_passed():
        rows = lookahead.predict([run.text for run in active])
        active = [
            run
            for run, row in zip(active, rows, strict=True)
            if _extend(run, row, choose(run.text, row), limits)
        ]


def _extend(run: Continuation, row: LogProbabilities, byte: int, limits: Limits) -> bool:
    """Add an end point if the run may end before `byte`, and append `byte` if the limits allow it.
    Return whether it was appended.
    """
    unfinished = utf8.incomplete_suffix(run.text)
    if not unfinished:
        _add_end_point(run, byte, limits)
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


def _add_end_point(run: Continuation, byte: int, limits: Limits) -> None:
    """Add an end point if the run may end before `byte`: after whole graphemes, not inside a word,
    and not after white space. A smart space replaces the end point before it if it is likely there.
    """
    text, length = run.text.decode(), len(run.text)
    if _is_inside_word(text[-1], byte) or not utf8.ends_on_grapheme(run.tail + text):
        return
    if not text[-1].isspace():
        run.end_points.append((length, run.log_p))
    elif limits.smart_space and text[-1] == " ":
        word_ends = [log_p for end, log_p in run.end_points if end == length - 1]
        if word_ends and run.log_p - word_ends[0] >= math.log(MIN_SPACE_PROBABILITY):
            run.end_points = [one for one in run.end_points if one[0] != length - 1]
            run.end_points.append((length, run.log_p))


def _is_inside_word(last: str, byte: int) -> bool:
    """Return whether `byte` continues a word after its `last` character. In scripts without spaces,
    any character may end a word.
    """
    return bool(
        WORD_BYTES[byte] and WORD_CHARACTER.match(last) and not UNSPACED_SCRIPTS.match(last)
    )
