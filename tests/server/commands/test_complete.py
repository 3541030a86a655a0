"""`complete` and `generate`, with a scripted predictor in the model's place."""

import json
import re

import pytest
from typer.testing import CliRunner

from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_server.commands import opening
from foretype_server.commands.app import app
from foretype_server.commands.complete import Location
from foretype_server.commands.options import UsageError


@pytest.fixture(autouse=True)
def scripted(monkeypatch, tmp_path):
    script = ScriptedPredictor(["hello world again", "日本語\n"])
    monkeypatch.setattr(opening, "open_predictors", lambda *_: {"network": script})
    monkeypatch.chdir(tmp_path)


def run(*arguments, stdin=None, columns=80):
    result = CliRunner().invoke(
        app, list(map(str, arguments)), input=stdin, env={"COLUMNS": str(columns)}
    )
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("notes.txt:3:14", Location("notes.txt", 3, 14)),
        (r"C:\notes.txt:3:14", Location(r"C:\notes.txt", 3, 14)),
        ("a:1:2:3:4", Location("a:1:2", 3, 4)),
        ("-:1:1", Location("-", 1, 1)),
        ("a:003:010", Location("a", 3, 10)),
    ],
)
def test_a_location_may_have_colons_in_its_file(text, location):
    assert Location.parse(text) == location


@pytest.mark.parametrize(
    "text",
    ["a", "a:1", "a:1:", ":1:1", "a:1:0", "a:00:1", "a:-1:1", "a:1:x", "a:१:१", f"a:{'9' * 50}:1"],
)
def test_what_is_no_location_is_wrong_usage(text):
    with pytest.raises(UsageError):
        Location.parse(text)


@pytest.mark.parametrize(
    ("text", "line", "column", "before"),
    [
        ("", 1, 1, ""),
        ("one", 1, 1, ""),
        ("one", 1, 4, "one"),
        ("one\n", 2, 1, "one\n"),
        ("one\r\ntwo", 2, 2, "one\r\nt"),
        ("one\rtwo", 2, 1, "one\r"),
        ("👍🏽é\u2028x", 1, 3, "👍🏽"),
        ("a\x0cb\u2028c", 1, 6, "a\x0cb\u2028c"),
    ],
)
def test_columns_count_characters_and_lines_end_as_in_editors(text, line, column, before):
    assert Location("-", line, column).split(text) == (before, text[len(before) :])


@pytest.mark.parametrize(("line", "column"), [(1, 5), (3, 1), (2, 2)])
def test_a_point_outside_the_text_is_wrong_usage(line, column):
    with pytest.raises(UsageError):
        Location("-", line, column).split("one\n")


def test_what_would_be_offered_is_shown(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    shown = run("complete", "notes.txt:1:6")
    assert "␠world␠again" in shown
    assert "98.0%" in shown
    assert "network 100%" in shown


def test_what_stands_there_already_is_not_called_unsure():
    shown = run("complete", "-:1:6", stdin="hello world again")
    assert "ghost text  none that is sure enough, and not there already" in shown


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_narrow_terminal_has_every_probability_whole(columns):
    wide = run("complete", "-:1:6", stdin="hello", columns=200)
    shown = run("complete", "-:1:6", stdin="hello", columns=columns)
    assert re.findall(r"\d+\.\d%", shown) == re.findall(r"\d+\.\d%", wide)
    assert "█" in wide
    assert "network 100%" in wide
    assert "…" not in shown


def test_what_would_be_offered_as_json():
    offers = json.loads(run("complete", "-:1:2", "--json", "--max-items", 1, stdin="日\n"))
    assert offers["ghost"]["text"] == "本語"
    assert [item["text"] for item in offers["characters"]] == ["本"]
    assert offers["words"][0]["shares"] == {"network": 1.0}


def test_a_byte_order_mark_is_no_column():
    assert (
        json.loads(run("complete", "-:1:2", "--json", stdin="\ufeff日\n"))["ghost"]["text"]
        == "本語"
    )


@pytest.mark.parametrize("arguments", [["hello"], ["--prompt", "hello"]])
def test_text_is_generated_from_a_prompt(arguments):
    assert run("generate", *arguments, "--temperature", 0, "--length", 6) == "hello world\n"


def test_the_prompt_may_come_from_a_pipe():
    assert run("generate", "--temperature", 0, stdin="hello") == "hello world again\n"


def test_each_of_several_texts_has_a_seed_of_its_own():
    three = run("generate", "?", "--count", 3, "--length", 20, "--seed", 7)
    assert three == "".join(
        run("generate", "?", "--length", 20, "--seed", seed) for seed in (7, 8, 9)
    )
    assert run("generate", "?", "--length", 20, "--seed", 7) != run(
        "generate", "?", "--length", 20, "--seed", 8
    )
