"""Candidates from next-byte distributions: next characters, distinct next words, ghost text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from foretype_model.cancellation import NO_DEADLINE, Deadline
from foretype_model.completion.after_cursor import AroundCursor
from foretype_model.completion.continuation import Continuation, Limits, extend_all
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.proposals import Proposals
from foretype_model.completion.repetition import first_repeated_line
from foretype_model.completion.search import MIN_LOG_P, Hypothesis, Sampler, Search
from foretype_model.completion.selection import Choice, select_most_saving
from foretype_model.text import brackets, prose, utf8
from foretype_model.text.grammar import ALL_BYTES, WORD_BYTES, Character, Word
from foretype_model.text.utf8 import Mask

BEFORE_BYTES: Final = 64
"""Bytes before the cursor to which candidates are fitted: graphemes, and the noise of draws."""

VISIBLE_ITEMS: Final = 5
"""Items that users look at. They are chosen together: with these five, 2.0 % more keys are saved in
prose and 3.4 % more in code than with the five most probable words.
"""

SEARCHED_WORDS: Final = 7
"""Words that a search looks for, at most: with 10, it takes 9 % longer, and the first five save
0.1 % more keys.
"""

OWN_NAMES, OWN_WORDS = 2, 1
"""Names of the user's texts that the menu has in code, if as many fit, and words of them in other
texts, if they are probable.
"""

FRAGMENT_FACTOR: Final = 0.25
"""A word is a fragment of a longer one if it is so much less probable."""

MAX_PHRASES: Final = 5
"""The best words that are extended to phrases."""

MIN_PHRASE_PROBABILITY: Final = 0.03
"""A phrase is extended while its probability is at least this. 0.05 saves 0.5 % fewer keys."""

ROUNDING: Final = 1e-6
"""Tolerance for a probability that is a sum of 32-bit numbers."""

MAX_GHOST_BYTES: Final = 60
MAX_PHRASE_BYTES: Final = 24
"""Bytes of ghost text, and of a phrase, at most. Each byte takes a step (0.4 ms)."""


@dataclass(frozen=True)
class Options:
    """Options for candidates: the settings of the same names, under ``foretype``.

    Attributes:
        temperature: at 0 the most probable candidates are chosen; above 0 candidates are drawn
            without replacement from p^(1/temperature).
        top_k: keep the k most probable bytes at each step; 0 keeps all.
        top_p: keep the smallest set of bytes whose probabilities sum to at least this.
        seed: the same text, options and seed give the same candidates.
        max_items: the number of next words, and of next characters, at most.
        min_confidence: ghost text is offered, and extended, while its probability is at least this.
        max_lines: the lines of ghost text, at most.
        prose: offer only words and sentences, and no ending for a word that is likely complete.
        is_code: rank words of the user's texts before other words, in the menu.
        replace_after_cursor: offer texts that replace closing marks after the cursor.
        smart_space: an offer may end with the space that is likely after it; the client takes it
            back when punctuation follows.
        min_character_probability: next characters are offered if they are at least this likely.
        budget: seconds after which the search ends early, with at least the best candidate.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    max_items: int = 10
    min_confidence: float = 0.1
    max_lines: int = 1
    prose: bool = False
    is_code: bool = False
    replace_after_cursor: bool = False
    smart_space: bool = False
    min_character_probability: float = 0.0
    budget: float = field(
        default=math.inf, compare=False
    )  # a complete search does not depend on it

    def sampler(self, before: bytes) -> Sampler:
        """Return the sampler for a search after `before`."""
        return Sampler(self.temperature, self.top_k, self.top_p, self.seed, before[-BEFORE_BYTES:])


@dataclass(frozen=True)
class Candidate:
    """One continuation of the text.

    Attributes:
        text: the text to insert at the cursor: whole graphemes, never empty.
        probability: of exactly this continuation.
        shares: each predictor's share in the probability of its first byte, by name. They sum to 1,
            or to less if no predictor answers for the whole probability.
        replaces_after: the closing marks right after the cursor that the text replaces, see `Fit`.
    """

    text: str
    probability: float
    kind: Literal["word", "character", "ghost"]
    shares: Mapping[str, float] = field(default_factory=dict)
    replaces_after: int = 0


def next_characters(lookahead: LookaheadCache, before: bytes, options: Options) -> list[Candidate]:
    """Return the next code points, most probable (or first drawn) first."""
    texts = _single_bytes(lookahead, options)
    if texts is None:
        found = Search(lookahead, Character(), options.sampler(before), options.max_items).run()[0]
        texts = [(one.text.decode(), math.exp(one.log_p)) for one in found]
    tail = before[-BEFORE_BYTES:].decode(errors="ignore")
    return [
        Candidate(text, probability, "character")
        for text, probability in texts
        if utf8.ends_on_grapheme(tail + text)
    ]


