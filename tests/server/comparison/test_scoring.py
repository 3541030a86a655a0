"""Scores of real servers in processes of their own, well-behaved and others."""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
import time
from pathlib import Path

import pytest

from foretype_model.errors import ForetypeError
from foretype_model.evaluation.passage import Passage
from foretype_model.evaluation.score import Scorer
from foretype_model.evaluation.words import WordsSystem
from foretype_server.comparison import language_server, typed_document
from foretype_server.comparison.scoring import Task, score_server
from foretype_server.comparison.server_command import ServerCommand

WORDS_SERVER = Path(__file__).with_name("words_server.py")
TEXT = "grüße 😀 grüßen, forever\nforever: grüßen 😀 forever\n"


def ignore(characters):
    pass


def command(*options):
    return ServerCommand.parse(shlex.join([sys.executable, str(WORDS_SERVER), *options]))


def task(*modes, at="end", texts=(TEXT,), workspace=None, warn=pytest.fail):
    passages = [Passage.of(text, at, 1000, "notes.md") for text in texts]
    return Task(passages, modes, {"forever"}, workspace, warn)


def keys(command, one, mode):
    return score_server(command, one, ignore).score.typing[mode].keys


def expected_keys(one, mode="popup"):
    """Return the keys that the same completion takes in this process."""
    scorer = Scorer(WordsSystem([]), [mode])
    return sum(scorer.score(passage, ignore).typing[mode].keys for passage in one.passages)


@pytest.mark.parametrize(
    "options",
    [
        "--encoding utf-16",
        "--encoding utf-8 --shape edit",
        "--encoding utf-32 --shape insert-replace",
        "--encoding utf-8 --shape defaults",
        "--shape snippet --full",
        "--shape unfiltered",
        "--demanding",
    ],
)
def test_server_saves_the_same_keys(options):
    """The same words save the same keys in a process as here, in each form of an item."""
    one = task("popup", at="middle" if "edit" in options else "end", texts=[TEXT, TEXT])
    found = keys(command(*options.split()), one, "popup")
    assert found == expected_keys(one) < one.characters


@pytest.mark.parametrize("options", [["--inline"], ["--demanding"]])
def test_ghost_text_is_declared_or_registered(options):
    """A server's ghost text is scored if it declares or registers it; else it has no such score."""
    scored = score_server(command(*options), task("inline", "popup"), ignore)
    assert scored.score.typing["inline"].accepted > 0
    assert list(score_server(command(), task("inline", "popup"), ignore).answers) == ["popup"]


def test_both_modes_have_answers():
    """Each mode has the times of its answers; processor time and memory are those of Linux."""
    scored = score_server(command("--inline"), task("inline", "popup"), ignore)
    for mode, answers in scored.answers.items():
        assert len(answers.seconds) == scored.score.typing[mode].asked
        assert 0 < answers.quantile(0.5) <= answers.quantile(0.99) == max(answers.seconds)
        assert answers.failed == 0
    if sys.platform == "linux":
        assert 0 <= scored.answers["popup"].processor < 30
        assert 5e6 < scored.peak_memory < 1e9
    assert (scored.score.top(5), scored.score.distinct, scored.score.fragments) == (0, 0, None)


def test_progress_counts_missing_modes():
    """The reported progress adds up to the announced work, for modes that a server lacks too."""
    steps, one = [], task("inline", "popup", texts=[TEXT, "a\n"])
    score_server(command(), one, steps.append)
    assert sum(steps) == one.work


def test_workspace_is_waited_for(tmp_path):
    """With a workspace, typing begins when the server's progress has ended; nothing is written."""
    one = task("popup", workspace=tmp_path)
    started = time.monotonic()
    assert keys(command("--demanding"), one, "popup") == expected_keys(one)
    assert time.monotonic() - started > language_server.PREPARATION_PAUSE
    assert not list(tmp_path.iterdir())


