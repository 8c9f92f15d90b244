"""What is sent by a callback, and what became of it, as values.

Knows Calls and Replies. Must not know how anything is sent, HTTP, or any one provider.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from testcard.common.callbacks import Signing
from testcard.common.message import Call, Exchange
from testcard.common.schema import Schema
from testcard.common.states import Phase

Fate = Literal["delivered", "refused", "unanswered", "not-delivered"]
"""What became of a delivery: 2xx, another answer, no answer in time, or it was never sent."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What is put on a delivery when it is sent.

    Attributes:
        signing: how it is signed; None where it is not.
        secret: of the call that named the receiver; empty for the provider's.
        timed: name -> schema, of headers that tell when it is sent.
    """

    signing: Signing | None = None
    secret: str = field(default="", repr=False)
    timed: tuple[tuple[str, Schema], ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to tell somebody of a job.

    Attributes:
        id: the same for every attempt.
        provider: id of the provider.
        operation: operationId of the call that named the receiver.
        callback: its name in the spec.
        job: id of the job.
        phase: the state that is told.
        attempt: from 1.
        due: when it is to be sent, in the world's time.
        call: as it is sent.
        timeout: seconds that the receiver has to answer.
        repeat: seconds to the attempts that are left.
        seal: what is put on it when it is sent.
        life: how often the mock has begun again before.
    """

    id: str
    provider: str
    operation: str
    callback: str
    job: str
    phase: Phase
    attempt: int
    due: float
    call: Call
    timeout: float
    repeat: tuple[float, ...] = ()
    seal: Seal = field(default_factory=Seal, repr=False)
    life: int = 0

    @property
    def url(self) -> str:
        """Where it goes."""
        return self.call.url

    @property
    def path(self) -> str:
        """Path and query of the URL, as clients of a test's own application take them."""
        parts = urlsplit(self.call.url)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"

    @property
    def headers(self) -> dict[str, str]:
        """What is sent with it."""
        return dict(self.call.headers)

    @property
    def body(self) -> bytes:
        """What is sent."""
        return self.call.body

    @property
    def json(self) -> Any:
        """The same as a value."""
        return orjson.loads(self.call.body)


@dataclass(frozen=True, slots=True)
class DeliveryEntry:
    """One attempt, and what became of it.

    Attributes:
        number: from 1, in the order told.
        provider: id of the provider.
        operation: operationId of the call that named the receiver.
        callback: its name in the spec.
        job: id of the job.
        phase: the state that is told.
        attempt: from 1.
        fate: delivered, refused, unanswered or not-delivered.
        detail: why it was not delivered; empty where it was.
        exchange: what was or would have been sent, secrets of its URL and body blanked; the
            status of its answer is 0 where there was none.
    """

    number: int
    provider: str
    operation: str
    callback: str
    job: str
    phase: Phase
    attempt: int
    fate: Fate
    detail: str
    exchange: Exchange

    @property
    def json(self) -> Any:
        """What was or would have been sent, as a value."""
        return orjson.loads(self.exchange.call.body)
