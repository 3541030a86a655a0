"""The items of the menu: next characters, distinct next words and phrases."""

from __future__ import annotations

import math
import re
from typing import Final

import numpy as np

from foretype_model.cancellation import NO_DEADLINE, Deadline
from foretype_model.completion.after_cursor import AroundCursor
from foretype_model.completion.candidates import BEFORE_BYTES, Candidate, Options, fitted
from foretype_model.completion.continuation import (
    MIN_SPACE_PROBABILITY,
    SPACE_OR_NEWLINE,
    Continuation,
    Limits,
    extend_all,
)
from foretype_model.completion.lookahead import LookaheadCache
from foretype_model.completion.search import MIN_LOG_P, Hypothesis, Search
from foretype_model.completion.selection import Choice, select_most_saving
from foretype_model.predictor import LogProbabilities
from foretype_model.text import brackets, prose, utf8
from foretype_model.text.grammar import Character

VISIBLE_ITEMS: Final = 5
"""Items that users look at. They are chosen together: with these five, 2.0 % more keys are saved in
prose and 3.4 % more in code than with the five most probable words.
"""

MAX_PHRASES: Final = 5
"""The best words that are extended to phrases."""

MIN_PHRASE_PROBABILITY: Final = 0.035
"""A phrase is extended while its probability is at least this. 0.05 saves 0.5 % fewer keys; at
0.03, "tomorrow morning" stands beside a "tomorrow" that is sure.
"""

MAX_PHRASE_BYTES: Final = 48
"""Bytes of a phrase, at most. Each byte takes a step (0.3 ms). 24 save 0.1 % fewer keys."""

SURE_END: Final = 0.8
"""An item ends with closing marks, as "else:" does, if it is then nearly as probable as without
them. In code, 1.7 % more keys are saved than without the marks; at 0.6, fewer are saved.
"""

_SIGN_BEHIND: Final = re.compile(r"(?<=\w)\s+[^\w\s]+\Z")


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


def merge(
    words: list[Candidate], characters: list[Candidate], before: bytes, options: Options
) -> list[Candidate]:
    """Return the menu after `before`: the words, and then the characters that say more.

    Outside of code, where a word begins and whole words are known, a letter is a fragment, and a
    sign is a distraction unless it is likelier than the words. Neither saves a key. In code a name
    may be new, so that its first letter is kept; a script without spaces has words of one letter.
    """
    if words and not options.is_code and not prose.is_after_word(before):
        best = max(one.probability for one in words)
        characters = [
            one
            for one in characters
            if not prose.is_after_word(one.text.encode())
            and (prose.has_word(one.text) or one.probability > best)
        ]
    # A word of one letter comes last if it seldom is a whole word.
    likely, least = {one.text for one in characters}, options.min_character_probability
    words = [one for one in words if one.text not in likely or one.probability >= least]
    return [*words, *characters]


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
    if not options.is_code and options.temperature == 0:
        groups = [_without_initial(lookahead, group) for group in groups]
    words = [group[0] for group in groups if group]
    longer = [one for group in groups for one in group[1:]]
    # A word wins over a phrase that says the same.
    items = _distinct([*words, *longer], around, options)
    if options.temperature > 0:
        return items
    choices = _choices(found, groups, items)
    own = _own(found, groups, items)
    saving = [one.text for one in select_most_saving(choices, VISIBLE_ITEMS)]
    free = VISIBLE_ITEMS - len(own)
    chosen = [*own, *[text for text in saving if text not in own][:free]]
    # In the order of their first words: a phrase is less probable than its word.
    first = [one for group in groups for one in group if one.text in chosen and one in items]
    if options.is_code:
        first.sort(key=lambda one: one.text not in own)
    others = [one for one in items if one.text not in chosen and one in words]
    return [*first, *others][: options.max_items]


def _without_initial(lookahead: LookaheadCache, group: list[Candidate]) -> list[Candidate]:
    """Return the items of a word without a letter of ASCII, and its dot, that seldom is a word,
    such as the first of "e.g." and "e-mail". It saves no key.
    """
    return [one for one in group if not _is_initial(lookahead, one.text)]


