"""The signals of all tests."""

from __future__ import annotations

import signal

# A shell without job control starts a program in the background with SIGINT ignored, and the
# programs that the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
