"""The messages of the child process: progress, and errors of one line that name the cause."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from foretype_model.predictors.copy.index.workspace import COMMAND

ADVICE = "make room there"
CHILD = "import os\nfrom foretype_model.predictors.copy.index import child\n"


def started(place, code: str = "", **request) -> subprocess.Popen[bytes]:
    """Start a child, after `code` if there is some, with a request."""
    values = {
        "folders": [str(place.folder)],
        "folder": str(place.index),
        "exclude": [],
        "paths": None,
    } | request
    command = (sys.executable, "-P", "-c", f"{CHILD}{code}\nchild.main()") if code else COMMAND
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=buffered)
    child.stdin.write(json.dumps(values).encode() + b"\n")
    child.stdin.flush()
    return child


def answers(child: subprocess.Popen[bytes]) -> list[dict]:
    with child:
        return [json.loads(line) for line in child.stdout]


def update_raises(error: str) -> str:
    """Code that lets each update raise an error."""
    return f"def run(_):\n raise {error}\nchild.IndexUpdate.run = run"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("OSError(28, 'No space left on device')", "No space left on device"),
        ("OSError('no number')", "no number"),
        ("MemoryError('one array')", "one array"),
        ("MemoryError", "MemoryError"),
    ],
)
def test_error_names_the_reason(place, error, reason):
    """An error of the disk or the memory is one line with its reason, or else its kind."""
    (answer,) = answers(started(place, update_raises(error)))
    expected = f"cannot keep the index in {place.index} ({reason}): {ADVICE}"
    assert answer == {"error": expected}


def test_unknown_error_tells_no_text(place):
    """Any other error is named by its kind alone, since its message may hold text."""
    (answer,) = answers(started(place, update_raises("ValueError('dear diary')")))
    expected = "the workspace cannot be indexed (ValueError): using the previous index"
    assert answer == {"error": expected}


def test_missing_folders_are_made(place):
    """The folder of the index is made for the user alone, with the folders above it."""
    place.write("a.txt", "one\n")
    index = place.index / "deep" / "index"
    assert answers(started(place, folder=str(index)))[-1] == {"progress": [1, 1]}
    assert index.stat().st_mode & 0o777 == 0o700


REPORTS_FOUR_TIMES = """
def run(update):
    for done in range(4):
        update._report(done, 9)
    os.read(os.open(update._trees[0].folder + "/go", os.O_RDONLY), 1)
    update._report(9, 9)
child.IndexUpdate.run = run
child.time.monotonic = lambda: 50.0
"""


def test_progress_comes_during_update(place):
    """The parent hears of progress while the update goes on: at most once in a tenth of a second,
    and at the end.
    """
    os.mkfifo(place.folder / "go")
    with started(place, REPORTS_FOUR_TIMES) as child:
        assert json.loads(child.stdout.readline()) == {"progress": [0, 9]}
        (place.folder / "go").write_bytes(b"!")
        assert child.stdout.read() == b'{"progress": [9, 9]}\n'


def test_child_gives_way(place):
    """The child takes the lowest priority before it begins, so that it slows nothing else."""
    code = "os.nice = lambda by: child._send(lowered=by)"
    assert answers(started(place, code)) == [{"lowered": 19}, {"progress": [0, 0]}]
