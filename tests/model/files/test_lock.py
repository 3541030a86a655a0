"""The lock on a folder, between real processes."""

import subprocess
import sys
import threading

import pytest

from foretype_model.errors import ForetypeError
from foretype_model.files.lock import LOCK_FILE_NAME, NO_TIMEOUT, exclusive

HOLD = """
import sys
from pathlib import Path
from foretype_model.files.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of `tmp_path` until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().strip() == b"held"
        yield process
        process.kill()


def test_a_held_lock_times_out(holder, tmp_path):
    """If another process holds the lock for too long, one line says what to do."""
    message = r"another Foretype process .* try again$"
    with pytest.raises(ForetypeError, match=message), exclusive(tmp_path, 0.1):
        pytest.fail("two processes held it")


def test_a_lock_dies_with_its_process(holder, tmp_path):
    """A killed process leaves the locked file, which blocks no other."""
    holder.kill()
    holder.wait()
    assert (tmp_path / LOCK_FILE_NAME).exists()
    with exclusive(tmp_path, 5):
        pass


def test_a_waiting_process_goes_on(holder, tmp_path):
    """Without a time limit, a process waits until the lock is released."""
    threading.Timer(0.3, holder.stdin.close).start()
    with exclusive(tmp_path, NO_TIMEOUT):
        assert holder.wait(5) == 0


def test_threads_exclude_each_other(tmp_path):
    """Threads of one process wait for each other as processes do."""
    inside, seen = [], []

    def work():
        for _ in range(20):
            with exclusive(tmp_path):
                inside.append(1)
                seen.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 80


def test_failed_block_releases_the_lock(tmp_path):
    """If the block raises, the lock is free at once."""
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path):
        raise ZeroDivisionError
    with exclusive(tmp_path, 0.1):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_locked_file_is_private(tmp_path):
    """Other users cannot open the locked file, and so cannot hold the lock."""
    with exclusive(tmp_path):
        assert (tmp_path / LOCK_FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    """If the file system has no locks, the block runs all the same."""
    from filelock import FileLock

    def refuse(_lock):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(FileLock, "_acquire", refuse)
    with exclusive(tmp_path, 0.1):
        reached = True
    assert reached


def test_a_lock_that_cannot_be_opened(tmp_path):
    """If the locked file cannot be opened, the error says so and the block does not run."""
    (tmp_path / LOCK_FILE_NAME).mkdir()
    with pytest.raises(OSError), exclusive(tmp_path, 0.1):
        pytest.fail("it was not locked")
