"""`evaluate` has the same figures as a typist with an editor and the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foretype_model.completion.candidates import Options
from foretype_model.evaluation.passage import Passage
from foretype_model.evaluation.systems import PredictorSystem
from foretype_model.evaluation.typist import Mode, type_passage
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_model.store.store import BUNDLED
from foretype_server.comparison.scoring import Task, score_server
from foretype_server.comparison.server_command import ServerCommand

from .client import Client, change, insertion, scripted_settings

KNOWN = [
    "It was the best of times, it was the worst of times,",
    "def go(x):\n    return x\n",
    "grüße 😀 and kisses",
]
TEXTS = [
    "It was the worst of it.\ngrüße 😀 and kisses\n",
    "def go(x):\n    it = x\n    return x\n",
]
WORD = re.compile(r"\s*(?:\w+|[^\w\s]+)")


def place(text: str) -> tuple[int, int]:
    """Return the position of the end of `text`, in UTF-16 code units."""
    last = text.rpartition("\n")[2]
    return text.count("\n"), len(last.encode("utf-16-le")) // 2


def offers(client: Client, uri: str, before: str, mode: Mode) -> Iterator[str]:
    """Yield the texts that one key could insert."""
    line, character = place(before)
    if mode != "popup":
        for item in client.ghost(uri, line, character)[:1]:
            text = item["insertText"]
            yield from (text, text.split("\n", maxsplit=1)[0], WORD.match(text)[0])
    if mode != "inline":
        items = sorted(
            client.completions(uri, line, character)["items"], key=lambda item: item["sortText"]
        )
        for item in items[:5]:
            start = item["textEdit"]["range"]["start"]["character"]
            last = before.rpartition("\n")[2].encode("utf-16-le")
            replaced = last[2 * start :].decode("utf-16-le")
            assert item["textEdit"]["newText"].startswith(replaced)
            yield item["textEdit"]["newText"].removeprefix(replaced)


def indentation(before: str, rest: str) -> str:
    """Return the indentation that the editor copies from the line above."""
    if not before.endswith("\n"):
        return ""
    above = [line for line in before.splitlines() if line.strip()][-1]
    wanted = re.match(r" *", above)[0]
    return wanted[: len(re.match(r" *", rest)[0])]


def keys_in_an_editor(client: Client, passage: Passage, mode: Mode) -> tuple[int, int]:
    """Return the number of keys pressed, and of characters typed or accepted."""
    uri = f"file:///{mode}-{id(passage)}.txt"
    before, rest, version = passage.before, passage.typed, 1
    client.open(uri, before + passage.after)
    keys = characters = 0
    while rest:
        step, free = indentation(before, rest), True
        if not step:
            right = [
                one
                for one in offers(client, uri, before, mode)
                if len(one) > 1 and rest.startswith(one)
            ]
            step, free = max(right, key=len, default=rest[0]), False
        version += 1
        client.send(change(uri, version, insertion(*place(before), step)))
        before, rest = before + step, rest[len(step) :]
        keys, characters = keys + (not free), characters + (0 if free else len(step))
    return keys, characters


@pytest.mark.parametrize("mode", ["inline", "popup", "both"])
@pytest.mark.parametrize("at", ["end", "middle"])
@pytest.mark.parametrize("text", TEXTS)
def test_evaluated_keys_equal_pressed_keys(client: Client, text: str, at: str, mode: Mode) -> None:
    """The keys that an evaluation counts are those pressed in an editor with the real server."""
    client.initialize(scripted_settings(*KNOWN))
    passage = Passage.of(text, at, 1000)
    system = PredictorSystem("scripted", lambda: {"scripted": ScriptedPredictor(KNOWN)}, Options())
    tally = type_passage(system.start(), passage, mode, lambda characters: None)
    assert (tally.keys, tally.characters) == keys_in_an_editor(client, passage, mode)
    assert tally.right > 0


@pytest.mark.parametrize("mode", ["inline", "popup"])
def test_compared_server_saves_the_same(tmp_path: Path, mode: Mode, monkeypatch) -> None:
    """Foretype's own server saves the same keys in a comparison, and keeps nothing of the text."""
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path / "home"))
    own = ServerCommand.foretype(BUNDLED)
    own = replace(own, settings={"maxSearchTime": 10_000, **scripted_settings(*KNOWN)})
    passages = [Passage.of(text, "end", 1000, "notes.md") for text in TEXTS]
    task = Task(passages, [mode], set(), None, pytest.fail)
    scored = score_server(own, task, lambda characters: None)
    system = PredictorSystem(
        "scripted", lambda: {"scripted": ScriptedPredictor(KNOWN)}, Options(smart_space=True)
    )
    session = system.start()
    expected = [type_passage(session, one, mode, lambda characters: None) for one in passages]
    assert scored.score.typing[mode].keys == sum(one.keys for one in expected)
    assert scored.score.typing[mode].accepted > 0
    assert scored.peak_memory is None or 2e7 < scored.peak_memory < 1e9
    assert not (tmp_path / "home").exists()