def _is_initial(lookahead: LookaheadCache, text: str) -> bool:
    letter = text.strip().removesuffix(".")
    if text.endswith(" ") or len(letter) != 1 or not (letter.isascii() and letter.isalpha()):
        return False
    row = lookahead.predict([text.encode()])[0]
    return float(np.exp(row[[*SPACE_OR_NEWLINE]]).sum()) < MIN_SPACE_PROBABILITY


def _own(
    found: list[Hypothesis], groups: list[list[Candidate]], items: list[Candidate]
) -> list[str]:
    """Return the items of the user's own words that the menu has in any case."""
    wanted = (
        [one.text for one in group if one in items]
        for word, group in zip(found, groups, strict=True)
        if word.is_wanted
    )
    return [texts[0] for texts in wanted if texts]


def _choices(
    found: list[Hypothesis], groups: list[list[Candidate]], items: list[Candidate]
) -> list[Choice]:
    """Return the items as choices, with the ranks of their words as probabilities."""
    # A phrase is in proportion to its word.
    ranks = {
        one.text: one.probability * math.exp(word.key - word.log_p)
        for word, group in zip(found, groups, strict=True)
        for one in group
    }
    # A word is right, too, if a longer word is meant: "config" before "configuration".
    wholes = {
        word.text.decode(): ranks[group[0].text]
        for word, group in zip(found, groups, strict=True)
        if group
    }
    return [
        Choice(
            one.text,
            ranks[one.text]
            + sum(
                rank
                for longer, rank in wholes.items()
                if one.text in wholes and longer != one.text and longer.startswith(one.text)
            ),
        )
        for one in items
    ]


def _items(found: Hypothesis, phrase: Continuation | None, around: AroundCursor) -> list[Candidate]:
    """Return a word and its continuations, as far as they fit.

    A smart space may have replaced the end of the word: the client takes it back where it is wrong.
    """
    ends = dict(phrase.ends) if phrase else {}
    if found.text in ends or not ends:
        ends[found.text] = found.log_p
    return list(fitted(ends, around, "word").values())


def _distinct(items: list[Candidate], around: AroundCursor, options: Options) -> list[Candidate]:
    """Return the items without those that say no more than a better one or a next character.

    Two texts that differ by white space or a closing mark alone are one item, and outside of code
    "tomorrow" and "tomorrow =". A single letter inside a word and a single sign are next
    characters; in code, not a sign with its spaces, such as " = ", which is a part of most lines
    there.
    """
    is_after_word = prose.is_after_word(around.before[-1:].encode())
    kept = dict[str, Candidate]()
    for one in items:
        core = one.text.strip()
        is_character = len(core) == 1 and core.isascii()
        if options.is_code and not core.isalnum() and len(one.text) > 1:
            is_character = False
        if not options.is_code:
            core = _SIGN_BEHIND.sub("", core)
        if not (is_character and (is_after_word or not core.isalnum())):
            said = brackets.without_closing_marks(core)
            known = kept.setdefault(said, one)
            is_longer = len(core) > len(known.text.strip())
            if is_longer and one.probability > SURE_END * known.probability:
                kept[said] = one
    return list(kept.values())


def _phrases(
    lookahead: LookaheadCache,
    found: list[Hypothesis],
    tail: str,
    options: Options,
    deadline: Deadline,
) -> dict[bytes, Continuation]:
    """Return the continuations of the best words after `tail`, by word; those of the others are
    smart spaces alone, which need no new predictions.
    """
    runs = [Continuation(one.text, one.log_prefix, tail) for one in found]
    limits = Limits(MIN_PHRASE_PROBABILITY, 1, MAX_PHRASE_BYTES, options.prose, options.smart_space)
    extend_all(lookahead, runs[:MAX_PHRASES], limits, _most_probable, deadline)
    if options.smart_space:
        limits = limits._replace(max_bytes=0)
        extend_all(lookahead, runs[MAX_PHRASES:], limits, _most_probable, deadline)
    return {one.text: run for one, run in zip(found, runs, strict=True)}


def _most_probable(_: bytes, row: LogProbabilities) -> int:
    return int(row.argmax())
