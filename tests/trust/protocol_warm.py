"""After many edits, a server's text is the editor's, and its offers equal those after reopening."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from tests.e2e.client import Client, Message, change, scripted_settings, server
from tests.trust.outcome import Outcome
from tests.trust.protocol_edits import (
    Edit,
    ReferenceText,
    apply_edit,
    new_edit,
    new_point,
    new_text,
    summarize,
)

from foretype_model.cancellation import never
from foretype_model.completion.candidates import Candidate
from foretype_model.predictors import mixture
from foretype_server.document import Point, Snapshot, Text
from foretype_server.lsp.to_proto import POSITION_ENCODINGS
from foretype_server.session.engine import Engine
from foretype_server.settings import Settings, read_settings

SERVER_EDITS: Final = 30_000
"""Edits sent to a real server."""

COMPARED_TEXTS: Final = 1_500
"""Texts whose offers are compared, a few edits apart."""

TOLERANCE: Final = 1e-6
"""Tolerance for equal probabilities, which are sums in different orders."""

OUTLOOK: Final = "foretype.outlook"
END: Final = Point(2**31 - 1, 0)
WORDS: Final = (
    "the ",
    "grüße ",
    "return x\n",
    "def f(",
    "日本 ",
    "self.",
    "hello world, ",
    "\r\n",
    "😀",
)
TEXTS: Final = (
    "def add(a, b):\n    return a + b\n\n\nprint(add(1, 2))\n",
    "The treasurer of our society is Philippa.\r\nShe keeps the books.\r\n",
    "Grüße aus 東京 😀!\n",
)


def outcomes(scale: float) -> Iterator[Outcome]:
    """Yield a row for each encoding, and one for the offers."""
    for encoding in POSITION_ENCODINGS:
        tried, wrong = served(
            round(SERVER_EDITS * scale / len(POSITION_ENCODINGS)), encoding, random.Random(encoding)
        )
        claim = f"edits in {encoding} applied by a server over stdio"
        yield Outcome(claim, tried, tried - len(wrong), summarize(wrong))
    tried, wrong = compared(max(5, round(COMPARED_TEXTS * scale)), random.Random(3))
    yield Outcome(
        "offers after edits equal to those for the text opened anew",
        tried,
        tried - len(wrong),
        summarize(wrong),
    )


# A server's text


def served(count: int, encoding: str, rng: random.Random) -> tuple[int, list[str]]:
    """Send `count` edits to a server and compare its text; return their number and the faults."""
    done, wrong = 0, list[str]()
    with TemporaryDirectory() as folder, server(Path(folder) / "home", status=None) as (client, _):
        client.initialize(
            scripted_settings("hello"), {"general": {"positionEncodings": [encoding]}}
        )
        while done < count:
            uri, text = f"file:///{done}.txt", sendable(new_text(rng, 40))
            reference = ReferenceText(text, encoding)
            client.open(uri, text)
            for version in range(2, 7):
                edits = [
                    Edit(span, sendable(new)) for span, new in (new_edit(rng) for _ in range(50))
                ]
                client.send(*(change(uri, version, as_change(edit)) for edit in edits[:25]))
                client.send(change(uri, version + 1, *map(as_change, edits[25:])))
                for edit in edits:
                    reference.apply(edit)
                done += len(edits)
                if fault := unlike(client, uri, reference, new_point(rng)):
                    wrong.append(f"{fault} after version {version} of {done}")
                    break
            client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    return done, wrong


def unlike(client: Client, uri: str, reference: ReferenceText, start: Point) -> str:
    """Return the difference between the server's text after a point and the reference, as far as
    the answer of `foretype.outlook` reaches; empty if there is none.
    """
    end = Point(start.line + 2, 9)
    span = {"start": start._asdict(), "end": end._asdict()}
    argument = {"uri": uri, "position": span["end"], "range": span}
    answer: Any = client.request(
        "workspace/executeCommand", {"command": OUTLOOK, "arguments": [argument]}
    )
    seen = "".join(one["text"] for one in answer["characters"])
    first, last = reference.locate(start)[0], reference.locate(end)[0]
    expected = reference.text[first:last].replace("\r\n", "\n")
    if expected.startswith(seen) and bool(expected) == bool(seen):
        return ""
    return f"{seen!r}, not {expected!r}"


def sendable(text: str) -> str:
    """Return the text after a round trip through JSON, which joins surrogates into a pair."""
    return str(json.loads(json.dumps(text)))


def as_change(edit: Edit) -> Message:
    """Return an edit in the form that a client sends."""
    if edit.span is None:
        return {"text": edit.text}
    start, end = edit.span
    return {"range": {"start": start._asdict(), "end": end._asdict()}, "text": edit.text}


# Warm equals cold


def compared(count: int, rng: random.Random) -> tuple[int, list[str]]:
    """Compare `count` offers from the states after edits with those computed from no state; return
    their number and the faults.
    """
    settings, problems = read_settings(
        {"predictors": {"network": {}, "copy": {}}, "maxSearchTime": 60_000, "maxItems": 3}
    )
    assert not problems
    # A busy machine must not disable a predictor here.
    with (
        TemporaryDirectory() as home,
        patch.dict("os.environ", FORETYPE_HOME=home),
        patch.object(mixture, "SLOW_SECONDS", 60),
    ):
        return _compared(count, rng, settings)


def _compared(count: int, rng: random.Random, settings: Settings) -> tuple[int, list[str]]:
    engine = Engine(lambda _name, error: wrong.append(f"dropped for {error}"), lambda _text: None)
    engine.load(settings, ())
    wrong, uri, store = list[str](), "", Text("", POSITION_ENCODINGS["utf-16"])
    for number in range(count):
        if number % 20 == 0:
            uri, store = (
                f"file:///{number}.txt",
                Text(rng.choice(TEXTS) * rng.choice((1, 30)), POSITION_ENCODINGS["utf-16"]),
            )
        for _ in range(rng.randrange(1, 4)):
            store = apply_edit(store, new_edit(rng) if rng.random() < 0.5 else typed(rng), "utf-16")
            read(engine, Snapshot(uri, *store.split_at(new_point(rng))), settings)
        snapshot = Snapshot(uri, *store.split_at(new_point(rng)))
        warm = read(engine, snapshot, settings)
        engine.close(uri)
        cold = read(engine, snapshot, settings)
        if not same_candidates(warm, cold):
            wrong.append(f"{warm[:2]} and {cold[:2]} after {bytes(snapshot.before)[-200:]!r}")
    return count, wrong


def read(engine: Engine, snapshot: Snapshot, settings: Settings) -> list[Candidate]:
    """Return the offers after all background reading of the text is done."""
    engine.candidates(snapshot, settings, never)
    while not engine.catch_up(snapshot.uri):
        pass
    engine.update(())  # candidates found before the last learning step are searched again
    return engine.candidates(snapshot, settings, never)


def same_candidates(some: list[Candidate], others: list[Candidate]) -> bool:
    """Return whether candidates and probabilities are equal; ties may swap places."""
    if len(some) != len(others):
        return False
    first, second = (
        {(one.kind, one.text): one.probability for one in each} for each in (some, others)
    )
    return first.keys() == second.keys() and all(
        abs(first[key] - second[key]) < TOLERANCE for key in first
    )


def typed(rng: random.Random) -> Edit:
    """Return a word typed at the end of the text."""
    return Edit((END, END), rng.choice(WORDS))