def test_warnings_are_passed_on():
    """A warning that a server shows to its user is passed on, in one line, with its name."""
    warnings = []
    score_server(command("--warn"), task("popup", warn=warnings.append), ignore)
    assert set(warnings) == {f"{command('--warn').name}: the model is missing"}


def test_errors_count_as_empty_answers():
    """A request that is answered with an error offers nothing, and is counted."""
    scored = score_server(command("--fail-each", "3"), task("popup"), ignore)
    assert scored.answers["popup"].failed == (len(scored.answers["popup"].seconds) + 1) // 3


def fails(command, one=None):
    """Return the one line of the error."""
    with pytest.raises(ForetypeError) as caught:
        score_server(command, one or task("popup"), ignore)
    line = str(caught.value)
    assert "\n" not in line
    assert line.endswith("that speaks the Language Server Protocol on stdin and stdout.")
    return line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--crash-after", "9"], "has ended, status 3 (out of memory)"),
        (["--refuse"], "no licence"),
        (["--silent"], "offers no completions"),
    ],
)
def test_failing_server_is_an_error(options, said):
    """A server that ends, refuses, or offers nothing is one line, with its last words."""
    assert said in fails(command(*options))


@pytest.mark.parametrize("late", [0, 2])
def test_silent_server_is_an_error(monkeypatch, late):
    """A server that never answers, or no longer does, is one line, and is ended."""
    monkeypatch.setattr(language_server, "START_TIMEOUT", 1.0)
    monkeypatch.setattr(typed_document, "START_TIMEOUT", 20.0)
    monkeypatch.setattr(typed_document, "ANSWER_TIMEOUT", 0.3)
    if late:
        monkeypatch.setattr(language_server, "START_TIMEOUT", 20.0)
        assert "left 3 requests in a row unanswered" in fails(command("--hang-after", "4"))
    else:
        assert "has not answered initialize within 1 s" in fails(command("--mute"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no-such-program --stdio", "no-such-program --stdio cannot be started (No such file"),
        (str(WORDS_SERVER.parent), "comparison cannot be started (Permission denied)"),
        (f"{shlex.quote(sys.executable)} -c pass", "has ended, status 0"),
        (f"{shlex.quote(sys.executable)} -c 'print(1)'", "has ended, status 0"),
        (
            "sh -c 'printf \"Content-Length: 3\\n\\nno.\"; sleep 60'",
            "no longer speaks the protocol",
        ),
        ("cat", "cat refuses to start"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the words of a POSIX system")
def test_command_is_no_server(line, said):
    """A command that cannot be started, or is no language server, is one line."""
    assert said in fails(ServerCommand.parse(line))


@pytest.mark.parametrize("line", ["", "  ", "A=1", "'open"])
def test_no_command_is_an_error(line):
    """An empty command, or one with an open quote, is one line."""
    with pytest.raises(ForetypeError, match=r"is no command.*give --beside"):
        ServerCommand.parse(line)


def test_command_may_set_variables():
    """Assignments before a command are its environment, as in a shell."""
    parsed = ServerCommand.parse("A=1 B='x y=z' /usr/bin/env python3 a/server.py --x=1")
    assert parsed.environment == {"A": "1", "B": "x y=z"}
    assert parsed.name == "env python3 server.py --x=1"
    assert parsed.arguments == ("/usr/bin/env", "python3", "a/server.py", "--x=1")


@pytest.mark.skipif(os.name == "nt", reason="POSIX ends process groups")
def test_helpers_of_server_end(tmp_path):
    """The processes that a server has started end with it."""
    pid = tmp_path / "pid"
    script = f"sleep 600 & echo $! > {pid}; exec {sys.executable} {WORDS_SERVER}"
    one = dataclasses.replace(command(), arguments=("sh", "-c", script))
    assert score_server(one, task("popup"), ignore).score.typing["popup"].keys > 0
    end = time.monotonic() + 20
    while is_running(int(pid.read_text())):
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
