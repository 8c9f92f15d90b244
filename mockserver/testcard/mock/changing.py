"""A change of what is kept under a lock, after which room is made for it.

Must not know what is kept, HTTP, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock


class Changing:
    """A change of the world: under its lock, weighed at its end, then room is made for it."""

    __slots__ = ("_lock", "_make_room", "_weigh")

    def __init__(
        self, lock: RLock, weigh: Callable[[], bool], make_room: Callable[[], None]
    ) -> None:
        self._lock = lock
        self._weigh = weigh
        self._make_room = make_room

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        try:
            more = self._weigh()
        finally:
            self._lock.release()
        if more:
            self._make_room()
