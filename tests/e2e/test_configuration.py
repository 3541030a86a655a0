"""Settings, by every way in which clients send them, and what the user is told about bad ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .client import Client, scripted_settings

URI = "file:///a.txt"
CONFIGURATION = {"workspace": {"configuration": True}}


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("way", ["options", "pulled", "pushed", "pulled again"])
def test_settings_come_by_every_way(client: Client, way: str, wrapped: bool) -> None:
    settings: Any = scripted_settings("hello world", nextCharacter=False)
    settings = {"foretype": settings} if wrapped else settings
    if way == "pulled":
        client.configuration = settings
    client.initialize(
        settings if way == "options" else scripted_settings("hello moon"), CONFIGURATION
    )
    if way == "pushed":
        client.notify("workspace/didChangeConfiguration", {"settings": settings})
    client.open(URI, "hello ")
    if way == "pulled again":
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "moon"
        client.configuration, asked = settings, len(client.requests)
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        while len(client.requests) == asked:
            client.ghost(URI, 0, 6)
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    assert [item["label"] for item in client.completions(URI, 0, 6)["items"]] == ["world"]
    assert client.warnings() == []


def test_a_change_of_predictors_reloads_them(client: Client) -> None:
    client.initialize(scripted_settings("hello world"))
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    client.notify("workspace/didChangeConfiguration", {"settings": scripted_settings("hello moon")})
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "moon"


@pytest.mark.parametrize(
    ("settings", "language"),
    [
        ({"enable": False}, "plaintext"),
        ({"languages": {"disabled": ["cobol"]}}, "cobol"),
        ({"maxFileSize": 5}, "plaintext"),
    ],
)
def test_where_nothing_is_to_be_offered_nothing_is(
    client: Client, settings: dict[str, Any], language: str
) -> None:
    client.initialize(scripted_settings("hello world", **settings))
    client.open(URI, "hello ", language)
    assert client.ghost(URI, 0, 6) == []
    assert client.completions(URI, 0, 6)["items"] == []


def test_parts_can_be_turned_off(client: Client) -> None:
    client.initialize(scripted_settings("hello world", nextWord=False, **{"inline.enable": False}))
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6) == []
    kinds = [
        item["command"]["arguments"][0]["kind"] for item in client.completions(URI, 0, 6)["items"]
    ]
    assert set(kinds) == {"character"}


def test_bad_settings_are_one_warning_and_their_defaults(client: Client) -> None:
    settings = scripted_settings("hello world", temprature=1, topK="many")
    client.configuration = settings
    client.initialize(settings, CONFIGURATION)
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    (warning,) = client.warnings()
    assert 'There is no setting "temprature". Did you mean "temperature"?' in warning
    assert '"topK" is "many", but must be a whole number from 0 to 256' in warning


def test_an_unknown_predictor_is_a_warning_and_the_others_go_on(client: Client) -> None:
    settings = {"predictors": {"oracle": {}, "scripted": {"texts": ["hello world"]}}}
    client.initialize(settings)
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    (warning,) = client.warnings()
    assert "'oracle'" in warning


def test_a_model_that_cannot_be_loaded_is_one_warning_and_another_serves(
    client: Client, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nonsense")
    client.initialize({"model": str(broken)})
    client.open(URI, "in the beginni")
    assert any(
        item["label"].startswith("beginning") for item in client.completions(URI, 0, 14)["items"]
    )
    (warning,) = client.warnings()
    assert "broken.onnx is not a whole model file" in warning
    assert "the model in use takes its place" in warning


def test_an_unknown_model_does_not_stop_predictors_that_use_none(client: Client) -> None:
    client.initialize(scripted_settings("hello world", model="nonesuch"))
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    (warning,) = client.warnings()
    assert "'nonesuch'" in warning


def test_a_client_that_can_is_asked_to_tell_of_changes(client: Client) -> None:
    client.initialize(
        scripted_settings(),
        {"workspace": {"didChangeConfiguration": {"dynamicRegistration": True}}},
    )
    client.warnings()
    (asked,) = client.requests
    (registration,) = asked["params"]["registrations"]
    assert asked["method"] == "client/registerCapability"
    assert registration["method"] == "workspace/didChangeConfiguration"
    assert registration["registerOptions"] == {"section": "foretype"}


@pytest.mark.parametrize(
    "answer", [{"error": {"code": -32601, "message": "no"}}, {"result": "nonsense"}, {"result": []}]
)
def test_a_client_that_does_not_answer_with_settings_keeps_those_of_the_start(
    client: Client, answer: Any
) -> None:
    client.configuration_answer = answer
    client.initialize(scripted_settings("hello world"), CONFIGURATION)
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    assert client.warnings() == []
