"""The command line in a shell: completed words, its version, its usage, input without an end."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from .client import command, run

COMPLETED = 'source "$1"; COMP_WORDS=(foretype {words}); COMP_CWORD={last}; {function} foretype; '
PRINTED = 'printf "%s\\n" "${COMPREPLY[@]}"'


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Return a function that runs a bash script, with `foretype` on the PATH and a home."""
    scripts = sysconfig.get_path("scripts")
    monkeypatch.setenv("PATH", scripts, prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path / "home"))
    (tmp_path / "user").mkdir()

    def bash(script, *arguments):
        ran = subprocess.run(
            ["bash", "-c", script, "bash", *map(str, arguments)],
            cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    return bash


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_shell_completes_the_words(shell, tmp_path):
    """After `--install-completion`, bash completes commands, options and the names of models."""
    shell("foretype --install-completion; true")
    (script,) = (tmp_path / "user" / ".bash_completions").iterdir()
    assert str(script) in (tmp_path / "user" / ".bashrc").read_text()
    for words, expected in (
        ("gen", "generate"),
        ("models sh", "show"),
        ("models use def", "default"),
    ):
        count = words.count(" ") + 1
        asked = COMPLETED.format(words=words, last=count, function="_foretype_completion")
        assert expected in shell(asked + PRINTED, script).split()


def test_short_version_is_printed(tmp_path):
    """`-V` prints the same as `--version`."""
    printed = run(tmp_path / "home", "-V").stdout
    assert printed.startswith("foretype 0.")
    assert printed == run(tmp_path / "home", "--version").stdout


def test_usage_has_single_brackets(tmp_path):
    """The usage of `models use` shows that paths are optional, once."""
    assert "{NAME} [PATH]...\n" in squeezed(run(tmp_path / "home", "models", "use", "-h").stdout)


def squeezed(text):
    return "".join(line.strip() + "\n" for line in text.splitlines())


def test_figures_come_before_the_card(tmp_path):
    """`models show` fits on a screen, and names the option that prints the card."""
    home = tmp_path / "home"
    figures = run(home, "models", "show").stdout
    assert len(figures.splitlines()) <= 24
    assert "bits per character" in figures
    assert "--card" in figures


def test_default_model_is_unlisted(tmp_path):
    """Where the default model completes anyway, `models use default DIR` leaves nothing listed."""
    before = run(tmp_path / "home", "models").stdout
    run(tmp_path / "home", "models", "use", "default", str(tmp_path))
    assert run(tmp_path / "home", "models").stdout == before


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody writes")
def test_doctor_finds_unwritable_folder(tmp_path):
    """A data folder that cannot be made is a problem, also for root, whom no mode stops."""
    asked = command(tmp_path / "home", "doctor")
    asked["env"]["FORETYPE_HOME"] = "/proc/nope"
    ran = subprocess.run(**asked, capture_output=True, timeout=100, check=False)
    (line,) = (line for line in ran.stdout.splitlines() if "data folder" in line)
    assert line.startswith("problem")
    assert "/proc/nope cannot be written" in line
    assert "FORETYPE_HOME" in line
    assert ran.returncode == 1


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs an endless file")
@pytest.mark.parametrize("arguments", ["complete -:1:1", "generate"])
def test_endless_input_is_refused(shell, arguments):
    """An input without an end is refused with one line, before it fills the memory."""
    printed = shell(f"foretype {arguments} </dev/zero 2>&1; test $? = 1")
    assert (
        printed
        == "foretype: "
        + {
            "complete -:1:1": "Standard input",
            "generate": "The prompt",
        }[arguments]
        + " is too long; send at most 4 MB.\n"
    )
