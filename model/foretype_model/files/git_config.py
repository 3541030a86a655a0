"""Reads git's configuration files, without running git: a repository may be a stranger's."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from foretype_model.files.regular import read_regular
from foretype_model.files.wildmatch import StepBudget, Wildcard

MAX_CONFIG_BYTES: Final = 1_000_000
"""Bytes of all configuration files; those of a user have some thousands."""

MAX_INCLUDE_DEPTH: Final = 10
"""Files that include one another, as in git."""

MAX_FILES: Final = 100
"""Files that are read in all."""

MAX_MATCH_STEPS: Final = 1_000_000
"""Steps for the conditions of includes: a third of a second."""

_BLANK: Final = re.compile(r"(?:\s|[#;][^\n]*+)*+")
_HEADER: Final = re.compile(r'\[\s*([A-Za-z0-9.-]++)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*+)")?[ \t]*\]')
_KEY: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*+)[ \t]*(=)?")
_VALUE: Final = re.compile(r'(?:[^"\\\n#;]|\\.|"(?:[^"\\\n]|\\.)*+")*+', re.DOTALL)
_PARTS: Final = re.compile(r'\\(.)|(")|(\s)|(.)', re.DOTALL)
_TRUE: Final = ("true", "yes", "on")
_ESCAPES: Final = {"n": "\n", "t": "\t", "b": "\b", "\n": ""}


@dataclass
class GitConfig:
    """The values that apply in a repository, by lower-case name: ``core.excludesfile``.

    A key without a value has the value None; a later value replaces an earlier one.

    Attributes:
        git_folder: of the repository, absolute and without links; for conditional includes.
        bytes_left: that may still be read.
    """

    git_folder: str
    values: dict[str, str | None] = field(default_factory=dict)
    bytes_left: int = MAX_CONFIG_BYTES
    _files: int = 0
    _budget: StepBudget = field(default_factory=lambda: StepBudget(MAX_MATCH_STEPS))

    def read(self, path: str, depth: int = 0) -> None:
        """Add the values in a file and in those that it includes; a missing file has none."""
        self._files += 1
        if depth > MAX_INCLUDE_DEPTH or self._files > MAX_FILES:
            return
        try:
            content = read_regular(path, self.bytes_left)
        except OSError:
            return
        self.bytes_left -= len(content)
        for section, subsection, key, value in _entries(content.decode("utf-8", "surrogateescape")):
            name = f"{section}.{key}".lower() if subsection is None else ""
            if name:
                self.values[name] = value
            is_include = self._is_include(section.lower(), subsection, key.lower(), path)
            if value and is_include and not is_remote(value):
                self.read(expand(value, os.path.dirname(path)), depth + 1)  # noqa: PTH120

    def is_true(self, name: str) -> bool:
        """Return whether a value is true, as git reads it."""
        value = self.values.get(name, "false")
        return value is None or value.lower() in _TRUE or value.strip("0 ").isdigit()

    def _is_include(self, section: str, subsection: str | None, key: str, path: str) -> bool:
        if key != "path" or subsection is None:
            return (section, key) == ("include", "path")
        kind, _, pattern = subsection.partition(":")
        if section != "includeif" or not self.git_folder:
            return False
        if kind in ("gitdir", "gitdir/i"):
            return self._matches(_folder_pattern(pattern, path), self.git_folder, kind[6:] == "/i")
        return kind == "onbranch" and self._matches(_open_ended(pattern), _branch(self.git_folder))

    def _matches(self, pattern: str, text: str, ignore_case: bool = False) -> bool:
        encoded = os.fsencode(text.replace(os.sep, "/"))
        wildcard = Wildcard(os.fsencode(pattern), is_path=True, ignore_case=ignore_case)
        return wildcard.matches(encoded.lower() if ignore_case else encoded, self._budget)


def user_files(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the files of the system and of the user, in the order in which git reads them."""
    if environ.get("GIT_CONFIG_NOSYSTEM", "0").lower() in ("", "0", "false", "no", "off"):
        yield from [environ[name] for name in ("GIT_CONFIG_SYSTEM",) if name in environ] or (
            _system_files(environ)
        )
    if "GIT_CONFIG_GLOBAL" in environ:
        yield environ["GIT_CONFIG_GLOBAL"]
    else:
        yield os.path.join(user_folder(environ), "config")  # noqa: PTH118
        yield os.path.expanduser("~/.gitconfig")  # noqa: PTH111


