"""Whether the next word is known at its start, and how sure the system is of it."""

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
    """What was offered at one start of a word.

    Attributes:
        rank: the true word's place among the distinct words offered, from 0; None where it was not
            among them.
        first: the first word offered, if any.
        ghost: the ghost text, if any; right if all of it was.
    """

    rank: int | None
    first: Guess | None
    ghost: Guess | None


def accuracy(starts: Sequence[WordStart], k: int) -> float | None:
    """The share of words that were among the first `k` offered."""
    return (
        sum(one.rank is not None and one.rank < k for one in starts) / len(starts)
        if starts
        else None
    )


def guess_words(
    session: TypingSession, passage: Passage, advance: Callable[[int], None]
) -> list[WordStart]:
    """Ask at each start of a word in `passage`; `advance` is told how many characters further that
    is.
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
    """Whether a word, or a phrase, is what is typed next."""
    return _first_word(offered) == word and rest.startswith(offered)


def word_starts(passage: Passage) -> Iterator[tuple[int, str]]:
    """Where each word of the passage starts, and the word with the spaces before it, as
    `grammar.Word` has it.

    No word spans a line's end. A word that the passage ends within, or with, is left out: it may go
    on.
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
    """The word of something offered, which may go on after it."""
    return _whole_word(offered) or offered


def _whole_word(text: str) -> str:
    """The word that `text` begins with; empty where none does, or where `text` may end within
    it.
    """
    encoded = text.encode()
    for at, byte in enumerate(encoded):
        masks = _WORD.masks(encoded[:at])
        if masks.ends[byte]:
            return encoded[:at].decode()
        if not masks.continues[byte]:
            break
    return ""
