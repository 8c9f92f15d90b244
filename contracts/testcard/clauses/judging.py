"""Recorded exchanges and clauses -> verdicts.

Knows every clause, and what an outcome is. Must not know who sent or answered, how a report
looks, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from testcard.clauses.catalogue import CLAUSES, CLIENT_CLAUSES
from testcard.common.hosts import authority_of
from testcard.common.message import Exchange, Trace
from testcard.common.reading import Reading
from testcard.common.redaction import redacted
from testcard.contract.trace import ReadExchange, read_trace
from testcard.contract.verdict import Clause, Outcome, ProviderRun, Ruling, TargetKind, Verdict

_FAILS: Final = "documented"


def audit(reading: Reading, trace: Trace, kind: TargetKind = "live") -> ProviderRun:
    """Judge recorded traffic: what was answered, and what a client of its own sent.

    Of `trace`, what has to do with the provider is taken; the run's trace is empty where
    nothing has.
    """
    own = redacted(_concerning(reading, trace), reading.key_names)
    clauses = (*CLAUSES, *CLIENT_CLAUSES)
    return ProviderRun(reading, own, judge(reading, own, kind, clauses))


def _concerning(reading: Reading, trace: Trace) -> Iterator[Exchange]:
    """What was sent to the provider's routes, near them, or to URLs that its answers list."""
    for seen in read_trace(reading, trace):
        parts = seen.call.parts
        near = reading.places.near(authority_of(parts), parts.path)
        under = parts.path.startswith(f"/{reading.spec.id}/")
        if seen.path_known or seen.linked is not None or near or under:
            yield seen.exchange


def judge(
    reading: Reading,
    trace: Trace,
    kind: TargetKind,
    clauses: Iterable[Clause] = CLAUSES,
    *,
    stopped: str = "",
) -> tuple[Verdict, ...]:
    """Return a verdict for each clause that the reading promises.

    Args:
        reading: what is promised.
        trace: what was seen.
        kind: which strengths bind who answered.
        clauses: those to judge by.
        stopped: why the run ended early, for clauses that did not come up.
    """
    seen = tuple(each for each in read_trace(reading, trace) if not _ordered(each))
    return tuple(
        _verdict(reading, clause, seen, kind, stopped)
        for clause in clauses
        if clause.applies(reading)
    )


def _ordered(seen: ReadExchange) -> bool:
    """Whether the caller asked for this very answer, which then says nothing of the rules."""
    prefer = seen.call.header("prefer") or ""
    return "code=" in prefer or "example=" in prefer


def _verdict(
    reading: Reading, clause: Clause, seen: tuple[ReadExchange, ...], kind: TargetKind, stopped: str
) -> Verdict:
    rulings = list(clause.judge(reading, seen))
    provider = reading.spec.id
    if not rulings:
        reason = f"it takes {clause.wants}" + (f"; {stopped}" if stopped else "")
        return Verdict(provider, clause, "not-exercised", reason=reason)
    broken: dict[str, Ruling] = {}
    for ruling in rulings:
        if not ruling.kept:
            broken.setdefault(ruling.detail, ruling)
    outcome = _outcome(clause, broken.values(), kind)
    return Verdict(provider, clause, outcome, tuple(broken.values()), len(rulings))


def _outcome(clause: Clause, broken: Iterable[Ruling], kind: TargetKind) -> Outcome:
    grades = {ruling.evidence.grade for ruling in broken}
    if not grades:
        return "kept"
    promised = clause.strength.get(kind, "exact") != "unpromised"
    return "broken" if promised and _FAILS in grades else "finding"
