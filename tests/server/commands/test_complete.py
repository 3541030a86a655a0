"""`complete` and `generate`, with a scripted predictor instead of the model."""

import json
import re

import pytest
from typer.testing import CliRunner

from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_server.commands import opening
from foretype_server.commands.app import app
from foretype_server.commands.complete import Location
from foretype_server.commands.generate import BEGINNINGS
from foretype_server.commands.options import UsageError


@pytest.fixture(autouse=True)
def scripted(monkeypatch, tmp_path):
    script = ScriptedPredictor(["hello world again", "日本語\n"])
    monkeypatch.setattr(opening, "open_predictors", lambda *_, **__: {"network": script})
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
def test_location_file_may_have_colons(text, location):
    """The line and the column are the last two numbers; FILE may contain colons."""
    assert Location.parse(text) == location


@pytest.mark.parametrize(
    "text",
    ["a", "a:1", "a:1:", ":1:1", "a:1:0", "a:00:1", "a:-1:1", "a:1:x", "a:१:१", f"a:{'9' * 50}:1"],
)
def test_bad_locations_are_usage_errors(text):
    """A text that is not FILE:LINE:COLUMN, counted from 1, is wrong usage."""
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
def test_columns_count_code_points(text, line, column, before):
    """Columns count code points, and lines end at LF, CR LF and CR alone."""
    assert Location("-", line, column).split(text) == (before, text[len(before) :])


@pytest.mark.parametrize(("line", "column"), [(1, 5), (3, 1), (2, 2)])
def test_location_outside_is_usage_error(line, column):
    """A line or column beyond the text is wrong usage."""
    with pytest.raises(UsageError):
        Location("-", line, column).split("one\n")


def test_table_shows_candidates(tmp_path):
    """The table has the text, the probability and the predictors' shares."""
    (tmp_path / "notes.txt").write_text("hello")
    shown = run("complete", "notes.txt:1:6")
    assert "␠world␠again" in shown
    assert "98.0%" in shown
    assert "network 100%" in shown


def test_existing_text_has_own_reason():
    """Where the text after the cursor is the only likely one, the message allows for that."""
    shown = run("complete", "-:1:6", stdin="hello world again")
    assert "ghost text  none: too uncertain, or already in the text" in shown


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_narrow_terminal_keeps_probabilities(columns):
    """A narrow terminal shows each probability in full, without an ellipsis."""
    wide = run("complete", "-:1:6", stdin="hello", columns=200)
    shown = run("complete", "-:1:6", stdin="hello", columns=columns)
    assert re.findall(r"\d+\.\d%", shown) == re.findall(r"\d+\.\d%", wide)
    assert "█" in wide
    assert "network 100%" in wide
    assert "…" not in shown


def test_json_has_all_candidates():
    """`--json` prints the ghost text, the words and the characters, with their shares."""
    offers = json.loads(run("complete", "-:1:2", "--json", "--max-items", 1, stdin="日\n"))
    assert offers["ghost"]["text"] == "本語"
    assert [item["text"] for item in offers["characters"]] == ["本"]
    assert offers["words"][0]["shares"] == {"network": 1.0}


def test_byte_order_mark_is_no_column():
    """A byte order mark does not count as a column."""
    assert (
        json.loads(run("complete", "-:1:2", "--json", stdin="\ufeff日\n"))["ghost"]["text"]
        == "本語"
    )


@pytest.mark.parametrize("arguments", [["hello"], ["--prompt", "hello"]])
def test_generate_continues_prompt(arguments):
    """`generate` prints the prompt and its continuation, of at most `--length` characters."""
    assert run("generate", *arguments, "--temperature", 0, "--length", 6) == "hello world\n"


def test_prompt_comes_from_pipe():
    """Without PROMPT, `generate` reads it from standard input."""
    assert run("generate", "--temperature", 0, stdin="hello") == "hello world again\n"


def test_texts_are_told_apart():
    """The texts of `--count` are those of successive seeds, each below a line with its seed."""
    three = run("generate", "?", "--count", 3, "--length", 20, "--seed", 7)
    assert three == "".join(
        f"--- seed {seed} ---\n" + run("generate", "?", "--length", 20, "--seed", seed)
        for seed in (7, 8, 9)
    )
    assert run("generate", "?", "--length", 20, "--seed", 7) != run(
        "generate", "?", "--length", 20, "--seed", 8
    )


def test_beginnings_take_turns():
    """Without a prompt, each seed begins differently; an empty prompt is kept."""
    texts = [run("generate", "--seed", seed, "--length", 5) for seed in (0, 1)]
    for text, beginning in zip(texts, BEGINNINGS, strict=False):
        assert text.startswith(beginning)
    assert not run("generate", "", "--length", 5).startswith(BEGINNINGS)
