"""What a client did, judged by the page: operations and answers met, rules broken.

A pure function of recorded exchanges: who answered them makes no difference. A broken rule that
the page states is a breach; one that only a sample, another source or testcard states is a
finding.

Knows Readings and clauses on the client's side. Must not know doors, terminals or files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from testcard.clauses.catalogue import CLIENT_CLAUSES
from testcard.clauses.judging import judge
from testcard.clauses.unlisted import CALLS
from testcard.common.addresses import served_at
from testcard.common.message import Call, Exchange, Trace
from testcard.common.reading import Reading
from testcard.common.redaction import redacted
from testcard.contract.trace import ReadExchange, read_trace
from testcard.contract.verdict import ProviderRun, Ruling, Verdict, severity

_CLAUSES: Final = (*CLIENT_CLAUSES, CALLS)

Whose = Callable[[Call], str | None]
"""Provider that a call is for; None where it is none's."""


@dataclass(frozen=True, slots=True)
class Met:
    """One operation and one answer that the client met.

    Attributes:
        provider: id.
        what: operationId, or method and path where there is none.
        status: of the answer.
        times: how often.
        known: whether what was asked for is an operation, or a picture that an answer listed.
    """

    provider: str
    what: str
    status: int
    times: int
    known: bool


@dataclass(frozen=True, slots=True)
class ClientVerdict:
    """Everything there is to say of one client's calls.

    Attributes:
        met: operations and answers, those of hosts that are no provider's too.
        runs: the clauses on the client's side, for each provider that was called.
    """

    met: tuple[Met, ...]
    runs: tuple[ProviderRun, ...]

    def rulings(self, outcome: str) -> Iterator[tuple[Verdict, Ruling]]:
        """Yield what was broken, `broken` by the page's word or as a `finding`."""
        for run in self.runs:
            for verdict in run.verdicts:
                for ruling in verdict.rulings:
                    if severity(verdict, ruling) == outcome:
                        yield verdict, ruling

    @property
    def broken(self) -> int:
        """How many promises of the page's own the client broke."""
        return sum(1 for _ in self.rulings("broken"))

    @property
    def exercised(self) -> bool:
        """Whether there was a call that could be judged."""
        return any(verdict.exercised for run in self.runs for verdict in run.verdicts)

    def fails(self, grades: Collection[str]) -> bool:
        """Whether a rule was broken whose evidence is of one of these grades; advice is none."""
        return any(
            ruling.evidence.grade in grades
            for run in self.runs
            for verdict in run.verdicts
            if verdict.clause.strength.get("mock") != "unpromised"
            for ruling in verdict.rulings
        )


def judged(
    readings: Sequence[Reading], trace: Trace, whose: Whose, *, mocked: bool = False
) -> ClientVerdict:
    """Judge a client's calls.

    Args:
        readings: of each provider that was answered for, in the documented profile.
        trace: what was sent and answered, of all providers; secrets in it are blanked.
        whose: tells which provider a call is for.
        mocked: whether no real host answered, so that none is named where a call is to be
            sent again.
    """
    secret = {name for reading in readings for name in reading.key_names}
    clean = redacted(trace, secret)
    runs: list[ProviderRun] = []
    met: list[Met] = []
    for reading in readings:
        own = tuple(each for each in clean if whose(each.call) == reading.spec.id)
        if not own:
            continue
        seen = read_trace(reading, own)
        run = ProviderRun(reading, own, judge(reading, own, "mock", _CLAUSES))
        runs.append(_at_mock(run) if mocked else run)
        met += _met(seen)
    met += _elsewhere(each for each in clean if whose(each.call) is None)
    return ClientVerdict(tuple(met), tuple(runs))


def _at_mock(run: ProviderRun) -> ProviderRun:
    name = run.reading.spec.id
    return replace(run, base=served_at(name), serving=f"testcard serve {name}")


def _met(seen: Iterable[ReadExchange]) -> Iterator[Met]:
    counted = Counter(
        (each.reading.spec.id, _name(each), each.reply.status, bool(each.does)) for each in seen
    )
    for (provider, what, status, known), times in counted.items():
        yield Met(provider, what, status, times, known)


def _name(seen: ReadExchange) -> str:
    if seen.operation is not None:
        return seen.operation.id
    if seen.linked is not None:
        return "picture of a job"
    return f"{seen.call.method} {seen.call.parts.path}"


def _elsewhere(exchanges: Iterable[Exchange]) -> Iterator[Met]:
    counted = Counter(
        (each.call.parts.hostname or "", f"{each.call.method} {each.call.parts.path}",
         each.reply.status)
        for each in exchanges
    )  # fmt: skip
    for (host, what, status), times in counted.items():
        yield Met(host, what, status, times, known=True)
