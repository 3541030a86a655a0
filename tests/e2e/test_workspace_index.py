"""A real server indexes a workspace in the background, follows changes, and reports progress."""

from __future__ import annotations

from pathlib import Path

import pytest

from .client import Client, change, eventually, insertion, server

URI = "file:///nowhere/open.txt"
CAPABILITIES = {
    "window": {"workDoneProgress": True},
    "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}},
}
SENTENCE = "The treasurer of our society is Philippa Wainwright.\n"
START = "The treasurer of our "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "C# %41 texts"
    folder.mkdir()
    (folder / "anne.txt").write_text("Dear Anne,\n\n" + SENTENCE)
    return folder


def begin(client: Client, folder: Path, **settings) -> None:
    client.initialize(
        {"predictors": {"copy": {}}, **settings},
        CAPABILITIES,
        workspaceFolders=[{"uri": folder.as_uri(), "name": "texts"}],
    )


def offered(client: Client, text: str) -> list[str]:
    client.open(URI, text)
    return [item["textEdit"]["newText"] for item in client.completions(URI, 0, len(text))["items"]]


def is_completed(client: Client, text: str, beginning: str) -> bool:
    """Return whether an offer after `text` starts with `beginning`."""
    return any(one.startswith(beginning) for one in offered(client, text))


def test_index_survives_a_restart(tmp_path, folder):
    """A workspace is indexed after the start, and known at the next one."""
    with server(tmp_path / "home") as (client, _):
        begin(client, folder)
        assert eventually(lambda: is_completed(client, START, "soc"))
    with server(tmp_path / "home") as (client, _):
        begin(client, folder)
        assert is_completed(client, START, "soc")


def test_indexing_reports_progress(tmp_path, folder):
    """Indexing reports its progress, and files are watched."""
    with server(tmp_path / "home") as (client, _):
        begin(client, folder)
        answered: set[str] = set()
        while "window/workDoneProgress/create" not in answered:
            # Waits, and does not poll: on one core, that would starve the indexer, which runs at a
            # low priority.
            request = client.next_request()
            client.send({"id": request["id"], "result": None})
            answered.add(request["method"])
        kinds = [client.notification("$/progress")["value"]["kind"]]
        while kinds[-1] != "end":
            kinds.append(client.notification("$/progress")["value"]["kind"])
        answered.update(request["method"] for request in client.requests)
        assert kinds[0] == "begin"
        assert "client/registerCapability" in answered


def test_saved_text_is_learnt(tmp_path, folder):
    """Saved text is learnt, and excluded files are not."""
    with server(tmp_path / "home") as (client, _):
        begin(client, folder, **{"learn.exclude": ["private*"]})
        new, private = folder / "new.txt", folder / "private.txt"
        new.write_text("The keeper of the lighthouse is called Balthasar.\n" * 4)
        private.write_text("The number of the safe is fourteen.\n" * 4)
        for path in (new, private):
            client.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})
        assert eventually(lambda: is_completed(client, "The keeper of the ", "lig"))
        assert not is_completed(client, "The number of the safe is ", "fou")


def test_excluded_document_is_not_learnt(tmp_path, folder):
    """An excluded document is not learnt from while it is open, and gets answers."""
    with server(tmp_path / "home") as (client, _):
        begin(client, folder, **{"learn.exclude": ["private/"]})
        assert eventually(lambda: is_completed(client, START, "soc"))
        line = "Her full name was Ermintrude Applethwaite.\n"
        for name, learnt in (("private/diary.txt", False), ("letter.txt", True)):
            document = (folder / name).as_uri()
            client.open(document, line + START)
            items = client.completions(document, 1, len(START))["items"]
            assert any(item["textEdit"]["newText"].startswith("soc") for item in items)
            assert is_completed(client, "Her full name was ", "Erm") == learnt


def test_network_skips_excluded_text(tmp_path, folder):
    """The network learns nothing from excluded or forgotten files."""

    def typed(client: Client, name: str) -> bool:
        """Type in a document and close it; return whether it was learnt."""
        document = (folder / name).as_uri()
        client.open(document, "")
        for end, letter in enumerate("quince "):
            client.send(change(document, end + 2, insertion(0, end, letter)))
            client.ghost(document, 0, end + 1)
        client.notify("textDocument/didClose", {"textDocument": {"uri": document}})
        client.open(URI, "")
        client.ghost(URI, 0, 0)
        return bool(list((tmp_path / "home" / "predictors" / "network").glob("adapted-*")))

    with server(tmp_path / "home") as (client, _):
        begin(client, folder, predictors={"network": {}}, **{"learn.exclude": ["private*"]})
        forget = {"command": "foretype.forget", "arguments": [{"path": str(folder / "diary.txt")}]}
        client.request("workspace/executeCommand", forget)
        assert [typed(client, name) for name in ("private.txt", "diary.txt", "letter.txt")] == [
            False,
            False,
            True,
        ]


