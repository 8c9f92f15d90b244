"""A story: things done to an API one after the other, and what the clauses say of it.

A story that breaks a clause can be told again with fewer things done, until each one matters.

Knows roles and what operations bring about. Must not know how stories are thought up, or who
answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeVar

from testcard.clauses.catalogue import CLAUSES
from testcard.clauses.jobs import PATIENCE
from testcard.common.keys import UNKNOWN_JOB, KeyKind
from testcard.common.message import Call, Exchange
from testcard.common.operation import Operation
from testcard.common.states import AT_WORK
from testcard.contract.session import Session
from testcard.contract.trace import ReadExchange, read_trace
from testcard.drivers.drafts import call_for, drafts
from testcard.drivers.uploading import links_for
from testcard.drivers.values import Values

T = TypeVar("T")
Deed = Literal[
    "order", "ask", "wait", "ask-after-nothing", "fetch", "call", "err", "wrong", "none", "empty"
]

PAUSE: Final = 0.5
"""Seconds between questions after a job, where that is not the mock."""
_GROUPS: Final = ("jobs", "money", "errors")
_FREE_ONLY: Final = ("err", "empty")
_REFUSED: Final[Mapping[str, tuple[KeyKind, str]]] = {
    "wrong": ("wrong", "a wrong key"),
    "none": ("none", "no key"),
    "empty": ("empty", "the key of an empty account"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done.

    Attributes:
        deed: what.
        which: number of the operation, job or URL that it is done to, counted round; for an
            order the samples less one.
    """

    deed: Deed
    which: int = 0


