"""Faults that wait for providers' next calls, in their order.

Knows faults. Must not know locks (whoever keeps a FaultQueue has one), who orders a fault, or HTTP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from testcard.mock.fault import Fault, times_of


class FaultQueue:
    """Provider -> the faults that wait for its calls."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[str, deque[Fault]] = {}

    def lay(self, provider: str, fault: Fault, times: int) -> None:
        """Have a fault wait for so many calls; ValueError where `times` is none."""
        laid = [fault] * times_of(times)
        self._waiting.setdefault(provider, deque()).extend(laid)

    def take(self, provider: str, meets: Callable[[Fault], bool]) -> Fault | None:
        """Take the first that a call `meets`; None for none."""
        waiting = self._waiting.get(provider)
        if not waiting:
            return None
        found = next((at for at, fault in enumerate(waiting) if meets(fault)), None)
        if found is None:
            return None
        fault = waiting[found]
        del waiting[found]
        return fault

    def all(self) -> Mapping[str, tuple[Fault, ...]]:
        """Return those that wait, the next one first."""
        return {name: tuple(waiting) for name, waiting in self._waiting.items() if waiting}

    def forget(self, provider: str | None = None) -> int:
        """Take back those of one provider, or of all; return how many."""
        names = [provider] if provider is not None else list(self._waiting)
        return sum(len(self._waiting.pop(name, ())) for name in names)
