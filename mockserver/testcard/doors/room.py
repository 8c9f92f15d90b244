"""Room for large bodies under way: where there is none, a call waits before it is read on.

Knows event loops. Must not know calls, ASGI or a mock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from threading import Lock


class Room:
    """So many bytes, shared first come, first served; one server's loops may differ."""

    def __init__(self, most: int) -> None:
        """Have `most` bytes."""
        self._most = self._free = most
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._lock = Lock()

    async def take(self, size: int) -> int:
        """Wait for `size` bytes, or for all where these are fewer; return how many were taken."""
        size = min(size, self._most)
        ticket = (size, asyncio.get_running_loop().create_future())
        with self._lock:
            self._waiting.append(ticket)
            self._let_in()
        try:
            await ticket[1]
        except asyncio.CancelledError:
            with self._lock, suppress(ValueError):
                self._waiting.remove(ticket)
                size = 0  # it was not let in yet
            self.give(size)
            raise
        return size

    def give(self, size: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._free += size
            self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            self._free -= size
            turn.get_loop().call_soon_threadsafe(_told, turn)


def _told(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
