"""The usage counts of a session: from shown and accepted suggestions to what is written."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from foretype_model.completion.candidates import Candidate
from foretype_server.document import Point, Text
from foretype_server.lsp.to_proto import POSITION_ENCODINGS
from foretype_server.usage import acceptance, store
from foretype_server.usage.store import Count, CountKey, Counts, UsageRecorder, read, try_write
from foretype_server.usage.tally import UsageTally

URI = "file:///notes.txt"
TODAY = datetime.date.today().isoformat()
WORLD = Candidate(" world", 0.5, "ghost")


def key(kind: str, language: str = "markdown") -> CountKey:
    return CountKey(TODAY, language, "Vim", kind)


def text(content: str) -> Text:
    return Text(content, POSITION_ENCODINGS["utf-32"])


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FORETYPE_HOME", str(tmp_path))
    return tmp_path


def counted(home: Path, act: Callable[[UsageTally], object]) -> Counts:
    """Return the counts on disk after `act` in an open document, and the end of the session."""

    async def run() -> None:
        tally = UsageTally("Vim", lambda write: write())
        tally.opened(URI, "markdown")
        act(tally)
        tally.end()

    asyncio.run(run())
    return read(home)


def accept(tally: UsageTally) -> None:
    """Show ghost text after "hello" and insert it."""
    tally.shown("ghost", URI, text("hello"), Point(0, 5), [WORLD])
    tally.edited(URI, text("hello world"), [" ", " world", ""])


def test_shown_and_inserted_are_counted(home: Path) -> None:
    """A suggestion that is shown and inserted counts for its language, editor and kind."""
    assert counted(home, accept) == {key("ghost"): Count(1, 1, 6)}


def test_empty_menu_is_not_shown(home: Path) -> None:
    """An answer without suggestions counts nothing."""
    act = lambda tally: tally.shown("menu", URI, text("hello"), Point(0, 5), [])  # noqa: E731
    assert counted(home, act) == {}


def test_report_counts_once(home: Path) -> None:
    """A client that reports each acceptance is believed, and its edits count nothing."""

    def act(tally: UsageTally) -> None:
        tally.report_accepted(URI, "word", 4)
        accept(tally)
        assert tally.accepted == {"characters": 4, "ghost": 0, "word": 1, "character": 0}

    assert counted(home, act) == {key("word"): Count(0, 1, 4), key("ghost"): Count(1, 0, 0)}


def test_pending_edit_is_dropped(home: Path) -> None:
    """The edit before the first report is that report's, and counts nothing of its own."""

    def act(tally: UsageTally) -> None:
        accept(tally)
        tally.report_accepted(URI, "ghost", 6)

    assert counted(home, act) == {key("ghost"): Count(1, 1, 6)}


@pytest.mark.parametrize(("reported", "expected"), [(9, 6), (6, 6), (5, 5)])
def test_whole_report_counts_new_characters(home: Path, reported: int, expected: int) -> None:
    """A report of a whole suggestion counts the characters that its edit has inserted, at most."""

    def act(tally: UsageTally) -> None:
        accept(tally)
        tally.report_accepted(URI, "ghost", reported, whole=True)
        accept(tally)

    assert counted(home, act) == {key("ghost"): Count(2, 2, expected + 6)}


def test_whole_report_without_edit(home: Path) -> None:
    """A report of a whole suggestion whose edit is unknown counts as it says."""
    act = lambda tally: tally.report_accepted(URI, "word", 9, whole=True)  # noqa: E731
    assert counted(home, act) == {key("word"): Count(0, 1, 9)}


def test_closed_document_has_no_language(home: Path) -> None:
    """After a document was closed, neither its language nor its suggestions are remembered."""

    def act(tally: UsageTally) -> None:
        tally.shown("ghost", URI, text("hello"), Point(0, 5), [WORLD])
        tally.closed(URI)
        tally.edited(URI, text("hello world"), [" world"])
        tally.report_accepted(URI, "ghost", 3, whole=True)

    assert counted(home, act) == {
        key("ghost"): Count(1, 0, 0),
        key("ghost", ""): Count(0, 1, 3),
    }


class Clock:
    """An event loop's timers: a second passes for each step."""

    def __init__(self) -> None:
        self.now = 0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, end: float, callback: Callable[[], None]) -> Clock.Timer:
        self.timers.append((end, callback))
        return Clock.Timer(self, self.timers[-1])

    @dataclass
    class Timer:
        clock: Clock
        entry: tuple[float, Callable[[], None]]

        def when(self) -> float:
            return self.entry[0]

        def cancel(self) -> None:
            self.clock.timers = [one for one in self.clock.timers if one is not self.entry]

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            for entry in [one for one in self.timers if one[0] <= self.now]:
                self.timers.remove(entry)
                entry[1]()


