"""Values that clients send in other ways than the protocol has them: they get the right meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lsprotocol import types
from lsprotocol.validators import UINTEGER_MAX_VALUE

from foretype_server.lsp.decoding import create_converter, parse

Json = Any
HERE = {"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 1}}


def decode(value: Json, kind: Any) -> Any:
    return create_converter().structure(parse(json.dumps(value)), kind)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trace", "compact"),
        ("trace", 3),
        ("processId", "12"),
        ("processId", 12.0),
        ("locale", 5),
        ("clientInfo", "vim"),
        ("workspaceFolders", {}),
        ("somethingNew", {"a": 1}),
    ],
)
def test_unknown_values_are_missing(name: str, value: Json) -> None:
    """A value of a newer protocol, or of a wrong type, leaves the rest of the message."""
    params = decode(
        {"capabilities": {"window": {"workDoneProgress": True}}, name: value},
        types.InitializeParams,
    )
    assert params.capabilities.window.work_done_progress is True
    assert params.trace is None
    assert params.process_id in {None, 12}


def test_unknown_elements_are_dropped() -> None:
    """Of a list, the elements of a newer protocol are dropped."""
    tags = {"tagSupport": {"valueSet": [1, 3, 2.0, "x", None]}}
    decoded = decode(
        {"textDocument": {"publishDiagnostics": tags}}, types.ClientCapabilities
    ).text_document.publish_diagnostics.tag_support.value_set
    assert decoded == (types.DiagnosticTag.Unnecessary, types.DiagnosticTag.Deprecated)


@pytest.mark.parametrize("context", [{}, None, {"triggerKind": 0}, {"triggerKind": "x"}, ..., 5])
def test_trigger_may_be_missing(context: Json) -> None:
    """A request of ghost text without a usable trigger is one of an editor, not of its user."""
    request = HERE if context is ... else {**HERE, "context": context}
    kind = decode(request, types.InlineCompletionParams).context.trigger_kind
    assert kind is types.InlineCompletionTriggerKind.Automatic


def test_known_trigger_is_kept() -> None:
    """A trigger that the protocol has is kept, as an integer or a float."""
    for kind in (1, 1.0):
        params = decode({**HERE, "context": {"triggerKind": kind}}, types.InlineCompletionParams)
        assert params.context.trigger_kind is types.InlineCompletionTriggerKind.Invoked


@pytest.mark.parametrize(
    ("line", "expected"),
    [(3, 3), (3.0, 3), ("3", 3), (2**31, UINTEGER_MAX_VALUE), (1e300, UINTEGER_MAX_VALUE)],
)
def test_lines_are_numbers(line: Json, expected: int) -> None:
    """A whole number is a line in each spelling; a huge one is the end of the text."""
    assert decode({"line": line, "character": 0}, types.Position).line == expected


@pytest.mark.parametrize("line", [True, None, 0.5, -1, "x", "", [], {}, "0x1", "\u0663"])
def test_other_values_are_no_line(line: Json) -> None:
    """A position is never guessed."""
    with pytest.raises((TypeError, ValueError)):
        decode({"line": line, "character": 0}, types.Position)


@pytest.mark.parametrize("missing", [{}, {"languageId": None, "version": None}])
def test_opening_needs_no_version(missing: Json) -> None:
    """A document without version or language is opened as plain text."""
    document = decode({"uri": "file:///a", "text": "x", **missing}, types.TextDocumentItem)
    assert (document.version, document.language_id) == (0, "plaintext")


@pytest.mark.parametrize("text", [None, 5, ["x"], {"x": 1}, True, ...])
def test_text_is_never_coerced(text: Json) -> None:
    """A change whose text is no string is refused."""
    change = {} if text is ... else {"text": text}
    params = {"textDocument": {"uri": "file:///a", "version": 1}, "contentChanges": [change]}
    with pytest.raises((TypeError, ValueError, KeyError)):
        decode(params, types.DidChangeTextDocumentParams)


def test_null_range_is_all_of_the_text() -> None:
    """A change whose range is null replaces all of the text, and earlier unusable changes."""
    changes = [{"text": None}, {"range": None, "text": "all"}]
    params = {"textDocument": {"uri": "file:///a", "version": 1}, "contentChanges": changes}
    (change,) = decode(params, types.DidChangeTextDocumentParams).content_changes
    assert change == types.TextDocumentContentChangeWholeDocument("all")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'"\xed\xa0\xbd\xed\xb8\x80"', "😀"),  # CESU-8
        (b'"a\xed\xa0\xbdb"', "a\ud83db"),
        ('"\ufeffx"'.encode(), "\ufeffx"),
        (b'\xef\xbb\xbf"x"', "x"),
        ('"é"'.encode("utf-16"), "é"),
        (b'"a\tb\nc"', "a\tb\nc"),
    ],
)
def test_odd_encodings_are_read(body: bytes, text: str) -> None:
    """Surrogates in UTF-8, a byte order mark and control characters are read."""
    assert parse(body) == text


def test_integers_may_be_floats() -> None:
    """An integer that comes back as a float is one, in data too."""
    assert repr(parse('{"a": [3.0, 1e2, 0.5, -0.0, 1e300]}')) == "{'a': [3, 100, 0.5, 0, 1e+300]}"
