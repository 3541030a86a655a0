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
from foretype_server.comparison.server_command import ServerCommand

TEXT = "hello world, hello world\n"
WORDS_SERVER = Path(__file__).parents[1] / "comparison" / "words_server.py"
BESIDE = shlex.join([sys.executable, str(WORDS_SERVER)])


@pytest.fixture(autouse=True)
def opened(monkeypatch, tmp_path):
    """Replace the predictors by one that knows the text; return the arguments they get."""
    arguments = []

    def open_predictors(model, wanted, workspace=(), *, text):
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
    assert network["top_1"] <= network["top_3"] <= network["top_5"] <= 1
    assert network["words"] == 3
    assert 1 <= network["distinct"] <= 5
    assert 0 <= network["fragments"] <= 1
    assert words["fragments"] is None
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
    assert re.search(r"(?:install|inject|--python) .*'matplotlib>=[\d.]+'$", line)
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


def test_dictionary_has_words(tmp_path):
    """A word of the files, the workspace or `--dictionary` is no fragment."""
    (tmp_path / "short.txt").write_text("hello world, hello hello\n")
    (tmp_path / "words").write_text("wor\nHELLO\nworld\n")
    arguments = ("short.txt", "--mode", "popup")
    without = figures(*arguments)["network"]["fragments"]
    with_it = figures(*arguments, "--dictionary", "words")["network"]["fragments"]
    assert with_it <= without


@pytest.fixture
def own_server(monkeypatch):
    """Let a small server stand for Foretype's own, which needs the model: tests/e2e has that."""
    own = ServerCommand("foretype serve", (sys.executable, str(WORDS_SERVER), "--inline"))
    monkeypatch.setattr(ServerCommand, "foretype", lambda model: own)


@pytest.mark.usefixtures("own_server")
def test_beside_compares_servers(tmp_path):
    """`--beside` has each server in a column of the table, in the JSON and in the picture."""
    arguments = ("notes.txt", "--max-chars", 20, "--beside", BESIDE, "--beside", BESIDE)
    shown = run(*arguments, "--plot", "scores.png").stdout
    assert max(map(len, shown.splitlines())) <= 100
    (inline,) = (line for line in shown.splitlines() if "ghost text: keys saved" in line)
    assert re.fullmatch(r" ghost text: keys saved +[\d.]+% +- +- ", inline)
    for figure in ("next word, of 5", "menu: half of the answers", "99 %", "memory at most"):
        assert figure in shown
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")
    servers = json.loads(run(*arguments, "--json").stdout)["servers"]
    assert [len(one["answers"]) for one in servers] == [2, 1, 1]
    assert [one["name"].endswith("(3)") for one in servers] == [False, False, True]
    assert servers[1]["typing"]["popup"]["savings"] == servers[0]["typing"]["popup"]["savings"] > 0
    assert servers[1]["answers"]["popup"]["seconds_p99"] > 0


@pytest.mark.usefixtures("own_server")
@pytest.mark.parametrize("command", ["no-such-program", "'open", f"{BESIDE} --refuse"])
def test_bad_command_fails_first(monkeypatch, command):
    """A command that is no server is one line, before anything is scored."""
    monkeypatch.setattr(scoring.Scorer, "score", lambda *_: pytest.fail("scored all the same"))
    (line,) = run("notes.txt", "--beside", command, status=1).stderr.splitlines()
    assert line.startswith("foretype: ")
    assert "give --beside a command" in line
