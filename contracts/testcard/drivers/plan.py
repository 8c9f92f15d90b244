"""The plan: a fixed, ordered set of calls in which one picture serves many clauses.

It is what live runs send. Built from the spec by roles before anything is sent, so that it can
be shown with its cost. Needs nothing but the public interface.

Knows operations and roles. Must not know providers, or who answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from testcard.common.keys import UNKNOWN_JOB, WRONG_KEY, KeyKind
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.reading import Reading
from testcard.common.states import ASKING
from testcard.common.upload import Encoding
from testcard.contract.calls import call_of
from testcard.contract.session import Session
from testcard.drivers import probes
from testcard.drivers.drafts import Draft, Written, call_for, drafts
from testcard.drivers.edges import EXACT
from testcard.drivers.fetching import fetch
from testcard.drivers.following import Following
from testcard.drivers.uploading import follow_file, links_for
from testcard.drivers.values import PROMPTS, Fields, Values

_EVERY_KEY: Final[tuple[KeyKind, ...]] = ("good", "none", "wrong", "empty")


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One call of a plan.

    Attributes:
        purpose: what it is to show, for people.
        call: what is sent.
        cost: credits that it takes if all goes as the page says.
        job: whether it begins a job, which is then followed to its pictures.
        canceled: whether that job is canceled instead.
    """

    purpose: str
    call: Call
    cost: Decimal
    job: bool = False
    canceled: bool = False


def plan(session: Session) -> None:
    """Send the plan; in full where the session is thorough.

    Raises:
        Stop: the session can send nothing more.
    """
    following = Following(session)
    for step in planned(session):
        seen = session.read(session.send(step.call))
        if seen.does == "job" and seen.succeeded and seen.job_id:
            (following.to_its_cancel if step.canceled else following.to_the_end)(seen)
        elif seen.does == "pictures" and seen.succeeded:
            fetch(session, seen)
        elif seen.does == "file" and seen.succeeded:
            follow_file(session, seen)


def planned(session: Session) -> tuple[PlanStep, ...]:
    """Return what `plan` would send to this session's target, beside what answers lead to."""
    return tuple(_Planner(session).steps())


