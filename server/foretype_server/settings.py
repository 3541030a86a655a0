"""The settings under ``foretype``: names, allowed values, and messages about invalid ones."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from foretype_model.completion.candidates import Options

SECTION: Final = "foretype"

MIN_CHARACTER_PROBABILITY: Final = 0.05
"""The menu has next characters that are at least this probable."""

DEFAULT_MAX_LINES: Final = 3
"""Lines of ghost text. Of 1, 3 and 5 lines, 3 save most keys: .399, .411 and .409 of them in three
pieces of code, .374, .379 and .379 in three of documentation.
"""

CLIENT_SETTINGS: Final = frozenset({"trace.server"})
"""Settings in the same section that only an editor's client reads."""


@dataclass(frozen=True)
class Settings:
    """The user's settings; `SCHEMA` has the name of each in the editor.

    Attributes:
        model: the name or path of a model; None is the model in use on this machine.
        predictors: the options of each predictor, by its name.
        learn_exclude: patterns of paths that are excluded from learning.
        languages_disabled: language identifiers of documents without completions.
        max_file_size: bytes; longer documents have no completions.
        memory_per_document: megabytes of network states kept along a document at most.
        max_search_time: milliseconds after which a search returns its best results so far.
        prose: the mode for writers: only words and sentences are offered, and only prose is learnt.
        replace_after_cursor: the client replaces the text after the cursor in an item's range.
        smart_space: whether the client takes back an accepted space before punctuation.
        count_usage: whether offers and acceptances are counted in the user's statistics.
    """

    enable: bool = True
    model: str | None = None
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    max_items: int = 10
    next_word: bool = True
    next_character: bool = True
    inline_enable: bool = True
    inline_min_confidence: float = 0.1
    inline_max_lines: int = DEFAULT_MAX_LINES
    predictors: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {"network": {}, "copy": {}, "ngrams": {}}
    )
    learn_exclude: tuple[str, ...] = ()
    languages_disabled: tuple[str, ...] = ()
    max_file_size: int = 10_000_000
    memory_per_document: int = 6
    max_search_time: int = 25
    prose: bool = False
    replace_after_cursor: bool = False
    smart_space: bool = False
    count_usage: bool = True

    @property
    def excluded_patterns(self) -> tuple[str, ...]:
        """All patterns of paths that are excluded from learning, those of `prose` too."""
        from foretype_model.text.prose import NON_PROSE_PATTERNS  # noqa: PLC0415 (imports numpy, for which initialize won't wait)

        return (*NON_PROSE_PATTERNS, *self.learn_exclude) if self.prose else self.learn_exclude

    def options(self) -> Options:
        """Return the options of the candidates."""
        from foretype_model.completion.candidates import Options  # noqa: PLC0415 (imports numpy, for which initialize won't wait)

        return Options(
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            seed=self.seed,
            max_items=self.max_items,
            min_confidence=self.inline_min_confidence,
            max_lines=self.inline_max_lines,
            prose=self.prose,
            replace_after_cursor=self.replace_after_cursor,
            smart_space=self.smart_space,
            min_character_probability=MIN_CHARACTER_PROBABILITY,
            budget=self.max_search_time / 1000,
        )


class _InvalidValueError(Exception):
    """A value that its setting does not allow."""


class _SettingType(NamedTuple):
    """The allowed values of a setting, as a description and as a parser that raises
    `_InvalidValueError`.
    """

    description: str
    parse: Callable[[object], object]


def read_settings(*layers: object) -> tuple[Settings, list[str]]:
    """Merge `layers` of JSON; later layers override earlier ones. Return the settings, and a line
    for the user on each invalid one.

    A layer is the section itself or an object that contains it; names are nested or joined by dots.
    A null, and an invalid value, stand for the default.
    """
    values: dict[str, Any] = {}
    problems: dict[str, None] = {}
    for layer in layers:
        try:
            named = dict(_flatten(_section(layer)))
        except _InvalidValueError:
            problems[f"The settings are {_shorten(layer)}, but must be an object."] = None
            continue
        for name, value in named.items():
            if problem := _read_setting(name, value, values):
                problems[problem] = None
    return Settings(**values), list(problems)


def _read_setting(name: str, value: object, values: dict[str, Any]) -> str | None:
    """Put the setting into `values`. Return the line for the user if it is invalid."""
    if name in CLIENT_SETTINGS:
        return None
    known = {**SCHEMA, **CAPABILITIES}
    if name not in known:
        return f"There is no setting {json.dumps(name, ensure_ascii=False)}. {_suggestion(name)}"
    field_name, setting_type = known[name]
    values.pop(field_name, None)
    try:
        if value is not None:
            values[field_name] = setting_type.parse(value)
    except _InvalidValueError:
        return (
            f'The setting "{name}" is {_shorten(value)}, but must be {setting_type.description}. '
            f"The default is used."
        )
    return None


