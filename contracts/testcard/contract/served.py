"""Which operations were asked validly and never served: without one success, little is proved.

Knows what a call brings about and what is wrong with it. Must not know clauses, or who answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from testcard.common.message import Trace
from testcard.common.reading import Reading
from testcard.contract.flaw import flaws, hides_values
from testcard.contract.trace import ReadExchange, read_trace
from testcard.contract.verdict import ProviderRun

_MAKING = ("pictures", "job")


@dataclass(frozen=True, slots=True)
class Service:
    """How one operation fared in a run.

    Attributes:
        operation: its id.
        valid: how many valid calls were looked at; none after the first that succeeded.
        served: whether one of them succeeded.
        last: status of the last answer, 0 where none came.
    """

    operation: str
    valid: int = 0
    served: bool = False
    last: int = 0


def services(run: ProviderRun) -> tuple[Service, ...]:
    """Return how each operation fared that pictures come from; all, where none is such."""
    return _services(run.reading, run.trace)


def unserved(run: ProviderRun) -> tuple[Service, ...]:
    """Return those that were asked validly, and never served."""
    return tuple(each for each in services(run) if each.valid and not each.served)


def served_nothing(run: ProviderRun) -> bool:
    """Whether no operation of a run had one valid call that succeeded."""
    return not any(each.served for each in services(run))


def _services(reading: Reading, trace: Trace) -> tuple[Service, ...]:
    making = [each.id for each in reading.operations if each.does in _MAKING]
    found = {name: Service(name) for name in making or [each.id for each in reading.operations]}
    for seen in _asking(read_trace(reading, trace), found):
        name = seen.operation.id if seen.operation else ""
        if hides_values(seen) and not seen.succeeded:
            continue  # what is blanked may have been wrong
        if not found[name].served and not flaws(seen):
            found[name] = Service(name, found[name].valid + 1, seen.succeeded, seen.reply.status)
    return tuple(found.values())


def _asking(seen: Iterable[ReadExchange], names: Iterable[str]) -> Iterable[ReadExchange]:
    wanted = set(names)
    return (each for each in seen if each.operation and each.operation.id in wanted)