@dataclass
class Story:
    """What was done, sent and answered, in order.

    Attributes:
        session: what sends.
        steps: what was done.
        lines: what was sent and came back, for people.
        exchanges: the same, in full.
        jobs: ids of the jobs ordered.
        urls: that jobs led to.
    """

    session: Session
    steps: list[Step] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def may(self, deed: Deed) -> bool:
        """Whether something can be done as the story stands, and may be where calls cost."""
        if deed in _FREE_ONLY and not self.session.thorough:
            return False
        if deed == "fetch":
            return bool(self.urls)
        if deed in ("ask", "wait"):
            return bool(self.jobs)
        does = {"order": ("job",), "ask-after-nothing": ("job-status",), "call": ("pictures",)}
        return bool(self._all(*does.get(deed, ("job", "pictures"))))

    def do(self, step: Step) -> None:
        """Do one thing; nothing where the story has no place for it."""
        if not self.may(step.deed):
            return
        self.steps.append(step)
        if step.deed == "order":
            self._order(step.which % 3 + 1)
        elif step.deed == "fetch":
            url = _round(self.urls, step.which)
            self._send(f"fetch {url}", Call("GET", url, self.session.agent))
        elif step.deed in ("ask", "wait"):
            self._ask(_round(self.jobs, step.which), PATIENCE if step.deed == "wait" else 1)
        elif step.deed == "ask-after-nothing":
            self._ask(UNKNOWN_JOB, 1)
        else:
            self._call(step)

    def broken(self) -> dict[str, str]:
        """Return the id of each clause that the story breaks, with what it says of it."""
        reading, found = self.session.reading, dict[str, str]()
        seen = read_trace(reading, tuple(self.exchanges))
        for clause in CLAUSES:
            if clause.group in _GROUPS and clause.applies(reading):
                for ruling in clause.judge(reading, seen):
                    if not ruling.kept:
                        told = f"Seen: {ruling.seen}; expected: {ruling.expected}"
                        found.setdefault(clause.id, f"{clause.sentence} {told}")
        return found

    def _order(self, samples: int) -> None:
        operation = self._all("job")[0]
        fields = self._fields(operation)
        for each in operation.body.fields.values() if operation.body else ():
            if each.role == "samples":
                fields[each.name] = samples
        seen = self._send(f"order {samples} pictures", self.session.call(operation, fields))
        self.jobs += [seen.job_id] if seen.job_id else []

    def _ask(self, job: str, times: int) -> None:
        """Ask so often at most, or at a live target until there was time enough for any job."""
        operation, asked = self._all("job-status")[0], 0
        patience = max(times, self.session.budget.job_deadline / PAUSE) if times > 1 else times
        while asked < (patience if self.session.kind == "live" else times):
            if asked and self.session.kind != "mock":
                self.session.pause(PAUSE)
            call = self.session.call(operation, job_id=job)
            seen, asked = self._send(f"ask after {self._named(job)}", call), asked + 1
            if seen.phase not in AT_WORK:
                if seen.phase == "succeeded" and not (seen.urls or seen.pictures):
                    self._get_result(operation, job)
                return

    def _get_result(self, asking: Operation, job: str) -> None:
        giving = self.session.reading.companion(asking, "job-result")
        if giving is not None:
            self._send(f"get {self._named(job)}", self.session.call(giving, job_id=job))

    def _named(self, job: str) -> str:
        return f"job {self.jobs.index(job) + 1}" if job in self.jobs else "an unknown job"

    def _call(self, step: Step) -> None:
        does = ("pictures",) if step.deed == "call" else ("job", "pictures")
        operation = _round(self._all(*does), step.which)
        if step.deed == "err":
            self._err(operation, step.which)
            return
        key, words = _REFUSED.get(step.deed, ("good", ""))
        what = f"call {operation.id}{' with ' if words else ''}{words}"
        self._send(what, self.session.call(operation, self._fields(operation, key), key=key))

    def _err(self, operation: Operation, which: int) -> None:
        """Send something that is wrong, of which there are as many as drafts name."""
        values = self._values(operation)
        wrong = [each for each in drafts(values, values.cheapest()) if each.breaks and each.telling]
        draft = _round(wrong, which)
        self._send(
            f"call {operation.id}: {draft.why}",
            call_for(self.session.reading, draft, self.session.key),
        )

    def _send(self, what: str, call: Call) -> ReadExchange:
        self.exchanges.append(self.session.send(call))
        seen = read_trace(self.session.reading, tuple(self.exchanges))[-1]
        self.urls += [url for url in seen.urls if url.startswith("http") and url not in self.urls]
        self.lines.append(f"{len(self.exchanges)}. {what} -> {told(seen)}")
        return seen

    def _fields(self, operation: Operation, key: KeyKind = "good") -> dict[str, Any]:
        return replace(self._values(operation), links=links_for(self.session, key)).cheapest()

    def _values(self, operation: Operation) -> Values:
        assert operation.body is not None  # noqa: S101 (what makes pictures takes a body)
        return Values(operation, operation.body, self.session.thorough, self.session.links)

    def _all(self, *does: str) -> list[Operation]:
        return [each for each in self.session.reading.operations if each.does in does]


def told(seen: ReadExchange) -> str:
    """Return in a few words what came back."""
    said = [str(seen.reply.status), seen.job_state or ""]
    if seen.urls:
        said.append(f"{len(seen.urls)} URLs")
    if "remaining-credits" in seen.said:
        said.append(f"{seen.said['remaining-credits']} credits left")
    return ", ".join(each for each in said if each)


def retold(session: Session, steps: Sequence[Step]) -> Story:
    """Do the same things again, as a story of its own."""
    story = Story(session)
    for step in steps:
        story.do(step)
    return story


def shortest(story: Story, clause: str) -> Story:
    """Tell a story that breaks `clause` again and again, each time with a step left out.

    Returns one that still breaks it, and of which no single step can be left out.
    """
    best, tried = story, True
    while tried:
        tried = False
        for fewer in _shorter(best.steps):
            again = retold(story.session, fewer)
            if clause in again.broken():
                best, tried = again, True
                break
    return best


def _shorter(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield `steps` without the first half, without each one of them, and with less waiting."""
    if len(steps) > 3:
        yield list(steps[len(steps) // 2 :])
    for index in reversed(range(len(steps))):
        yield [*steps[:index], *steps[index + 1 :]]
    for index, step in enumerate(steps):
        if step.deed == "wait":
            yield [*steps[:index], replace(step, deed="ask"), *steps[index + 1 :]]


def _round(things: Sequence[T], which: int) -> T:
    return things[which % len(things)]
