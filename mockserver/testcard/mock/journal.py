"""What was asked and answered, bounded in memory, secrets blanked.

Knows Calls and Replies. Must not know who answered, or a provider's words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from sys import getsizeof
from threading import Lock
from typing import Any, Final

from testcard.common.flaw import Finding
from testcard.common.message import Exchange
from testcard.mock.memory_limit import MemoryLimit, Share, weigh

_MOST_ENTRIES: Final = 1_000
_MOST_FINDINGS: Final = 100
_PART: Final = 0.15  # of what a mock remembers
_FRAME: Final = 1_115  # bytes of an entry's own values, beside letters and bodies
_FINDING: Final = 72  # bytes of a finding, beside its texts
_HEADER: Final = 162  # bytes of a header's pair, name and value, beside their letters


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

    def __init__(
        self,
        watch: Callable[[Entry], None] | None = None,
        memory: MemoryLimit | None = None,
    ) -> None:
        """Begin empty.

        Args:
            watch: called with each entry as it is written.
            memory: shared with whoever else remembers; None for one of its own.
        """
        self._watch = watch
        self._lock = Lock()
        self._memory = memory or MemoryLimit()
        self._share: Share = self._memory.share(_PART, self._forget_oldest)
        self._entries: deque[tuple[Entry, int]] = deque()
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
        kept = _bounded(findings)
        with self._lock:
            self._count += 1
            entry = Entry(
                self._count, provider, operation, verdict, detail, kept, notes, fields, exchange
            )
            weight = _weight(entry)
            self._entries.append((entry, weight))
            self._share.held += weight
            while len(self._entries) > _MOST_ENTRIES:
                self._drop_oldest()
        self._memory.make_room()
        if self._watch is not None:
            self._watch(entry)
        return entry

    def entries(self, provider: str | None = None) -> tuple[Entry, ...]:
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
            if len(self._entries) < 2:  # the latest stays, however large
                return False
            self._drop_oldest()
            return True

    def _drop_oldest(self) -> None:
        _, weight = self._entries.popleft()
        self._share.held -= weight


def _bounded(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    more = len(findings) - _MOST_FINDINGS
    if more <= 0:
        return findings
    told = f"{more} further findings are not kept"
    return (
        *findings[:_MOST_FINDINGS],
        replace(findings[_MOST_FINDINGS], where="call", message=told),
    )


def _weight(entry: Entry) -> int:
    """Bytes that an entry takes; texts are weighed as one, each letter like the widest of all."""
    call, reply = entry.exchange.call, entry.exchange.reply
    headers = (*call.headers, *reply.headers)
    texts = getsizeof("".join((call.url, entry.detail, *chain.from_iterable(headers))))
    bodies = len(call.body) + len(reply.body)
    weight = _FRAME + texts + bodies + _HEADER * len(headers) + weigh(entry.fields)
    if entry.notes:
        weight += weigh(entry.notes)
    return weight + _findings_weight(entry.findings) if entry.findings else weight


def _findings_weight(findings: tuple[Finding, ...]) -> int:
    texts = ((each.where, each.message, each.grade, each.source) for each in findings)
    return sum(sum(map(getsizeof, each)) for each in texts) + _FINDING * len(findings)
