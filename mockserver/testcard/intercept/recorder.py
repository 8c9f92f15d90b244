"""Letting a client's calls through to real hosts, within limits, so that they can be kept.

Money is reserved before a call is sent and never given back by guess: what may have been
charged counts as charged. A call beyond a limit is answered here and sent nowhere.

Knows targets, prices and limits. Must not know sockets, files, or any one provider.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import Final

import orjson

from testcard.common.message import Call, Exchange, Headers, Reply
from testcard.contract.targets import Target, Unreachable
from testcard.contract.trace import read_trace
from testcard.mock.routing import Match

Route = Callable[[Call], Match]
"""Finds whom a call is for, and what for."""

OWN: Final = "x-testcard"
"""Header that marks an answer of testcard's own, which belongs in no recording."""

_HOP_BY_HOP: Final = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
     "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)  # fmt: skip
_FREE: Final = ("job-status", "account")


@dataclass(frozen=True, slots=True)
class RecordingLimits:
    """What a recording may cost.

    Attributes:
        budget: credits of all providers together.
        requests: calls at most; None for no limit.
        timeout: seconds for one call.
    """

    budget: Decimal
    requests: int | None = None
    timeout: float = 120.0


class Recorder:
    """Answers calls by sending them on.

    Attributes:
        spent: credits at most.
        sent: calls that limits let through.
        answered: calls that a real host answered.
        held_back: calls that a limit kept here.
        unanswered: why a host gave no answer -> how often.
    """

    def __init__(
        self, route: Route, targets: Mapping[str, Target], limits: RecordingLimits
    ) -> None:
        """Send on to `targets`, by provider, or by host where it is none's."""
        self._route = route
        self._targets = targets
        self._limits = limits
        self._lock = Lock()
        self.spent = Decimal(0)
        self.sent = 0
        self.answered = 0
        self.held_back = 0
        self.unanswered: Counter[str] = Counter()

    def __call__(self, call: Call) -> Callable[[], Reply]:
        """Return the sending as work."""
        return lambda: self._answer(call)

    def _answer(self, call: Call) -> Reply:
        cost = self._cost(call)
        refusal = self._reserve(cost)
        if refusal:
            return _own(503, refusal)
        target = self._targets.get(self._route(call).provider or call.parts.hostname or "")
        if target is None:
            self._give_back(cost)
            return _own(502, f"{call.parts.netloc} is no server of a provider's, and not allowed")
        onward = Call(call.method, call.url, _onward(call.headers), call.body)
        try:
            exchange = target.send(onward, self._limits.timeout)
        except Unreachable as error:
            self._note(str(error))
            if not error.late:
                self._give_back(cost)
            return _own(504 if error.late else 502, str(error))
        self._note()
        if self._refused(exchange):
            self._give_back(cost)
        return exchange.reply

    def _cost(self, call: Call) -> Decimal:
        match = self._route(call)
        operation = match.operation
        if match.dialect is None or (operation is not None and operation.does in _FREE):
            return Decimal(0)
        reading = match.dialect.reading
        known = read_trace(reading, (Exchange(call, Reply(0)),))[0].price
        most = reading.price_of(operation).most if operation else None
        return reading.price if operation is None or known is None else max(known, most or known)

    def _reserve(self, cost: Decimal) -> str:
        """Count a call; return why it may not be sent, or nothing."""
        with self._lock:
            most, budget = self._limits.requests, self._limits.budget
            refusal = ""
            if most is not None and self.sent >= most:
                refusal = f"the limit of {most} requests is reached; --max-requests raises it"
            elif self.spent + cost > budget:
                refusal = (
                    f"the call may cost {cost} credits, and {self.spent} of {budget} are spent; "
                    "--budget raises the limit"
                )
            if refusal:
                self.held_back += 1
                return refusal
            self.sent += 1
            self.spent += cost
            return ""

    def _note(self, failure: str = "") -> None:
        """Count an answer, or why there was none."""
        with self._lock:
            if failure:
                self.unanswered[failure] += 1
            else:
                self.answered += 1

    def _give_back(self, cost: Decimal) -> None:
        with self._lock:
            self.spent -= cost

    def _refused(self, exchange: Exchange) -> bool:
        """Whether the answer says that nothing was made, so that nothing can be charged."""
        dialect = self._route(exchange.call).dialect
        if dialect is None:
            return False
        return not read_trace(dialect.documented, (exchange,))[0].succeeded


def _onward(headers: Headers) -> Headers:
    """What belongs to the call, not to the connection it came by."""
    named = next((value for name, value in headers if name.lower() == "connection"), "")
    dropped = _HOP_BY_HOP | {word.strip().lower() for word in named.split(",")}
    return tuple(pair for pair in headers if pair[0].lower() not in dropped)


def _own(status: int, message: str) -> Reply:
    """An answer of testcard's own, which no provider gave."""
    body = orjson.dumps({"error": f"testcard run --record: {message}"})
    return Reply(status, (("content-type", "application/json"), (OWN, "not sent")), body)
