"""The next words that a menu offers at the starts of words, and the system's confidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import regex

from foretype_model.evaluation.calibration import Guess
from foretype_model.evaluation.passage import Passage, free_indentation, typed_part
from foretype_model.evaluation.systems import TypingDocument, TypingSession
from foretype_model.evaluation.typist import MENU_ITEMS
from foretype_model.text.grammar import MAX_WORD_BYTES, Word

Vocabulary = Collection[str]
"""Known words, in lower case."""

ONE_LETTER_WORDS: Final = frozenset("aI")
"""Letters that are words. Any other single letter is a fragment, whatever the dictionary says."""

_WORD: Final = Word()
_LETTERS: Final = regex.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True)
class NextWords:
    """The menu where a word of letters begins after a space.

    Attributes:
        offered: the distinct first words of the menu's first items, in order.
        rank: the place of the typed word among them, from 0; None if it was not among them.
        fragments: the number of them that are no words.
    """

    offered: tuple[str, ...]
    rank: int | None
    fragments: int


@dataclass(frozen=True)
class WordStart:
    """The suggestions at one start of a word or of a run of punctuation.

    Attributes:
        menu: the menu, if a word of letters begins here after a space; else None.
        first: the most probable next word, or None.
        ghost: the ghost text, or None; it is right if all of it is.
    """

    menu: NextWords | None
    first: Guess | None = None
    ghost: Guess | None = None


def accuracy(menus: Sequence[NextWords], k: int) -> float | None:
    """Return the share of words that were among the first `k` offered; None without any word."""
    return _mean(menu.rank is not None and menu.rank < k for menu in menus)


def distinct_words(menus: Sequence[NextWords]) -> float | None:
    """Return the mean number of different first words in a menu; None without any menu."""
    return _mean(len(menu.offered) for menu in menus)


def fragment_share(menus: Sequence[NextWords]) -> float | None:
    """Return the share of the offered first words that are no words; None if none was offered."""
    offered = sum(len(menu.offered) for menu in menus)
    return sum(menu.fragments for menu in menus) / offered if offered else None


def _mean(values: Iterable[float]) -> float | None:
    counted = list(values)
    return sum(counted) / len(counted) if counted else None


def vocabulary(texts: Iterable[str]) -> set[str]:
    """Return the words of letters in `texts`, in lower case."""
    return {word.lower() for text in texts for word in _LETTERS.findall(text)}


def offer_next_words(
    session: TypingSession, passage: Passage, advance: Callable[[int], None], known: Vocabulary = ()
) -> list[WordStart]:
    """Ask for the menu where a word of letters begins after a space.

    `advance` is called with the number of characters up to each start of a word, and to the end.
    Offered words that are not `known` are fragments.
    """
    document = session.open(passage.name)

    def ask(start: int) -> WordStart | None:
        word = _next_word(passage, start)
        if not word:
            return None
        _place(document, passage, start)
        return WordStart(_look(document.menu(), word, known))

    return list(_at_each_start(passage, ask, advance))


def guess_words(
    session: TypingSession, passage: Passage, advance: Callable[[int], None], known: Vocabulary = ()
) -> list[WordStart]:
    """Ask as `offer_next_words`, and also for the most probable word and the ghost text, at every
    start of a word or of a run of punctuation.
    """
    document = session.open(passage.name)

    def ask(start: int) -> WordStart:
        rest, word = passage.typed[start:], _next_word(passage, start)
        _place(document, passage, start)
        words, ghost = document.next_words(), document.ghost_text()
        return WordStart(
            _look(document.menu(), word, known) if word else None,
            Guess(words[0].probability, _is_right(words[0].text, rest)) if words else None,
            Guess(ghost.probability, bool(typed_part(ghost.text, rest))) if ghost else None,
        )

    return list(_at_each_start(passage, ask, advance))


def _at_each_start(
    passage: Passage, ask: Callable[[int], WordStart | None], advance: Callable[[int], None]
) -> Iterator[WordStart]:
    at = 0
    for start, _ in word_starts(passage):
        advance(start - at)
        at = start
        if asked := ask(start):
            yield asked
    advance(len(passage.typed) - at)


def _place(document: TypingDocument, passage: Passage, start: int) -> None:
    document.set_text(passage.before + passage.typed[:start], passage.after)


def _next_word(passage: Passage, start: int) -> str:
    """Return the word of letters that begins at `start` after a space, or ""."""
    before = passage.typed[start - 1] if start else passage.before[-1:]
    found = _LETTERS.match(passage.typed, start) if before == " " else None
    return found[0] if found else ""


def _look(menu: Sequence[str], word: str, known: Vocabulary) -> NextWords:
    shown = filter(None, map(_first_word, menu[:MENU_ITEMS]))
    offered = tuple(dict.fromkeys(shown))
    rank = offered.index(word) if word in offered else None
    return NextWords(offered, rank, sum(_is_fragment(one, known) for one in offered))


def _first_word(item: str) -> str:
    """Return the first word of letters of a menu's item; all of the item if it has none there."""
    text = item.strip()
    found = _LETTERS.match(text)
    return found[0] if found else text


def _is_fragment(word: str, known: Vocabulary) -> bool:
    return word.lower() not in known or (len(word) == 1 and word not in ONE_LETTER_WORDS)


def _is_right(offered: str, rest: str) -> bool:
    """Return whether a whole word, or a phrase, is typed next."""
    part = typed_part(offered, rest).rstrip()
    return bool(part) and (_whole_word(part) or part) == _whole_word(rest)


def word_starts(passage: Passage) -> Iterator[tuple[int, str]]:
    """Yield the start of each word of the passage, in characters, and the word, as `grammar.Word`
    defines it, without the spaces before it.

    No word spans the end of a line. A word that reaches the end of the passage is left out, for it
    may go on.
    """
    text, at = passage.typed, 0
    while at < len(text):
        at += len(free_indentation(passage.before + text[:at], text[at:]))
        if word := _whole_word(text[at : at + MAX_WORD_BYTES + 1]):
            at += len(word)
            body = word.lstrip()
            yield at - len(body), body
        else:
            at += 1


def _whole_word(text: str) -> str:
    """Return the word at the start of `text`, or "" if there is none or it may not be complete."""
    encoded = text[: MAX_WORD_BYTES + 1].encode()
    for at, byte in enumerate(encoded):
        masks = _WORD.masks(encoded[:at])
        if masks.ends[byte]:
            return encoded[:at].decode()
        if not masks.continues[byte]:
            break
    return ""