def test_sums_are_written_each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are summed and written a minute after the first of them, or soon after an acceptance;
    a write in between begins a new minute, and nothing is written if there is nothing.
    """
    clock, written = Clock(), list[Counts]()
    monkeypatch.setattr(store.asyncio, "get_running_loop", lambda: clock)
    recorder = UsageRecorder("Vim", written.append)
    recorder.write()
    recorder.add("markdown", "word", Count(shown=1))
    clock.wait(40)
    recorder.add("markdown", "word", Count(shown=2))
    clock.wait(19)
    assert written == []
    clock.wait(1)
    assert written.pop() == {key("word"): Count(3)}
    recorder.add("markdown", "word", Count(shown=1))
    recorder.add("markdown", "word", Count(accepted=1, characters=4))
    clock.wait(1)
    assert written == [{key("word"): Count(1, 1, 4)}]
    clock.wait(100)
    recorder.add("markdown", "ghost", Count(shown=1))
    clock.wait(30)
    recorder.write()
    recorder.add("markdown", "ghost", Count(shown=2))
    clock.wait(59)
    assert written[1:] == [{key("ghost"): Count(1)}]
    clock.wait(1)
    assert written[2:] == [{key("ghost"): Count(2)}]
    clock.wait(100)
    assert len(written) == 3


def test_unwritable_folder_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Counts that cannot be written are a warning, and no error."""
    (tmp_path / "statistics.sqlite").mkdir()
    try_write(tmp_path, {key("word"): Count(1)})
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("the usage statistics cannot be written: ")


def detected(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[acceptance.AcceptanceTracker], Awaitable[None]]
) -> list[tuple[str, str, int]]:
    """Return the counts after `act`, with a client's command awaited for 0.05 s."""
    monkeypatch.setattr(acceptance, "REPORT_TIMEOUT", 0.05)
    counts: list[tuple[str, str, int]] = []
    tracker = acceptance.AcceptanceTracker(lambda *one: counts.append(one))
    asyncio.run(act(tracker))
    return counts


def test_edit_counts_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """An inserted suggestion counts once, two seconds later, if no command comes."""
    assert acceptance.REPORT_TIMEOUT == 2

    async def act(tracker: acceptance.AcceptanceTracker) -> None:
        tracker.offered(URI, text("hello"), Point(0, 5), [WORLD])
        tracker.edited(URI, text("hello world"), " world")
        await asyncio.sleep(0.3)
        tracker.end()

    assert detected(monkeypatch, act) == [(URI, "ghost", 6)]


@pytest.mark.parametrize("is_reported", [False, True])
def test_documents_are_apart(monkeypatch: pytest.MonkeyPatch, is_reported: bool) -> None:
    """A closed document, or a client that reports, ends what was offered there; the suggestions of
    other documents are their own.
    """

    async def act(tracker: acceptance.AcceptanceTracker) -> None:
        for uri in (URI, "file:///other.txt"):
            tracker.offered(uri, text("hello"), Point(0, 5), [WORLD])
        tracker.closed(URI)
        if is_reported:
            tracker.on_client_report()
        for uri in (URI, "file:///other.txt"):
            tracker.edited(uri, text("hello world"), " world")
        assert tracker.claim_last_edit(URI) is None
        tracker.end()

    expected = [] if is_reported else [("file:///other.txt", "ghost", 6)]
    assert detected(monkeypatch, act) == expected


@pytest.mark.parametrize(
    ("before", "after"), [("x" * 64, "y" * 64), ("x" * 100, ""), ("", "y" * 100)]
)
@pytest.mark.parametrize("changed", ["", "before", "after"])
def test_text_around_must_be_unchanged(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str, changed: str
) -> None:
    """An insertion counts only if the text right before and after it is unchanged."""

    async def act(tracker: acceptance.AcceptanceTracker) -> None:
        tracker.offered(URI, text(before + after), Point(0, len(before)), [WORLD])
        new_before = before[:-1] + "Z" if changed == "before" and before else before
        new_after = "Z" + after[1:] if changed == "after" and after else after
        tracker.edited(URI, text(new_before + " world" + new_after), " world")
        tracker.end()

    is_same = not ((changed == "before" and before) or (changed == "after" and after))
    assert bool(detected(monkeypatch, act)) == is_same


def test_ghost_text_wins_over_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that both ghost text and menu offer counts as ghost text; newer suggestions of a kind
    replace the older ones.
    """

    async def act(tracker: acceptance.AcceptanceTracker) -> None:
        here = text("hello"), Point(0, 5)
        tracker.offered(URI, *here, [Candidate(" there", 0.5, "ghost")])
        tracker.offered(URI, *here, [Candidate(" world", 0.5, "word")])
        tracker.offered(URI, *here, [WORLD])
        tracker.edited(URI, text("hello world"), " world")
        tracker.offered(URI, text("hello"), Point(0, 5), [])
        tracker.edited(URI, text("hello there"), " there")
        tracker.end()

    assert detected(monkeypatch, act) == [(URI, "ghost", 6)]


def test_part_of_a_menu_item_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole words of ghost text are accepted; of a menu item, and of a word, a part is typed."""

    async def act(tracker: acceptance.AcceptanceTracker) -> None:
        for kind in ("ghost", "word"):
            offer = Candidate(" worlds again", 0.5, kind)
            for inserted in (" worlds", " world", " wor", " w"):
                tracker.offered(URI, text("hello"), Point(0, 5), [offer])
                tracker.edited(URI, text("hello" + inserted), inserted)
        tracker.end()

    assert detected(monkeypatch, act) == [(URI, "ghost", 7)]