def _single_bytes(lookahead: LookaheadCache, options: Options) -> list[tuple[str, float]] | None:
    """Return the most probable characters if all likely ones have one byte, without a search, which
    would compute ten more predictions.

    Return None if a likely character has more bytes, or if characters are to be drawn.
    """
    p = np.exp(lookahead.predict([b""])[0])
    likely = np.flatnonzero(utf8.START_BYTES & (p > math.exp(MIN_LOG_P)))
    if options.temperature > 0 or (likely >= 0x80).any():
        return None
    ranked = sorted(likely.tolist(), key=lambda byte: -p[byte])
    return [(chr(byte), float(p[byte])) for byte in ranked[: options.max_items]]


def find_words(
    lookahead: LookaheadCache,
    before: bytes,
    options: Options,
    lines: int = 1,
    deadline: Deadline = NO_DEADLINE,
) -> tuple[list[Hypothesis], bool]:
    """Return distinct next words, for the list (`lines` is 1) or the ghost text, and whether the
    search ended before the deadline.
    """
    begin = _first_bytes(lookahead, before) if options.prose else ALL_BYTES
    is_name = not options.is_code or prose.is_at_name(before)
    own = (OWN_NAMES if options.is_code else OWN_WORDS) if is_name else 0
    proposals = Proposals(own if options.temperature == 0 else 0, is_code=options.is_code)
    count = min(options.max_items, SEARCHED_WORDS)
    search = Search(lookahead, Word(lines, begin), options.sampler(before), count, proposals)
    found, complete = search.run(deadline)
    if options.temperature == 0:
        found = [replace(one, key=proposals.score(one.text, one.log_p)) for one in found]
        found.sort(key=lambda one: -one.key)
    tail = before[-BEFORE_BYTES:].decode(errors="ignore")
    whole = [
        one
        for one in found
        if utf8.ends_on_grapheme(tail + one.text.decode()) and not proposals.is_letter(one.text)
    ]
    return [
        one for one in whole if prose.has_word(one.text.decode())
    ] if options.prose else whole, complete


def score_word(lookahead: LookaheadCache, word: bytes, lines: int) -> Hypothesis:
    """Return the hypothesis that `find_words` would return for a known word."""
    rows = lookahead.predict([word[:end] for end in range(len(word) + 1)])
    # rows: log-probabilities after each prefix of the word, shape (len(word) + 1, 256)
    log_prefix = float(rows[range(len(word)), list(word)].sum())
    ends = float(np.exp(rows[-1])[Word(lines).masks(word).ends].sum())
    log_p = log_prefix + math.log(max(ends, 1e-30))
    return Hypothesis(word, log_p, log_prefix, log_p)


def _first_bytes(lookahead: LookaheadCache, before: bytes) -> Mask:
    """Return the first bytes allowed in prose: none that extends a word that is likely complete."""
    if not prose.is_after_word(before):
        return ALL_BYTES
    p_continue = np.exp(lookahead.predict([b""])[0])[WORD_BYTES].sum()
    return ALL_BYTES if p_continue >= prose.MIN_CONTINUE_PROBABILITY else ~WORD_BYTES


def next_words(
    lookahead: LookaheadCache,
    found: list[Hypothesis],
    around: AroundCursor,
    options: Options,
    deadline: Deadline = NO_DEADLINE,
) -> list[Candidate]:
    """Return the words and phrases that save the most keys together, then the other words: the most
    probable first.

    A phrase is a word with its probable continuation. It seldom takes the place of another word
    (see `select_most_saving`). Above temperature 0 there are no phrases, and the
    words are in the order of the draws.
    """
    tail = around.before[-BEFORE_BYTES:]
    phrases = {} if options.temperature > 0 else _phrases(lookahead, found, tail, options, deadline)
    groups = [_items(word, phrases.get(word.text), around) for word in found]
    words = [group[0] for group in groups if group]
    longer = [one for group in groups for one in group[1:]]
    # A word wins over a phrase that says the same.
    items = _distinct([*words, *longer], around, options)
    if options.temperature > 0:
        return items
    choices = (
        _choices(found, groups, items)
        if options.is_code
        else [Choice(one.text, one.probability) for one in items]
    )
    own = [
        group[0].text for word, group in zip(found, groups, strict=True) if word.is_wanted and group
    ]
    chosen = [one.text for one in select_most_saving(choices, VISIBLE_ITEMS)]
    missing = [text for text in own if text not in chosen]
    chosen = [*chosen[: VISIBLE_ITEMS - len(missing)], *missing]
    # In the order of their first words: a phrase is less probable than its word.
    first = [one for group in groups for one in group if one.text in chosen and one in items]
    if options.is_code:
        first.sort(key=lambda one: one.text not in own)
    others = [
        one
        for one in items
        if one.text not in chosen and one in words and not _is_fragment(one, first)
    ]
    return [*first, *others][: options.max_items]


