"""Explain and forget suggestions: a real server and the command line on a small workspace."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from foretype_model.predictor import PredictorConfig
from foretype_model.predictors.copy.predictor import create

from .client import SERVE, TIMEOUT, Client, change, environment, eventually, insertion, server

URI = "file:///nowhere/open.txt"
SETTINGS = {"predictors": {"scripted": {"texts": []}, "copy": {}}}
SENTENCE = "The treasurer of our society is Philippa Wainwright.\n"


def make_workspace(parent: Path) -> Path:
    """Make a workspace, and its index in `parent / "home"`."""
    folder = parent / "texts"
    (folder / "letters").mkdir(parents=True)
    (folder / "letters" / "anne.txt").write_text("Dear Anne,\n\n" + SENTENCE)
    (folder / "plan.txt").write_text("We meet in the old pumping station at noon.\n")
    predictor = create(
        PredictorConfig(workspace=(folder,), state_folder=parent / "home" / "predictors" / "copy")
    )
    predictor.refresh()
    return folder


@contextmanager
def serving(folder: Path) -> Iterator[Client]:
    """Run a server with that workspace."""
    with server(folder.parent / "home") as (client, _):
        client.initialize(SETTINGS, workspaceFolders=[{"uri": folder.as_uri(), "name": "texts"}])
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_workspace(tmp_path)


@pytest.fixture
def client(folder: Path) -> Iterator[Client]:
    with serving(folder) as client:
        yield client


@pytest.fixture(scope="module")
def shared_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of one server, for the tests that open and forget nothing."""
    with serving(make_workspace(tmp_path_factory.mktemp("shared"))) as client:
        yield client


def execute(client, command: str, *arguments):
    return client.request(
        "workspace/executeCommand", {"command": command, "arguments": list(arguments)}
    )


def explain(client, character: int, **more):
    return execute(
        client,
        "foretype.explain",
        {"uri": URI, "position": {"line": 0, "character": character}, **more},
    )


def is_completed(client, text: str, word: str) -> bool:
    """Return whether an item at the end of `text` starts with the first letters of `word`."""
    client.open(URI, text)
    return any(
        item["label"].startswith(word[:3])
        for item in client.completions(URI, 0, len(text))["items"]
    )


# Why


def test_explanation_names_file_and_line(client):
    """An explanation names the file and line where a suggestion has occurred."""
    assert is_completed(client, "The treasurer of our ", "society")
    why = explain(client, 21)
    assert "society".startswith(why["text"])
    assert why["shares"]["copy"] > 0.9
    assert sum(why["shares"].values()) == pytest.approx(1, abs=1e-4)
    (source,) = why["sources"]
    assert source["where"] == "letters/anne.txt:3"
    assert (source["line"], source["column"], source["excerpt"]) == (3, 22, SENTENCE.strip())
    assert why["candidates"][0]["text"] == why["text"]


def test_any_text_is_explained(client):
    """Any text is explained at any position."""
    client.open(URI, "We meet in the old house\n")
    why = explain(client, 19, text="pumping station")
    assert why["sources"][0]["where"] == "plan.txt:1"
    assert 0 < why["probability"] < 1
    nothing_known = explain(client, 0, text="zebra")
    assert nothing_known["sources"] == []
    assert nothing_known["probability"] < why["probability"]


def test_typed_text_is_a_source(client):
    """Text that was just typed is a source too."""
    client.open(URI, "")
    client.send(change(URI, 2, insertion(0, 0, "Ozymandias bowed. Ozyman")))
    client.completions(URI, 0, 24)
    why = explain(client, 24)
    assert "dias".startswith(why["text"])
    assert why["sources"][0]["where"] == "this text"


def test_resolved_item_names_its_sources(client):
    """A resolved item names its sources as long as the document is unchanged."""
    assert is_completed(client, "The treasurer of our ", "society")
    item = client.completions(URI, 0, 21)["items"][0]
    lines = client.request("completionItem/resolve", item)["documentation"]["value"].splitlines()
    assert lines[0].startswith("probability: ")
    assert lines[1].startswith("copy: ")
    assert lines[-1] == f"letters/anne.txt:3: {SENTENCE.strip()}"
    client.send(change(URI, 2, insertion(0, 0, "x")))
    later = client.request("completionItem/resolve", item)["documentation"]["value"].splitlines()
    assert later == lines[:-1]


def test_foreign_item_is_resolved_alone(shared_client):
    """An item of another session is resolved from its own data."""
    data = {
        "probability": 0.5,
        "shares": {"copy": 1.0},
        "uri": "file:///gone",
        "version": 3,
        "text": "x",
    }
    item = {"label": "x", "data": {**data, "position": {"line": 0, "character": 0}}}
    assert shared_client.request("completionItem/resolve", item)["detail"] == "50 %"


