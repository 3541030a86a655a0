"""The life of a server process over stdio, from the first message to the exit status."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .client import SERVE, inline_completion_params, position_params, scripted_settings, server

URI = "file:///a.txt"


def test_bare_client_gets_core_capabilities(tmp_path: Path) -> None:
    """A client without capabilities is offered the core of the protocol."""
    with server(tmp_path) as (client, _):
        capabilities = client.initialize(scripted_settings())
        assert capabilities["positionEncoding"] == "utf-16"
        assert capabilities["textDocumentSync"] == {"openClose": True, "change": 2, "save": True}
        assert capabilities["inlineCompletionProvider"] == {}
        assert capabilities["completionProvider"]["resolveProvider"]
        commands = {"accepted", "explain", "forget", "models", "outlook", "status", "train"}
        assert set(capabilities["executeCommandProvider"]["commands"]) == {
            f"foretype.{name}" for name in commands
        }


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["utf-32", "utf-8"], "utf-32"), (["utf-7", "utf-8"], "utf-8"), (["x"], "utf-16")],
)
def test_first_common_encoding_is_chosen(tmp_path: Path, offered: list[str], chosen: str) -> None:
    """The first position encoding that both sides know is chosen."""
    with server(tmp_path) as (client, _):
        assert (
            client.initialize({}, {"general": {"positionEncodings": offered}})["positionEncoding"]
            == chosen
        )


def test_requests_need_a_running_server(tmp_path: Path) -> None:
    """Requests before initialize and after shutdown are refused."""
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


def test_exit_without_shutdown_fails(tmp_path: Path) -> None:
    """Exit without shutdown ends with status 1."""
    with server(tmp_path, status=1) as (client, _):
        client.initialize(scripted_settings())
        client.notify("exit", None)


def test_end_of_stdin_ends_the_server(tmp_path: Path) -> None:
    """The end of stdin ends the server."""
    with server(tmp_path, status=1) as (client, process):
        client.initialize(scripted_settings())
        assert process.stdin
        process.stdin.close()


def test_server_ends_with_its_editor(tmp_path: Path) -> None:
    """The server ends when the process of its editor is gone."""
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with server(tmp_path, status=1) as (client, _):
        client.initialize(scripted_settings(), processId=editor.pid)
        editor.communicate(b"\n")


def test_exit_does_not_wait_for_work(tmp_path: Path, plugins: dict[str, str]) -> None:
    """Exit does not wait for work that is under way."""
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


def test_two_servers_run_at_once(tmp_path: Path) -> None:
    """Two servers run at once."""
    with server(tmp_path) as (one, _), server(tmp_path) as (other, _):
        for client, text in ((one, "hello world"), (other, "hello there")):
            client.initialize(scripted_settings(text))
            client.open(URI, "hello ")
        assert one.ghost(URI, 0, 6)[0]["insertText"] == "world"
        assert other.ghost(URI, 0, 6)[0]["insertText"] == "there"


def test_initialized_is_not_needed(tmp_path: Path) -> None:
    """A client that never sends `initialized` is served."""
    with server(tmp_path) as (client, _):
        client.request(
            "initialize",
            {"capabilities": {}, "initializationOptions": scripted_settings("hello world")},
        )
        client.open(URI, "hello ")
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"


def test_ignored_interrupt_is_restored() -> None:
    """The servers of these tests end at Ctrl-C even if the tests run with SIGINT ignored."""
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_prints_no_traceback(tmp_path: Path) -> None:
    """CTRL-C ends the server without a traceback."""
    with server(tmp_path, status=None) as (client, process):
        client.initialize(scripted_settings())
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr
        assert b"Traceback" not in process.stderr.read()


def test_option_stdio_is_accepted(tmp_path: Path) -> None:
    """The option `--stdio` is accepted."""
    with server(tmp_path, [*SERVE, "--stdio"]) as (client, _):
        client.initialize(scripted_settings("hello world"))
        client.open(URI, "hello ")
        assert client.ghost(URI, 0, 6)[0]["insertText"] == "world"


def test_no_torch_is_imported(tmp_path: Path) -> None:
    """Serving imports no torch."""
    (tmp_path / "torch.py").write_text("raise AssertionError('serving imports torch')")
    with server(tmp_path, SERVE, env={"PYTHONPATH": str(tmp_path)}) as (client, _):
        client.initialize({"predictors": {"network": {}, "scripted": {"texts": ["hello world"]}}})
        client.open(URI, "hello ")
        assert client.completions(URI, 0, 6)["items"]
        assert not any("torch" in warning for warning in client.warnings())


def test_plugin_prints_spare_the_protocol(tmp_path: Path, plugins: dict[str, str]) -> None:
    """Text that a plugin prints stays out of the protocol's stream."""
    with server(tmp_path, env=plugins) as (client, process):
        client.initialize({"predictors": {"failing": {"texts": ["hello world"]}}})
        client.open(URI, "hello")
        assert client.ghost(URI, 0, 5)[0]["insertText"] == " world"
        client.shut_down()
        assert process.stderr
        assert b"from C" in process.stderr.read()


def test_typed_text_is_not_logged(tmp_path: Path, plugins: dict[str, str]) -> None:
    """No typed text is logged."""
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
