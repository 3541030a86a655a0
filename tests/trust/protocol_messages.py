"""Messages and streams that no client should send, as bytes: invalid messages, and streams without
any.

After each stretch of a stream, the server must find the next message if it reads on:
`MAX_ANNOUNCED_BYTES` line breaks stand for the bytes that a header announced and that did not
follow.
"""

from __future__ import annotations

import json
import random
import re
import typing
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from types import UnionType
from typing import Any, Final

import attrs
from lsprotocol import types
from lsprotocol.converters import get_converter

MAX_ANNOUNCED_BYTES: Final = 4096
"""Maximum number of announced bytes that do not follow a header."""

ENDING: Final = frozenset({types.EXIT, types.SHUTDOWN, types.INITIALIZE})
URI: Final = "file:///fuzz.txt"
REPLACEMENTS: Final[Sequence[Any]] = (
    None, True, 0, -1, 1.5, 10**30, 2**31, "", "\ud800", "file:///", "x" * 300, [], [None], {},
    {"uri": URI}, [[[[]]]],
)  # fmt: skip
"""Values that replace a field."""

COMMANDS: Final = ("status", "accepted", "explain", "outlook", "forget", "nonsense")
FILLER: Final = b"\n" * (MAX_ANNOUNCED_BYTES + 16)

Maker = Callable[[random.Random, int], bytes]
"""A function that makes a stretch of a stream; its requests have ids from the given number on."""


def framed(body: bytes | str) -> bytes:
    """Return a correctly framed message."""
    data = body.encode() if isinstance(body, str) else body
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


def message(**fields: Any) -> bytes:
    """Return a message with these fields."""
    return framed(json.dumps({"jsonrpc": "2.0", **fields}))


# Examples of every message


def examples() -> dict[str, Any]:
    """Return params for each method that a client may use, with all of their fields."""
    found = {}
    for method, (kind, *_) in types.METHOD_TO_TYPES.items():
        if types.message_direction(method) == "serverToClient" or method in ENDING:
            continue
        params_type = typing.get_type_hints(kind).get("params")
        found[method] = (
            get_converter().unstructure(example(params_type, 4)) if params_type else None
        )
    found[types.WORKSPACE_EXECUTE_COMMAND] = {"command": "foretype.status", "arguments": []}
    return found


def example(kind: Any, depth: int) -> Any:
    """Return a value of a type of the protocol."""
    arguments, origin = typing.get_args(kind), typing.get_origin(kind)
    value: Any = {str: URI, int: 1, bool: True, float: 1.0}.get(kind)
    if attrs.has(kind):
        hints = typing.get_type_hints(kind)
        fields = [
            field for field in attrs.fields(kind) if depth > 0 or field.default is attrs.NOTHING
        ]
        value = kind(**{field.name: example(hints[field.name], depth - 1) for field in fields})
    elif origin in {typing.Union, UnionType}:
        value = example(arguments[0], depth)
    elif origin is typing.Literal:
        value = arguments[0]
    elif isinstance(kind, type) and issubclass(kind, Enum):
        value = next(iter(kind))
    elif isinstance(origin, type) and issubclass(origin, Sequence):
        value = [example(arguments[0], depth - 1)] if depth > 0 else []
    elif origin is not None:
        value = {}
    return value


def variants(value: Any) -> Iterator[Any]:
    """Yield the value with each of its fields, at any depth, replaced or left out."""
    yield from REPLACEMENTS
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: one for name, one in value.items() if name != key}
            for other in variants(inner):
                yield {**value, key: other}
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            for other in variants(inner):
                yield [*value[:number], other, *value[number + 1 :]]


def all_variants() -> Iterator[tuple[str, Any]]:
    """Yield every method with each of its fields replaced."""
    for method, params in examples().items():
        for variant in variants(params):
            yield method, variant
    for name in COMMANDS:
        argument = {
            "uri": URI,
            "position": {"line": 0, "character": 0},
            "text": "x",
            "range": None,
            "kind": "word",
        }
        for variant in variants([{**argument, "characters": 1}]):
            yield (
                types.WORKSPACE_EXECUTE_COMMAND,
                {"command": f"foretype.{name}", "arguments": variant},
            )


# Whole messages


def odd_order(rng: random.Random, ident: int) -> bytes:
    """Return a message out of order: an unopened document, an older version, a second opening or
    closing, or a cancellation of nothing.
    """
    uri = rng.choice((URI, "file:///other", "", "\ud800", "untitled:1", "nonsense"))
    document = {"uri": uri, "version": rng.choice((0, -5, 1, 2**31 - 1))}
    place = {"line": rng.choice((0, 1, 2**31 - 1)), "character": rng.choice((0, 1, 2**31 - 1))}
    span, text = {"start": place, "end": {"line": 0, "character": 1}}, rng.choice(("hel", "\ud800"))
    method, params = rng.choice((
        ("textDocument/didOpen", {"textDocument": {**document, "languageId": "x", "text": text}}),
        ("textDocument/didChange",
        {"textDocument": document, "contentChanges": [{"range": span, "text": "h\u2028"}]}),
        ("textDocument/didChange",
        {"textDocument": document, "contentChanges": [{"text": "hello "}, {"text": ""}]}),
        ("textDocument/didClose", {"textDocument": {"uri": uri}}),
        ("textDocument/didSave", {"textDocument": {"uri": uri}}),
        ("textDocument/completion", {"textDocument": {"uri": uri}, "position": place}),
        ("$/cancelRequest", {"id": rng.choice((ident - 1, ident, ident + 9, "never", 2**31 - 1))}),
        ("window/workDoneProgress/cancel", {"token": rng.choice((1, "x"))}),
    ))  # fmt: skip
    return message(
        method=method,
        params=params,
        **({"id": ident} if method == "textDocument/completion" else {}),
    )


