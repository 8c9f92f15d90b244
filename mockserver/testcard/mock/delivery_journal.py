"""What callbacks sent, or would have sent, and what became of it; bounded in memory.

Knows deliveries, and how secrets are blanked. Must not know how anything is sent, or any one
provider.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from testcard.common.message import Exchange
from testcard.common.redaction import secrets_of, text_without, trace_without
from testcard.mock.delivery import Delivery, DeliveryEntry, Fate
from testcard.mock.latest import Latest
from testcard.mock.memory_limit import MemoryLimit

_MOST: Final = 1_000
_PART: Final = 0.05  # of what a mock remembers
_FRAME: Final = 1_500  # bytes of an entry's own values, beside body and letters


class DeliveryJournal(Latest[DeliveryEntry]):
    """The latest deliveries; the oldest go when there are too many or too large."""

    def __init__(self, memory: MemoryLimit) -> None:
        """Begin empty, within a limit that is shared with whoever else remembers."""
        super().__init__(memory, _PART, _MOST)

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
        self.keep(
            lambda number: DeliveryEntry(
                number, delivery.provider, delivery.operation, delivery.callback, delivery.job,
                delivery.phase, delivery.attempt, fate, detail, kept,
            ),
            _weight,
        )  # fmt: skip


def _weight(entry: DeliveryEntry) -> int:
    call = entry.exchange.call
    return _FRAME + len(call.url) + len(call.body) + len(entry.detail)
