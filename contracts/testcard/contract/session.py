"""What a driver works with: something to send calls by, and the limits that it keeps.

Money is reserved before a call is sent; a run stops at its limits, never beyond them.
Knows targets, prices and limits. Must not know clauses, or what a driver means to find out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from testcard.common.keys import EMPTY_KEY, WRONG_KEY, KeyKind
from testcard.common.message import Call, Exchange, Headers, Reply
from testcard.common.operation import Operation
from testcard.common.reading import Reading
from testcard.common.states import LOST
from testcard.contract.calls import OWN_AGENT, Links, call_of
from testcard.contract.flaw import flaws
from testcard.contract.targets import Target, Unreachable
from testcard.contract.trace import ReadExchange, read_trace
from testcard.contract.verdict import TargetKind

GOOD_KEY: Final = "a-good-testcard-key"
"""A key that the mock and the reference take, as they take any."""
LONGEST_WAIT: Final = 65.0
"""Seconds that a run waits at most when told to come back later."""

_MOST_TRIES: Final = 4
_MOST_UNANSWERED: Final = 6
_PAGES: Final = 3  # answers for people, one after the other, by which a wrong address is known


class Stop(Exception):  # noqa: N818 (a run's end is no error)
    """A run has come to its end before its plan has.

    Attributes:
        unreachable: whether the target never answered as an API does.
    """

    def __init__(self, reason: str, *, unreachable: bool = False) -> None:
        """Keep why."""
        super().__init__(reason)
        self.unreachable = unreachable


@dataclass(frozen=True)
class Budget:
    """What a run may spend: credits, calls and seconds.

    Attributes:
        credits: None for no limit.
        requests: calls at most; None for no limit.
        timeout: seconds for one call.
        job_deadline: seconds for one job.
    """

    credits: Decimal | None = None
    requests: int | None = None
    timeout: float = 30.0
    job_deadline: float = 180.0


@dataclass
class Session:
    """One provider, one target, one run.

    Attributes:
        reading: by which calls are made and judged.
        target: who answers.
        key: one that is accepted.
        budget: what may be spent.
        thorough: whether calls cost nothing, so that everything may be tried.
        links: pictures for APIs that take nothing but URLs.
        watch: called with each exchange.
        sleep: waits, in seconds.
        exchanges: what was sent and answered, secrets and all; `check` blanks them.
        spent: credits reserved for calls that did not fail.
        answered: how many calls were answered.
        notes: what drivers had to say beside that.
    """

    reading: Reading
    target: Target
    key: str = GOOD_KEY
    budget: Budget = field(default_factory=Budget)
    thorough: bool = False
    links: Links = field(default_factory=Links)
    watch: Callable[[Exchange], None] | None = None
    sleep: Callable[[float], None] = time.sleep
    exchanges: list[Exchange] = field(default_factory=list)
    spent: Decimal = Decimal(0)
    answered: int = 0
    notes: list[str] = field(default_factory=list)
    _unanswered: int = 0
    _jobs: dict[str, Decimal] = field(default_factory=dict)
    _read: ReadExchange | None = None  # the last one, for it is asked for again and again

    @property
    def kind(self) -> TargetKind:
        """Which strengths of clauses bind the target."""
        return self.target.kind

    def key_for(self, kind: KeyKind) -> str | None:
        """Return a key of this kind; None for no key."""
        return {"none": None, "good": self.key, "wrong": WRONG_KEY, "empty": EMPTY_KEY}[kind]

    def call(
        self,
        operation: Operation,
        fields: Mapping[str, Any] | None = None,
        *,
        key: KeyKind = "good",
        job_id: str | None = None,
        beside: Mapping[str, str] | None = None,
    ) -> Call:
        """Put a call together: fields, or a job's id wherever it stands, and a key.

        Args:
            operation: what is called.
            fields: by their names.
            key: which kind of key it has.
            job_id: of the job that is asked about.
            beside: what else the path names, as in the call that began the job.
        """
        params = {
            each: (beside or {})[each] for each in operation.param_names if each in (beside or {})
        }
        if job_id is not None:
            takes = operation.takes.fields.values()
            named = next((each for each in takes if each.role == "job-id"), None)
            if named is None:
                params |= dict.fromkeys(operation.param_names[-1:], job_id)
            else:
                needed = {each.name: each.example for each in takes if each.required}
                fields = {**needed, **(fields or {}), named.name: job_id}
                params.pop(named.place.name, None)
        return call_of(self.reading, operation, fields, key=self.key_for(key), params=params)

    def read(self, exchange: Exchange) -> ReadExchange:
        """Read one exchange by itself, unlinked to any other."""
        if self._read is None or self._read.exchange is not exchange:
            self._read = read_trace(self.reading, (exchange,))[0]
        return self._read

    def tell(self, story: str) -> None:
        """Keep what a driver has to say to people beside its exchanges."""
        self.notes.append(story)

    def cost(self, call: Call) -> Decimal:
        """Return what a call costs if it succeeds, in credits."""
        return self._cost(self.read(Exchange(call, Reply(0))))

    def _cost(self, seen: ReadExchange) -> Decimal:
        pays = seen.does in ("pictures", "job") and seen.key == "good"
        if not pays or seen.operation is None:
            return Decimal(0)
        price = self.reading.price_of(seen.operation)
        return max(seen.price or Decimal(0), price.most or Decimal(0))

    def expected_cost(self, call: Call) -> Decimal:
        """Return what a call costs if it is answered as the page says: nothing if it is wrong."""
        seen = self.read(Exchange(call, Reply(0)))
        return Decimal(0) if flaws(seen) else self._cost(seen)

    @property
    def agent(self) -> Headers:
        """The header that says whose calls these are."""
        return (("User-Agent", OWN_AGENT),)

    def send(self, call: Call) -> Exchange:
        """Send one call and record it; wait and try again where the target asks for that.

        Returns the last answer. Where nothing came back, its status is 0.

        Raises:
            Stop: a limit is reached, or the target is out of reach; nothing more can be sent.
        """
        for tries in range(1, _MOST_TRIES + 1):
            exchange = self._send_once(call)
            wait = self._wait_asked(self.read(exchange))
            if wait is None or tries == _MOST_TRIES:
                return exchange
            if wait > LONGEST_WAIT:
                raise Stop(f"the target asks to wait {wait:.0f} s, more than {LONGEST_WAIT:.0f} s")
            self.sleep(wait)
        return exchange

    def pause(self, seconds: float) -> None:
        """Wait, as between two questions after a job."""
        self.sleep(seconds)

    # Parts of sending

    def _send_once(self, call: Call) -> Exchange:
        cost = self._reserve(call)
        started, began = time.time(), time.perf_counter()
        try:
            exchange = self.target.send(call, self.budget.timeout)
        except Unreachable as error:
            exchange = Exchange(call, Reply(0), started, time.perf_counter() - began)
            self._record(exchange)
            self._out_of_reach(error)
            return exchange
        self._unanswered = 0
        self.answered += 1
        self._record(exchange)
        self._settle(self.read(exchange), cost)
        self._know_pages()
        return exchange

    def _reserve(self, call: Call) -> Decimal:
        budget = self.budget
        if budget.requests is not None and len(self.exchanges) >= budget.requests:
            raise Stop(f"the limit of {budget.requests} requests is reached")
        cost = self.cost(call)
        if budget.credits is not None and self.spent + cost > budget.credits:
            raise Stop(
                f"the budget of {budget.credits} credits is reached: {self.spent} are spent, and "
                f"the next call may cost {cost}"
            )
        self.spent += cost
        return cost

    def _settle(self, seen: ReadExchange, cost: Decimal) -> None:
        if cost and not seen.succeeded:
            self.spent -= cost
        elif cost and seen.does == "job" and seen.job_id:
            self._jobs[seen.job_id] = cost
        elif seen.phase in LOST and seen.job_id:
            self.spent -= self._jobs.pop(seen.job_id, Decimal(0))

    def _record(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if self.watch is not None:
            self.watch(exchange)

    def _out_of_reach(self, error: Unreachable) -> None:
        self._unanswered += 1
        if not self.answered:
            raise Stop(str(error), unreachable=True) from error
        if not error.late or self._unanswered >= _MOST_UNANSWERED:
            raise Stop(f"the target stopped answering: {error}") from error

    def _know_pages(self) -> None:
        if len(self.exchanges) != _PAGES or self.kind != "live":
            return
        kinds = [each.reply.header("content-type") or "" for each in self.exchanges]
        if all(kind.lower().startswith("text/html") for kind in kinds):
            raise Stop(
                f"{self.target.name} answers with pages for people (text/html) and not as "
                f"{self.reading.spec.title} does; give the URL that stands in place of "
                f"{self.reading.spec.server}",
                unreachable=True,
            )

    def _wait_asked(self, seen: ReadExchange) -> float | None:
        """Seconds to wait before the same call may be sent again; None where it need not be."""
        status = self.reading.problems_of(seen.operation)["rate-limited"]
        limited = seen.reply.status == status >= 400
        if not limited or flaws(seen):
            return None
        return _seconds(seen.reply.header("retry-after"))


def _seconds(text: str | None) -> float:
    """Read a Retry-After: seconds or a date; twenty seconds where it is neither."""
    if text and text.strip().isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text or "")
    except ValueError:
        return 20.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