def _section(layer: object) -> Mapping[str, Any]:
    if (
        layer is None or layer == []
    ):  # an empty table of Lua or Emacs Lisp may arrive as an empty list
        return {}
    if not isinstance(layer, dict):
        raise _InvalidValueError
    if any(str(key).partition(".")[0] == SECTION for key in layer):
        inside = {
            key.partition(".")[2]: value
            for key, value in layer.items()
            if key.startswith(SECTION + ".")
        }
        return {**_section(layer.get(SECTION)), **inside}
    return layer


def has_foretype_settings(layer: object) -> bool:
    """Return whether a client's settings are Foretype's: some clients send each server the settings
    of all programs.
    """
    if not isinstance(layer, dict) or not layer:
        return False
    names = {str(key).partition(".")[0] for key in layer}
    known_names = {SECTION, *(name.partition(".")[0] for name in SCHEMA)}
    return bool(names & known_names) or not all(isinstance(value, dict) for value in layer.values())


def _flatten(section: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in section.items():
        name = prefix + key
        if isinstance(value, dict) and name in _GROUPS:
            yield from _flatten(value, name + ".")
        else:
            yield name, value


def _suggestion(name: str) -> str:
    near = difflib.get_close_matches(name, SCHEMA, n=1)
    return f'Did you mean "{near[0]}"?' if near else f"The settings are: {', '.join(SCHEMA)}."


def _shorten(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:40] + "…"


def _parse_boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _InvalidValueError


def _parse_string(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise _InvalidValueError


def _parse_strings(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_parse_string(each) for each in value)
    raise _InvalidValueError


def _number_between(lowest: float, highest: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and lowest <= value <= highest
        ):
            return value
        raise _InvalidValueError

    return parse


def _integer_between(lowest: int, highest: float = sys.maxsize) -> Callable[[object], int]:
    def parse(value: object) -> int:
        number = _number_between(lowest, highest)(value)
        if number % 1:
            raise _InvalidValueError
        return int(number)

    return parse


def _parse_predictors(value: object) -> dict[str, dict[str, Any]]:
    named = value if isinstance(value, dict) else {name: {} for name in _parse_strings(value)}
    if all(isinstance(options, dict) for options in named.values()):
        return named
    raise _InvalidValueError


_BOOLEAN = _SettingType("true or false", _parse_boolean)
_PROBABILITY = _SettingType("a number from 0 to 1", _number_between(0, 1))
_STRINGS = _SettingType("a list of strings", _parse_strings)

SCHEMA: Final[Mapping[str, tuple[str, _SettingType]]] = {
    "enable": ("enable", _BOOLEAN),
    "model": (
        "model",
        _SettingType("the name or the path of a model, or null for the one in use", _parse_string),
    ),
    "temperature": ("temperature", _SettingType("a number from 0 to 5", _number_between(0, 5))),
    "topK": (
        "top_k",
        _SettingType("a whole number from 0 to 256; 0 is no limit", _integer_between(0, 256)),
    ),
    "topP": ("top_p", _SettingType("a number from 0.01 to 1", _number_between(0.01, 1))),
    "seed": ("seed", _SettingType("a whole number, 0 or more", _integer_between(0))),
    "maxItems": (
        "max_items",
        _SettingType("a whole number from 1 to 100", _integer_between(1, 100)),
    ),
    "nextWord": ("next_word", _BOOLEAN),
    "nextCharacter": ("next_character", _BOOLEAN),
    "inline.enable": ("inline_enable", _BOOLEAN),
    "inline.minConfidence": ("inline_min_confidence", _PROBABILITY),
    "inline.maxLines": (
        "inline_max_lines",
        _SettingType("a whole number from 1 to 100", _integer_between(1, 100)),
    ),
    "predictors": (
        "predictors",
        _SettingType(
            "a list of names, or an object of each one's options by name", _parse_predictors
        ),
    ),
    "learn.exclude": ("learn_exclude", _STRINGS),
    "languages.disabled": ("languages_disabled", _STRINGS),
    "maxFileSize": (
        "max_file_size",
        _SettingType("a whole number of bytes, 1 or more", _integer_between(1)),
    ),
    "memoryPerDocument": (
        "memory_per_document",
        _SettingType("a whole number of megabytes, 1 or more", _integer_between(1)),
    ),
    "maxSearchTime": (
        "max_search_time",
        _SettingType("a whole number of milliseconds, 1 or more", _integer_between(1)),
    ),
    "prose": ("prose", _BOOLEAN),
    "smartSpace": ("smart_space", _BOOLEAN),
}
"""The field of `Settings` and the allowed values of each setting, by its name in the editor."""

CAPABILITIES: Final[Mapping[str, tuple[str, _SettingType]]] = {
    "replaceAfterCursor": ("replace_after_cursor", _BOOLEAN),
    "countUsage": ("count_usage", _BOOLEAN),
}
"""Statements of a client in its `initializationOptions`; not settings for users."""

_GROUPS: Final = {name.partition(".")[0] for name in SCHEMA if "." in name} | {"trace"}
