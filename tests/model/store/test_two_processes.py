"""Two processes that change the store at the same time. Their models are files of one line."""

import subprocess
import sys

import pytest

from foretype_model.store.store import Store

BEGIN = """
import sys
from pathlib import Path
from types import ModuleType
runtime = ModuleType("foretype_model.predictors.network.runtime")
runtime.check_model = lambda path: None
sys.modules["foretype_model.predictors.network.runtime"] = runtime
from foretype_model.errors import ModelError
from foretype_model.store import store
store.model_unit = lambda path: "byte"
models = store.Store(Path(sys.argv[1]))
sys.stdin.readline()
"""
ASSIGN = """
for path in sys.argv[2:]:
    models.use("mine", [Path(path)])
"""
IMPORT = """
for number in range(60):
    try:
        models.import_file(Path(sys.argv[2]), f"n{number}")
        print(number)
    except ModelError:
        pass
"""


@pytest.fixture
def folder(tmp_path):
    """The folder of a store with the model `mine`."""
    models = tmp_path / "models"
    models.mkdir()
    (models / "mine.onnx").write_text("a model")
    return models


def run_at_once(script, folder, *arguments):
    """Run a script in a process for each list of arguments; return what they print, together."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BEGIN + script, str(folder), *map(str, its)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for its in arguments
    ]  # fmt: skip
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    printed = [line for process in processes for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return printed


def test_two_processes_assign_at_once(folder, tmp_path):
    """Of the assignments that two processes make at the same time, none is lost."""
    paths = [tmp_path / f"{number}" for number in range(80)]
    for path in paths:
        path.mkdir()
    run_at_once(ASSIGN, folder, paths[:40], paths[40:])
    assert set(Store(folder).in_use().paths) == set(map(str, paths))


def test_name_is_imported_once(folder):
    """Of two processes that import under one name at the same time, one succeeds."""
    file = folder / "mine.onnx"
    imported = run_at_once(IMPORT, folder, [file], [file])
    assert sorted(imported, key=int) == [str(number) for number in range(60)]
