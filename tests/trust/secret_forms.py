"""Passwords in each form of the table are not offered by a real server in another document."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from tests.e2e.client import Client, change, insertion, run, server
from tests.model.privacy.secret_forms import ALL_FORMS, Form
from tests.model.privacy.test_secret_forms import leaks
from tests.trust.outcome import Outcome

from foretype_model.predictors.ngrams import model_file
from foretype_model.predictors.ngrams.predictor import DEFAULT
from foretype_model.predictors.ngrams.vocabulary import Vocabulary

TYPED_CHARACTERS = 2
"""Characters of a secret that are typed in the other document."""

LEAKED_CHARACTERS = 4
"""Characters of the rest that an offer must continue with to count as a leak."""

CONTROL = "The verger of the chapel is called Philippa.\n"
"""A text that is learnt and offered, which shows that the server does so."""


def form_outcomes(scale: float) -> Iterator[Outcome]:
    """Search for the passwords of a share `scale` of the texts: on disk and in offers."""
    some = ALL_FORMS[:: max(1, round(1 / scale))]
    with tempfile.TemporaryDirectory() as name, server(Path(name) / "home") as (client, _):
        client.initialize({})
        # "hu" is continued with "nter" by a server that has seen no "hunter22".
        guessed = _offered(client, some)
    with tempfile.TemporaryDirectory() as name:
        home, workspace = Path(name) / "home", Path(name) / "workspace"
        workspace.mkdir()
        for number, form in enumerate(some):
            (workspace / f"{number}.txt").write_bytes(CONTROL.encode() + form.text)
        run(home, "complete", f"{workspace / '0.txt'}:1:1", "--workspace", str(workspace))
        stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
        assert b"Philippa" in stored
        found = [form for form in some if leaks(form, stored)]
        yield _outcome("forms of passwords in the index on disk", some, found)
        with server(home) as (client, _):
            client.initialize(
                {}, workspaceFolders=[{"uri": workspace.as_uri(), "name": "workspace"}]
            )
            assert _offers(client, "The verger of the chapel is called Ph", "ilippa")
            yield _learnt("offered from files", some, _offered(client, some) - guessed)
    with tempfile.TemporaryDirectory() as name, server(Path(name) / "home") as (client, _):
        client.initialize({})
        client.open("untitled:pasted", CONTROL + _text(some))
        assert _offers(client, "The verger of the chapel is called Ph", "ilippa")
        yield _learnt("offered from a pasted text", some, _offered(client, some) - guessed)
    with tempfile.TemporaryDirectory() as name, server(Path(name) / "home") as (client, _):
        client.initialize({})
        _type(client, "untitled:typed", CONTROL + _text(some))
        assert _offers(client, "The verger of the chapel is called Ph", "ilippa")
        claim = "offered from a text typed key by key"
        yield _learnt(claim, some, _offered(client, some) - guessed)


def _text(some: Sequence[Form]) -> str:
    return "\n".join(form.text.decode() for form in some)


def _type(client: Client, uri: str, text: str) -> None:
    """Type a text key by key; the server has read each key once the last request is answered."""
    client.open(uri, "")
    line = character = 0
    for version, key in enumerate(text, 2):
        client.send(change(uri, version, insertion(line, character, key)))
        line, character = (line + 1, 0) if key == "\n" else (line, character + len(key))
        if key == "\n":
            client.completions(uri, line, character)


def _offered(client: Client, some: Sequence[Form]) -> set[tuple[Form, str]]:
    """Return the forms of which a secret is offered after its first characters elsewhere, each with
    the secret.
    """
    found = set()
    for form in some:
        text = form.text.decode()
        for secret in map(bytes.decode, form.secrets):
            before = text[: text.index(secret) + TYPED_CHARACTERS]
            if _offers(client, before, secret[TYPED_CHARACTERS:]):
                found.add((form, secret))
    return found


def _offers(client: Client, before: str, rest: str) -> bool:
    """Return whether an offer in a new document with the text `before` goes on with `rest`."""
    uri = "untitled:other"
    client.open(uri, before)
    place = before.count("\n"), len(before) - before.rfind("\n") - 1
    menu = [item["textEdit"]["newText"] for item in client.completions(uri, *place)["items"]]
    ghost = [item["insertText"] for item in client.ghost(uri, *place)]
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    return any(
        rest[:LEAKED_CHARACTERS] in offered and not _is_guess(offered, before, rest)
        for offered in [*menu, *ghost]
    )


def _is_guess(offered: str, before: str, rest: str) -> bool:
    """Return whether an offer is a word of the n-gram model with which a secret begins and goes on
    without a sign: "hunter" of "hunter22".
    """
    word, secret = offered.strip(), before[-TYPED_CHARACTERS:] + rest
    if not secret.startswith(word):
        word = before[-TYPED_CHARACTERS:] + word
    return word in _words() and secret.startswith(word) and secret[len(word) :][:1].isalnum()


@cache
def _words() -> frozenset[str]:
    """Return the words of the n-gram model."""
    known = Vocabulary(model_file.read(DEFAULT))
    return frozenset(known.text(token).decode() for token in known.words)


def _learnt(claim: str, some: Sequence[Form], found: set[tuple[Form, str]]) -> Outcome:
    return _outcome(claim, some, [form for form, _ in found])


def _outcome(claim: str, some: Sequence[Form], found: Sequence[Form]) -> Outcome:
    kinds = ", ".join(sorted({form.kind for form in found}))
    count = len({form.text for form in found})
    return Outcome(claim, len(some), len(some) - count, f"leaked: {kinds}" if kinds else "")
