"""The signals of all tests, their time, and those that need the extra `train`."""

from __future__ import annotations

import os
import re
import signal
from importlib.util import find_spec

import pytest
from hypothesis import settings

# Before torch and numpy are imported, here and in the programs that the tests start: several tests
# run at once, and the threads of each would wait for those of the others, spinning.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell without job control starts a program in the background with SIGINT ignored, and the
# programs that the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# So does nohup with SIGHUP.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A test fails for a wrong answer, not for a busy machine: pytest-timeout ends those that hang.
settings.register_profile("foretype", deadline=None)
settings.load_profile("foretype")

MISSING = re.compile(r"No module named '(?:torch|onnx|safetensors)'")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> pytest.CollectReport:
    """Skip the modules that need torch where it is missing: it comes late to a new Python."""
    report = yield
    if report.failed and not find_spec("torch") and MISSING.search(str(report.longrepr)):
        report.outcome = "skipped"
        report.longrepr = str(collector.path), 0, "Skipped: the extra `train` is not installed"
    return report
