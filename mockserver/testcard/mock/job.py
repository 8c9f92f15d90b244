"""Jobs, as values: what they are to paint, when they end and how far they are.

Must not know HTTP, or a provider's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from testcard.common.job import PictureJob
from testcard.common.lifetime import Lifetime
from testcard.common.masking import OWN_MASKING, Masking
from testcard.common.message import Call
from testcard.common.picture import Format
from testcard.common.states import AT_WORK, Phase
from testcard.mock.account import Hold
from testcard.mock.veil import Veil

JobState = Literal["PENDING", "SUCCESS", "FAILURE"]
_STATES: Final[Mapping[Phase, JobState]] = {
    "queued": "PENDING",
    "running": "PENDING",
    "succeeded": "SUCCESS",
}
ENDS: Final[Mapping[str, Phase]] = {
    "fail": "failed",
    "cancel": "canceled",
    "moderate": "moderated",
    "expire": "expired",
}
"""Policies that end a job without pictures -> how."""

_POLICIES = "at-once, polls:N, seconds:T, never, fail, cancel, moderate, expire"


@dataclass(frozen=True, slots=True)
class JobPolicy:
    """When a job ends, and how.

    Attributes:
        kind: at-once, polls, seconds, never, fail, cancel, moderate or expire.
        amount: polls that still find it at work, or seconds.
    """

    kind: str = "polls"
    amount: float = 1

    @classmethod
    def parse(cls, text: str) -> JobPolicy:
        """Read `at-once`, `polls:N`, `seconds:T`, `never`, or how it ends at the first poll.

        Raises:
            ValueError: it is none of these.
        """
        kind, colon, amount = text.partition(":")
        if kind in ("at-once", "never", *ENDS) and not colon:
            return cls(kind, 0)
        try:
            if kind == "polls" and int(amount) >= 0:
                return cls(kind, int(amount))
            if kind == "seconds" and 0 <= float(amount) < float("inf"):
                return cls(kind, float(amount))
        except ValueError:
            kind = ""
        raise ValueError(f"{text!r} is no job policy; it is one of: {_POLICIES}")


class JobEnded(Exception):  # noqa: N818 (the state of a job is no error of testcard's)
    """A job is to be canceled that has ended.

    Attributes:
        job: as it ended.
    """

    def __init__(self, job: Job) -> None:
        """Keep the job."""
        super().__init__(f"the job has ended: it is {job.phase}")
        self.job = job


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as the client sent it, not decoded.

    Attributes:
        role: init-image or mask-image.
        value: text (base64, a data URI or a URL), or the bytes of a file part.
        encodings: those that the field takes.
        masking: how it is read as a mask, where it is one or may hold one.
    """

    role: str
    value: str | bytes
    encodings: tuple[str, ...]
    masking: Masking = OWN_MASKING


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody who is to be told how a job goes.

    Attributes:
        callback: its name in the spec.
        address: the spec's, with expressions in it.
        url: where it goes.
        phases: the states in which it comes.
        secret: of the call's own, with which it is signed; empty for the mock's.
    """

    callback: str
    address: str
    url: str
    phases: frozenset[Phase]
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The call that a job came from, as far as what is sent of it later has to know.

    Attributes:
        call: without body and key.
        fields: what it said.
        subscriptions: who is to be told.
    """

    call: Call
    fields: Mapping[str, Any]
    subscriptions: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ends that nothing disturbs.

    Attributes:
        phase: succeeded, or moderated.
        word: the vendor's for it; empty for the usual one.
        facts: role -> what is told of it then.
        lifetime: how long the URLs of its pictures are good; None for ever.
    """

    phase: Phase = "succeeded"
    word: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    lifetime: Lifetime | None = None


WELL: Final = Ending()
"""With pictures, and nothing to say of it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an asynchronous job is to paint, small enough to be kept.

    Attributes:
        work: the pictures wanted; its `init` and `mask` are None and stand in `uploads`.
        uploads: the pictures sent.
        veil: what is made of pictures that nobody is to see.
        wait: seconds that the client waits for it; a job that ends so soon has ended.
        policy: when it ends; None for that of all jobs to come.
        ending: how it ends.
        origin: the call that it came from, where somebody is to be told of it; None for nobody.
        format: of its pictures, where the call asks for one; None for PNG, or what an answer names.
        quality: of JPEG and WebP, 1 to 100; None for the usual one.
    """

    work: PictureJob
    uploads: tuple[Upload, ...] = ()
    veil: Veil | None = None
    wait: float = 0.0
    policy: JobPolicy | None = None
    ending: Ending = WELL
    origin: Origin | None = None
    format: Format | None = None
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One asynchronous job, as it was when it was asked for.

    Attributes:
        id: as the client is told.
        order: what is to be painted.
        hold: who pays, and what SUCCESS costs.
        policy: when it ends.
        created: the world's time.
        polls: how often its state was asked for.
        phase: how far it is; it never goes back from one that ends it.
        ended: the world's time; None while it is at work.
    """

    id: str
    order: Order
    hold: Hold
    policy: JobPolicy
    created: float
    polls: int = 0
    phase: Phase = "queued"
    ended: float | None = None

    @property
    def state(self) -> JobState:
        """The same in three words: whatever ends without pictures is a FAILURE."""
        return _STATES.get(self.phase, "FAILURE")

    @property
    def at_work(self) -> bool:
        """Whether it has not ended."""
        return self.phase in AT_WORK

    @property
    def expires(self) -> float | None:
        """When the URLs of its pictures expire, by the world's time; None for never, or not yet."""
        lifetime = self.order.ending.lifetime
        return None if lifetime is None or self.ended is None else self.ended + lifetime.seconds

    @property
    def provider(self) -> str:
        """Id of the provider it was sent to."""
        return self.hold.account.provider
