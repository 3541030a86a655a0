"""Run the commands on the pages of the documentation, and compare the outputs below them.

`python -m tests.documentation` runs every `console` block and corrects outdated outputs, as after a
change of the default model.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
"""The pages for users."""

BLOCK: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
PROMPT: Final = "$ "
FIGURE: Final = re.compile(r"\d+(?:\.\d+)?")
BAR: Final = re.compile("[█▏▎▍▌▋▊▉]+")
SECONDS: Final = 600
"""Seconds until a command must end: a training first imports torch, perhaps on a busy machine."""


@dataclass(frozen=True)
class Shown:
    """A command after a prompt, and the output below it."""

    command: str
    output: str


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """Yield the contents of the page's code blocks in these languages."""
    for _, language, content in BLOCK.findall(page.read_text("utf-8")):
        if language in languages:
            yield content


def shown(block: str) -> list[Shown]:
    """Return the commands of a `console` block, with their outputs."""
    first, *parts = re.split(rf"^{re.escape(PROMPT)}", block, flags=re.MULTILINE)
    assert not first, f"a console block begins with {first!r}"
    return [Shown(command, output) for command, _, output in (p.partition("\n") for p in parts)]


def run(command: str, folder: Path) -> str:
    """Return the output of a shell command in `folder`, with the data folder `home` beside it."""
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    home = {"FORETYPE_HOME": str(folder.with_name("home")), "PATH": path, "COLUMNS": "80"}
    ran = subprocess.run(
        ["bash", "-c", command], cwd=folder, env={**os.environ, **home, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, f"{command}: {ran.stderr}"
    return "".join(f"{line.rstrip()}\n" for line in ran.stdout.strip("\n").splitlines())


def comparable(output: str) -> tuple[list[str], list[float]]:
    """Return the words and the figures of an output, without bars and elapsed times."""
    lines = [line for line in output.splitlines() if not re.fullmatch(r"in .* ms", line)]
    text = BAR.sub("", "\n".join(lines))
    return FIGURE.sub("0", text).split(), [float(figure) for figure in FIGURE.findall(text)]


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the arguments of each `foretype` command on a page, in blocks and between backticks."""
    text = page.read_text("utf-8")
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    lines += [one.command for block in blocks(page, "console") for one in shown(block)]
    spans = re.findall(r"`(foretype [^`]+)`", BLOCK.sub("", text))
    for line in lines + [span.replace("\\|", "/") for span in spans]:
        for part in re.split(r" \| | && ", line):
            words = shlex.split(part.strip(), comments=True)
            if words and words[0].rpartition("/")[2] == "foretype":
                yield words[1:]


def updated(page: Path, folder: Path) -> str:
    """Return the text of a page with outdated outputs replaced."""

    def update(match: re.Match[str]) -> str:
        indent, language, content = match.groups()
        if language != "console":
            return match.group()
        done = []
        for one in shown(content):
            now = run(one.command, folder)
            same = comparable(now) == comparable(one.output)
            done.append(f"{PROMPT}{one.command}\n{one.output if same else now}")
        return f"{indent}```console\n{''.join(done)}{indent}```"

    return BLOCK.sub(update, page.read_text("utf-8"))


def main() -> None:
    """Update the outputs on all pages."""
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            (work := Path(folder) / "work").mkdir()
            page.write_text(updated(page, work), "utf-8")


if __name__ == "__main__":
    main()