@pytest.mark.parametrize(
    "argument", [{}, {"uri": URI}, {"uri": URI, "position": {"line": -1, "character": 0}}, 3]
)
def test_malformed_explanation_is_refused(shared_client, argument):
    """A malformed request for an explanation is refused."""
    with pytest.raises(RuntimeError, match="position"):
        execute(shared_client, "foretype.explain", argument)


def test_half_characters_are_not_explained(client):
    """A text with half of a surrogate pair is refused, and in an item it adds no source."""
    client.open(URI, "We meet in the old house\n")
    for text in ("\ud800", "zebra\udcff"):
        with pytest.raises(RuntimeError, match="UTF-8"):
            explain(client, 19, text=text)
        at = {"uri": URI, "version": 1, "position": {"line": 0, "character": 19}, "text": text}
        item = {"label": "x", "data": {**at, "probability": 0.5, "shares": {"copy": 1.0}}}
        assert client.request("completionItem/resolve", item)["detail"] == "50 %"


def test_closed_document_is_not_explained(shared_client):
    """A document that is not open has no explanation."""
    assert explain(shared_client, 0) is None


def run(home: Path, *arguments: str, stdin: str = "") -> str:
    command, env = [SERVE[0], *arguments], environment(home, {})
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=True, env=env
    ).stdout


@pytest.mark.parametrize("as_json", [True, False])
def test_command_line_explains_after_indexing(tmp_path, folder, as_json):
    """The command line names the sources too, once it has indexed the new files."""
    (folder / "new.txt").write_text("Notes\nThe harbourmaster's cat is called Ozymandias.\n")
    (tmp_path / "open.txt").write_text("The harbourmaster's cat ")
    predictors = ["--predictor", "scripted", "--predictor", "copy", "--workspace", str(folder)]
    shown = run(
        tmp_path / "home",
        "complete",
        f"{tmp_path / 'open.txt'}:1:25",
        *predictors,
        *["--json"] * as_json,
    )
    if as_json:
        (source,) = json.loads(shown)["words"][0]["sources"]
        assert (source["document"], source["line"], source["column"]) == (
            str(folder / "new.txt"),
            2,
            25,
        )
    else:
        assert "new.txt:2" in shown


# Forgetting


def test_forgotten_file_is_offered_nowhere(client, folder):
    """Text of a forgotten file is never offered again, now or after a restart."""
    assert is_completed(client, "The treasurer of our ", "society")
    removed = execute(client, "foretype.forget", {"path": str(folder / "letters")})
    assert removed == {
        "files": [str(folder / "letters" / "anne.txt")],
        "bytes": 65,
        "occurrences": 0,
    }
    assert not is_completed(client, "The treasurer of our ", "society")
    assert is_completed(client, "We meet in the old ", "pumping")


def test_forgotten_word_is_offered_nowhere(client):
    """A forgotten word is never offered again, from a file or from the open document."""
    text = "Philippa Wainwright said: the society is Philippa "
    assert is_completed(client, text, "Wainwright")
    removed = execute(client, "foretype.forget", {"word": "Wainwright"})
    assert removed["occurrences"] == 2
    assert not is_completed(client, text, "Wainwright")
    client.send(change(URI, 2, insertion(0, len(text), "Wainwright, and Philippa ")))
    items = client.completions(URI, 0, len(text) + 25)["items"]
    assert not [item for item in items if "Wai" in item["label"]]
    assert is_completed(client, "We meet in the old ", "pumping"), "other words are still offered"


def on_disk(folder: Path) -> bytes:
    content = b""
    for path in folder.rglob("*.shard"):
        with suppress(FileNotFoundError):  # deleted by an update meanwhile
            content += path.read_bytes()
    return content


def test_forgotten_text_leaves_the_disk(client, tmp_path):
    """Text that is forgotten in an editor leaves the disk."""
    segments = tmp_path / "home" / "predictors" / "copy"
    assert is_completed(client, "The treasurer of our ", "society")
    execute(client, "foretype.forget", {"word": "Wainwright"})
    deadline = time.monotonic() + TIMEOUT
    while b"Wainwright" in on_disk(segments):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert is_completed(client, "The treasurer of our ", "society")
    assert not is_completed(client, "our society is Philippa ", "Wainwright")


