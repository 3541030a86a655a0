"""Finds the place of a member in JSON with comments and trailing commas, as editors read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from foretype_server.setup.config_file import ManualChangeError
from foretype_server.setup.marked_block import Insertion

OWN_NAME: Final = "foretype"
"""The member that Foretype adds, at the end of the path to it."""

TOKEN: Final = re.compile(
    r'(?P<space>\s+|//[^\n]*|/\*.*?\*/|\ufeff)|"(?:\\.|[^"\\\n])*"|[{}\[\]:,]|[\w.+-]+', re.DOTALL
)


class Token(NamedTuple):
    """A bracket, sign or value in a text, and the offset behind it."""

    text: str
    end: int


@dataclass
class JsonObject:
    """An object in a text.

    Attributes:
        offset: the place behind its brace.
        members: the objects in it by their names; None for a member that is no object.
    """

    offset: int
    members: dict[str, JsonObject | None] = field(default_factory=dict)


def insert_member(text: str, member: Mapping[str, Any]) -> Insertion:
    """Return the insertion that adds `member` to the object in `text`.

    Args:
        text: the JSON text; an empty one becomes an object.
        member: objects nested in one another with one member each, down to `OWN_NAME`, as
            ``{"lsp": {"foretype": {...}}}``. Objects that `text` has already are used.

    Raises:
        ManualChangeError: `text` has that member already, or cannot be read.
    """
    if not text.strip():
        return Insertion(len(text), json.dumps(member, indent=2, ensure_ascii=False) + "\n")
    here = parse_object(text)
    ((name, value),) = member.items()
    while name in here.members:
        inner = here.members[name]
        if name == OWN_NAME or inner is None:
            raise ManualChangeError(f'it has "{name}" already')
        here = inner
        ((name, value),) = value.items()
    lines = json.dumps({name: value}, indent=2, ensure_ascii=False).splitlines()[1:-1]
    comma = "," if here.members else ""
    # On the line of the brace if more stands there, so that no line end has to be added.
    line_end = re.match(r"\r?\n|", text[here.offset :])
    offset = here.offset + (line_end.end() if line_end else 0)
    return Insertion(offset, "\n".join(lines) + f"{comma}\n")


def parse_object(text: str) -> JsonObject:
    """Return the object in `text`.

    Raises:
        ManualChangeError: `text` is not a JSON object.
    """
    tokens = _tokens(text)
    try:
        found = _parse_value(next(tokens), tokens)
    except StopIteration as error:
        raise ManualChangeError("a bracket in it is not closed") from error
    if found is None or next(tokens, None):
        raise ManualChangeError("it is not a JSON object")
    return found


def _tokens(text: str) -> Iterator[Token]:
    offset = 0
    while offset < len(text):
        match = TOKEN.match(text, offset)
        if not match:
            raise ManualChangeError(f"it is not JSON at {text[offset : offset + 10]!r}")
        offset = match.end()
        if match["space"] is None:
            yield Token(match[0], offset)


def _parse_value(token: Token, tokens: Iterator[Token]) -> JsonObject | None:
    """Read the rest of the value that begins with `token`; return it if it is an object."""
    if token.text == "[":
        while (token := next(tokens)).text != "]":
            if token.text != ",":
                _parse_value(token, tokens)
        return None
    if token.text != "{":
        return None
    found = JsonObject(token.end)
    while (token := next(tokens)).text != "}":
        if token.text == ",":
            continue
        if not token.text.startswith('"') or next(tokens).text != ":":
            raise ManualChangeError(f"it is not JSON at {token.text!r}")
        found.members[_unquote(token.text)] = _parse_value(next(tokens), tokens)
    return found


def _unquote(string: str) -> str:
    try:
        return str(json.loads(string, strict=False))
    except ValueError as error:
        raise ManualChangeError(f"it is not JSON at {string}") from error
