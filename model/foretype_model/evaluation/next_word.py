"""The accuracy of the next words offered at the starts of words, and the system's confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from foretype_model.completion.candidates import Candidate
from foretype_model.evaluation.calibration import Guess
from foretype_model.evaluation.passage import Passage, free_indentation
from foretype_model.evaluation.systems import TypingSession
from foretype_model.text.grammar import MAX_WORD_BYTES, Word

_WORD = Word()


@dataclass(frozen=True)
class WordStart:
    """The suggestions at one start of a word.

    Attributes:
        rank: the place of the true word among the distinct words offered, from 0; None if it was
            not among them.
        first: the first word offered, or None.
        ghost: the ghost text, or None; it is right if all of it is.
    """

    rank: int | None
    first: Guess | None
    ghost: Guess | None


def accuracy(starts: Sequence[WordStart], k: int) -> float | None:
    """Return the share of words that were among the first `k` offered; None without any word."""
    if not starts:
        return None
    return sum(one.rank is not None and one.rank < k for one in starts) / len(starts)


def guess_words(
    session: TypingSession, passage: Passage, advance: Callable[[int], None]
) -> list[WordStart]:
    """Ask for suggestions at each start of a word in `passage`.

    `advance` is called with the number of characters up to each start, and to the end.
    """
    document, starts, at = session.open(), [], 0
    for start, word in word_starts(passage):
        advance(start - at)
        at = start
        document.set_text(passage.before + passage.typed[:start], passage.after)
        starts.append(
            _ask(document.next_words(), document.ghost_text(), word, passage.typed[start:])
        )
    advance(len(passage.typed) - at)
    return starts


def _ask(offered: list[Candidate], ghost: Candidate | None, word: str, rest: str) -> WordStart:
    distinct = list(dict.fromkeys(_first_word(one.text) for one in offered))
    return WordStart(
        rank=distinct.index(word) if word in distinct else None,
        first=Guess(offered[0].probability, _is_right(offered[0].text, word, rest))
        if offered
        else None,
        ghost=Guess(ghost.probability, rest.startswith(ghost.text)) if ghost else None,
    )


def _is_right(offered: str, word: str, rest: str) -> bool:
    """Return whether a word, or a phrase, is typed next."""
    return _first_word(offered) == word and rest.startswith(offered)


def word_starts(passage: Passage) -> Iterator[tuple[int, str]]:
    """Yield the start of each word of the passage, in characters, and the word with the spaces
    before it, as `grammar.Word` defines it.

    No word spans the end of a line. A word that reaches the end of the passage is left out, for it
    may go on.
    """
    text, at = passage.typed, 0
    while at < len(text):
        at += len(free_indentation(passage.before + text[:at], text[at:]))
        if word := _whole_word(text[at : at + MAX_WORD_BYTES + 1]):
            yield at, word
            at += len(word)
        else:
            at += 1


def _first_word(offered: str) -> str:
    """Return the first word of a suggestion."""
    return _whole_word(offered) or offered


def _whole_word(text: str) -> str:
    """Return the word at the start of `text`, or "" if there is none or it may not be complete."""
    encoded = text.encode()
    for at, byte in enumerate(encoded):
        masks = _WORD.masks(encoded[:at])
        if masks.ends[byte]:
            return encoded[:at].decode()
        if not masks.continues[byte]:
            break
    return ""