def _is_fragment(one: Candidate, items: list[Candidate]) -> bool:
    """Return whether a word is the beginning of a much more probable one."""
    return any(
        other.text.startswith(one.text)
        and prose.has_word(other.text[len(one.text) : len(one.text) + 1])
        and other.probability * FRAGMENT_FACTOR > one.probability
        for other in items
    )


def _choices(
    found: list[Hypothesis], groups: list[list[Candidate]], items: list[Candidate]
) -> list[Choice]:
    """Return the items as choices in code, with the ranks of their words as probabilities."""
    # A phrase is in proportion to its word.
    ranks = {
        one.text: one.probability * math.exp(word.key - word.log_p)
        for word, group in zip(found, groups, strict=True)
        for one in group
    }
    # A word is right, too, if a longer word is meant: "config" before "configuration".
    wholes = {word.text.decode() for word in found} & ranks.keys()
    return [
        Choice(
            one.text,
            ranks[one.text]
            + sum(
                ranks[longer]
                for longer in wholes
                if one.text in wholes and longer != one.text and longer.startswith(one.text)
            ),
        )
        for one in items
    ]


def _items(found: Hypothesis, phrase: Continuation | None, around: AroundCursor) -> list[Candidate]:
    """Return a word and its continuations, as far as they fit.

    A smart space may have replaced the end of the word: the client takes it back where it is wrong.
    """
    ends = {phrase.text[:end]: log_p for end, log_p in phrase.end_points} if phrase else {}
    if found.text in ends or not ends:
        ends[found.text] = found.log_p
    return list(_fitted(ends, around, "word").values())


def _fitted(
    texts: Mapping[bytes, float], around: AroundCursor, kind: Literal["word", "ghost"]
) -> dict[str, Candidate]:
    """Return the candidates for texts with their log-probabilities, by their fitted texts; the most
    probable one if several become equal.

    The text after the cursor is not meant once more: if a text only repeats that, its beginnings
    lose its probability.
    """
    fits = {text: around.fit(text.decode()) for text in texts}
    repeated = {text: math.exp(texts[text]) for text, fit in fits.items() if fit is None}
    fitted: dict[str, Candidate] = {}
    for text, fit in fits.items():
        p = math.exp(texts[text]) - max(
            (its for longer, its in repeated.items() if longer.startswith(text)), default=0.0
        )
        if fit and p > 0 and (fit.text not in fitted or fitted[fit.text].probability < p):
            fitted[fit.text] = Candidate(fit.text, p, kind, replaces_after=fit.replaces_after)
    return fitted


def _distinct(items: list[Candidate], around: AroundCursor, options: Options) -> list[Candidate]:
    """Return the items without those that say no more than a better one or a next character.

    Two texts that differ by white space or a closing mark alone are one item. A single letter
    inside a word and a single sign are next characters; in code, not a sign with its spaces, such
    as " = ", which is a part of most lines there.
    """
    is_after_word = prose.is_after_word(around.before[-1:].encode())
    kept = dict[str, Candidate]()
    for one in items:
        core = one.text.strip()
        is_character = len(core) == 1 and core.isascii()
        if options.is_code and not core.isalnum() and len(one.text) > 1:
            is_character = False
        if not (is_character and (is_after_word or not core.isalnum())):
            kept.setdefault(brackets.without_closing_marks(core), one)
    return list(kept.values())


def _phrases(
    lookahead: LookaheadCache,
    found: list[Hypothesis],
    tail: str,
    options: Options,
    deadline: Deadline,
) -> dict[bytes, Continuation]:
    """Return the continuations of the best words after `tail`, by word."""
    runs = {one.text: Continuation(one.text, one.log_prefix, tail) for one in found[:MAX_PHRASES]}
    limits = Limits(MIN_PHRASE_PROBABILITY, 1, MAX_PHRASE_BYTES, options.prose, options.smart_space)
    extend_all(lookahead, list(runs.values()), limits, lambda _, row: int(row.argmax()), deadline)
    return runs


def ghost_text(
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
    texts = {run.text[:end]: log_p for end, log_p in run.end_points if end <= unrepeated}
    first_word = len(word.text.decode())
    sure = [
        one
        for one in _fitted(texts, around, "ghost").values()
        if one.text.strip() and one.probability >= options.min_confidence - ROUNDING
    ]
    return max(
        sure,
        key=lambda one: one.probability * (len(one.text) - first_word),
        default=None,
    )
