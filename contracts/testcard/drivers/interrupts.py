"""Ctrl-C, so that a run that was paid for is never lost by it.

While calls are sent it ends the sending at once; while what came is judged and written down it
waits until that is done. A second one is obeyed wherever it comes.

Knows signals. Must not know what is sent, judged or written.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupts:
    """Takes Ctrl-C for as long as its `with` statement lasts, in the main thread alone.

    Attributes:
        came: whether there was one.
    """

    def __init__(self) -> None:
        """Take none yet: until the `with` statement, Ctrl-C does what it did before."""
        self.came = False
        self._sending = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Let Ctrl-C end what stands inside.

        Raises:
            KeyboardInterrupt: there is one, or was one before.
        """
        try:
            self._sending = True
            if self.came:
                raise KeyboardInterrupt  # noqa: TRY301 (it is this statement's own way to end)
            yield
            self._sending = False
        except KeyboardInterrupt:
            self.came = True
            raise
        finally:
            self._sending = False

    def _take(self, _: int, __: FrameType | None) -> None:
        at_once = self._sending or self.came
        self._sending, self.came = False, True
        if at_once:
            raise KeyboardInterrupt
