"""The search for the next words, which the menu and the ghost text begin with."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from foretype_model.cancellation import NO_DEADLINE, Deadline
from foretype_model.completion.candidates import BEFORE_BYTES, Options
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.proposals import Proposals
from foretype_model.completion.search import Hypothesis, Search
from foretype_model.text import prose, utf8
from foretype_model.text.grammar import ALL_BYTES, WORD_BYTES, Word

SEARCHED_WORDS: Final = 7
"""Words that a search looks for, at most: with 10, it takes 9 % longer, and the first five save
0.1 % more keys.
"""

OWN_MEMBERS, OWN_NAMES, OWN_WORDS = 3, 2, 1
"""Names of the user's texts that the menu has in code after a dot and elsewhere, if as many fit,
and words of them in other texts, if they are probable.
"""

MIN_OWN_CONTINUE: Final = 0.2
"""Names of the user's texts are wanted inside a word if it goes on with at least this probability:
"else" is in "elsewhere", and yet complete.
"""

FRAGMENT_FACTOR: Final = 0.25
"""If no predictor proposes words, one is a fragment of a longer one if it is so much less
probable.
"""


def find_words(
    lookahead: LookaheadCache,
    before: bytes,
    options: Options,
    lines: int,
    deadline: Deadline = NO_DEADLINE,
) -> tuple[list[Hypothesis], bool]:
    """Return distinct next words, for the list (`lines` is 1) or the ghost text, and whether the
    search ended before the deadline.
    """
    p_continue = _probability_to_continue(lookahead, before)
    is_complete = p_continue < prose.MIN_CONTINUE_PROBABILITY
    begin = ~WORD_BYTES if options.prose and is_complete else ALL_BYTES
    is_name = p_continue >= MIN_OWN_CONTINUE and (not options.is_code or prose.is_at_name(before))
    most = OWN_MEMBERS if before.endswith(b".") else OWN_NAMES
    own = (most if options.is_code else OWN_WORDS) if is_name else 0
    proposals = Proposals(own if options.temperature == 0 else 0, is_code=options.is_code)
    count = min(options.max_items, SEARCHED_WORDS)
    search = Search(lookahead, Word(lines, begin), options.sampler(before), count, proposals)
    found, complete = search.run(deadline)
    if options.temperature == 0:
        found = [replace(one, key=proposals.score(one.text, one.log_p)) for one in found]
        found.sort(key=lambda one: -one.key)
        if not proposals:
            found = [one for one in found if not _is_fragment(one, found)]
    tail = before[-BEFORE_BYTES:].decode(errors="ignore")
    whole = [
        one
        for one in found
        if utf8.ends_on_grapheme(tail + one.text.decode()) and not proposals.is_letter(one.text)
    ]
    return [
        one for one in whole if prose.has_word(one.text.decode())
    ] if options.prose else whole, complete


def _is_fragment(one: Hypothesis, found: list[Hypothesis]) -> bool:
    """Return whether a word is the beginning of a much more probable one."""
    return any(
        other.text.startswith(one.text)
        and prose.has_word(other.text[len(one.text) :].decode(errors="ignore")[:1])
        and other.log_p + math.log(FRAGMENT_FACTOR) > one.log_p
        for other in found
    )


def score_word(lookahead: LookaheadCache, word: bytes, lines: int) -> Hypothesis:
    """Return the hypothesis that `find_words` would return for a known word."""
    rows = lookahead.predict([word[:end] for end in range(len(word) + 1)])
    # rows: log-probabilities after each prefix of the word, shape (len(word) + 1, 256)
    log_prefix = float(rows[range(len(word)), list(word)].sum())
    ends = float(np.exp(rows[-1])[Word(lines).masks(word).ends].sum())
    log_p = log_prefix + math.log(max(ends, 1e-30))
    return Hypothesis(word, log_p, log_prefix, log_p)


def _probability_to_continue(lookahead: LookaheadCache, before: bytes) -> float:
    """Return the probability that a word before the cursor goes on; 1 if there is none."""
    if not prose.is_after_word(before):
        return 1.0
    return float(np.exp(lookahead.predict([b""])[0])[WORD_BYTES].sum())
