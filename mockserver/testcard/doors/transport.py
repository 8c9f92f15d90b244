"""What stands between the HTTP protocol and a connection's transport: reading on, and its end.

Knows asyncio's transports. Must not know who answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.flow_control import FlowControl


class Flow(FlowControl):
    """uvicorn's, for a transport that may have been closed, and where more is not to be read."""

    def __init__(self, transport: asyncio.Transport, open_: Callable[[], bool]) -> None:
        """Read from `transport` while `open_` says so."""
        super().__init__(transport)
        self._open = open_

    def pause_reading(self) -> None:
        """Read no more for now."""
        if not self._transport.is_closing():
            super().pause_reading()

    def resume_reading(self) -> None:
        """Read on, where that is wanted."""
        if self.read_paused and self._open() and not self._transport.is_closing():
            super().resume_reading()


class SoftEnd:
    """A transport that is closed softly: what the other side still sends is read, for a while.

    A socket closed with bytes unread resets its connection, and the reset takes away from the
    client what it has not read yet: its answer (RFC 9112, 9.6).
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, seconds: float
    ) -> None:
        """Read for `seconds` after the end."""
        self._transport, self._loop, self._seconds = transport, loop, seconds
        self.write, self.is_closing = transport.write, transport.is_closing
        self.ended = False

    def close(self) -> None:
        """Say no more; close when the other side did, or time is up."""
        if self.ended or self._transport.is_closing():
            return
        self.ended = True
        if not self._transport.can_write_eof():  # within TLS
            self._transport.close()
            return
        self._transport.write_eof()
        self._loop.call_later(self._seconds, self._transport.close)
