"""A tunnel: bytes from one connection to another and back, as they are.

Knows asyncio's transports. Must not know what the bytes say, or who allowed it.
"""

from __future__ import annotations

import asyncio
from typing import Self, cast


class End(asyncio.Protocol):
    """One end: what arrives here leaves at the other end."""

    def __init__(self) -> None:
        """Begin unconnected; `join` puts two ends together."""
        self._here: asyncio.Transport | None = None
        self._there: asyncio.Transport | None = None

    def join(self, here: asyncio.Transport, there: asyncio.Transport) -> Self:
        """Carry what arrives `here` over `there`."""
        self._here, self._there = here, there
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep still until there is another end to carry to."""
        cast("asyncio.Transport", transport).pause_reading()

    def data_received(self, data: bytes) -> None:
        """Carry on."""
        if self._there is not None:
            self._there.write(data)

    def pause_writing(self) -> None:
        """Take no more from the other end than this one gets rid of."""
        if self._there is not None:
            self._there.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self._there is not None:
            self._there.resume_reading()

    def eof_received(self) -> bool:
        """Half-close the other end; this one may still be written to."""
        if self._there is not None and self._there.can_write_eof():
            self._there.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the other end too."""
        del exc
        if self._there is not None:
            self._there.close()


async def dig(
    near: asyncio.Transport, host: str, port: int, greeting: bytes, early: bytes = b""
) -> None:
    """Connect to `host`, send `greeting` to the near end, and carry bytes until either ends.

    Args:
        near: a connection that is here.
        host: where the other one leads.
        port: of `host`.
        greeting: said to the near end once the far one is there.
        early: what came from the near end before that, for the far one.

    Raises:
        OSError: the host cannot be reached.
    """
    loop = asyncio.get_running_loop()
    far, end = await loop.create_connection(End, host, port)
    near.pause_reading()
    near.write(greeting)
    far.write(early)
    near.set_protocol(End().join(near, far))
    end.join(far, near)
    near.resume_reading()
    far.resume_reading()
