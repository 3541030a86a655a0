"""The documentation: each page is found, each link leads somewhere, and each command works."""

import importlib.util
import json
import re
import shlex
import sys

import pytest
import typer
from hatch_build import RELATIVE_LINK, standalone
from tests.documentation import PAGES, ROOT, blocks, commands, comparable, run, shown
from tests.test_invariants import TRACKED

from foretype_model.predictors.network import kernel
from foretype_server.commands.app import app
from foretype_server.settings import SCHEMA, Settings, read_settings

README = ROOT / "README.md"
MARKDOWN = [path for path in TRACKED if path.suffix == ".md"]
CLIENTS = ROOT / "editor-clients"
LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(#[^)]*)?\)")
SHELL = pytest.mark.skipif(sys.platform == "win32", reason="the pages are for a POSIX shell")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def each(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda p: p.relative_to(ROOT).as_posix())


def prose(path):
    """The text of a page without its code blocks."""
    return re.sub(r"^( *)```.*?^\1```$", "", path.read_text("utf-8"), flags=re.M | re.S)


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def linked(path):
    """The files that a page links to, and the anchor in each."""
    for target, anchor in LINK.findall(prose(path)):
        yield (path.parent / target if target else path).resolve(), anchor.removeprefix("#")


@each(MARKDOWN)
def test_links_lead_somewhere(path):
    """Ensure that no relative link and no anchor is dead."""
    for target, anchor in linked(path):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target}#{anchor}"


def test_every_page_is_reachable():
    """Ensure that links lead from README.md to each page; VS Code shows its walkthrough itself."""
    found, waiting = set(), [README]
    while waiting:
        page = waiting.pop()
        if page not in found and page.suffix == ".md" and page.is_file():
            found.add(page)
            waiting += [target for target, _ in linked(page)]
    walkthrough = CLIENTS / "vscode" / "walkthrough"
    assert {page for page in MARKDOWN if page.parent != walkthrough} <= found


@pytest.mark.parametrize("picture", [p for p in TRACKED if p.parent == ROOT / "docs" / "pictures"])
def test_every_picture_is_shown(picture):
    """Ensure that a page shows each picture, and links to the script that makes it."""
    pages = [*PAGES, ROOT / "docs" / "pictures" / "README.md"]
    assert any(picture == target for page in pages for target, _ in linked(page)) or (
        picture.name == "terminal_svg.py"
    )


@pytest.mark.parametrize("picture", [p for p in TRACKED if p.suffix in {".gif", ".svg", ".png"}])
def test_pictures_are_small(picture):
    """Ensure that a page loads quickly."""
    assert picture.stat().st_size < 600_000


def test_readme_is_the_first_minute():
    """Ensure that README.md stays short."""
    assert len(README.read_text("utf-8").splitlines()) < 200


@pages
def test_commands_have_their_options(page):
    """Ensure that each `foretype` command on a page exists, with all of its options."""
    for words in commands(page):
        command = typer.main.get_command(app)
        context = typer.Context(command)
        # A position in a pipe begins with a dash, as an option does.
        arguments = [word.removeprefix("-:") for word in words]
        while hasattr(command, "commands"):
            if not arguments or arguments[0].startswith("-"):
                break
            command = command.commands[arguments.pop(0)]
            context = typer.Context(command, parent=context)
        command.make_parser(context).parse_args(arguments)


@each([README, *(p for p in MARKDOWN if p.parts[len(ROOT.parts)] in {"docs", "tests"})])
def test_modules_and_scripts_are_there(path):
    """Ensure that each Python program that a page starts exists."""
    text = path.read_text("utf-8")
    for module in re.findall(r"python -m ((?:tests|docs|foretype_\w+)[\w.]*)", text):
        assert importlib.util.find_spec(module), module
    for script in re.findall(r"python ((?:tests|docs)/[\w/]+\.py)", text):
        assert (ROOT / script).is_file(), script


FROM_INDEX = re.compile(
    r"(?:pipx?|uv tool|uv pip)\b[^\n`]*\b(?:install|upgrade)\b[^\n`]*(?<![\w/.-])foretype"
    r"(?:\[|[`'\"\s]|$)"
)
"""A command that would take Foretype from a package index, where the name may be anybody's."""


