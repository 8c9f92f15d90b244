"""What stands between the HTTP protocol and a connection's transport: reading on, and its end.

Knows asyncio's transports. Must not know who answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from uvicorn.protocols.http.flow_control import FlowControl

_SMALL: Final = 16 << 10  # bytes that are rather copied than written by themselves


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


class Corked:
    """A transport that keeps the head of an answer until its body comes: both leave in one write.

    A write of its own for the head costs a system call, and wakes a client that must wait on.
    """

    __slots__ = ("_answering", "_begun", "_head", "_transport")

    def __init__(self, transport: asyncio.Transport, begun: Callable[[], bool]) -> None:
        """Write to `transport`.

        Args:
            transport: of the connection.
            begun: whether an answer has begun; what is written first after that is its head.
        """
        self._transport = transport
        self._begun = begun
        self._head = b""
        self._answering = False

    def begin(self) -> None:
        """Expect the next answer."""
        self._answering = False

    def write(self, data: bytes) -> None:
        """Write a head later, and anything else now."""
        if self._head:
            head, self._head = self._head, b""
            if len(data) <= _SMALL:
                self._transport.write(head + data)
                return
            self._transport.write(head)
        elif not self._answering and self._begun():
            self._answering = True
            self._head = data
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Write a head that has no body."""
        if self._head:
            self.write(b"")

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Write what is left, then close."""
        self.flush()
        self._transport.close()


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
