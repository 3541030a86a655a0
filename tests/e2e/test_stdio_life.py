"""From the first message to the exit status, and what is seen of it outside."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .client import SERVE, inline_completion_params, position_params, scripted_settings, server

URI = "file:///a.txt"


def test_what_is_advertised_to_a_client_without_capabilities(tmp_path: Path) -> None:
    with server(tmp_path) as (client, _):
        capabilities = client.initialize(scripted_settings())
        assert capabilities["positionEncoding"] == "utf-16"
        assert capabilities["textDocumentSync"] == {"openClose": True, "change": 2, "save": True}
        assert capabilities["inlineCompletionProvider"] == {}
        assert capabilities["completionProvider"]["resolveProvider"]
        commands = {"accepted", "explain", "forget", "outlook", "status", "train"}
        assert set(capabilities["executeCommandProvider"]["commands"]) == {
            f"foretype.{name}" for name in commands
        }


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["utf-32", "utf-8"], "utf-32"), (["utf-7", "utf-8"], "utf-8"), (["x"], "utf-16")],
)
def test_the_first_encoding_that_both_know_is_chosen(
    tmp_path: Path, offered: list[str], chosen: str
) -> None:
    with server(tmp_path) as (client, _):
        assert (
            client.initialize({}, {"general": {"positionEncodings": offered}})["positionEncoding"]
            == chosen
        )


def test_requests_before_initialize_and_after_shutdown_are_refused(tmp_path: Path) -> None:
    with server(tmp_path) as (client, _):
        assert (
            client.answer(
                client.send_request("textDocument/completion", position_params(URI, 0, 0))
            )["error"]["code"]
            == -32002
        )
        client.open(URI, "dropped")
        client.initialize(scripted_settings())
        assert (
            client.answer(client.send_request("initialize", {"capabilities": {}}))["error"]["code"]
            == -32600
        )
        client.request("shutdown", None)
        assert (
            client.answer(
                client.send_request("textDocument/completion", position_params(URI, 0, 0))
            )["error"]["code"]
            == -32600
        )
        client.notify("exit", None)
        client.has_shut_down = True


def test_exit_without_shutdown_is_status_1(tmp_path: Path) -> None:
    with server(tmp_path, status=1) as (client, _):
        client.initialize(scripted_settings())
        client.notify("exit", None)


def test_the_end_of_stdin_is_the_end(tmp_path: Path) -> None:
    with server(tmp_path, status=1) as (client, process):
        client.initialize(scripted_settings())
        assert process.stdin
        process.stdin.close()


def test_the_server_leaves_when_the_editor_is_gone(tmp_path: Path) -> None:
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with server(tmp_path, status=1) as (client, _):
        client.initialize(scripted_settings(), processId=editor.pid)
        editor.communicate(b"\n")


def test_exit_in_the_middle_of_work_does_not_wait_for_it(
    tmp_path: Path, plugins: dict[str, str]
) -> None:
    with server(tmp_path, env=plugins) as (client, process):
        client.initialize(
            {"predictors": {"slow": {"texts": ["x" * 500]}}, "inline.minConfidence": 0.001}
        )
        client.open(URI, "x")
        client.send_request("textDocument/inlineCompletion", inline_completion_params(URI, 0, 1))
        time.sleep(0.5)
        began = time.monotonic()
        client.shut_down()
        process.wait()
        assert time.monotonic() - began < 5


def test_two_servers_at_once(tmp_path: Path) -> None:
    with server(tmp_path) as (one, _), server(tmp_path) as (other, _):
        for client, text in ((one, "hello world"), (other, "hello there")):
            client.initialize(scripted_settings(text))
            client.open(URI, "hello ")
        assert one.ghost(URI, 0, 6)[0]["insertText"] == "world"
        assert other.ghost(URI, 0, 6)[0]["insertText"] == "there"


def test_a_client_that_never_says_initialized_is_served(tmp_path: Path) -> None:
    with server(tmp_path) as (client, _):
        client.request(
            "initialize",
            {"capabilities": {}, "initializationOptions": scripted_settings("hello world")},
        )
        client.open(URI, "hello ")
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_leaves_without_a_traceback(tmp_path: Path) -> None:
    with server(tmp_path, status=None) as (client, process):
        client.initialize(scripted_settings())
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr
        assert b"Traceback" not in process.stderr.read()


def test_editors_may_say_stdio(tmp_path: Path) -> None:
    with server(tmp_path, [*SERVE, "--stdio"]) as (client, _):
        client.initialize(scripted_settings("hello world"))
        client.open(URI, "hello ")
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"


def test_no_torch_is_imported(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise AssertionError('serving imports torch')")
    with server(tmp_path, SERVE, env={"PYTHONPATH": str(tmp_path)}) as (client, _):
        client.initialize({"predictors": {"network": {}, "scripted": {"texts": ["hello world"]}}})
        client.open(URI, "hello ")
        assert client.completions(URI, 0, 6)["items"]
        assert not any("torch" in warning for warning in client.warnings())


def test_what_plugins_print_stays_out_of_the_protocol(
    tmp_path: Path, plugins: dict[str, str]
) -> None:
    with server(tmp_path, env=plugins) as (client, process):
        client.initialize({"predictors": {"failing": {"texts": ["hello world"]}}})
        client.open(URI, "hello")
        assert client.ghost(URI, 0, 5)[0]["insertText"] == " world"
        client.shut_down()
        assert process.stderr
        assert b"from C" in process.stderr.read()


def test_nothing_that_was_typed_is_logged(tmp_path: Path, plugins: dict[str, str]) -> None:
    with server(tmp_path, env=plugins) as (client, process):
        client.initialize({"predictors": {"failing": {"texts": ["sesame opens"]}}})
        client.open(URI, "sesame! ")
        client.ghost(URI, 0, 8)
        client.send_request("textDocument/completion", {"sesame": "sesame"})
        client.notify("textDocument/didChange", {"sesame": "sesame"})
        client.notify("textDocument/didOpen", {"textDocument": {"text": "sesame"}})
        client.send_raw(b'Content-Length: 8\r\n\r\n"sesame"')
        client.shut_down()
        assert process.stderr
        assert b"sesame" not in process.stderr.read()