def test_no_index_is_asked_for_foretype():
    """Ensure that Foretype is installed from a wheel or a checkout, wherever a command is named."""
    kinds = {".md", ".txt", ".el", ".lua", ".vim", ".py"}
    named = {
        path.relative_to(ROOT).as_posix(): FROM_INDEX.findall(path.read_text("utf-8"))
        for path in TRACKED
        if path.suffix in kinds and not path.is_relative_to(CLIENTS / "vscode")
    }
    assert not {name: found for name, found in named.items() if found}
    for line in ("run `pip install {}`", "pipx install --force '{}[train]'", "pip install -U {}"):
        assert FROM_INDEX.search(line.format("foretype")), line


@SHELL
@pytest.mark.timeout(600)  # each command is a process of its own
@pytest.mark.skipif(
    kernel.best_isa() == kernel.IsaLevel.NONE, reason="the figures are those of native code"
)
@pytest.mark.parametrize(
    "page", [page for page in PAGES if list(blocks(page, "console"))], ids=lambda page: page.name
)
def test_outputs_are_real(page, tmp_path):
    """Ensure that each output is what its command prints: `python -m tests.documentation`."""
    (work := tmp_path / "work").mkdir()
    for block in blocks(page, "console"):
        for one in shown(block):
            words, figures = comparable(run(one.command, work))
            told, told_figures = comparable(one.output)
            assert words == told, one.command
            assert figures == pytest.approx(told_figures, abs=1.5), one.command


def test_readme_demo_is_right():
    """Ensure that the ghost text in README.md completes the word that was meant."""
    (block,) = blocks(README, "console")
    (demo,) = shown(block)
    typed = shlex.split(demo.command)[1]
    ghost = demo.output.splitlines()[1].split()[0].replace("␠", " ")
    assert (typed + ghost).split()[-2:] == ["possible", "to"]


@SHELL
@pytest.mark.slow
@pytest.mark.timeout(1800)  # each of four trainings imports torch
def test_lesson_experiments_work(tmp_path):
    """Ensure that the trainings of how-it-works.md run, each for a moment, and write text."""
    (work := tmp_path / "work").mkdir()
    (work / "news").mkdir()
    for i in range(20):
        (work / "news" / f"{i}.txt").write_text(f"{i}: Oil prices rose on Tuesday. " * 20)
    lines = [
        line
        for block in blocks(ROOT / "docs" / "how-it-works.md", "sh")
        for line in block.splitlines()
        if line.startswith("foretype ")
    ]
    assert {"rnn", "lstm", "gru", "word"} <= {word for line in lines for word in line.split()}
    for line in lines:
        short = re.sub(r"--steps \d+", "--steps 2", re.sub(r"--hidden \d+", "--hidden 8", line))
        output = run(short, work)
        assert "Oil prices" in output if " generate " in line else " is trained" in output


def test_what_is_rare():
    """Ensure plain English: nouns in the place of clauses that begin with this word."""
    words = [word for page in PAGES for word in re.findall(r"[a-z]+", prose(page).lower())]
    assert words.count("what") < 3 * len(words) / 1000


def test_long_description_stands_alone():
    """Ensure that no link of the package's description depends on the repository."""
    text = README.read_text("utf-8")
    assert RELATIVE_LINK.search(text)
    assert not RELATIVE_LINK.search(standalone(text, None))
    absolute = standalone(text, "https://example.org/foretype")
    assert not RELATIVE_LINK.search(absolute)
    assert "](https://example.org/foretype/raw/HEAD/docs/pictures/neovim.svg)" in absolute
    assert "](https://example.org/foretype/blob/HEAD/docs/README.md)" in absolute
    assert standalone("[a](#b) [c](https://d)", None) == "[a](#b) [c](https://d)"


def test_settings_are_documented():
    """docs/settings.md has every setting with its default."""
    rows = re.findall(
        r"^\| `([\w.]+)` \| `(.+?)` \|",
        (ROOT / "docs" / "settings.md").read_text("utf-8"),
        re.MULTILINE,
    )
    documented = {name: json.loads(default) for name, default in rows}
    assert read_settings(documented) == (Settings(), [])
    assert set(documented) == set(SCHEMA)


def test_clients_document_settings():
    """The pages of the editors that list settings list all of them."""
    neovim = (CLIENTS / "neovim" / "doc" / "foretype.txt").read_text("utf-8")
    assert set(SCHEMA) <= set(re.findall(r"^ {4}([\w.]+)\t", neovim, re.MULTILINE))
    vscode = (CLIENTS / "vscode" / "README.md").read_text("utf-8")
    assert set(SCHEMA) <= set(re.findall(r"^\| `foretype\.([\w.]+)` \|", vscode, re.MULTILINE))
