"""The documents name the tests, settings and versions that there are."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from foretype_server.settings import SCHEMA, Settings, read_settings

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.mark.parametrize("document", ["tests/README.md", "CONTRIBUTING.md"])
def test_contributing_names_the_test_command(document):
    """CONTRIBUTING.md has the test command of .ci/run."""
    (options,) = re.findall(
        r'^"\$environment/bin/pytest"(.*)$', (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE
    )
    assert re.search(
        rf"\.venv/bin/pytest{re.escape(options)}(`|\s+#|$)",
        (ROOT / document).read_text("utf-8"),
        re.MULTILINE,
    )


def test_invariants_name_existing_tests():
    """Each invariant in tests/README.md names an existing test."""
    named = re.findall(
        r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "tests" / "README.md").read_text("utf-8")
    )
    assert named
    for file, test in named:
        assert f"def {test}" in (ROOT / file).read_text("utf-8"), f"{file}::{test}"


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
    neovim = (ROOT / "editor-clients" / "neovim" / "doc" / "foretype.txt").read_text("utf-8")
    assert set(SCHEMA) <= set(re.findall(r"^ {4}([\w.]+)\t", neovim, re.MULTILINE))
    vscode = (ROOT / "editor-clients" / "vscode" / "README.md").read_text("utf-8")
    assert set(SCHEMA) <= set(re.findall(r"^\| `foretype\.([\w.]+)` \|", vscode, re.MULTILINE))


def test_changelog_has_this_version():
    """CHANGELOG.md has an entry for this version."""
    assert f"## [{PYPROJECT['project']['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
