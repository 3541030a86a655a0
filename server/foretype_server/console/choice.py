"""A choice from a numbered list, asked on the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Final

import typer

ALL: Final = frozenset({"", "a", "all", "y", "yes"})
NONE: Final = frozenset({"n", "no", "none", "q", "quit"})


def ask_choice(question: str, names: Sequence[str]) -> list[int]:
    """Ask for some of `names`, until the answer is valid; return their indexes, in order.

    The user answers with numbers from 1 or with names; with nothing for all, or ``n`` for none. A
    closed input chooses none.
    """
    while True:
        typer.echo(f"{question} ", nl=False)
        line = sys.stdin.readline()
        if not line:
            typer.echo()
            return []
        try:
            return parse_choice(line, names)
        except ValueError as error:
            typer.echo(f"{error} is none of them. Give numbers, nothing for all, or n for none.")


def ask_yes(question: str) -> bool:
    """Ask the user; return whether the answer is y, yes or nothing, and the input is open."""
    typer.echo(f"{question} [Y/n] ", nl=False)
    line = sys.stdin.readline()
    return bool(line) and line.strip().lower() in {"", "y", "yes"}


def parse_choice(line: str, names: Sequence[str]) -> list[int]:
    """Return the indexes that an answer of `ask_choice` means.

    Raises:
        ValueError: a word of it means nothing; the message is that word.
    """
    answer = line.strip().lower()
    if answer in ALL:
        return list(range(len(names)))
    if answer in NONE:
        return []
    chosen: set[int] = set()
    for word in re.split(r"[\s,;]+", answer.strip(" ,;")):
        span = re.fullmatch(r"(\d{1,4})-(\d{1,4})", word)
        first, last = (span[1], span[2]) if span else (word, word)
        if first.isdecimal() and 1 <= int(first) <= int(last) <= len(names):
            chosen.update(range(int(first) - 1, int(last)))
        elif word in names:
            chosen.update(index for index, name in enumerate(names) if name == word)
        else:
            raise ValueError(word)
    return sorted(chosen)


def is_interactive() -> bool:
    """Return whether a person reads the output and can answer."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty())
