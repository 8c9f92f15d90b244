"""What was asked and answered, bounded in memory, secrets blanked.

Knows Calls and Replies. Must not know who answered, or a provider's words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from testcard.common.body import Finding
from testcard.common.message import Exchange

_MOST_ENTRIES = 1_000
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One call and all that is known of it.

    Attributes:
        number: from 1, in the order answered.
        provider: id of the provider asked; None where the URL is none's.
        operation: operationId; None where the URL and method are none's.
        verdict: `ok`, or the kind of trouble it was answered with.
        detail: one sentence on the trouble; empty where there was none.
        findings: what the page does not promise and was forgiven.
        notes: what of the call had no effect on the picture, as (field, why).
        fields: of the body, in brief.
        exchange: the call and the reply, secrets blanked.
    """

    number: int
    provider: str | None
    operation: str | None
    verdict: str
    detail: str
    findings: tuple[Finding, ...]
    notes: tuple[tuple[str, str], ...]
    fields: Mapping[str, Any]
    exchange: Exchange


class Journal:
    """The latest entries; the oldest go when there are too many or too large."""

    def __init__(self, watch: Callable[[Entry], None] | None = None) -> None:
        """Begin empty; `watch` is called with each entry as it is written."""
        self._watch = watch
        self._lock = Lock()
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._count = 0

    def write(
        self,
        exchange: Exchange,
        *,
        provider: str | None,
        operation: str | None,
        verdict: str,
        detail: str,
        findings: tuple[Finding, ...],
        notes: tuple[tuple[str, str], ...],
        fields: Mapping[str, Any],
    ) -> Entry:
        """Keep one exchange, whose secrets are blanked already."""
        with self._lock:
            self._count += 1
            entry = Entry(
                self._count, provider, operation, verdict, detail, findings, notes, fields, exchange
            )
            self._entries.append(entry)
            self._bytes += _weight(entry)
            while len(self._entries) > _MOST_ENTRIES or (
                self._bytes > _MOST_BYTES and len(self._entries) > 1
            ):
                self._bytes -= _weight(self._entries.popleft())
        if self._watch is not None:
            self._watch(entry)
        return entry

    def entries(self, provider: str | None = None) -> tuple[Entry, ...]:
        """Return the entries kept, oldest first, of one provider or of all."""
        with self._lock:
            kept = tuple(self._entries)
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
            self._bytes = self._count = 0


def _weight(entry: Entry) -> int:
    return len(entry.exchange.call.body) + len(entry.exchange.reply.body)
