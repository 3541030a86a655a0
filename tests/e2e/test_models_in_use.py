"""A user's model completes the files that it was trained on, as soon as it is installed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from foretype_model.store.store import BUNDLED
from foretype_model.training.loop import ByteTrainer, TrainingOptions
from foretype_model.training.stream import InMemoryDocuments
from foretype_model.training.train import export

from .client import Client, run, server

TEXT = "The gardener waters the orchids.\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a data folder, beside a folder of text named ``garden``."""
    (tmp_path / "garden").mkdir()
    (tmp_path / "garden" / "work.txt").write_text(TEXT * 800)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a model that was trained on that text."""
    folder = tmp_path_factory.mktemp("trained")
    options = TrainingOptions(
        hidden=32, embedding=16, ngrams=1, batch=16, window=32, steps=300, learning_rate=2e-2
    )
    training = ByteTrainer(InMemoryDocuments([TEXT.encode() * 100]), options)
    training.run(folder / "checkpoint", lambda _progress: None)
    export(training, folder / "garden.onnx", "garden")
    return folder / "garden.onnx"


def run_output(home: Path, *arguments: str) -> str:
    """Return all output of a command."""
    ran = run(home, *arguments)
    return ran.stdout + ran.stderr


def add(home: Path, trained: Path) -> None:
    """Import the trained model and use it for the files under ``garden``."""
    run(home, "models", "import", str(trained))
    run(home, "models", "use", "garden", "garden")


def offered(client: Client, file: Path) -> list[str]:
    """Return the words that the network alone offers after "The gard" in `file`."""
    client.open(file.as_uri(), "The gard")
    return [item["label"] for item in client.completions(file.as_uri(), 0, 8)["items"]]


def knows(client: Client, file: Path) -> bool:
    return any(label.startswith("gardener waters the orchids") for label in offered(client, file))


def model_told(client: Client, file: Path) -> str:
    """Return the model of a file, as the server's status tells it."""
    status = {"command": "foretype.status", "arguments": [{"uri": file.as_uri()}]}
    model: str = client.request("workspace/executeCommand", status)["model"]
    return model


def test_server_uses_assigned_model(home: Path, trained: Path) -> None:
    """A running server completes a file with the model assigned to its folder."""
    inside, outside = home.parent / "garden" / "new.txt", home.parent / "new.txt"
    with server(home) as (client, _):
        client.initialize({"predictors": ["network"]})
        assert not knows(client, inside)
        add(home, trained)
        assert knows(client, inside)
        assert not knows(client, outside)
        assert model_told(client, inside) == str(home / "models" / "garden.onnx")
        assert model_told(client, outside) != str(home / "models" / "garden.onnx")
        assert f"garden completes {home.parent / 'garden'}" in run_output(home, "models")
        run(home, "models", "use", "default", "garden")
        assert not knows(client, inside)
        run(home, "models", "use", "garden")
        assert knows(client, outside)
        status = client.request("workspace/executeCommand", {"command": "foretype.status"})
        assert status["model"] == str(home / "models" / "garden.onnx")
        assert knows(client, inside)
        run(home, "models", "remove", "garden")
        assert not knows(client, outside)
        assert client.warnings() == []


def test_script_has_model_of_its_own(home: Path) -> None:
    """Greek text gets its offers from the Greek model, in the editor and on the command line; a
    named model serves it, too.
    """
    greek, file = "Θα βρείτε συνημμένα τα πρακτικά της συν", home.parent / "new.txt"
    file.write_text(greek + "\n")
    offers = list[list[str]]()
    for options in ({}, {"model": "default"}):
        with server(home) as (client, _):
            client.initialize({"predictors": ["network"], "nextCharacter": False} | options)
            client.open(file.as_uri(), greek)
            items = client.completions(file.as_uri(), 0, len(greek))["items"]
            offers.append([item["label"] for item in items])
            model = "default" if options.get("model") else "greek"
            assert Path(model_told(client, file)).stem == model
    assert offers[0]
    assert offers[0] != offers[1]
    for options, expected in zip(([], ["--model", "default"]), offers, strict=True):
        place = f"{file}:1:{len(greek) + 1}"
        shown = run_output(home, "complete", place, "--predictor", "network", "--json", *options)
        words = [one["text"].strip() for one in json.loads(shown)["words"]]
        assert [word for word in words if f"συν{word}" in expected] == words