def test_forgotten_text_leaves_other_indexes(tmp_path, folder):
    """Text that is forgotten in an editor leaves the indexes of other workspaces too, for good."""
    copy = tmp_path / "home" / "predictors" / "copy"
    create(PredictorConfig(workspace=(folder / "letters",), state_folder=copy)).refresh()
    assert on_disk(copy).count(b"Wainwright") == 2
    with server(tmp_path / "home") as (client, _):
        # No document is open, so no running predictor has to forget.
        client.initialize({"predictors": {"scripted": {"texts": []}}})
        execute(client, "foretype.forget", {"word": "Wainwright"})
        assert eventually(lambda: b"Wainwright" not in on_disk(copy))
        assert b"treasurer" in on_disk(copy)
    folders = [{"uri": path.as_uri(), "name": path.name} for path in (folder, folder / "letters")]
    with server(tmp_path / "home") as (client, _):
        client.initialize(SETTINGS, workspaceFolders=folders)
        assert eventually(lambda: is_completed(client, "The treasurer of our ", "society"))
        assert not is_completed(client, "our society is Philippa ", "Wainwright")
    assert b"Wainwright" not in on_disk(copy)


def test_server_follows_the_command_line(client, tmp_path, folder):
    """A running server follows `foretype forget` once a file is saved."""
    assert is_completed(client, "our society is Philippa ", "Wainwright")
    run(tmp_path / "home", "forget", "Wainwright")
    client.notify("textDocument/didSave", {"textDocument": {"uri": (folder / "plan.txt").as_uri()}})
    assert eventually(lambda: not is_completed(client, "our society is Philippa ", "Wainwright"))


def test_outlook_forgets_at_once(client, tmp_path):
    """The shown next characters follow a forgotten word at once."""
    text = "The treasurer of our society is Philippa "
    client.open(URI, text)

    def next_character() -> str:
        at = {"uri": URI, "position": {"line": 0, "character": len(text)}}
        return execute(client, "foretype.outlook", at)["next"][0]["text"]

    assert next_character() == "W"
    run(tmp_path / "home", "forget", "Wainwright")
    assert next_character() != "W"


def test_reset_corrections_stay_reset(tmp_path, folder):
    """Corrections of the network that the command line has reset are not written back by a
    server.
    """
    network = tmp_path / "home" / "predictors" / "network"
    with server(tmp_path / "home") as (client, _):
        client.initialize(
            {"predictors": {"network": {}}},
            workspaceFolders=[{"uri": folder.as_uri(), "name": "texts"}],
        )
        client.open(URI, "")
        for end, letter in enumerate("quince "):
            client.send(change(URI, end + 2, insertion(0, end, letter)))
            client.completions(URI, 0, end + 1)
        run(tmp_path / "home", "forget", "quince")
        client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert not list(network.glob("adapted-*"))
    assert (network / "reset").exists()


def test_damaged_forget_list_is_named(tmp_path, folder):
    """A damaged forget list is named in one warning, and the server goes on."""
    broken = tmp_path / "home" / "predictors" / "copy" / "forgotten.json"
    broken.write_text('{"paths": "all", "words": []}')
    with server(tmp_path / "home") as (client, _):
        client.initialize(SETTINGS, workspaceFolders=[{"uri": folder.as_uri(), "name": "texts"}])
        assert not is_completed(client, "The treasurer of our ", "society")
        assert eventually(
            lambda: any(f"mend or remove {broken}" in line for line in client.warnings())
        )
        broken.write_text('{"paths": [], "words": ["\\ud800x"]}')
        client.notify(
            "textDocument/didSave", {"textDocument": {"uri": (folder / "plan.txt").as_uri()}}
        )
        assert eventually(lambda: is_completed(client, "The treasurer of our ", "society"))
        assert not [line for line in client.warnings() if "failed" in line]


@pytest.mark.parametrize(
    "argument",
    [
        {}, {"path": "relative"}, {"path": "/a\0b"}, {"path": "/\ud800"}, {"word": " "},
        {"word": "a", "path": "/b"},
        {"word": "\ud800x"}, {"word": "x\udcff"}, "a",
    ],
)  # fmt: skip
def test_malformed_forget_is_refused(shared_client, argument):
    """A request to forget neither a path nor a word is refused."""
    with pytest.raises(RuntimeError, match="word"):
        execute(shared_client, "foretype.forget", argument)


def test_command_line_forgets_everywhere(tmp_path, folder):
    """`foretype forget` removes text from every index and from the disk."""
    home = tmp_path / "home"
    (index,) = (home / "predictors" / "copy").iterdir()
    removed = json.loads(run(home, "forget", "Wainwright", "--json"))
    assert removed == {"files": [], "bytes": 0, "occurrences": 1}
    assert "1 file" in run(home, "forget", str(folder / "plan.txt"))
    kept = on_disk(index)
    assert b"treasurer" in kept
    assert b"Wainwright" not in kept
    assert b"pumping" not in kept
    with server(home) as (client, _):
        client.initialize(SETTINGS, workspaceFolders=[{"uri": folder.as_uri(), "name": "texts"}])
        assert is_completed(client, "The treasurer of our ", "society")
        assert not is_completed(client, "our society is Philippa ", "Wainwright")
        assert not is_completed(client, "We meet in the old ", "pumping")
