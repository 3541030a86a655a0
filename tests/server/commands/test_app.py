"""The help of every command, and its failures."""

import json
import sys

import pytest
from typer.testing import CliRunner

from foretype_model import errors
from foretype_server.commands import opening
from foretype_server.commands.app import app
from foretype_server.doctor import checks

COMMANDS = ["try", "complete", "generate", "train", "models", "serve", "forget", "stats", "doctor"]
OF_MODELS = ["list", "show", "use", "remove", "import", "export"]


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """Make a machine without models of the user."""
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def run(*arguments, stdin=None):
    return CliRunner().invoke(app, list(map(str, arguments)), input=stdin)


def one_line(result, status):
    """Return the one line on standard error of a command that failed."""
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("foretype")
    return line


def test_no_command_prints_help():
    """Without a command, `foretype` lists all commands."""
    result = run()
    assert result.exit_code == 0
    assert all(command in result.stdout for command in COMMANDS)


def test_version_is_printed():
    """`foretype --version` prints the name and the version."""
    assert run("--version").stdout.startswith("foretype 0.")


@pytest.mark.parametrize(
    "command",
    [[name] for name in COMMANDS] + [["models", name] for name in OF_MODELS],
    ids=" ".join,
)
def test_help_has_examples(command):
    """The help of each command ends with examples of that command."""
    result = run(*command, "--help")
    assert result.exit_code == 0
    _, found, examples = result.stdout.partition("Examples")
    assert found
    assert f"foretype {' '.join(command)}" in examples


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tyr"], "tyr"),
        (["complete"], "FILE:LINE:COLUMN"),
        (["complete", "notes.txt"], "FILE:LINE:COLUMN"),
        (["complete", "notes.txt:0:1"], "from 1"),
        (["complete", "notes.txt:1:1", "--temperature", "-1"], "temperature"),
        (["complete", "notes.txt:1:1", "--temperature", "nan"], "temperature"),
        (["generate", "a", "--prompt", "b"], "--prompt"),
        (["generate", "a", "--temperature", "inf"], "finite"),
        (["generate", "a", "--top-p", "2"], "top-p"),
        (["train"], "PATH"),
        (["train", ".", "--cell", "gru", "--from", "default"], "--cell"),
        (["train", ".", "--hidden", "64", "--from", "work"], "--hidden"),
        (["train", ".", "--cell", "transformer"], "lstm"),
        (["train", ".", "--unit", "word", "--from", "default"], "--unit word"),
        (["train", ".", "--unit", "word", "--resume"], "--unit"),
        (["train", ".", "--minutes", "1", "--steps", "5"], "--steps"),
        (["train", ".", "--minutes", "0"], "--minutes"),
        (["train", ".", "--resume", "--seed", "3"], "--seed"),
        (["train", ".", "--resume", "--from", "none"], "--from"),
        (["train", ".", "--name", "../up"], "../up"),
        (["train", "/", "--from", "none"], "--name"),
        (["serve", "--tcp", "9257"], "HOST:PORT"),
        (["serve", "--tcp", "localhost:99999"], "HOST:PORT"),
        (["serve", "--ws", "0.0.0.0:9258"], "127.0.0.1"),
        (["serve", "--tcp", "localhost:1", "--ws", "localhost:2"], "--ws"),
        (["try"], "foretype complete"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage_errors_are_one_line(arguments, message):
    """Wrong usage is one line that names the mistake, with exit status 2."""
    assert message in one_line(run(*arguments), 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["complete", "gone.txt:1:1"], "gone.txt"),
        (["complete", ".:1:1"], "folder"),
        (["complete", "binary:1:1"], "binary"),
        (["complete", "latin:1:1"], "UTF-8"),
        (["complete", "notes.txt:1:1", "--model", "gone"], "gone"),
        (["complete", "notes.txt:1:1", "--model", "notes.txt"], "notes.txt"),
        (["generate", "a", "--model", "gone.onnx"], "gone.onnx"),
        (["train", "gone"], "gone"),
        (["train", "empty", "--from", "none"], "empty"),
        (["train", "notes.txt", "--from", "gone"], "gone"),
        (["models", "show", "gone"], "gone"),
        (["models", "use", "gone"], "gone"),
        (["models", "remove", "default"], "default"),
        (["models", "import", "notes.txt"], "notes.txt"),
        (["models", "import", "gone.onnx"], "gone.onnx"),
        (["models", "export", "default", "notes.txt"], "exists"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_failures_are_one_line(arguments, message, tmp_path):
    """A failure is one line that names its cause, with exit status 1."""
    if arguments[0] == "train":
        pytest.importorskip("torch")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "binary").write_bytes(b"\x7fELF\0")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "empty").mkdir()
    assert message in one_line(run(*arguments), 1)


TRAIN = "'onnx>=1.17' 'safetensors>=0.5' 'torch>=2.6'"


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("pip", f"'/a folder/python' -P -m pip install {TRAIN}"),
        ("pipx", f"pipx inject foretype-dev {TRAIN}"),
        ("uv", f"uv pip install --python '/a folder/python' {TRAIN}"),
    ],
)
def test_missing_torch_names_the_command(kind, command, monkeypatch, tmp_path):
    """Training without torch prints the command that installs it for this Python: packages of the
    index alone, and with the installer that Foretype was installed by.
    """
    (tmp_path / "notes.txt").write_text("hello")
    (prefix := tmp_path / "foretype-dev").mkdir()
    if kind == "pipx":
        (prefix / "pipx_metadata.json").write_text("{}")
    monkeypatch.setattr("foretype_server.commands.train.find_spec", lambda package: None)
    monkeypatch.setattr(errors, "find_spec", lambda package: object() if kind == "pip" else None)
    monkeypatch.setattr(sys, "executable", "/a folder/python")
    monkeypatch.setattr(sys, "prefix", str(prefix))
    assert one_line(run("train", "notes.txt"), 1).endswith(f": {command}")


def test_interruption_is_quiet(monkeypatch):
    """Ctrl-C ends a command with status 130 and no output."""

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(checks, "run_checks", interrupted)
    result = run("doctor")
    assert (result.exit_code, result.output) == (130, "")


def test_doctor_lists_its_checks():
    """`doctor --json` lists the check of each part of the installation."""
    result = run("doctor", "--model-is-no-option")
    assert result.exit_code == 2
    results = json.loads(run("doctor", "--json").stdout)
    by_name = {check["name"]: check for check in results}
    assert by_name["python"]["ok"]
    assert by_name["predictor scripted"]["ok"]
    assert {"package numpy", "data folder", "torch", "model in use"} <= set(by_name)


@pytest.mark.skipif(not hasattr(__import__("os"), "geteuid"), reason="modes are for POSIX")
def test_doctor_finds_open_data_folder(tmp_path):
    """A data folder that other users can read is a problem, with the command that closes it."""
    (tmp_path / "home").mkdir(mode=0o755)
    # Without another program's file, Foretype closes the folder itself.
    (tmp_path / "home" / "another program's").touch()
    result = run("doctor")
    (line,) = (line for line in result.stdout.splitlines() if "data folder" in line)
    assert line.startswith("problem")
    assert "chmod 700" in line
    assert result.exit_code == 1


def test_failing_predictor_is_skipped(capsys, monkeypatch):
    """A predictor that cannot be opened is skipped with a warning."""
    monkeypatch.setattr("foretype_model.store.store.Store.find", lambda store, name, document: None)
    wanted = {"scripted": {"texts": ["hello world"]}, "gone": {}}
    assert set(opening.open_predictors(None, wanted)) == {"scripted"}
    assert "gone" in capsys.readouterr().err
