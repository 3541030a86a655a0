"""The documents name the tests, settings and versions that there are."""

import re
import tomllib
from pathlib import Path

import pytest

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


def test_changelog_has_this_version():
    """CHANGELOG.md has an entry for this version."""
    assert f"## [{PYPROJECT['project']['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
