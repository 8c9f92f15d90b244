"""Ctrl-C while a command is still being imported.

Knows signals. Must not know any one command.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Have Ctrl-C end the process at once while the block lasts, without a word.

    A KeyboardInterrupt amid imports prints a traceback, or is lost where an extension's own code
    is interrupted. In another thread than the main one, which gets no signals, nothing changes;
    nor where Ctrl-C is passed over, as by a job in the background.
    """
    passed_over = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if passed_over or current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
