"""A client lets the server train a model: progress, cancellation, refusal, and use at once."""

from __future__ import annotations

import json
import os
import shutil
import time
from itertools import pairwise
from pathlib import Path

import pytest

from foretype_model.training.loop import ByteTrainer, TrainingOptions
from foretype_model.training.stream import InMemoryDocuments
from foretype_model.training.train import export

from .client import SERVE, Client, run, server

pytestmark = pytest.mark.timeout(300)  # a training beside a server has the lowest priority

CAPABILITIES = {"window": {"workDoneProgress": True}}
TEXT = "The gardener waters the orchids.\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with text in ``garden``, and a data folder with two tiny models: ``first``,
    which is in use and knows nothing, and ``second``, which knows the text.
    """
    folder = tmp_path_factory.mktemp("trained")
    (folder / "garden").mkdir()
    (folder / "garden" / "work.txt").write_text(TEXT * 800)
    for name, steps in (("first", 1), ("second", 200)):
        options = TrainingOptions(
            hidden=16, embedding=8, ngrams=1, batch=16, window=32, steps=steps, learning_rate=2e-2
        )
        training = ByteTrainer(InMemoryDocuments([TEXT.encode() * 100]), options)
        training.run(folder / "checkpoint", lambda _progress: None)
        export(training, folder / f"{name}.onnx", name)
        run(folder / "home", "models", "import", str(folder / f"{name}.onnx"))
    run(folder / "home", "models", "use", "first")
    return folder


@pytest.fixture
def own_home(trained: Path, tmp_path: Path) -> Path:
    """Return a test's own copy of the data folder and of the folders beside it."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "home"


def train(client: Client, **arguments: object) -> dict:
    given = [arguments] if arguments else []
    return client.request(
        "workspace/executeCommand", {"command": "foretype.train", "arguments": given}
    )


def begin(client: Client, folder: Path) -> None:
    workspace = [{"uri": folder.as_uri(), "name": "garden"}]
    client.initialize({"predictors": ["network"]}, CAPABILITIES, workspaceFolders=workspace)


def progress(client: Client) -> dict:
    """Return the next progress report, after the client has answered the server's requests."""
    while not any(message["method"] == "$/progress" for message in client.notifications):
        client.request("workspace/executeCommand", {"command": "foretype.status"})
        for request in client.requests:
            client.send({"id": request["id"], "result": None})
        client.requests.clear()
        time.sleep(0.1)
    return client.notification("$/progress")


def test_workspace_is_trained_on(own_home: Path) -> None:
    """A training of the workspace reports progress, and its model then completes there."""
    garden = own_home.parent / "garden"
    with server(own_home) as (client, _):
        begin(client, garden)
        assert train(client, **{"from": "second", "minutes": 0.2}) == {"paths": [str(garden)]}
        reports = [progress(client)["value"]]
        while reports[-1]["kind"] != "end":
            reports.append(progress(client)["value"])
        assert reports[0] | {"title": "", "kind": ""} == {
            "title": "",
            "kind": "",
            "cancellable": True,
            "percentage": 0,
        }
        messages = [report["message"] for report in reports[1:-1]]
        assert " left" in messages[0]
        stages = list(dict.fromkeys(message.split(",")[0] for message in messages))
        # Reports that follow each other within 0.2 s are not all sent.
        order = ["reading", "preparing", "training", "comparing"]
        assert stages == [stage for stage in order if stage in stages]
        assert "preparing" in stages
        assert "held-out" in messages[-1]
        message = client.notification("window/showMessage")
        assert message["type"] == 3
        assert "garden is trained" in message["message"]
        assert "beyond chance" in message["message"]
        assert f"completes the files under {garden}" in message["message"]
    in_use = json.loads((own_home / "models" / "in-use.json").read_text())
    assert in_use == {"name": "first", "paths": {str(garden): "garden"}}


