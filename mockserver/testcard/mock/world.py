"""What a mock remembers from call to call, as values and as the interface of who keeps them.

Every method of a World is one transaction, in values that nobody can change, so that it may be
kept in a database as well. Must not know HTTP, a provider's words, or how a World is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal, Protocol

from testcard.common.job import PictureJob
from testcard.common.keys import key_digest, kind_of
from testcard.mock.draws import Draws
from testcard.mock.fault import Fault
from testcard.mock.veil import Veil

JobState = Literal["PENDING", "SUCCESS", "FAILURE"]
_POLICIES = "at-once, polls:N, seconds:T, never, fail"


@dataclass(frozen=True, slots=True)
class JobPolicy:
    """When a job ends, and how.

    Attributes:
        kind: at-once, polls, seconds, never or fail.
        amount: polls that still say PENDING, or seconds.
    """

    kind: str = "polls"
    amount: float = 1

    @classmethod
    def parse(cls, text: str) -> JobPolicy:
        """Read `at-once`, `polls:N`, `seconds:T`, `never` or `fail`.

        Raises:
            ValueError: it is none of these.
        """
        kind, colon, amount = text.partition(":")
        if kind in ("at-once", "never", "fail") and not colon:
            return cls(kind, 0)
        try:
            if kind == "polls" and int(amount) >= 0:
                return cls(kind, int(amount))
            if kind == "seconds" and 0 <= float(amount) < float("inf"):
                return cls(kind, float(amount))
        except ValueError:
            kind = ""
        raise ValueError(f"{text!r} is no job policy; it is one of: {_POLICIES}")


def credits_of(value: object) -> Decimal:
    """Return an amount of credits, as a number or in digits.

    Raises:
        ValueError: it is no number from 0 up.
    """
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and amount >= 0):
        raise ValueError(f"credits are {value!r}; a number from 0 up was expected")
    return amount


@dataclass(frozen=True, slots=True)
class AccountId:
    """Whose credits: one key with one provider. The key itself is not kept.

    Attributes:
        provider: id of the provider.
        key_sha256: hex digest of the key, so that a key is kept nowhere and weighs the same.
        opens_empty: whether the account begins without credits.
    """

    provider: str
    key_sha256: str
    opens_empty: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, provider: str, key: str) -> AccountId:
        """Return the id of the account that `key` has with `provider`; it may open empty."""
        return cls(provider, key_digest(key), kind_of(key) == "empty")


@dataclass(frozen=True, slots=True)
class Account:
    """One key's credits with one provider, as they were when it was asked for.

    Attributes:
        id: whose they are.
        balance: credits left, at least what is held; what is held counts as left until settled.
        held: credits reserved for calls and jobs that have not ended.
    """

    id: AccountId
    balance: Decimal
    held: Decimal = Decimal(0)

    @property
    def spendable(self) -> Decimal:
        """Credits that a further call may cost."""
        return self.balance - self.held


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits reserved for one call or job, to be settled or released once.

    Attributes:
        id: no other hold of this World ever has it.
        account: who pays.
        amount: credits.
        left: credits that the account could still spend when this was held.
    """

    id: int
    account: AccountId
    amount: Decimal
    left: Decimal = field(default=Decimal(0), compare=False)


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as the client sent it, not decoded.

    Attributes:
        role: init-image or mask-image.
        value: text (base64, a data URI or a URL), or the bytes of a file part.
        encodings: those that the field takes.
    """

    role: str
    value: str | bytes
    encodings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What an asynchronous job is to paint, small enough to be kept.

    Attributes:
        work: the pictures wanted; its `init` and `mask` are None and stand in `uploads`.
        uploads: the pictures sent.
        veil: what is made of pictures that nobody is to see.
    """

    work: PictureJob
    uploads: tuple[Upload, ...] = ()
    veil: Veil | None = None


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
        state: never goes back from SUCCESS or FAILURE.
    """

    id: str
    order: Order
    hold: Hold
    policy: JobPolicy
    created: float
    polls: int = 0
    state: JobState = "PENDING"

    @property
    def provider(self) -> str:
        """Id of the provider it was sent to."""
        return self.hold.account.provider


class World(Protocol):
    """The state of one mock. Two worlds share nothing; any number of threads may use one."""

    def now(self) -> float:
        """Return the world's time, in seconds."""
        ...

    def reset(self) -> None:
        """Begin again: accounts, holds, jobs, job policy, faults and randomness as at the start.

        Holds of before are settled or released without effect.
        """
        ...

    def arrive(self) -> Draws:
        """Count one more call; return its random choices, which no other call's disturb."""
        ...

    # Accounts

    def account(self, who: AccountId) -> Account:
        """Return an account, opened on first sight."""
        ...

    def accounts(self) -> tuple[Account, ...]:
        """Return every account that is remembered, in no promised order."""
        ...

    def set_balance(self, who: AccountId, balance: Decimal) -> Account:
        """Give an account this many credits, but never fewer than it holds; return it.

        What is held was promised to calls and jobs under way, so it stays covered: after
        `set_balance(who, Decimal(0))` nothing is left to spend, and what is held can be settled.

        Raises:
            ValueError: `balance` is no number from 0 up.
        """
        ...

    def reserve(self, who: AccountId, price: Decimal) -> Hold | None:
        """Hold `price` for a call; None, and nothing held, where too little is left."""
        ...

    def settle(self, hold: Hold) -> None:
        """Take what was held for a call that succeeded; nothing where the hold has ended."""
        ...

    def release(self, hold: Hold) -> None:
        """Give back what was held for a call that failed; nothing where the hold has ended."""
        ...

    def wait_for_turn(self, who: AccountId, most: int, seconds: float = 60) -> int | None:
        """Count a call against a limit of `most` calls in so many seconds.

        Returns:
            None where the call may go on, else the whole seconds until one may.
        """
        ...

    # Faults

    def fail_next(self, provider: str, fault: Fault, times: int = 1) -> None:
        """Lay `fault` in wait for the next `times` calls to `provider`; several wait in order.

        Raises:
            ValueError: `times` is no whole number from 1 to `fault.MOST_TIMES`.
        """
        ...

    def faults(self) -> Mapping[str, tuple[Fault, ...]]:
        """Return provider -> the faults that wait for its calls, the next one first."""
        ...

    def forget_faults(self, provider: str | None = None) -> int:
        """Take back the faults that wait, of one provider or of all; return how many."""
        ...

    def next_fault(self, provider: str, meets: Callable[[Fault], bool]) -> Fault | None:
        """Take the first fault that waits for `provider` and that a call `meets`; None for none."""
        ...

    # Jobs

    def policy(self) -> JobPolicy:
        """Return when jobs to come end."""
        ...

    def set_policy(self, policy: JobPolicy) -> None:
        """Say when jobs to come end; those there are keep the policy they began with."""
        ...

    def begin_job(self, job_id: str, order: Order, hold: Hold) -> Job:
        """Open a job whose price is held already; at-once jobs have ended when this returns."""
        ...

    def withdraw_job(self, job_id: str) -> None:
        """Forget a job that its client was not told of; what it held or cost is given back."""
        ...

    def find_job(self, job_id: str) -> Job | None:
        """Return the job, its state untouched; None where the id is not known."""
        ...

    def poll(self, provider: str, job_id: str) -> Job | None:
        """Ask once how a job of `provider` stands, which may move it on, never back.

        Returns:
            The job; None where `provider` has none with this id.
        """
        ...

    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs, oldest first."""
        ...
