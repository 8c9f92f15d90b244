"""What callbacks sent, or would have sent, and what became of it; bounded in memory.

Knows deliveries, and how secrets are blanked. Must not know how anything is sent, or any one
provider.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from threading import Lock
from typing import Final

from testcard.common.message import Exchange
from testcard.common.redaction import secrets_of, text_without, trace_without
from testcard.mock.delivery import Delivery, DeliveryEntry, Fate
from testcard.mock.memory_limit import MemoryLimit

_MOST: Final = 1_000
_PART: Final = 0.05  # of what a mock remembers
_FRAME: Final = 1_500  # bytes of an entry's own values, beside body and letters


class DeliveryJournal:
    """The latest deliveries; the oldest go when there are too many or too large."""

    def __init__(self, memory: MemoryLimit) -> None:
        """Begin empty, within a limit that is shared with whoever else remembers."""
        self._watch: Callable[[DeliveryEntry], None] | None = None
        self._lock = Lock()
        self._memory = memory
        self._share = memory.share(_PART, self._forget_oldest)
        self._entries: deque[tuple[DeliveryEntry, int]] = deque()
        self._count = 0

    def watch(self, watch: Callable[[DeliveryEntry], None]) -> None:
        """Have `watch` called with each entry as it is written."""
        self._watch = watch

    def write(
        self,
        delivery: Delivery,
        fate: Fate,
        detail: str,
        exchange: Exchange,
        named: Collection[str],
    ) -> None:
        """Keep what became of one.

        Args:
            delivery: that was to be sent.
            fate: what became of it.
            detail: why it was not delivered.
            exchange: what was sent and answered.
            named: names of parameters and members that carry keys, in small letters.
        """
        headers = exchange.call.headers  # the mock's own: a signature is no secret
        bare = replace(exchange, call=replace(exchange.call, headers=()))
        own = (delivery.seal.secret,) if delivery.seal.secret else ()
        values = (*own, *secrets_of([(bare, named)]))
        (kept,) = trace_without((bare,), named, values)
        kept = replace(kept, call=replace(kept.call, headers=headers))
        detail = text_without(detail, values)
        weight = _FRAME + len(kept.call.url) + len(kept.call.body) + len(detail)
        with self._lock:
            self._count += 1
            entry = DeliveryEntry(
                self._count, delivery.provider, delivery.operation, delivery.callback,
                delivery.job, delivery.phase, delivery.attempt, fate, detail, kept,
            )  # fmt: skip
            self._entries.append((entry, weight))
            self._share.held += weight
            while len(self._entries) > _MOST:
                self._drop_oldest()
        self._memory.make_room()
        if self._watch is not None:
            self._watch(entry)

    def entries(self, provider: str | None = None) -> tuple[DeliveryEntry, ...]:
        """Return those that are kept, oldest first, of one provider or of all."""
        with self._lock:
            kept = [entry for entry, _ in self._entries]
        return tuple(each for each in kept if provider in (None, each.provider))

    @property
    def forgotten(self) -> int:
        """How many have been dropped."""
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
