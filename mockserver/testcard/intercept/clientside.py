"""What a client did, judged by the page: operations met, unknown fields, promises broken.

A pure function of recorded exchanges: who answered them makes no difference. A broken rule that
the page states is a breach; one that only a sample, another source or testcard states is a
finding.

Knows Readings and clauses on the client's side. Must not know doors, terminals or files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from testcard.clauses.client import REQUEST
from testcard.common.body import Malformed, checkable, fields_of
from testcard.common.message import Call, Exchange, Trace
from testcard.common.reading import Reading
from testcard.common.redaction import redacted
from testcard.contract.trace import Seen, look
from testcard.contract.verdict import ProviderRun, Ruling, Verdict

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
class Noted:
    """Something in a client's calls that the page neither promises nor refuses.

    Attributes:
        provider: id.
        operation: operationId.
        field: its name.
        message: what the page says.
        source: where it says so; empty where it says nothing.
    """

    provider: str
    operation: str
    field: str
    message: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ClientVerdict:
    """Everything there is to say of one client's calls."""

    met: tuple[Met, ...]
    unknown: tuple[Noted, ...]
    advised: tuple[Noted, ...]
    runs: tuple[ProviderRun, ...]

    def rulings(self, outcome: str) -> Iterator[tuple[Verdict, Ruling]]:
        """Yield what was broken, `broken` by the page's word or as a `finding`."""
        for run in self.runs:
            for verdict in run.verdicts:
                for ruling in verdict.rulings:
                    weighs = "broken" if ruling.evidence.grade == "documented" else "finding"
                    if weighs == outcome:
                        yield verdict, ruling

    @property
    def broken(self) -> int:
        """How many promises of the page's own the client broke."""
        return sum(1 for _ in self.rulings("broken"))


def judged(readings: Sequence[Reading], trace: Trace, whose: Whose) -> ClientVerdict:
    """Judge a client's calls.

    Args:
        readings: of each provider that was answered for, in the documented profile.
        trace: what was sent and answered, of all providers; secrets in it are blanked.
        whose: tells which provider a call is for.
    """
    secret = {name for reading in readings for name in reading.key_headers}
    clean = redacted(trace, secret)
    runs: list[ProviderRun] = []
    met: list[Met] = []
    unknown: list[Noted] = []
    advised: list[Noted] = []
    for reading in readings:
        own = tuple(each for each in clean if whose(each.call) == reading.spec.id)
        if not own:
            continue
        seen = look(reading, own)
        runs.append(ProviderRun(reading, own, (_verdict(reading, seen),)))
        met += _met(seen)
        unknown += _distinct(_unknown(seen))
        advised += _distinct(_advised(seen))
    met += _elsewhere(each for each in clean if whose(each.call) is None)
    return ClientVerdict(tuple(met), tuple(unknown), tuple(advised), tuple(runs))


def _verdict(reading: Reading, seen: tuple[Seen, ...]) -> Verdict:
    rulings = list(REQUEST.judge(reading, seen))
    broken: dict[str, Ruling] = {}
    for ruling in rulings:
        if not ruling.kept:
            broken.setdefault(ruling.detail, ruling)
    provider = reading.spec.id
    if not rulings:
        reason = "no call was for one of its operations"
        return Verdict(provider, REQUEST, "not-exercised", reason=reason)
    found = tuple(broken.values())
    documented = any(each.evidence.grade == "documented" for each in found)
    outcome = "broken" if documented else "finding" if found else "kept"
    return Verdict(provider, REQUEST, outcome, found, len(rulings))  # type: ignore[arg-type]


def _met(seen: Iterable[Seen]) -> Iterator[Met]:
    counted = Counter(
        (each.reading.spec.id, _name(each), each.reply.status, bool(each.does)) for each in seen
    )
    for (provider, what, status, known), times in counted.items():
        yield Met(provider, what, status, times, known)


def _name(seen: Seen) -> str:
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


def _unknown(seen: Iterable[Seen]) -> Iterator[Noted]:
    for each in seen:
        operation = each.operation
        if operation is None or operation.body is None:
            continue
        try:
            _, findings = fields_of(each.call, operation.body, lenient=True)
        except Malformed:
            continue
        for finding in findings:
            if finding.where not in operation.body.fields and finding.where != "Content-Type":
                yield Noted(each.reading.spec.id, operation.id, finding.where, finding.message)


def _advised(seen: Iterable[Seen]) -> Iterator[Noted]:
    for each in seen:
        operation = each.operation
        if operation is None or operation.body is None:
            continue
        for breach in operation.body.advice.breaches(checkable(each.fields)):
            name = str(breach.path[0]) if breach.path else ""
            field = operation.body.fields.get(name)
            said = field.evidence() if field else operation.body.evidence
            source = f"{said.source} ({said.grade})"
            yield Noted(each.reading.spec.id, operation.id, name, breach.message, source)


def _distinct(notes: Iterable[Noted]) -> list[Noted]:
    return list(dict.fromkeys(notes))
