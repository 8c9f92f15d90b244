"""The latest of what is written down: bounded in number and in memory, the oldest go first.

Knows entries by their numbers and weights. Must not know Calls, or any one provider.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Generic, Protocol, TypeVar

from testcard.mock.memory_limit import MemoryLimit


class OfProvider(Protocol):
    """An entry, which is about a provider or about none."""

    @property
    def provider(self) -> str | None:
        """Id of the provider."""


T = TypeVar("T", bound=OfProvider)


class Latest(Generic[T]):
    """Entries, numbered from 1; the latest stays, however large it is."""

    def __init__(
        self,
        memory: MemoryLimit,
        part: float,
        most: int,
        watch: Callable[[T], None] | None = None,
    ) -> None:
        """Begin empty.

        Args:
            memory: shared with whoever else remembers.
            part: of it, 0 to 1, that these entries may take.
            most: entries that are kept.
            watch: called with each entry as it is written.
        """
        self._watch = watch
        self._most = most
        self._lock = Lock()
        self._memory = memory
        self._share = memory.share(part, self._forget_oldest)
        self._entries: deque[tuple[T, int]] = deque()
        self._count = 0

    def watch(self, watch: Callable[[T], None]) -> None:
        """Have `watch` called with each entry as it is written."""
        self._watch = watch

    def keep(self, made: Callable[[int], T], weighed: Callable[[T], int]) -> T:
        """Keep one more entry, and return it.

        Args:
            made: makes it, of its number.
            weighed: bytes that it takes.
        """
        with self._lock:
            self._count += 1
            entry = made(self._count)
            weight = weighed(entry)
            self._entries.append((entry, weight))
            self._share.held += weight
            while len(self._entries) > self._most:
                self._drop_oldest()
        self._memory.make_room()
        if self._watch is not None:
            self._watch(entry)
        return entry

    def entries(self, provider: str | None = None) -> tuple[T, ...]:
        """Return the entries kept, oldest first, of one provider or of all."""
        with self._lock:
            kept = [entry for entry, _ in self._entries]
        return tuple(each for each in kept if provider in (None, each.provider))

    @property
    def forgotten(self) -> int:
        """How many entries have been dropped."""
        with self._lock:
            return self._count - len(self._entries)

    def clear(self) -> None:
        """Forget everything and count from 1 again."""
        with self._lock:
            self._entries.clear()
            self._share.held = self._count = 0

    def _forget_oldest(self) -> bool:
        with self._lock:
            if len(self._entries) < 2:
                return False
            self._drop_oldest()
            return True

    def _drop_oldest(self) -> None:
        _, weight = self._entries.popleft()
        self._share.held -= weight