def odd_envelope(rng: random.Random, ident: int) -> bytes:
    """Return a message with a wrong id or version, a batch, or an unrequested response."""
    body: Any = {
        "jsonrpc": "2.0",
        "id": ident,
        "method": "completionItem/resolve",
        "params": {"label": "x"},
    }
    changed = rng.choice(("id", "jsonrpc", "method", "params", "result", "error"))
    match rng.randrange(4):
        case 0:
            body[changed] = rng.choice(REPLACEMENTS)
        case 1:
            body = [body] * rng.randrange(4)
        case 2:
            body = {
                "jsonrpc": "2.0",
                "id": rng.choice(REPLACEMENTS),
                rng.choice(("result", "error")): rng.choice(REPLACEMENTS),
            }
        case _:
            body.pop(changed, None)
    return framed(json.dumps(body))


def odd_json(rng: random.Random, ident: int) -> bytes:
    """Return a message with nested, long, duplicate or invalid JSON."""
    depth = rng.choice((50, 200, 600, 990, 10_000))
    data = rng.choice((
        "[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth,
        "9" * rng.choice((400, 5000)), "1e999", "NaN",
        '"\\ud800"', '"\\u0000"', '{"a":1,"a":2}', "[1,]", "'x'", "{", '"' + "x" * 5000 + '"', "-0",
        "1E-400", "\x00",
    ))  # fmt: skip
    start = f'{{"jsonrpc":"2.0","id":{ident},"id":{ident},"method":"completionItem/resolve",'
    start += '"params":{"label":"x","data":'
    return framed(
        (start + data + "}}").encode(rng.choice(("utf-8", "utf-8", "utf-8", "utf-16", "utf-32")))
    )


def odd_bytes(rng: random.Random, ident: int) -> bytes:
    """Return a valid message with some of its bytes changed and the length corrected."""
    body = bytearray(odd_order(rng, ident).partition(b"\r\n\r\n")[2])
    for _ in range(rng.randrange(1, 6)):
        body[rng.randrange(len(body))] = rng.choice(
            (0, 0x80, 0xC0, 0xFF, *b'{}[]",:\\19', rng.randrange(256))
        )
    return framed(bytes(body))


# Streams


def wrong_length(rng: random.Random, ident: int) -> bytes:
    """Return a header that announces too few, too many or no bytes, or an invalid number."""
    body = message(id=ident, method="completionItem/resolve", params={"label": "x"}).partition(
        b"\r\n\r\n"
    )[2]
    length = rng.choice((
        len(body) - rng.randrange(len(body)),
        len(body) + rng.randrange(MAX_ANNOUNCED_BYTES - len(body)), 0, -1,
        -(10**18), 10**18,
        2**31, 2**63, "9" * 5000, "", "1e2", "0x10", " ", "+5", "1 2", "\xb2",
    ))  # fmt: skip
    if isinstance(length, int) and MAX_ANNOUNCED_BYTES < length <= 10**9:
        length = MAX_ANNOUNCED_BYTES
    header = f"Content-Length: {length}".encode("latin-1")
    headers = rng.choice(
        (
            [header],
            [header, header],
            [header, b"Content-Length: 5"],
            [b"Content-Type: x", header],
            [],
        )
    )
    return rng.choice((b"\r\n", b"\n")).join([*headers, b"", body]) + FILLER


def truncated(rng: random.Random, ident: int) -> bytes:
    """Return a message truncated at any byte."""
    whole = odd_order(rng, ident)
    return whole[: rng.randrange(len(whole))] + FILLER


def random_bytes(rng: random.Random, _ident: int) -> bytes:
    """Return random bytes, or parts of headers in random order."""
    parts = (
        b"Content-Length",
        b": ",
        b"1",
        b"7",
        b"\r\n",
        b"\n",
        b"\r",
        b"{}",
        b"\0",
        b"\xff",
        b'"id":1',
        b"charset=x",
    )
    some = rng.choice(
        (
            rng.randbytes(rng.randrange(1, 2000)),
            b"".join(rng.choices(parts, k=rng.randrange(1, 200))),
        )
    )
    # A web page's request ends the conversation, and a long number may announce more bytes than
    # the filler has.
    return re.sub(rb"(\d{3})\d+", rb"\1", some.replace(b" HTTP/", b"")) + b"\n" + FILLER


def headers(rng: random.Random, ident: int) -> bytes:
    """Return a valid message with unusual headers."""
    body = message(id=ident, method="completionItem/resolve", params={"label": "x"}).partition(
        b"\r\n\r\n"
    )[2]
    name = rng.choice(
        (b"content-length", b"CONTENT-LENGTH", b" Content-Length ", b"Content-Length")
    )
    long = b"X: " + b"y" * rng.choice((0, 0, 0, 100_000)) + b"\r\n"
    more = rng.choice((b"", b"Content-Type: application/json; charset=utf-16\r\n", long))
    end = rng.choice((b"\n", b"\r\n"))
    return (
        more
        + name
        + b":"
        + b"%d" % len(body)
        + end
        + rng.choice((b"", b"Y\r\n", b":\r\n"))
        + end
        + body
    )


MAKERS: Final[Sequence[Maker]] = (
    odd_order, odd_order, odd_envelope, odd_json, odd_bytes, wrong_length, truncated, random_bytes,
    headers,
)  # fmt: skip