def user_folder(environ: Mapping[str, str] = os.environ) -> str:
    """Return the folder of a user's files for git."""
    above = environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111
    return os.path.join(above, "git")  # noqa: PTH118


def expand(path: str, folder: str) -> str:
    """Return the absolute path for a path in a configuration; a relative one is in `folder`."""
    return os.path.join(folder, os.path.expanduser(path))  # noqa: PTH111, PTH118


def is_remote(path: str) -> bool:
    """Return whether a path of Windows is on another machine, to which it would send the user's
    credentials.
    """
    return os.name == "nt" and path.replace("\\", "/").startswith("//")


def _system_files(environ: Mapping[str, str]) -> list[str]:
    if os.name == "nt":
        folders = {"PROGRAMDATA": "Git/config", "PROGRAMFILES": "Git/etc/gitconfig"}
        return [str(Path(environ[name], at)) for name, at in folders.items() if name in environ]
    homebrew = [Path("/usr", "local"), Path("/opt", "homebrew")] if sys.platform == "darwin" else []
    return [str(folder / "etc" / "gitconfig") for folder in (Path("/"), *homebrew)]


def _entries(text: str) -> Iterator[tuple[str, str | None, str, str | None]]:
    """Yield section, subsection, key and value of each entry, up to the first error."""
    section, subsection, at = "", None, int(text.startswith("\N{BYTE ORDER MARK}"))
    while (at := _end(_BLANK, text, at)) < len(text):
        if header := _HEADER.match(text, at):
            at, section = header.end(), header[1]
            subsection = header[2] and re.sub(r"\\(.)", r"\1", header[2])
        elif (key := _KEY.match(text, at)) and section:
            value = _VALUE.match(text, key.end())
            at = value.end() if key[2] and value else key.end()
            yield section, subsection, key[1], _unquoted(text[key.end() : at]) if key[2] else None
        else:
            return


def _end(expression: re.Pattern[str], text: str, at: int) -> int:
    found = expression.match(text, at)
    return found.end() if found else at


def _unquoted(value: str) -> str:
    """Return a value without its quotes and without the blanks around it."""
    parts: list[str] = []
    kept, is_quoted = 0, False
    for escaped, quote, blank, other in _PARTS.findall(value):
        is_quoted ^= bool(quote)
        if blank and not is_quoted:
            parts += [blank] if parts else []
        elif part := _ESCAPES.get(escaped, escaped) or blank or other:
            parts.append(part)
            kept = len(parts)
    return "".join(parts[:kept])


def _folder_pattern(pattern: str, path: str) -> str:
    """Return the pattern of a condition ``gitdir:`` in the configuration file `path`."""
    if pattern.startswith("./"):
        pattern = os.path.realpath(os.path.dirname(path)) + pattern[1:]  # noqa: PTH120
    pattern = os.path.expanduser(pattern).replace(os.sep, "/")  # noqa: PTH111
    return _open_ended(pattern if Path(pattern).is_absolute() else f"**/{pattern}")


def _open_ended(pattern: str) -> str:
    return f"{pattern}**" if pattern.endswith("/") else pattern


def _branch(git_folder: str) -> str:
    try:
        head = read_regular(os.path.join(git_folder, "HEAD"), MAX_CONFIG_BYTES)  # noqa: PTH118
    except OSError:
        return ""
    return head.decode("utf-8", "surrogateescape").strip().removeprefix("ref: refs/heads/")