def test_training_can_be_cancelled(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training is cancelled, and another can begin."""
    monkeypatch.delenv("OMP_NUM_THREADS")  # as for users, with a thread for each core
    with server(own_home) as (client, _):
        begin(client, own_home.parent / "garden")
        train(client, minutes=10, **{"from": "first"})
        report = progress(client)
        with pytest.raises(RuntimeError, match="under way"):
            train(client, minutes=10)
        client.notify("window/workDoneProgress/cancel", {"token": report["token"]})
        while progress(client)["value"]["kind"] != "end":
            pass
        train(client, minutes=10, **{"from": "first"})
    assert not (own_home / "models" / "garden.onnx").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": 0},
        {"minutes": "long"},
        {"paths": ["here"]},
        {"paths": []},
        {"paths": "/"},
        {"steps": 3},
    ],
)
def test_malformed_training_is_refused(client: Client, wrong: dict) -> None:
    """A malformed request for a training is refused."""
    client.initialize({"predictors": ["scripted"]})
    with pytest.raises(RuntimeError, match="give at most one"):
        train(client, **wrong)
    with pytest.raises(RuntimeError, match="give at most one"):
        train(client)  # there is no workspace


def test_training_error_is_reported(client: Client) -> None:
    """An error of a training is reported to the user."""
    client.initialize({"predictors": ["scripted"]})
    train(client, paths=["/nowhere/at/all"])
    message = client.notification("window/showMessage")
    assert message["type"] == 2
    assert "cannot read /nowhere/at/all" in message["message"]


def test_workspace_modules_are_not_run(tmp_path: Path) -> None:
    """Python modules of the workspace are not run by a training."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for module in ("typer", "json", "numpy", "foretype_server", "foretype_model", "sitecustomize"):
        (workspace / f"{module}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    there = ("sh", "-c", 'cd "$0"; exec "$@"', str(workspace))
    with server(tmp_path / "home", [*there, *SERVE]) as (client, _):
        client.initialize(
            {"predictors": {"copy": {}}},
            workspaceFolders=[{"uri": workspace.as_uri(), "name": "a"}],
        )
        train(client, paths=["/nowhere/at/all"])
        assert "cannot read /nowhere/at/all" in client.notification("window/showMessage")["message"]
    assert not (tmp_path / "ran").exists()


def test_foreign_errors_keep_their_text(tmp_path: Path) -> None:
    """The message of a foreign exception stays out of the editor."""
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "torch.py").write_text(f"raise KeyError({TEXT!r})")
    shown = {}
    for options in ((), ("--log-text",)):
        command, env = [*SERVE, *options], {"PYTHONPATH": str(tmp_path / "modules")}
        with server(tmp_path / "home", command, env=env) as (client, _):
            client.initialize({"predictors": ["scripted"]})
            train(client, paths=[str(tmp_path / "a.txt")], **{"from": "none"})
            shown[options] = client.notification("window/showMessage")["message"]
    assert "ended with status 1; run foretype train in a terminal" in shown[()]
    assert "gardener" not in shown[()]
    assert "gardener" in shown["--log-text",]


@pytest.mark.skipif(not hasattr(os, "getloadavg"), reason="the load tells how strict to be")
def test_training_keeps_its_minutes(own_home: Path) -> None:
    """A training of the default model takes its minutes in all, from its start to its end."""
    began = time.monotonic()
    lines = run(own_home, "train", "garden", "--minutes", "0.75", "--json").stderr.splitlines()
    seconds = time.monotonic() - began
    progress = [one["progress"] for one in map(json.loads, lines) if "progress" in one]
    assert progress[0]["stage"] == "reading"
    assert progress[0]["secondsLeft"] <= 45
    assert [one["stage"] for one in progress[-2:]] == ["comparing"] * 2
    left = [one["secondsLeft"] for one in progress]
    assert all(later <= earlier + 1 for earlier, later in pairwise(left))
    assert progress[-1]["step"] >= 1
    # The budget and 15 %; on a machine that others use too, importing torch may take all of it.
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    assert seconds < 45 * 1.15 * max(1, busy)
