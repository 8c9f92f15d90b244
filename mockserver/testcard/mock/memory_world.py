"""A World in memory: clock, randomness, accounts, jobs, faults, under one lock.

Everything that changes them lives here, in the ledger and in the jobs. Must not know HTTP, a
provider's words, or threads beyond the one lock that makes each method whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from threading import RLock

from testcard.common.states import AT_WORK, Phase
from testcard.mock.account import RateLeft
from testcard.mock.changing import Changing
from testcard.mock.draws import Draws
from testcard.mock.fault import Fault
from testcard.mock.fault_queue import FaultQueue
from testcard.mock.job import ENDS, JobEnded
from testcard.mock.jobs import Jobs, due, ends_within
from testcard.mock.ledger import Ledger
from testcard.mock.memory_files import MemoryFiles
from testcard.mock.memory_limit import MemoryLimit
from testcard.mock.moves import Moves
from testcard.mock.world import Account, AccountId, Hold, Job, JobPolicy, Order, seconds_of

_MOST_JOBS = 10_000
_MOST_ACCOUNTS = 10_000
_JOBS_PART = 0.6  # of what a mock remembers
_ACCOUNTS_PART = 0.03


class MemoryWorld:
    """The World of one process, forgotten with it.

    Attributes:
        files: the pictures that were uploaded.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        balance: Decimal = Decimal(1000),
        policy: JobPolicy = JobPolicy(),  # noqa: B008 (frozen)
        clock: Callable[[], float] = time.time,
        memory: MemoryLimit | None = None,
    ) -> None:
        """Begin a world.

        Args:
            seed: of every random choice: ids and random seeds of pictures.
            balance: credits that each new account begins with.
            policy: of the jobs to come.
            clock: gives the time, in seconds.
            memory: shared with whoever else remembers; None for one of its own.
        """
        self._clock = clock
        self._seed = seed
        self._first_policy = policy
        self._lock = RLock()
        self._ledger = Ledger(balance, _MOST_ACCOUNTS)
        self._jobs = Jobs()
        self._moves = Moves()
        self._faults = FaultQueue()
        self._memory = memory or MemoryLimit()
        self._jobs_share = self._memory.share(_JOBS_PART, self._forget_job)
        self._accounts_share = self._memory.share(_ACCOUNTS_PART, self._forget_account)
        self.files = MemoryFiles(self._memory)
        self._changing = Changing(self._lock, self._weigh, self._memory.make_room)
        self.reset()

    def now(self) -> float:
        """Return the world's time, in seconds."""
        return self._clock() + self._ahead

    def ahead(self) -> float:
        """Return how far the world is ahead of its clock, in seconds."""
        return self._ahead

    def advance(self, seconds: float) -> float:
        """Let so many seconds pass, and return `ahead`; ValueError for a number that is none."""
        passed = seconds_of(seconds)
        with self._lock:
            self._ahead += passed
            return self._ahead

    def reset(self) -> None:
        """Begin again: accounts, holds, jobs, job policy, faults and randomness."""
        with self._lock:
            self._arrived = 0
            self._ahead = 0.0
            self._policy = self._first_policy
            self._ledger.clear()
            self._jobs.clear()
            self._moves.clear()
            self._faults.forget()
            self.files.clear()
            self._weigh()

    def arrive(self) -> Draws:
        """Count one more call; return its random choices, which no other call's disturb."""
        with self._lock:
            self._arrived += 1
            return Draws(self._seed, self._arrived)

    # Accounts

    def account(self, who: AccountId) -> Account:
        """Return an account, opened on first sight."""
        with self._changing:
            return self._ledger.account(who)

    def accounts(self) -> tuple[Account, ...]:
        """Return every account: those that hold nothing first, each in the order of last use."""
        with self._lock:
            return self._ledger.accounts()

    def set_balance(self, who: AccountId, balance: Decimal) -> Account:
        """Give an account this many credits, at least what it holds; ValueError for no number."""
        with self._changing:
            return self._ledger.set_balance(who, balance)

    def reserve(self, who: AccountId, price: Decimal) -> Hold | None:
        """Hold `price` for a call; None, and nothing held, where too little is left."""
        with self._lock:  # it is weighed with the change that follows: it ends, or a job begins
            return self._ledger.reserve(who, price)

    def settle(self, hold: Hold) -> None:
        """Take what was held for a call that succeeded; nothing where the hold has ended."""
        with self._changing:
            self._ledger.settle(hold)

    def release(self, hold: Hold) -> None:
        """Give back what was held for a call that failed; nothing where the hold has ended."""
        with self._changing:
            self._ledger.release(hold)

    def wait_for_turn(self, who: AccountId, most: int, seconds: float = 60) -> int | None:
        """Count a call against a rate limit; the seconds to wait where it is one too many."""
        with self._changing:
            return self._ledger.wait_for_turn(who, most, seconds, self.now())

    def rate_left(self, who: AccountId, most: int, seconds: float = 60) -> RateLeft:
        """Return what is left to an account of such a limit; to ask counts as no call."""
        with self._changing:
            return self._ledger.rate_left(who, most, seconds, self.now())

    # Faults

    def fail_next(self, provider: str, fault: Fault, times: int = 1) -> None:
        """Lay `fault` in wait for the next `times` calls; ValueError where that is no number."""
        with self._lock:
            self._faults.lay(provider, fault, times)

    def next_fault(self, provider: str, meets: Callable[[Fault], bool]) -> Fault | None:
        """Take the first fault that waits for `provider` and that a call `meets`; None for none."""
        with self._lock:
            return self._faults.take(provider, meets)

    def faults(self) -> Mapping[str, tuple[Fault, ...]]:
        """Return provider -> the faults that wait for its calls, the next one first."""
        with self._lock:
            return self._faults.all()

    def forget_faults(self, provider: str | None = None) -> int:
        """Take back the faults that wait, of one provider or of all; return how many."""
        with self._lock:
            return self._faults.forget(provider)

    # Jobs

    def policy(self) -> JobPolicy:
        """Return when jobs to come end."""
        with self._lock:
            return self._policy

    def set_policy(self, policy: JobPolicy) -> None:
        """Say when jobs to come end."""
        with self._lock:
            self._policy = policy

    def begin_job(self, job_id: str, order: Order, hold: Hold) -> Job:
        """Open a job whose price is held already; at-once jobs have ended when this returns.

        The oldest jobs are forgotten when there are too many, or their pictures too large.
        """
        with self._changing:
            policy = order.policy or self._policy
            job = self._jobs.add(Job(job_id, order, hold, policy, self.now()))
            self._moves.began(job)
            while len(self._jobs) > _MOST_JOBS:
                self._ledger.release(self._jobs.forget_oldest().hold)
            if ends_within(policy, order.wait):
                job = self._moved(job, ENDS.get(policy.kind, order.ending.phase))
            return job

    def withdraw_job(self, job_id: str) -> None:
        """Forget a job that its client was not told of; what it held or cost is given back."""
        with self._changing:
            job = self._jobs.forget(job_id)
            self._moves.withdrawn(job_id)
            if job is not None and job.phase == "succeeded":
                self._ledger.refund(job.hold)
            elif job is not None:
                self._ledger.release(job.hold)

    def find_job(self, job_id: str) -> Job | None:
        """Return the job, its state untouched; None where the id is not known."""
        with self._lock:
            return self._jobs.find(job_id)

    def poll(self, provider: str, job_id: str) -> Job | None:
        """Ask once how a job stands, which may move it on, never back; None for no such job."""
        with self._changing:
            job = self._jobs.find(job_id)
            if job is None or job.provider != provider:
                return None
            return self._jobs.polled(self._advanced(job))

    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs, oldest first."""
        with self._lock:
            return self._jobs.all()

    def cancel(self, provider: str, job_id: str) -> Job | None:
        """Cancel a job that is at work: what it held is given back; None for no such job.

        Raises:
            JobEnded: it has ended already.
        """
        with self._changing:
            job = self._jobs.find(job_id)
            if job is None or job.provider != provider:
                return None
            job = self._timed(job)
            if not job.at_work:
                raise JobEnded(job)
            return self._moved(job, "canceled")

    def jobs_of(self, account: AccountId, most: int, after: str | None = None) -> tuple[Job, ...]:
        """Return an account's latest jobs, the youngest first, untouched but by time."""
        with self._changing:
            mine = [each for each in reversed(self._jobs.all()) if each.hold.account == account]
            at = next((n for n, each in enumerate(mine) if each.id == after), -1)
            return tuple(self._timed(each) for each in mine[at + 1 :][:most])

    def moves(self) -> tuple[Job, ...]:
        """Take the steps of jobs of which somebody is to be told, each job as it was then."""
        with self._changing:
            for job in self._moves.due(self._jobs.find, self.now()):
                self._advanced(job)
            return self._moves.take()

    def next_move(self) -> float | None:
        """Return when there are such steps to take, by the world's time; None for never."""
        with self._lock:
            return self._moves.next(self._jobs.find)

    def _timed(self, job: Job) -> Job:
        """Move a job on that only time moves on."""
        return self._advanced(job) if job.policy.kind == "seconds" else job

    def _advanced(self, job: Job) -> Job:
        return self._moved(job, due(job, self.now()))

    def _moved(self, job: Job, phase: Phase) -> Job:
        if phase == job.phase:
            return job
        if phase not in AT_WORK:
            (self._ledger.settle if phase == "succeeded" else self._ledger.release)(job.hold)
        moved = self._jobs.move(job, phase, self.now())
        self._moves.went(job, moved)
        return moved

    # Memory

    def _weigh(self) -> bool:
        """Say what is held now, and return whether it is more than before."""
        accounts, jobs = self._accounts_share, self._jobs_share
        before = accounts.held + jobs.held
        in_accounts = accounts.held = self._ledger.weight
        in_jobs = jobs.held = self._jobs.weight
        return in_accounts + in_jobs > before

    def _forget_job(self) -> bool:
        with self._lock:
            if len(self._jobs) < 2:  # the latest was just promised to a client
                return False
            self._ledger.release(self._jobs.forget_oldest().hold)  # nothing, where it has ended
            self._weigh()
            return True

    def _forget_account(self) -> bool:
        with self._lock:
            forgot = self._ledger.forget_oldest()
            self._weigh()
            return forgot
