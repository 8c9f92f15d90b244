"""What was asked and answered, bounded in memory, secrets blanked.

Knows Calls and Replies. Must not know who answered, or a provider's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from sys import getsizeof
from typing import Any, Final

from testcard.common.flaw import Finding
from testcard.common.message import Exchange
from testcard.mock.latest import Latest
from testcard.mock.memory_limit import MemoryLimit, weigh

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


class Journal(Latest[Entry]):
    """The latest calls; the oldest go when there are too many or too large."""

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
        super().__init__(memory or MemoryLimit(), _PART, _MOST_ENTRIES, watch)

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
        told = verdict, detail, _bounded(findings), notes, fields, exchange
        return self.keep(lambda number: Entry(number, provider, operation, *told), _weight)


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
