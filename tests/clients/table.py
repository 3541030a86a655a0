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
    """Run the tests of the columns, print the table."""
    selection = " or ".join(start for column in COLUMNS for start in _starts(column))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", str(HERE), "-k", selection]
        command += [f"--junitxml={report}", *sys.argv[1:]]
        status = subprocess.run(command, check=False).returncode
        results = dict(_results(report))
    print("| editor | " + " | ".join(COLUMNS) + " |")
    print("| --- " * (1 + len(COLUMNS)) + "|")
    for client in sorted(path.name for path in CLIENTS.iterdir() if path.is_dir()):
        lacks = _cannot(client)
        cells = ("no" if column in lacks else results.get((client, column)) for column in COLUMNS)
        print(f"| {client} | " + " | ".join(cell or "not run" for cell in cells) + " |")
    return status


def _starts(column: str) -> tuple[str, ...]:
    """Return the beginnings of the names of a column's tests."""
    return tuple(f"test_{word.replace(' ', '_')}_" for word in column.split(" or "))


def _results(report: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the worst result of each client and column."""
    found: dict[tuple[str, str], set[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        client = _client(case.get("classname", "").split(".")[2])
        for column in COLUMNS:
            if client and case.get("name", "").startswith(_starts(column)):
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


def _cannot(client: str) -> dict[str, str]:
    """Return the features that an editor lacks, with the reasons: the constants CANNOT of its
    tests.
    """
    modules = [path for path in HERE.glob("test_*.py") if _client(path.stem) == client]
    values = [
        node.value
        for path in modules
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CANNOT"
    ]
    return {feature: why for value in values for feature, why in ast.literal_eval(value).items()}


if __name__ == "__main__":
    sys.exit(main())