def test_better_model_is_assigned(home: Path, trained: Path) -> None:
    """A trained model that is better on held-out text completes the files it was trained on."""
    run(home, "models", "import", str(trained), "--name", "first")
    said = run_output(home, "train", "garden", "--from", "first", "--steps", "5")
    assert "It completes the files under garden from now on" in said
    assert f"garden completes {home.parent / 'garden'}" in run_output(home, "models")


def test_worse_model_is_not_assigned(home: Path) -> None:
    """A trained model that is worse than the one in use is not assigned."""
    said = run_output(home, "train", "garden", "--from", "none", "--hidden", "4", "--steps", "2")
    assert "not better than the model in use: not put to use; `foretype models use garden" in said
    assert "garden completes" not in run_output(home, "models")


def test_rival_serves_the_same_files(home: Path, trained: Path) -> None:
    """A training is compared with the model that completes its files, not with the one that
    completes all others; this model stays if it has the same name and the new one is not better.
    """
    add(home, trained)
    model = home / "models" / "garden.onnx"
    before = model.read_bytes()
    weak = ("--from", "default", "--steps", "1")
    said = run_output(home, "train", "garden", *weak, "--name", "other")
    figure = float(said.split("(the model in use: ")[1].split(")")[0])
    assert figure < 0.5  # the default model needs more than 1 bit
    assert "other is trained" in said
    assert "not put to use; `foretype models use other garden` does" in said
    said = run_output(home, "train", "garden", *weak)
    assert "will be replaced at the end if the new one is better" in said
    assert "the garden that completes these files stays as it was" in said
    assert model.read_bytes() == before
    assert f"garden completes {home.parent / 'garden'}" in run_output(home, "models")


def test_named_model_serves_everywhere(home: Path, trained: Path) -> None:
    """A model that the settings name serves every file."""
    add(home, trained)
    with server(home) as (client, _):
        client.initialize({"predictors": ["network"], "model": "default"})
        assert not knows(client, home.parent / "garden" / "new.txt")


def test_broken_model_is_one_warning(home: Path, trained: Path) -> None:
    """A broken model is one warning, and the others complete."""
    add(home, trained)
    (home / "models" / "garden.onnx").write_bytes(b"no model")
    with server(home) as (client, _):
        client.initialize({"predictors": ["network"]})
        for name in ("a.txt", "b.txt"):
            assert offered(client, home.parent / "garden" / name)
        (warning,) = client.warnings()
        assert "garden.onnx" in warning
        assert "another model takes its place" in warning


def test_complete_uses_assigned_model(home: Path, trained: Path) -> None:
    """`foretype complete` uses the model assigned to the file's folder."""
    add(home, trained)
    for folder, knows_it in ((home.parent / "garden", True), (home.parent, False)):
        (folder / "new.txt").write_text("The gard")
        said = run_output(home, "complete", f"{folder / 'new.txt'}:1:9", "--predictor", "network")
        assert ("orchids" in said) == knows_it


def test_models_are_listed_for_clients(home: Path) -> None:
    """`foretype.models` names the models that work, and the one in use."""
    (home / "models").mkdir(parents=True)
    shutil.copyfile(BUNDLED, home / "models" / "garden.onnx")
    (home / "models" / "broken.onnx").write_bytes(b"no model")
    with server(home) as (client, _):
        client.initialize()
        listed = client.request("workspace/executeCommand", {"command": "foretype.models"})
    assert listed == [
        {"name": "default", "unit": "byte", "inUse": True},
        {"name": "garden", "unit": "byte", "inUse": False},
    ]
