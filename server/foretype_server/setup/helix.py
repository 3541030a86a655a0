"""Foretype's lines for Helix's ``languages.toml``, beside the lines of a user."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any, Final

from foretype_server.setup.config_file import ManualChangeError
from foretype_server.setup.marked_block import Insertion

LANGUAGE: Final = re.compile(
    r'^\[\[language\]\]\nname = "(?P<name>[^"]+)"\n(?:.+\n)*', re.MULTILINE
)
"""A language in Foretype's own file."""

SERVERS: Final = "language-servers"


def insert_languages(text: str, own: str) -> Insertion:
    """Return the insertion that puts `own` behind the user's `text`.

    Helix applies the tables of a language in turn. So a language that the user configures gets
    the user's servers and Foretype, and nothing else.

    Raises:
        ManualChangeError: `text` cannot be read as TOML, or has Foretype already.
    """
    try:
        users = tomllib.loads(text)
        if "foretype" in users.get("language-server", {}):
            raise ManualChangeError("it has [language-server.foretype] already")
        languages = {one["name"]: one for one in users.get("language", [])}
        lines = LANGUAGE.sub(lambda match: _beside(match, languages), own)
        tomllib.loads(f"{text}\n{lines}")
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ManualChangeError(f"it cannot be extended as TOML ({error})") from error
    return Insertion(len(text), lines)


def _beside(match: re.Match[str], languages: dict[str, dict[str, Any]]) -> str:
    """Return Foretype's table for a language, with the servers that the user has named."""
    servers = languages.get(match["name"], {}).get(SERVERS)
    if servers is None:
        return match[0]
    names = [one["name"] if isinstance(one, dict) else one for one in servers]
    both = servers if "foretype" in names else [*servers, "foretype"]
    return f'[[language]]\nname = "{match["name"]}"\n{SERVERS} = {_inline(both)}\n'


def _inline(value: object) -> str:
    """Return a value of a list of servers in TOML, on one line."""
    if isinstance(value, dict):
        members = [f"{json.dumps(key)} = {_inline(each)}" for key, each in value.items()]
        return f"{{ {', '.join(members)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value, ensure_ascii=False)