def test_deleted_file_is_unlearnt(tmp_path, folder):
    """The text of a deleted file is no longer offered."""
    with server(tmp_path / "home") as (client, _):
        begin(client, folder)
        assert eventually(lambda: is_completed(client, START, "soc"))
        (folder / "anne.txt").unlink()
        changes = [{"uri": (folder / "anne.txt").as_uri(), "type": 3}]
        client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        assert eventually(lambda: not is_completed(client, START, "soc"))


def test_documents_share_typed_text(tmp_path, folder):
    """Text typed in one document is offered in another."""
    with server(tmp_path / "home") as (client, _):
        begin(client, folder)
        line = "Her full name was Ermintrude Applethwaite.\n"
        client.open(URI, line)
        client.completions(URI, 1, 0)
        client.send(change(URI, 2, insertion(1, 0, "Her full name was Er")))
        typed = [item["textEdit"]["newText"] for item in client.completions(URI, 1, 20)["items"]]
        assert any(text.startswith("Erm") for text in typed)
        other = "file:///nowhere/other.txt"
        client.open(other, "Her full name was ")
        items = client.completions(other, 0, 18)["items"]
        assert any(item["textEdit"]["newText"].startswith("Erm") for item in items)


def test_prose_mode_offers_words(tmp_path, folder):
    """In prose mode, words alone are offered, and prose alone is learnt from."""
    (folder / "society.py").write_text("The secretary of our orchestra is nobody.\n" * 3)
    with server(tmp_path / "home") as (client, _):
        begin(client, folder, prose=True)
        assert eventually(lambda: is_completed(client, START, "soc"))
        assert not is_completed(client, "The secretary of our ", "orch")
        client.open(URI, START)
        items = client.completions(URI, 0, len(START))["items"]
        assert {item["command"]["arguments"][0]["kind"] for item in items} == {"word"}
        client.notify(
            "workspace/didChangeConfiguration", {"settings": {"foretype": {"prose": False}}}
        )
        assert eventually(lambda: is_completed(client, "The secretary of our ", "orch"))


def test_new_text_reaches_cached_places(tmp_path, folder):
    """Text learnt meanwhile is offered at a place that was asked about before."""
    with server(tmp_path / "home") as (client, _):
        begin(client, folder)
        assert eventually(lambda: is_completed(client, START, "soc"))
        client.open(URI, "The gardener of our ")

        def beginnings() -> set[str]:
            items = client.completions(URI, 0, len("The gardener of our "))["items"]
            return {item["textEdit"]["newText"][:3] for item in items}

        assert "orc" not in beginnings()
        new = folder / "garden.txt"
        new.write_text("The gardener of our orchard is nobody.\n" * 3)
        change_of_file = {"changes": [{"uri": new.as_uri(), "type": 1}]}
        client.notify("workspace/didChangeWatchedFiles", change_of_file)
        assert eventually(lambda: "orc" in beginnings())


def test_workspace_folders_are_followed(tmp_path, folder):
    """Added folders are learnt from, and removed ones no longer."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "light.txt").write_text("The keeper of the lighthouse is called Balthasar.\n" * 4)
    as_sent = {path: {"uri": path.as_uri(), "name": path.name} for path in (folder, other)}
    with server(tmp_path / "home") as (client, _):
        client.initialize({"predictors": {"copy": {}}}, CAPABILITIES, workspaceFolders=None)
        assert not is_completed(client, START, "soc")
        for added, removed in (((folder,), ()), ((other,), (folder,))):
            event = {
                "added": [as_sent[path] for path in added],
                "removed": [as_sent[path] for path in removed],
            }
            client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
            known = [(START, "soc"), ("The keeper of the ", "lig")][len(removed)]
            assert eventually(lambda known=known: is_completed(client, *known))
        assert not is_completed(client, START, "soc")
        registered = [
            one["method"] for one in client.requests if one["method"] == "client/registerCapability"
        ]
        assert len(registered) == 1, "files are watched from the first folder on"
