"""Tables show names that come from elsewhere as they are: brackets in them are no markup."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from foretype_model.evaluation.score import SystemScore
from foretype_model.evaluation.server_score import ServerScore
from foretype_model.predictors.network import runtime
from foretype_model.store.store import BUNDLED
from foretype_server.commands import models, stats
from foretype_server.console.score_tables import next_word_table, servers_table, systems_table
from foretype_server.usage.store import Count, CountKey

NAME = "[/x] [red]y"


def test_scores_show_any_name() -> None:
    """Systems and servers may have any name."""
    score = SystemScore(1, 1.0, [], {})
    for table in (
        systems_table({NAME: score}, []),
        next_word_table({NAME: score}),
        servers_table({NAME: ServerScore(score, {}, None)}),
    ):
        console = Console(file=io.StringIO(), width=200)
        console.print(table)
        assert NAME in console.file.getvalue()


def test_statistics_show_any_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A client may give its languages and itself any name."""
    stats._print({CountKey("2026-01-01", NAME, NAME, "word"): Count(1, 1, 5)})
    assert capsys.readouterr().out.count(NAME) == 2


def test_model_shows_any_description(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The description of a model may be any text."""
    about = dataclasses.replace(runtime.read_metadata(BUNDLED), description=NAME)
    monkeypatch.setattr(runtime, "read_metadata", lambda _: about)
    models.show("default")
    assert NAME in capsys.readouterr().out
