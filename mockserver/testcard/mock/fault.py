"""What may lie in wait for a provider's next calls; whoever orders it, it is judged here.

Knows the kinds of trouble and a provider's operations. Must not know who orders a fault, or how
one is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from testcard.common.keys import key_digest
from testcard.common.reading import Reading
from testcard.common.trouble import KINDS, Kind

LONGEST_DELAY = 3600
"""Seconds that a fault may hold an answer back."""
MOST_TIMES = 1000
"""Calls that one order of a fault may lie in wait for."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What waits for a provider's next call, or for the next that it is aimed at.

    Attributes:
        kind: the trouble it is answered with; None to answer it as ever.
        delay: seconds before its answer is sent, 0 to LONGEST_DELAY.
        operation: operationId of the calls that meet it; None for any.
        amid: whether it comes amid the stream of events that answers, behind its first events.
        key_sha256: hex digest of the key of the calls that meet it; None for any, and for none.

    Raises:
        ValueError: there is no such kind, or the delay is none; whoever asks is told so here.
    """

    kind: Kind | None
    delay: float = 0.0
    operation: str | None = None
    key_sha256: str | None = None
    amid: bool = False

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of trouble; it is: {', '.join(KINDS)}")
        if not is_number(self.delay) or not 0 <= self.delay <= LONGEST_DELAY:
            expected = f"seconds from 0 to {LONGEST_DELAY} were expected"
            raise ValueError(f"the delay is {self.delay!r}; {expected}")


def aimed(
    reading: Reading,
    kind: Kind | None,
    delay: float,
    operation: str | None,
    key: str | None,
    *,
    amid: bool = False,
) -> Fault:
    """Return a fault for calls to the provider of `reading`, as an order names them.

    Raises:
        ValueError: the provider has no such operation, or none with an event for an error amid a
            stream, or `Fault` refuses it.
    """
    known = [each.id for each in reading.operations]
    if operation is not None and operation not in known:
        provider, listed = reading.spec.id, ", ".join(known)
        raise ValueError(f"{provider} has no operation {operation!r}; it has: {listed}")
    able = [each.id for each in reading.operations if each.errs_amid]
    if amid and (kind is None or not able or operation not in (None, *able)):
        listed = ", ".join(able) or "none"
        seen = "amid is for a kind of trouble, and operations whose stream has an error event"
        raise ValueError(f"{seen}; {reading.spec.id} has: {listed}")
    return Fault(kind, delay, operation, None if key is None else key_digest(key), amid)


def times_of(value: object) -> int:
    """Return how many calls meet a fault; ValueError where it is no whole number from 1 up."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_TIMES:
        raise ValueError(f"times is {value!r}; a whole number from 1 to {MOST_TIMES} was expected")
    return value


def is_number(value: object) -> bool:
    """Whether it is a number, and not the truth of something."""
    return isinstance(value, int | float) and not isinstance(value, bool)
