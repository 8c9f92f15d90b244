"""What is to be sent of jobs: worded when they move, kept until it is due, repeated, journalled.

It sends nothing itself: whoever does takes what is due, and says what became of it. Knows jobs,
callbacks and dialects. Must not know how anything is sent, a thread, HTTP, or any one provider.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from threading import Lock
from typing import Any, Final

from testcard.common.callbacks import Callback
from testcard.common.message import Call, Exchange, Headers, Reply
from testcard.common.place import ABSENT
from testcard.common.schema import Schema
from testcard.common.spec import words
from testcard.mock.delivery import Delivery, Fate, Seal
from testcard.mock.delivery_journal import DeliveryJournal
from testcard.mock.destinations import Destinations
from testcard.mock.dialect import Dialect, Visit
from testcard.mock.draws import Draws
from testcard.mock.job import Origin, Subscription
from testcard.mock.memory_limit import MemoryLimit
from testcard.mock.render import Template, json_bytes, render
from testcard.mock.routing import Match
from testcard.mock.signing import Signer, standard_headers_of
from testcard.mock.world import Job, World

_MOST: Final = 1_000  # that wait; the one that is due last is dropped
_PART: Final = 0.05  # of what a mock remembers
_FRAME: Final = 2_000  # bytes of one, beside its body
_TIMED: Final = frozenset({"delivered-at"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Correspondence:
    """What an outbox goes by.

    Attributes:
        dialects: provider id -> how it speaks.
        world: has the jobs, and the time.
        route: finds what a call was for.
        signer: signs.
        destinations: where anything may go.
        journal: where is written down what became of it.
    """

    dialects: Mapping[str, Dialect]
    world: World
    route: Callable[[Call], Match]
    signer: Signer
    destinations: Destinations
    journal: DeliveryJournal


class Outbox:
    """What waits to be sent, for any number of threads."""

    def __init__(self, parts: Correspondence, memory: MemoryLimit) -> None:
        """Begin empty."""
        self._parts = parts
        self._memory = memory
        self._share = memory.share(_PART, self._forget_last)
        self._lock = Lock()
        self._numbers = count()
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._listeners: list[Callable[[], None]] = []
        self._lives = 0

    @property
    def journal(self) -> DeliveryJournal:
        """What became of deliveries."""
        return self._parts.journal

    @property
    def signer(self) -> Signer:
        """What signs them."""
        return self._parts.signer

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have `listener` called when there may be something new; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def stir(self) -> None:
        """Say that jobs may have moved, or time."""
        for listener in tuple(self._listeners):
            listener()

    def clear(self) -> None:
        """Forget what waits, and what is under way."""
        with self._lock:
            self._lives += 1
            self._waiting.clear()
            self._share.held = 0
        self.journal.clear()

    def wait(self) -> float | None:
        """Return the seconds until something is due, 0 for now; None for nothing."""
        with self._lock:
            first = [self._waiting[0][0]] if self._waiting else []
        moves = self._parts.world.next_move()
        times = [*first, *([] if moves is None else [moves])]
        return max(0.0, min(times) - self._parts.world.now()) if times else None

    def collect(self, *, anywhere: bool = False) -> list[Delivery]:
        """Take what is due, signed, ready to be sent; `answered` wants to hear of each.

        What goes where nothing may be delivered is journalled as not delivered.

        Args:
            anywhere: take that too, as it is not sent over a network.
        """
        for job in self._parts.world.moves():
            for each in self._of(job):
                self._put(each)
        now, taken = self._parts.world.now(), []
        for each in self._due(now):
            why = "" if anywhere else self._parts.destinations.refusal(each.url)
            ready = self._sealed(each, now) if not why else each
            if ready is None or why:
                self._note(each, "not-delivered", why or "it could not be signed", 0, 0.0)
            else:
                taken.append(ready)
        return taken

    def answered(
        self, delivery: Delivery, status: int | None, detail: str = "", elapsed: float = 0.0
    ) -> Fate:
        """Say what became of a delivery; where it was no 2xx, it is repeated as the spec says.

        Args:
            delivery: that was collected.
            status: of the answer; None where there was none in time.
            detail: why there was none.
            elapsed: seconds that it took.
        """
        well = status is not None and 200 <= status < 300
        fate: Fate = "delivered" if well else "unanswered" if status is None else "refused"
        why = "" if well else detail or f"the receiver answered with {status}"
        if not well and delivery.repeat:
            again, *rest = delivery.repeat
            why += f"; it is repeated after {again:g} s"
            due = self._parts.world.now() + again
            self._put(
                replace(delivery, attempt=delivery.attempt + 1, due=due, repeat=tuple(rest)),
            )
        self._note(delivery, fate, why, status or 0, elapsed)
        self.stir()
        return fate

    def not_delivered(self, delivery: Delivery, why: str) -> None:
        """Say that a delivery is sent nowhere, nor repeated."""
        self._note(delivery, "not-delivered", why, 0, 0.0)

    # What waits

    def _put(self, delivery: Delivery) -> None:
        with self._lock:
            if delivery.life != self._lives:
                return
            heappush(self._waiting, (delivery.due, next(self._numbers), delivery))
            self._share.held += _weight(delivery)
        while len(self._waiting) > _MOST and self._forget_last():
            pass
        self._memory.make_room()

    def _due(self, now: float) -> Iterator[Delivery]:
        while True:
            with self._lock:
                if not self._waiting or self._waiting[0][0] > now:
                    return
                _, _, delivery = heappop(self._waiting)
                self._share.held -= _weight(delivery)
            yield delivery

    def _forget_last(self) -> bool:
        with self._lock:
            if not self._waiting:
                return False
            last = max(self._waiting)
            self._waiting.remove(last)
            self._waiting.sort()
            self._share.held -= _weight(last[2])
            return True

    def _note(
        self, delivery: Delivery, fate: Fate, detail: str, status: int, elapsed: float
    ) -> None:
        if delivery.life != self._lives:
            return
        now = self._parts.world.now()
        exchange = Exchange(delivery.call, Reply(status), now - elapsed, elapsed)
        named = self._parts.dialects[delivery.provider].reading.key_names
        self.journal.write(delivery, fate, detail, exchange, named)

    # Wording

    def _of(self, job: Job) -> Iterator[Delivery]:
        """What is sent of one step of a job."""
        dialect, origin = self._parts.dialects.get(job.provider), job.order.origin
        if dialect is None or origin is None:
            return
        for each in origin.subscriptions:
            if job.phase in each.phases:
                try:
                    yield self._worded(dialect, job, origin, each)
                except Exception:
                    told = each.callback, job.provider, job.id
                    _log.exception("testcard has no words for the callback %s of %s, job %s", *told)

    def _worded(self, dialect: Dialect, job: Job, origin: Origin, to: Subscription) -> Delivery:
        match = self._parts.route(origin.call)
        assert match.operation is not None  # noqa: S101 (it is the call that began the job)
        callback = next(
            each
            for each in match.operation.callbacks
            if (each.name, each.address) == (to.callback, to.address)
        )
        draws = Draws(0, f"{job.id}/{job.phase}/{to.callback}/{to.url}")
        now, id_ = self._parts.world.now(), f"msg_{draws.id()}"
        visit = Visit(origin.call, match, draws, dict(origin.fields), account=job.hold.account)
        known = dialect.telling(visit, job, self._parts.world)
        known |= {"delivery-id": id_, "delivered-at": now}
        fixed, timed = _headers(callback, known)
        headers = (("content-type", "application/json"), ("user-agent", "testcard"), *fixed)
        body = json_bytes(render(callback.schema, known))
        return Delivery(
            id_,
            job.provider,
            match.operation.id,
            to.callback,
            job.id,
            job.phase,
            1,
            now,
            Call(callback.method, to.url, headers, body),
            callback.timeout,
            callback.repeat,
            Seal(callback.signing, to.secret, timed),
            self._lives,
        )

    def _sealed(self, delivery: Delivery, now: float) -> Delivery | None:
        """The same with what depends on when it is sent; None where it cannot be signed.

        Its time is the clock's, whatever was let pass: receivers compare it with theirs.
        """
        seal, call = delivery.seal, delivery.call
        now -= self._parts.world.ahead()
        timed = {"delivered-at": now}
        own = tuple((name, _text(Template(schema).told(timed))) for name, schema in seal.timed)
        if seal.signing and seal.signing.scheme == "standard-webhooks":
            own += standard_headers_of(delivery.id, now)
        headers = (*call.headers, *own)
        if seal.signing is not None:
            said = (delivery.provider, seal.signing, headers, call.body, seal.secret)
            try:
                headers += self._parts.signer.signed(*said)
            except ValueError:
                return None
        return replace(delivery, call=replace(call, headers=headers))


def _headers(
    callback: Callback, known: Mapping[str, Any]
) -> tuple[Headers, tuple[tuple[str, Schema], ...]]:
    """The headers that are known beforehand, and those that tell when it is sent."""
    fixed, timed = [], []
    for name, schema in callback.headers.items():
        value = schema.get("const", ABSENT)
        if value is ABSENT and words(schema).get("role") in _TIMED:
            timed.append((name, schema))
            continue
        value = Template(schema).told(known) if value is ABSENT else value
        if value is not ABSENT:
            fixed.append((name, _text(value)))
    return tuple(fixed), tuple(timed)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json_bytes(value).decode()


def _weight(delivery: Delivery) -> int:
    return _FRAME + len(delivery.call.body) + len(delivery.call.url)
