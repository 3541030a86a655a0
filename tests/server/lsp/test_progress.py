"""Progress is shown only under a token that the client has accepted, and only in its order."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from foretype_server.lsp.handlers import create_server

CAPABILITIES = {"window": {"workDoneProgress": True}}


class Client:
    """A client in memory, which answers the request for a token when it is told to."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.server = create_server()
        self.server.protocol.prepare()
        self.server.protocol.set_writer(self, include_headers=False)
        params = {"capabilities": CAPABILITIES}
        self.receive({"id": 0, "method": "initialize", "params": params})
        self.progress = self.server.create_progress("work", lambda: None)

    def write(self, data: bytes) -> None:
        self.sent.append(json.loads(data))

    def receive(self, message: Any) -> None:
        self.server.protocol.receive(json.dumps(message))

    async def answer(self, **answer: Any) -> None:
        await asyncio.sleep(0.01)
        method = "window/workDoneProgress/create"
        asked = [one["id"] for one in self.sent if one.get("method") == method]
        self.receive({"id": asked[-1], **answer})
        await asyncio.sleep(0.01)

    def kinds(self) -> list[str]:
        """Return the kinds of the reports so far."""
        reports = [one["params"] for one in self.sent if one.get("method") == "$/progress"]
        assert len({report["token"] for report in reports}) <= 1
        return [report["value"]["kind"] for report in reports]


def reported(*answers: Any, late: bool) -> tuple[list[str], int]:
    """Return the kinds of the reports of a client that gives these answers, before the work goes on
    or, if `late`, after its end; and the number of works that the user could cancel then.
    """

    async def work() -> tuple[list[str], int]:
        client = Client()
        with client.server.exit_stack:
            client.progress(0, 4)
            if not late:
                for answer in answers:
                    await client.answer(**answer)
            for done in (1, 2, 3, 4):
                client.progress._last_report = 0.0
                client.progress(done, 4)
            await asyncio.sleep(0.01)
            if late:
                for answer in answers:
                    await client.answer(**answer)
            return client.kinds(), len(client.server.cancel_callbacks)

    return asyncio.run(work())


def test_accepted_token_is_reported_on() -> None:
    """Under an accepted token, the work begins, is reported on and ends."""
    assert reported({"result": None}, late=False) == (
        ["begin", "report", "report", "report", "end"],
        0,
    )


def test_refused_token_is_not_reported_on() -> None:
    """Under a refused token, nothing is reported."""
    refused = {"error": {"code": -32603, "message": "no"}}
    assert reported(refused, late=False) == ([], 0)
    assert reported({"error": "no"}, late=False) == ([], 0)


def test_late_token_is_not_reported_on() -> None:
    """Under a token that is accepted after the end of the work, nothing is reported."""
    assert reported({"result": None}, late=True) == ([], 0)
    assert reported({"error": {"code": 1, "message": "no"}}, late=True) == ([], 0)


def test_unanswered_token_is_not_reported_on() -> None:
    """Under a token that the client does not answer for, nothing is reported."""
    assert reported(late=False) == ([], 0)
