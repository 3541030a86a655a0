"""Decodes messages leniently: clients are older or newer than the protocol of this server, and some
are written in languages that confuse 3 with 3.0, or null with a missing value.

An optional field with an unusable value, such as an enumeration's value of a newer protocol, is
treated as missing, and an unusable element of a list is dropped. A required field has a default in
`DEFAULTS`, or its message is refused. Text and positions are never guessed: an edit with an
unusable field is refused as a whole, and `ForetypeProtocol` then tells the user.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

import attrs
from lsprotocol import types
from lsprotocol.validators import INTEGER_MAX_VALUE, UINTEGER_MAX_VALUE
from pygls.protocol import default_converter

if TYPE_CHECKING:
    from cattrs import Converter

Hook = Callable[[Any, Any], Any]

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

UNKNOWN_VERSION: Final = 0
"""The version of a document whose client sends none."""

_CHANGE: Final[Any] = (
    types.TextDocumentContentChangePartial | types.TextDocumentContentChangeWholeDocument
)
_AUTOMATIC: Final = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)

DEFAULTS: Final[Mapping[tuple[type, str], Callable[[], Any]]] = {
    (types.InitializeParams, "capabilities"): types.ClientCapabilities,
    (types.InitializedNotification, "params"): types.InitializedParams,
    (types.ClientInfo, "name"): str,
    (types.WorkspaceFolder, "name"): str,
    (types.TextDocumentItem, "language_id"): lambda: "plaintext",
    (types.TextDocumentItem, "version"): lambda: UNKNOWN_VERSION,
    (types.VersionedTextDocumentIdentifier, "version"): lambda: UNKNOWN_VERSION,
    (types.InlineCompletionParams, "context"): lambda: _AUTOMATIC,
    (types.InlineCompletionContext, "trigger_kind"): lambda: _AUTOMATIC.trigger_kind,
    (types.CompletionContext, "trigger_kind"): lambda: types.CompletionTriggerKind.Invoked,
    (types.FileEvent, "type"): lambda: types.FileChangeType.Changed,
    (types.WorkspaceFoldersChangeEvent, "added"): tuple,
    (types.WorkspaceFoldersChangeEvent, "removed"): tuple,
    (types.DidChangeConfigurationParams, "settings"): lambda: None,
    (types.SetTraceParams, "value"): lambda: types.TraceValue.Off,
}
"""The values of required fields that a client may leave out."""


EDIT_FIELDS: Final = frozenset(
    {
        (types.NotebookDocumentChangeEvent, "cells"),
        (types.NotebookDocumentCellChanges, "structure"),
        (types.NotebookDocumentCellChanges, "text_content"),
        (types.NotebookDocumentCellChangeStructure, "did_open"),
        (types.NotebookDocumentCellChangeStructure, "did_close"),
        (types.NotebookCellArrayChange, "cells"),
    }
)
"""The optional fields that hold an edit. An unusable value is not taken for a missing one."""

EDIT_ELEMENTS: Final = frozenset(
    {
        types.NotebookCell,
        types.NotebookDocumentCellContentChanges,
        types.TextDocumentIdentifier,
        types.TextDocumentItem,
    }
)
"""The elements of lists that hold an edit. An unusable one is not dropped."""


def parse(body: bytes | str) -> Any:
    """Return the JSON in a message, with null for NaN and the infinities, as JavaScript writes it:
    the values may be sent back. An integer may be written as 3.0.

    Raises:
        ValueError, RecursionError: it is not JSON.
    """
    text = body if isinstance(body, str) else _decode(body)
    # Not strict: some clients leave control characters in strings as they are.
    return json.loads(text, parse_constant=lambda _: None, parse_float=_parse_float, strict=False)


def _decode(body: bytes) -> str:
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        # Half of a surrogate pair, or both in three bytes each (CESU-8): refusing it would lose an
        # edit. JSON joins escaped halves.
        text = body.decode(encoding, "surrogatepass")
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _parse_float(number: str) -> float | None:
    value = float(number)
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) <= INTEGER_MAX_VALUE else value


@cache
def create_converter() -> Converter:
    """Return the converter of all conversations, which decodes leniently."""
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    changes = attrs.fields(types.DidChangeTextDocumentParams).content_changes.type
    # Enumerations are classes of integers or strings, and cattrs gives them their hooks.
    for kind, hook in ((int, _decode_int), (str, _decode_str), (bool, _decode_bool)):
        converter.register_structure_hook(kind, hook)
    hooks: Mapping[Any, Hook] = {
        types.ProgressToken: _decode_token,
        types.Position: _decode_position,
        _CHANGE: _change_hook(converter),
        changes: lambda value, _: tuple(
            converter.structure(change, _CHANGE) for change in _after_whole_text(value)
        ),
    }
    # cattrs asks the latest predicate first, so these precede the hooks of lsprotocol.
    factories: Sequence[tuple[Callable[[Any], bool], Callable[[Any], Hook]]] = (
        (_is_sequence, lambda kind: _list_hook(kind, converter)),
        (_is_open_enum, _open_enum_hook),
        (attrs.has, lambda kind: _class_hook(kind, converter)),
        (lambda kind: kind in hooks, lambda kind: hooks[kind]),
    )
    for matches, factory in factories:
        converter.register_structure_hook_factory(matches, factory)
    return converter


def _class_hook(kind: type, converter: Converter) -> Hook:
    """Return the decoder of a type of the protocol, field by field."""
    fields = {_wire_name(field.name): field for field in attrs.fields(kind)}
    required = [field.name for field in fields.values() if field.default is attrs.NOTHING]

    def decode(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise TypeError(f"{kind.__name__} is an object")
        found = {}
        for name, inner in value.items():
            if (field := fields.get(name)) is None:
                continue  # of a newer protocol
            try:
                decoded = converter.structure(inner, field.type)
                if field.validator is not None:
                    field.validator(None, field, decoded)
            except Exception:  # hooks of lsprotocol raise errors of many kinds
                if (kind, field.name) in EDIT_FIELDS:
                    raise
                continue
            found[field.name] = decoded
        for name in required:
            if name not in found:
                found[name] = DEFAULTS[kind, name]()  # KeyError: the field has no default
        return kind(**found)

    return decode


def _wire_name(name: str) -> str:
    """Return the name of a field in messages."""
    first, *others = name.removesuffix("_").split("_")
    return first + "".join(map(str.title, others))


def _list_hook(kind: Any, converter: Converter) -> Hook:
    (element,) = get_args(kind)

    def decode(value: Any, _: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise TypeError("a list is needed")
        found = []
        for one in value:
            try:
                found.append(converter.structure(one, element))
            except Exception:  # of a newer protocol
                if element in EDIT_ELEMENTS:
                    raise
        return tuple(found)

    return decode


def _change_hook(converter: Converter) -> Hook:
    def decode(value: Any, _: Any) -> Any:
        whole = isinstance(value, dict) and value.get("range") is None
        return converter.structure(
            value,
            types.TextDocumentContentChangeWholeDocument
            if whole
            else types.TextDocumentContentChangePartial,
        )

    return decode


def _after_whole_text(changes: Any) -> list[Any]:
    """Return the changes from the last whole text on, which replaces the effect of earlier ones."""
    if not isinstance(changes, list):
        raise TypeError("contentChanges is a list")
    whole = [number for number, change in enumerate(changes) if is_whole_text(change)]
    return changes[whole[-1] :] if whole else changes


def is_whole_text(change: Any) -> bool:
    """Return whether a change in a message replaces all of the text."""
    return (
        isinstance(change, dict)
        and change.get("range") is None
        and isinstance(change.get("text"), str)
    )


def _decode_int(value: Any, kind: Any) -> Any:
    return kind(_integer(value))


def _integer(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise TypeError("an integer is needed")
    return int(value)


def _decode_str(value: Any, kind: Any) -> Any:
    if not isinstance(value, str):
        raise TypeError("a string is needed")
    return kind(value)


def _decode_bool(value: Any, _: Any) -> bool:
    # 0 and 1 are the booleans of older Vim scripts.
    if value not in (0, 1):
        raise TypeError("a boolean is needed")
    return bool(value)


def _decode_token(value: Any, _: Any) -> int | str:
    return value if isinstance(value, str) else _integer(value)


def _decode_position(value: Any, _: Any) -> types.Position:
    # Some clients send a huge number for the end of the text.
    line, character = (
        min(_integer(value[name]), UINTEGER_MAX_VALUE) for name in ("line", "character")
    )
    return types.Position(line, character)


def _open_enum_hook(kind: Any) -> Hook:
    """Return the decoder of a union of an enumeration and its underlying type, any of whose values
    is allowed.
    """
    plain, decode = (str, _decode_str) if str in get_args(kind) else (int, _decode_int)
    return lambda value, _: decode(value, plain)


def _is_sequence(kind: Any) -> bool:
    return get_origin(kind) is Sequence


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _is_open_enum(kind: Any) -> bool:
    alternatives = get_args(kind)
    return any(map(_is_enum, alternatives)) and not {str, int}.isdisjoint(alternatives)
