"""`evaluate`, with a scripted predictor in the model's place."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from foretype_model.evaluation import plot as plotting
from foretype_model.evaluation import score as scoring
from foretype_model.predictors.scripted import ScriptedPredictor
from foretype_server.commands import opening
from foretype_server.commands.app import app

TEXT = "hello world, hello world\n"


@pytest.fixture(autouse=True)
def opened(monkeypatch, tmp_path):
    """Replace the predictors by one that knows the text; return the arguments they get."""
    arguments = []

    def open_predictors(model, wanted, workspace=()):
        arguments.append((model, workspace))
        return {"network": ScriptedPredictor([TEXT])}

    monkeypatch.setattr(opening, "open_predictors", open_predictors)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text(TEXT)
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "other.txt").write_text(TEXT)
    return arguments


def run(*arguments, status=0, columns=100):
    result = CliRunner().invoke(
        app, ["evaluate", *map(str, arguments)], env={"COLUMNS": str(columns)}
    )
    assert result.exit_code == status, result.output
    return result


def figures(*arguments):
    systems = json.loads(run(*arguments, "--json").stdout)["systems"]
    return {one["name"]: one for one in systems}


def test_table_has_each_system():
    """The table has a row for each system, and a column for each mode."""
    shown = run("notes.txt", "--max-chars", 8).stdout
    for name in ("network", "n-gram", "words", "inline", "popup"):
        assert name in shown
    assert "8 characters of 1 file" in shown


def test_narrow_terminal_keeps_figures():
    """A narrow terminal shows every figure in full."""
    narrow, wide = (
        run("notes.txt", "--max-chars", 8, columns=columns).stdout for columns in (40, 100)
    )
    assert "…" not in narrow
    assert len(re.findall(r"\d%", narrow)) == len(re.findall(r"\d%", wide)) > 0
    assert len(narrow.splitlines()[2].split()) == len(wide.splitlines()[2].split())


def test_json_has_all_figures():
    """`--json` has every figure, and null for those that a system does not have."""
    network, ngram, words = (figures("notes.txt")[name] for name in ("network", "n-gram", "words"))
    assert network["bits_per_character"] < ngram["bits_per_character"]
    assert network["typing"]["popup"]["savings"] > ngram["typing"]["popup"]["savings"]
    assert network["top_1"] <= network["top_3"] <= 1
    assert network["calibration_error"]["ghost"] is not None
    assert words["bits_per_character"] is None
    assert list(words["typing"]) == ["popup"]


@pytest.mark.parametrize("mode", ["inline", "popup", "both"])
def test_mode_is_scored_alone(mode):
    """`--mode` scores that mode only."""
    assert list(figures("notes.txt", "--mode", mode, "--max-chars", 5)["network"]["typing"]) == [
        mode
    ]


def test_max_chars_limits_each_file(tmp_path):
    """`--max-chars` limits the characters typed of each file."""
    (tmp_path / "more.txt").write_text(TEXT)
    assert (
        figures("notes.txt", "more.txt", "--max-chars", 10, "--mode", "popup")["words"][
            "characters"
        ]
        == 20
    )


def test_middle_third_is_typed():
    """`--at middle` types the middle third of a file."""
    assert (
        figures("notes.txt", "--at", "middle", "--mode", "popup")["words"]["characters"]
        == len(TEXT) // 3
    )


def test_workspace_helps_each_system(opened):
    """Every system learns from `--workspace`, and the baselines save more keys with it."""
    arguments = ("notes.txt", "--mode", "popup", "--max-chars", 12)
    without, with_it = figures(*arguments), figures(*arguments, "--workspace", "open")
    assert {workspace for _, workspace in opened} == {(), (Path("open"),)}
    for name in ("n-gram", "words"):
        assert (
            with_it[name]["typing"]["popup"]["savings"]
            > without[name]["typing"]["popup"]["savings"]
        )


def test_workspace_file_is_refused():
    """A file inside the workspace is wrong usage."""
    (line,) = run("open/other.txt", "--workspace", "open", status=2).stderr.splitlines()
    assert "complete itself" in line


def test_empty_files_are_refused(tmp_path):
    """Files without text are an error of one line."""
    (tmp_path / "empty.txt").write_text("")
    (line,) = run("empty.txt", status=1).stderr.splitlines()
    assert "nothing in these files" in line


def test_plot_draws_picture(tmp_path):
    """`--plot` writes a PNG."""
    run("notes.txt", "--plot", "scores.png", "--max-chars", 8)
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")


def test_missing_matplotlib_fails_early(monkeypatch, tmp_path):
    """Without matplotlib, `--plot` fails before the scoring, and prints how to install it."""
    monkeypatch.setattr(plotting, "find_spec", lambda name: None)
    monkeypatch.setattr(scoring.Scorer, "score", lambda *_: pytest.fail("scored all the same"))
    (line,) = run("notes.txt", "--plot", "scores.png", status=1).stderr.splitlines()
    assert line.endswith(f"{shlex.quote(sys.executable)} -P -m pip install 'foretype[plot]'")
    assert not (tmp_path / "scores.png").exists()


def test_interruption_shows_finished_files(monkeypatch, tmp_path):
    """Ctrl-C prints the scores of the files finished so far, and exits with status 130."""
    (tmp_path / "second.txt").write_text("a second text")
    real = scoring.Scorer.score

    def interrupted(scorer, passage, advance):
        if passage.typed.startswith("a second"):
            raise KeyboardInterrupt
        return real(scorer, passage, advance)

    monkeypatch.setattr(scoring.Scorer, "score", interrupted)
    shown = run("notes.txt", "second.txt", "--max-chars", 8, status=130).stdout
    assert "8 characters of 1 file." in shown
