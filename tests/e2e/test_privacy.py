"""What stays private: nothing in the logs, no connection, no file that others may read, no model given away unasked."""

from __future__ import annotations

from pathlib import Path

from tests.trust import leaks


def test_no_text_gets_into_a_log(tmp_path: Path) -> None:
    told = leaks.session(tmp_path)
    assert len(told.ways) > 30
    assert told.leaks() == []


def test_somebody_who_looks_for_a_fault_may_have_it_there(tmp_path: Path) -> None:
    told = leaks.session(tmp_path, "--log-text")
    # A line that is no header is no part of any message.
    assert set(told.ways) - set(told.leaks()) == {"header"}
