"""What a mock remembers from call to call, as values and as the interface of who keeps them.

Every method of a World is one transaction, in values that nobody can change, so that it may be
kept in a database as well. Must not know HTTP, a provider's words, or how a World is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, Protocol

from testcard.mock.account import Account, AccountId, Hold, RateLeft, credits_of
from testcard.mock.draws import Draws
from testcard.mock.fault import Fault
from testcard.mock.files import Files
from testcard.mock.job import Job, JobEnded, JobPolicy, JobState, Order, Upload

__all__ = [
    "Account",
    "AccountId",
    "Hold",
    "Job",
    "JobEnded",
    "JobPolicy",
    "JobState",
    "Order",
    "RateLeft",
    "Upload",
    "World",
    "credits_of",
    "seconds_of",
]

MOST_SECONDS: Final = 1_000_000_000
"""That may pass at once."""


class World(Protocol):
    """The state of one mock. Two worlds share nothing; any number of threads may use one."""

    @property
    def files(self) -> Files:
        """The pictures that were uploaded."""
        ...

    def now(self) -> float:
        """Return the world's time, in seconds."""
        ...

    def ahead(self) -> float:
        """Return how far the world is ahead of its clock, in seconds."""
        ...

    def advance(self, seconds: float) -> float:
        """Let so many seconds pass at once; return how far the world is ahead of its clock.

        Raises:
            ValueError: `seconds` is no number from 0 to MOST_SECONDS.
        """
        ...

    def reset(self) -> None:
        """Begin again: accounts, holds, jobs, job policy, faults, files, time and randomness.

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

    def rate_left(self, who: AccountId, most: int, seconds: float = 60) -> RateLeft:
        """Return what is left to an account of such a limit; to ask counts as no call."""
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

    def cancel(self, provider: str, job_id: str) -> Job | None:
        """Cancel a job that is at work: what it held is given back; None for no such job.

        Raises:
            JobEnded: it has ended already.
        """
        ...

    def jobs_of(self, account: AccountId, most: int, after: str | None = None) -> tuple[Job, ...]:
        """Return an account's latest jobs, the youngest first, untouched but by time.

        Args:
            account: whose.
            most: how many at most.
            after: id of the job behind which to begin; None for the first.
        """
        ...

    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs, oldest first."""
        ...

    def moves(self) -> tuple[Job, ...]:
        """Take the steps of jobs of which somebody is to be told, in order, each taken once.

        Time moves these jobs on by itself: each step is the job as it was then.
        """
        ...

    def next_move(self) -> float | None:
        """Return when there are such steps to take, by the world's time; None for never."""
        ...


def seconds_of(value: float) -> float:
    """Return seconds that are to pass; ValueError where it is no number from 0 up, or too many."""
    if isinstance(value, bool) or not 0 <= value <= MOST_SECONDS:
        expected = f"a number from 0 to {MOST_SECONDS} was expected"
        raise ValueError(f"{value!r} is no number of seconds; {expected}")
    return float(value)
