"""Everything that changes while a mock runs: clock, randomness, accounts, jobs, faults.

Everything that changes it lives here. Must not know HTTP, a provider's words, or threads
beyond the one lock that makes each method whole.
"""

from __future__ import annotations

import random
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from threading import RLock
from typing import Literal
from uuid import UUID

from testcard.common.job import PictureJob
from testcard.mock.trouble import Kind

JobState = Literal["PENDING", "SUCCESS", "FAILURE"]
_POLICIES = "at-once, polls:N, seconds:T, never, fail"
_MOST_JOBS = 1_000
_MOST_JOB_BYTES = 256 << 20
_MOST_ACCOUNTS = 10_000
_LARGEST_SEED = 2**32 - 1  # of the documented APIs that bound a seed at all


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


@dataclass(slots=True)
class Account:
    """One key's credits with one provider.

    Attributes:
        balance: credits left; what is held counts as left until it is settled.
        held: credits reserved for calls that have not ended.
        calls: times of recent calls, for a rate limit.
    """

    balance: Decimal
    held: Decimal = Decimal(0)
    calls: deque[float] = field(default_factory=deque)


@dataclass(slots=True)
class Job:
    """One asynchronous job.

    Attributes:
        id: as the client is told.
        provider: id of the provider it was sent to.
        work: what is to be painted.
        account: who pays.
        price: what SUCCESS costs.
        policy: when it ends.
        created: the world's time.
        polls: how often its state was asked for.
        state: never goes back from SUCCESS or FAILURE.
    """

    id: str
    provider: str
    work: PictureJob
    account: Account
    price: Decimal
    policy: JobPolicy
    created: float
    polls: int = 0
    state: JobState = "PENDING"


@dataclass(frozen=True, slots=True)
class Fault:
    """What waits for a provider's next call.

    Attributes:
        kind: the trouble it is answered with; None to answer it as ever.
        delay: seconds before its answer is sent.
    """

    kind: Kind | None
    delay: float = 0.0


class World:
    """The state of one mock. Two worlds share nothing."""

    def __init__(
        self,
        *,
        seed: int = 0,
        balance: Decimal = Decimal(1000),
        policy: JobPolicy = JobPolicy(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Begin a world.

        Args:
            seed: of every random choice: ids and random seeds of pictures.
            balance: credits that each new account begins with.
            policy: of the jobs to come.
            clock: gives the time, in seconds.
        """
        self.clock = clock
        self.policy = policy
        self._balance = balance
        self._seed = seed
        self._lock = RLock()
        self.reset()

    def reset(self) -> None:
        """Begin again: accounts, jobs, faults and randomness as at the start."""
        with self._lock:
            self._random = random.Random(self._seed)  # noqa: S311 (repeatable on purpose)
            self._accounts: OrderedDict[tuple[str, str], Account] = OrderedDict()
            self._jobs: OrderedDict[str, Job] = OrderedDict()
            self._job_bytes = 0
            self._faults: dict[str, deque[Fault]] = {}

    def draw_seed(self) -> int:
        """Return a random seed, 1 to 4294967295."""
        with self._lock:
            return self._random.randint(1, _LARGEST_SEED)

    def draw_id(self) -> str:
        """Return a fresh id in the form of a UUID."""
        with self._lock:
            return str(UUID(int=self._random.getrandbits(128), version=4))

    # Accounts

    def account(self, provider: str, key: str) -> Account:
        """Return the account of `key`, opened on first sight; `nocredits…` opens empty."""
        with self._lock:
            place = (provider, key)
            if place not in self._accounts:
                empty = key.startswith("nocredits")
                self._accounts[place] = Account(Decimal(0) if empty else self._balance)
                if len(self._accounts) > _MOST_ACCOUNTS:
                    self._accounts.popitem(last=False)
            return self._accounts[place]

    def accounts(self) -> Mapping[tuple[str, str], Account]:
        """Return (provider, key) -> account. Keys are secrets: show none of them whole."""
        with self._lock:
            return dict(self._accounts)

    def reserve(self, account: Account, price: Decimal) -> bool:
        """Hold `price` for a call; False, and nothing held, where too little is left."""
        with self._lock:
            if account.balance - account.held < price:
                return False
            account.held += price
            return True

    def settle(self, account: Account, price: Decimal) -> None:
        """Take what was held for a call that succeeded."""
        with self._lock:
            account.held -= price
            account.balance -= price

    def release(self, account: Account, price: Decimal) -> None:
        """Give back what was held for a call that failed."""
        with self._lock:
            account.held -= price

    def wait_for_turn(self, account: Account, per_minute: int) -> int | None:
        """Count a call against a rate limit.

        Returns:
            None where the call may go on, else the whole seconds until one may.
        """
        with self._lock:
            now = self.clock()
            while account.calls and account.calls[0] <= now - 60:
                account.calls.popleft()
            if len(account.calls) >= per_minute:
                return max(1, ceil(account.calls[0] + 60 - now))
            account.calls.append(now)
            return None

    # Faults

    def fail_next(self, provider: str, fault: Fault) -> None:
        """Lay `fault` in wait for the next call to `provider`; several wait in order."""
        with self._lock:
            self._faults.setdefault(provider, deque()).append(fault)

    def next_fault(self, provider: str) -> Fault | None:
        """Take the fault that waits for `provider`, if there is one."""
        with self._lock:
            waiting = self._faults.get(provider)
            return waiting.popleft() if waiting else None

    # Jobs

    def begin_job(self, provider: str, work: PictureJob, account: Account, price: Decimal) -> Job:
        """Open a job whose price is held already; at-once jobs have ended when this returns.

        The oldest jobs are forgotten when there are too many, or their pictures too large.
        """
        with self._lock:
            job = Job(self.draw_id(), provider, work, account, price, self.policy, self.clock())
            self._jobs[job.id] = job
            self._job_bytes += _weight(job)
            while len(self._jobs) > _MOST_JOBS or (
                self._job_bytes > _MOST_JOB_BYTES and len(self._jobs) > 1
            ):
                self._forget_oldest()
            if job.policy.kind == "at-once":
                self._end(job, "SUCCESS")
            return job

    def find_job(self, job_id: str) -> Job | None:
        """Return the job, its state untouched; None where the id is not known."""
        with self._lock:
            return self._jobs.get(job_id)

    def poll(self, job: Job) -> JobState:
        """Ask for a job's state once, which may move it on, never back."""
        with self._lock:
            if job.state == "PENDING":
                self._advance(job)
            job.polls += 1
            return job.state

    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs, oldest first."""
        with self._lock:
            return tuple(self._jobs.values())

    def _advance(self, job: Job) -> None:
        policy = job.policy
        if policy.kind == "fail":
            self._end(job, "FAILURE")
        elif (policy.kind == "polls" and job.polls >= policy.amount) or (
            policy.kind == "seconds" and self.clock() - job.created >= policy.amount
        ):
            self._end(job, "SUCCESS")

    def _end(self, job: Job, state: JobState) -> None:
        job.state = state
        (self.settle if state == "SUCCESS" else self.release)(job.account, job.price)

    def _forget_oldest(self) -> None:
        _, job = self._jobs.popitem(last=False)
        self._job_bytes -= _weight(job)
        if job.state == "PENDING":
            self.release(job.account, job.price)


def _weight(job: Job) -> int:
    pictures = (job.work.init, job.work.mask)
    texts = len(job.work.prompt) + len(job.work.negative_prompt)
    return texts + sum(picture.array.nbytes for picture in pictures if picture is not None)
