"""Run the tests of all installed editors and print a table: ``python tests/clients/table.py``.

An editor is the program that FORETYPE_TEST_NVIM, _EMACS, _HELIX, _VIM, _CODE_SERVER or _CHROMIUM
names, or the one on the PATH. The exit status is 1 if a test failed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

HERE: Final = Path(__file__).parent
CLIENTS: Final = HERE.parents[1] / "editor-clients"
COLUMNS: Final = (
    "opened",
    "completed",
    "ghost text",
    "accepted",
    "worded",
    "alternatives",
    "pairs",
    "crash",
    "notebook or commit",
    "explained",
    "forgotten",
)
"""The columns: each shows the results of the tests whose names start with it, or with a word of it
before or after "or". The tests of an editor may stand in several files.
"""


def main() -> int:
    """Run the tests, print the table."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", str(HERE), f"--junitxml={report}", *sys.argv[1:]]
        status = subprocess.run(command, check=False).returncode
        results = dict(_results(report))
    print("| editor | " + " | ".join(COLUMNS) + " |")
    print("| --- " * (1 + len(COLUMNS)) + "|")
    for client in sorted(path.name for path in CLIENTS.iterdir() if path.is_dir()):
        print(
            f"| {client} | "
            + " | ".join(_cell(client, column, results) for column in COLUMNS)
            + " |"
        )
    return status


def _results(report: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the worst result of each client and column."""
    found: dict[tuple[str, str], set[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        client = _client(case.get("classname", "").split(".")[2])
        for column in COLUMNS:
            starts = tuple(f"test_{word.replace(' ', '_')}_" for word in column.split(" or "))
            if client and case.get("name", "").startswith(starts):
                found.setdefault((client, column), set()).add(_result(case))
    for key, results in found.items():
        yield key, next(result for result in ("FAILED", "yes", "not run") if result in results)


def _client(module: str) -> str | None:
    """Return the client that a module of tests is about, by its name; None for any other."""
    clients = (path.name for path in CLIENTS.iterdir() if path.is_dir())
    return next(
        (name for name in clients if f"{module}_".startswith(f"test_{name.replace('-', '_')}_")),
        None,
    )


def _result(case: ElementTree.Element) -> str:
    if case.find("skipped") is not None:
        return "not run"
    return "yes" if case.find("failure") is None and case.find("error") is None else "FAILED"


def _cell(client: str, column: str, results: dict[tuple[str, str], str]) -> str:
    if column in _cannot(HERE / f"test_{client.replace('-', '_')}.py"):
        return "no"
    return results.get((client, column), "not run")


def _cannot(test: Path) -> dict[str, str]:
    """Return the features that an editor lacks, with the reasons: the constant CANNOT of its
    tests.
    """
    body = ast.parse(test.read_text(encoding="utf-8")).body if test.exists() else []
    values = [
        node.value
        for node in body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CANNOT"
    ]
    return ast.literal_eval(values[0]) if values else {}


if __name__ == "__main__":
    sys.exit(main())
