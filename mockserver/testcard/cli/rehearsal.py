"""A spec is rehearsed: every answer and every error given once, every operation called validly.

The self-check reads a spec; this has it served, and judges what comes by the clauses on the wire.
Knows how a mock is put together, and valid values. Must not know the command line, or any vendor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Final

from testcard.assembly import Options, build
from testcard.clauses.wire import CLAUSES
from testcard.common.fields import Body
from testcard.common.message import Call, Exchange
from testcard.common.operation import Operation
from testcard.common.reading import Profile, Reading
from testcard.common.spec import bundled
from testcard.common.trouble import Kind
from testcard.contract.calls import Links, call_of
from testcard.contract.flaw import flaws
from testcard.contract.session import GOOD_KEY
from testcard.contract.trace import ReadExchange, read_trace
from testcard.drivers.uploading import Uploading
from testcard.drivers.values import Fields, Values
from testcard.mock.core import Mock
from testcard.mock.fault import Fault
from testcard.mock.world import JobPolicy

_PROFILES: Final[tuple[Profile, ...]] = ("documented", "lenient")
_BALANCE: Final = Decimal(1_000_000)
_MAKING: Final = ("pictures", "job")
_ENDS: Final = ("at-once", "never", "fail")
_AT_WORK: Final = ("job-cancel",)


def rehearsed(path: Path) -> Iterator[str]:
    """Yield one sentence for each call that a spec's own mock did not answer as the spec says.

    Raises:
        SpecError: the file cannot be loaded.
    """
    ours = path.resolve() in bundled()
    name = path.stem if ours else str(path)  # by its name one speaks its own dialect
    for profile in _PROFILES:
        options = Options(providers=(name,), profile=profile, balance=_BALANCE)
        rehearsal = _Rehearsal(build(options))
        told = dict.fromkeys(chain(rehearsal.valid(), rehearsal.standing(), rehearsal.failing()))
        yield from (f"{path}: {each.replace(':', f' ({profile}):', 1)}" for each in told)


@dataclass
class _Rehearsal:
    """One mock, of one spec, that is called."""

    mock: Mock

    def __post_init__(self) -> None:
        (dialect,) = self.mock.dialects.values()
        self.reading: Reading = dialect.reading
        self.operations = sorted(self.reading.operations, key=lambda each: each.does not in _MAKING)
        self.links = Links(uploaded=Uploading(self.reading, GOOD_KEY, self._answered))

    def valid(self) -> Iterator[str]:
        """Make the smallest and the fullest valid call of each operation and media type."""
        for operation in self.operations:
            for body in operation.bodies:
                one = replace(operation, bodies=(body,))
                for name, fields in self._drawn(one, body):
                    called = f"the {name} valid call{_of_type(body)}"
                    yield from self._succeeds(one, fields, called)

    def standing(self) -> Iterator[str]:
        """Ask after a job in each of its states."""
        for operation in self.operations:
            for policy in _ENDS if operation.does in ("job", "job-status") else ():
                fields = Values(operation, operation.takes, True, self.links).required()
                seen = self._sent(operation, fields, policy)
                told = f"{operation.id}: of a job that ends {policy}"
                yield from (f"{told}: {each}" for each in self._broken(seen))

    def failing(self) -> Iterator[str]:
        """Have each kind of trouble answered once by each operation that it may befall."""
        for operation in self.operations:
            fields = Values(operation, operation.takes, True, self.links).required()
            for kind in self._kinds(operation):
                self.mock.world.fail_next(self.reading.spec.id, Fault(kind, operation=operation.id))
                seen = self._sent(operation, fields)
                yield from (f"{operation.id}: as {kind}: {each}" for each in self._broken(seen))

    def _drawn(self, operation: Operation, body: Body) -> Iterator[tuple[str, Fields]]:
        values = Values(operation, body, True, self.links)
        yield "smallest", values.required()
        if values.everything() != values.required():
            yield "fullest", values.everything()

    def _kinds(self, operation: Operation) -> Iterator[Kind]:
        """Those kinds of trouble whose status the operation lists: others a mock words plainly."""
        for kind, status in self.reading.problems_of(operation).items():
            if operation.response(status) is not None:
                yield kind  # type: ignore[misc]  # problems are keyed by the kinds

    def _succeeds(self, operation: Operation, fields: Fields, called: str) -> Iterator[str]:
        seen = self._sent(operation, fields)
        wrong = flaws(seen)
        if wrong:
            yield f"{operation.id}: {called} cannot be made: {wrong[0].told}"
        elif not seen.succeeded:
            said = seen.reply.body[:200].decode("utf-8", "replace")
            yield f"{operation.id}: {called} is answered with {seen.reply.status}: {said}"
        yield from (f"{operation.id}: {called}: {each}" for each in self._broken(seen))

    def _broken(self, seen: ReadExchange) -> Iterator[str]:
        for clause in CLAUSES:
            for ruling in (
                clause.judge(self.reading, (seen,)) if clause.applies(self.reading) else ()
            ):
                if not ruling.kept:
                    yield f"{ruling.seen}; expected {ruling.expected}"

    def _sent(self, operation: Operation, fields: Fields, policy: str = "at-once") -> ReadExchange:
        """Send one call; where it asks after a job, one that was begun for it."""
        self.mock.world.set_policy(JobPolicy.parse(policy))
        if operation.does in _MAKING or not operation.does.startswith("job"):
            said = fields if operation.takes.fields else None
            return self._answered(call_of(self.reading, operation, said, key=GOOD_KEY))
        job = self._begun("never" if operation.does in _AT_WORK else policy)
        asked = next((each for each in operation.takes.telling if each.role == "job-id"), None)
        told = fields | ({asked.name: job} if asked else {})
        params = {} if asked else dict.fromkeys(operation.param_names, job)
        given = told if operation.takes.fields else None
        return self._answered(call_of(self.reading, operation, given, key=GOOD_KEY, params=params))

    def _begun(self, policy: str) -> str:
        """Begin a job that ends so, and return its id; an id of no job where none can be begun."""
        making = next((each for each in self.operations if each.does == "job"), None)
        if making is None:
            return "a-job"
        self.mock.world.set_policy(JobPolicy.parse(policy))
        fields = Values(making, making.takes, True, self.links).required()
        call = call_of(self.reading, making, fields, key=GOOD_KEY)
        return self._answered(call).job_id or "a-job"

    def _answered(self, call: Call) -> ReadExchange:
        reply = self.mock.answer(call)
        (seen,) = read_trace(self.reading, (Exchange(call, reply, 0.0, 0.0),))
        return seen


def _of_type(body: Body) -> str:
    return f" of {body.media_type}" if body.media_type else ""