class _Planner:
    """A session's calls, in order."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._reading: Reading = session.reading

    def steps(self) -> Iterator[PlanStep]:
        """Yield them: free calls around paid ones, so that what failures cost is seen."""
        ordering = [each for each in self._reading.operations if each.does in ("pictures", "job")]
        first = ordering[0]
        fields = self._values(first).required()
        yield from self._keyed("a call without a key", first, fields, "none")
        yield self._elsewhere(first)
        yield from self._keyed("a wrong key", first, fields, "wrong")
        for index, operation in enumerate(ordering):
            paid = list(self._paid(operation, main=index == 0))
            yield from paid[:1]
            own = self._values(operation).required()
            yield from self._keyed("a wrong key between two answers", operation, own, "wrong")
            yield from paid[1:2]
            yield from self._wrong(operation)
            yield from paid[2:]
        yield from self._questions()

    def _values(self, operation: Operation) -> Values:
        assert operation.body is not None  # noqa: S101 (what makes pictures takes a body)
        session = self._session
        return Values(operation, operation.body, session.thorough, session.links)

    def _step(
        self,
        purpose: str,
        operation: Operation,
        fields: Fields | None,
        *,
        key: KeyKind = "good",
        key_header: str | None = None,
        typed: bool = True,
    ) -> PlanStep:
        call = call_of(
            self._reading,
            operation,
            fields,
            key=self._session.key_for(key),
            key_header=key_header,
            typed=typed,
        )
        return self._as_step(f"{operation.id}: {purpose}", call, operation)

    def _keyed(
        self, purpose: str, operation: Operation, fields: Fields | None, key: KeyKind
    ) -> Iterator[PlanStep]:
        """Yield a call with some kind of key, where that makes it another call than a good one."""
        if key in _kinds(operation):
            yield self._step(purpose, operation, fields, key=key)

    def _as_step(self, purpose: str, call: Call, operation: Operation | None = None) -> PlanStep:
        cost = self._session.expected_cost(call)
        return PlanStep(
            purpose,
            call,
            cost,
            job=bool(cost) and operation is not None and operation.does == "job",
        )

    # Paid calls

    def _paid(self, operation: Operation, *, main: bool) -> Iterator[PlanStep]:
        values = self._values(operation)
        base = values.base()
        smallest = values.required() | values.seeded()
        yield self._step(
            "the least that a call needs", operation, smallest | values.put("as-base64", True)
        )
        yield from self._second(operation, values, smallest)
        yield self._step("a base to compare with", operation, base)
        if values.role("seed"):
            other = base | values.put("seed", values.other_seed())
            typed = operation.body is None or not operation.body.untyped
            yield self._step("another seed", operation, other, typed=typed)
        if values.role("mask-image"):
            yield self._step("the mask inverted", operation, base | values.picture("mask-image", 1))
        if operation.does == "job" and self._reading.companion(operation, "job-cancel"):
            yield replace(self._step("a job to cancel", operation, base), canceled=True)
        if main or self._session.thorough:
            yield from self._compared(operation, values, base)
        if self._session.thorough:
            for draft in self._telling(values, base):
                yield from [] if draft.breaks else [self._drafted(draft)]
            for purpose, fields in probes.thorough(values, base):
                yield self._step(purpose, operation, fields)
            yield from self._written(operation, values, base)
            yield from self._encodings(operation, values, base)
            poor = replace(values, links=links_for(self._session, "empty")).base()
            yield from self._keyed("an empty account", operation, poor, "empty")

    def _second(self, operation: Operation, values: Values, smallest: Fields) -> Iterator[PlanStep]:
        """The smallest call again, with defaults spelt out, another header, or nothing new."""
        documented = [each.name for each in operation.key_ways if not each.alias]
        header = documented[-1] if documented else None
        spelt = smallest | values.defaults()
        if spelt != smallest or len(documented) > 1:
            purpose = "the same with every default spelt out"
            yield self._step(purpose, operation, spelt, key_header=header)

    def _compared(self, operation: Operation, values: Values, base: Fields) -> Iterator[PlanStep]:
        step = self._step
        yield step("another prompt", operation, base | values.put("prompt", PROMPTS[1]))
        for weight in (1.0, 0.5) if values.role("prompt-weight") else ():
            fields = base | values.put("prompt-weight", weight)
            yield step(f"a prompt of weight {weight:g}", operation, fields)
        if values.role("negative-prompt"):
            fields = base | values.put("negative-prompt", "fog and rain")
            yield step("a negative prompt", operation, fields)
        style = values.role("style")
        if style and "enum" in style.schema:
            yield step("a style", operation, base | {style.name: style.schema["enum"][-1]})
        strong = values.role("strength") or values.role("image-strength")
        if strong and values.role("steps"):
            same = base | values.strength(0.8) | values.put("steps", values.steps())
            yield step("a strength of as many steps", operation, same)
        if not strong and not values.role("mask-image") and values.role("init-image"):
            yield step("another input", operation, base | values.picture("init-image", 1))
        yield from self._ends(operation, values, base)

    def _ends(self, operation: Operation, values: Values, base: Fields) -> Iterator[PlanStep]:
        high = values.extreme("maximum", sure=True) | values.listed(-1)
        low = values.extreme("minimum", sure=True) | values.listed(0) | values.nulls()
        if high:
            fields = base | high | values.put("as-base64", True)
            yield self._step("the upper end of every range", operation, fields)
        if low:
            fields = base | low | values.chance()
            yield self._step("the lower end of every range", operation, fields)
        for end in ("maximum", "minimum") if self._session.thorough else ():
            guessed = values.extreme(end, sure=False)
            if guessed:
                purpose = f"the {end} of ranges that no source names"
                yield self._step(purpose, operation, base | guessed)

    def _written(self, operation: Operation, values: Values, base: Fields) -> Iterator[PlanStep]:
        key = self._session.key
        ways = list(probes.spelt(self._reading, operation, base, key))
        if self._reading.profile == "lenient":
            ways += probes.forgiven_ways(self._reading, operation, values, base, key)
        for purpose, call in ways:
            yield self._as_step(f"{operation.id}: {purpose}", call, operation)

    def _encodings(self, operation: Operation, values: Values, base: Fields) -> Iterator[PlanStep]:
        for role in ("init-image", "mask-image"):
            field = values.role(role)
            for encoding in field.encodings if field else ():
                way: Encoding = encoding  # type: ignore[assignment]
                fields = base | values.picture(role, 0, way)
                yield self._step(f"{role} as {encoding}", operation, fields)

    # Free calls

    def _elsewhere(self, operation: Operation) -> PlanStep:
        call = call_of(self._reading, operation, {}, key=WRONG_KEY)
        lost = Call(call.method, f"{call.url}-testcard-nowhere", call.headers, call.body)
        return self._as_step("a route that is not there", lost)

    def _wrong(self, operation: Operation) -> Iterator[PlanStep]:
        values = self._values(operation)
        yield from self._keyed("a call without a key", operation, values.required(), "none")
        call = call_of(self._reading, operation, None, key=self._session.key)
        method = "PUT" if operation.method != "PUT" else "GET"
        wrongly = Call(method, call.url, call.headers)
        yield self._as_step(f"{operation.id}: a wrong method", wrongly)
        for draft in self._telling(values, values.base()):
            yield from [self._drafted(draft)] if draft.breaks else []

    def _telling(self, values: Values, base: Fields) -> Iterator[Draft]:
        """Yield the drafts that are worth a call, and survive every JSON reader."""
        for draft in drafts(values, base):
            numbers = [] if isinstance(draft.value, Written) else draft.value.values()
            exact = all(abs(each) < EXACT for each in numbers if isinstance(each, int | float))
            yield from [draft] if draft.telling and exact else []

    def _drafted(self, draft: Draft) -> PlanStep:
        call = call_for(self._reading, draft, self._session.key)
        return self._as_step(f"{draft.operation.id}: {draft.why}", call, draft.operation)

    def _questions(self) -> Iterator[PlanStep]:
        for operation in self._reading.operations:
            kinds = [each for each in _kinds(operation) if each != "empty"]
            for key in kinds if operation.does == "account" else ():
                yield self._step(f"the account, {key} key", operation, None, key=key)
            least = Values(operation, operation.takes, True, self._session.links).required()
            if operation.does == "info":
                yield self._step("information", operation, least or None)
            for key in kinds if operation.does == "file" else ():
                yield self._step(f"a picture to keep, {key} key", operation, least or None, key=key)
            if operation.does == "file" and operation.body is not None:
                values = self._values(operation)
                wrong = (each for each in self._telling(values, least) if each.breaks)
                yield from map(self._drafted, wrong)
            for key in kinds if operation.does in ASKING else ():
                call = self._session.call(operation, key=key, job_id=UNKNOWN_JOB)
                yield self._as_step(f"{operation.id}: an unknown job, {key} key", call)
            for key in kinds if operation.does == "job-list" else ():
                yield self._step(f"the jobs, {key} key", operation, {}, key=key)


def _kinds(operation: Operation) -> tuple[KeyKind, ...]:
    """Return the kinds of key that make a difference to an operation: one, where it takes none."""
    if not operation.key_ways:
        return ("good",)
    return ("good", "wrong", "empty") if operation.key_optional else _EVERY_KEY
