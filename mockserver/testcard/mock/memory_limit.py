"""How many bytes a mock may take: one limit, shared by all that is kept between calls.

Knows sizes of Python's own values, and who keeps how many bytes. Must not know what is kept, or
give memory back to the system itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from operator import attrgetter, truediv
from sys import getsizeof
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from cachetools import LRUCache

DEFAULT_MEMORY: Final = 256 << 20
"""Bytes that a mock takes, unless told otherwise."""

LEAST_MEMORY: Final = 1 << 20
"""Bytes: with fewer a mock could not remember one call."""

_KEPT: Final = 0.7  # of a limit; calls under way need the rest, which nobody counts
_ENTRY: Final = 300  # bytes that a cache takes for an entry, beside its value

_PLAIN: Final = frozenset((str, bytes, int, float, bool, type(None)))
_HELD: Final = attrgetter("held")
_PART: Final = attrgetter("part")
_MANY: Final = (tuple, list, set, frozenset)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Share:
    """What one keeper holds of a limit.

    Attributes:
        held: bytes held now; set by the keeper, under its own lock.
        part: how much of the room it may count on where others want the rest.
        forget: drops what the keeper would miss least; False where nothing is left to drop.
    """

    __slots__ = ("forget", "held", "part")

    def __init__(self, part: float, forget: Callable[[], bool]) -> None:
        """Begin with nothing held."""
        self.held = 0
        self.part = part
        self.forget = forget


class MemoryLimit:
    """One limit of bytes. Whoever is furthest above its share drops something first.

    Attributes:
        limit: bytes that the mock may take, calls under way included.
        room: bytes of it that keepers hold together at most.
    """

    def __init__(self, limit: int = DEFAULT_MEMORY, trim: Callable[[], None] | None = None) -> None:
        """Begin with nothing held.

        Args:
            limit: bytes; seven tenths of them are for what is kept.
            trim: gives memory that was let go back to the system; None to leave that to Python.

        Raises:
            ValueError: the limit is below LEAST_MEMORY.
        """
        if limit < LEAST_MEMORY:
            raise ValueError(f"the memory is {limit} bytes; at least {LEAST_MEMORY} were expected")
        self.limit = limit
        self.room = int(limit * _KEPT)
        self._trim = trim
        self._shares: list[Share] = []

    @property
    def held(self) -> int:
        """Bytes that are held by all together."""
        return sum(map(_HELD, self._shares))

    def share(self, part: float, forget: Callable[[], bool]) -> Share:
        """Let one more keeper in.

        Args:
            part: how much of the room it may count on, above 0, beside the parts of others.
            forget: drops what the keeper would miss least and says whether there was anything;
                called without any lock held, from any thread.
        """
        share = Share(part, forget)
        self._shares.append(share)
        return share

    def make_room(self) -> None:
        """Have keepers drop things until they have room; call it without a lock held."""
        shares = self._shares
        while sum(map(_HELD, shares)) > self.room:
            fullness = [*map(truediv, map(_HELD, shares), map(_PART, shares))]
            if shares[fullness.index(max(fullness))].forget():
                continue
            fullest = sorted(shares, key=_fullness, reverse=True)
            if not any(share.forget() for share in fullest):
                return

    def trim(self) -> None:
        """Give memory that was let go back to the system, where somebody knows how."""
        if self._trim is not None:
            self._trim()


class Remembered(Generic[K, V]):
    """A cache within a limit: what was used longest ago is forgotten first."""

    def __init__(
        self,
        memory: MemoryLimit,
        part: float,
        weigh: Callable[[V], int],
        *,
        most: int | None = None,
    ) -> None:
        """Begin empty.

        Args:
            memory: the limit that it shares.
            part: of its room, as MemoryLimit.share has it.
            weigh: gives a value's bytes.
            most: bytes that it holds at most, whatever room there is; None for all of that.
        """
        self._memory = memory
        self._weigh = weigh
        self._most = memory.room if most is None else min(most, memory.room)
        self._lock = Lock()
        self._kept: LRUCache[K, V] = LRUCache(self._most, self._weight)
        self._share = memory.share(part, self._forget_one)

    def __contains__(self, key: K) -> bool:
        """Whether a value is remembered; that does not count as use."""
        with self._lock:
            return key in self._kept

    def get(self, key: K) -> V | None:
        """Return a value, which counts as its use; None where it is not remembered."""
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: K, value: V) -> V:
        """Remember a value, unless it alone is too large, and return it."""
        if self._weight(value) <= self._most:
            with self._lock:
                self._kept[key] = value
                self._share.held = int(self._kept.currsize)
            self._memory.make_room()
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._share.held = 0

    def _weight(self, value: V) -> int:
        return self._weigh(value) + _ENTRY

    def _forget_one(self) -> bool:
        with self._lock:
            if not self._kept:
                return False
            self._kept.popitem()
            self._share.held = int(self._kept.currsize)
            return True


def weigh(value: Any) -> int:
    """Return the bytes that a value takes with all that it holds, each place counted by itself.

    Knows texts, bytes, numbers, mappings, lists, tuples and sets.
    """
    size, kind = getsizeof(value), type(value)
    if kind in _PLAIN:
        return size
    if kind is dict or isinstance(value, Mapping):
        return size + _weigh_all((*value, *value.values()))
    return size + _weigh_all(value) if isinstance(value, _MANY) else size


def _weigh_all(values: Collection[Any]) -> int:
    if _PLAIN.issuperset(map(type, values)):
        return sum(map(getsizeof, values))
    return sum([getsizeof(each) if type(each) in _PLAIN else weigh(each) for each in values])


def _fullness(share: Share) -> float:
    return share.held / share.part
