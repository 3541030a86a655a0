"""Settings, in every way that clients send them, and the warnings about invalid ones."""

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
    """Settings count from initializationOptions, from didChangeConfiguration and from
    workspace/configuration.
    """
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
        client.configuration, count = settings, len(client.requests)
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        while len(client.requests) == count:
            client.ghost(URI, 0, 6)
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    assert [item["label"] for item in client.completions(URI, 0, 6)["items"]] == ["world"]
    assert client.warnings() == []


def test_changed_predictors_are_reloaded(client: Client) -> None:
    """A change of the setting `predictors` loads the new ones."""
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
def test_disabled_server_offers_nothing(
    client: Client, settings: dict[str, Any], language: str
) -> None:
    """If completion is off, or off for a language, the answers are empty."""
    client.initialize(scripted_settings("hello world", **settings))
    client.open(URI, "hello ", language)
    assert client.ghost(URI, 0, 6) == []
    assert client.completions(URI, 0, 6)["items"] == []


def test_parts_can_be_turned_off(client: Client) -> None:
    """Ghost text, next words and next characters are turned off one by one."""
    client.initialize(scripted_settings("hello world", nextWord=False, **{"inline.enable": False}))
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6) == []
    kinds = [
        item["command"]["arguments"][0]["kind"] for item in client.completions(URI, 0, 6)["items"]
    ]
    assert set(kinds) == {"character"}


def test_bad_settings_are_one_warning(client: Client) -> None:
    """Bad settings are one warning, and their defaults count."""
    settings = scripted_settings("hello world", temprature=1, topK="many")
    client.configuration = settings
    client.initialize(settings, CONFIGURATION)
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    (warning,) = client.warnings()
    assert 'There is no setting "temprature". Did you mean "temperature"?' in warning
    assert '"topK" is "many", but must be a whole number from 0 to 256' in warning


def test_unknown_predictor_is_one_warning(client: Client) -> None:
    """An unknown predictor is one warning, and the others go on."""
    settings = {"predictors": {"oracle": {}, "scripted": {"texts": ["hello world"]}}}
    client.initialize(settings)
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    (warning,) = client.warnings()
    assert "'oracle'" in warning


def test_unloadable_model_is_one_warning(client: Client, tmp_path: Path) -> None:
    """A model that cannot be loaded is one warning, and another serves."""
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


def test_unknown_model_spares_other_predictors(client: Client) -> None:
    """An unknown model does not stop predictors that use none."""
    client.initialize(scripted_settings("hello world", model="nonesuch"))
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    (warning,) = client.warnings()
    assert "'nonesuch'" in warning


def test_changes_of_settings_are_registered(client: Client) -> None:
    """A client that supports it is asked to report changes of settings."""
    client.initialize(
        scripted_settings(),
        {"workspace": {"didChangeConfiguration": {"dynamicRegistration": True}}},
    )
    client.warnings()
    (request,) = client.requests
    (registration,) = request["params"]["registrations"]
    assert request["method"] == "client/registerCapability"
    assert registration["method"] == "workspace/didChangeConfiguration"
    assert registration["registerOptions"] == {"section": "foretype"}


@pytest.mark.parametrize(
    "answer", [{"error": {"code": -32601, "message": "no"}}, {"result": "nonsense"}, {"result": []}]
)
def test_unanswered_settings_keep_the_first(client: Client, answer: Any) -> None:
    """If a client does not answer with settings, those of the start remain."""
    client.configuration_answer = answer
    client.initialize(scripted_settings("hello world"), CONFIGURATION)
    client.open(URI, "hello ")
    assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"
    assert client.warnings() == []
