"""Jobs in memory: how far each has come, and the pictures sent for them, as they came.

A large picture that many jobs share is kept once and weighed once. Must not know locks (whoever
keeps Jobs has one), money, or how a job is painted.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from itertools import chain
from sys import getsizeof
from typing import Final

from testcard.common.states import AT_WORK, Phase
from testcard.mock.job import ENDS, Job, JobPolicy, Order, Origin, Upload
from testcard.mock.memory_limit import weigh

_FRAME: Final = 1_600  # bytes of a job's own values, beside those that differ in length
_UPLOAD: Final = 300  # bytes of one mention of a picture
_OPTION: Final = 64  # bytes of an option's pair, beside its name and value
_QUEUED: Final = 0.25  # of its way a job is queued
_ALONE: Final = 1.0  # seconds that stand for a poll, where somebody is told of the job
_LARGE: Final = 1_024  # bytes of a picture as it came, or characters, that are worth sharing


@dataclass(slots=True)
class _Shared:
    value: str | bytes
    jobs: int = 0


class Jobs:
    """The latest jobs, oldest first; none goes back once it has ended.

    Attributes:
        weight: bytes that all of them take, pictures that they share counted once; to be read.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._weights: dict[str, int] = {}
        self._shared: dict[str | bytes, _Shared] = {}
        self.weight = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._jobs)

    def clear(self) -> None:
        """Forget them all."""
        self._jobs.clear()
        self._weights.clear()
        self._shared.clear()
        self.weight = 0

    def add(self, job: Job) -> Job:
        """Keep a job, and return it as it is kept."""
        order = self._share(job.order)
        kept = job if order is job.order else replace(job, order=order)
        self._jobs[job.id] = kept
        weight = self._weights[job.id] = _weight(kept)
        self.weight += weight
        return kept

    def find(self, job_id: str) -> Job | None:
        """Return a job; None where the id is not known."""
        return self._jobs.get(job_id)

    def all(self) -> tuple[Job, ...]:
        """Return them, oldest first."""
        return tuple(self._jobs.values())

    def polled(self, job: Job) -> Job:
        """Count one more question after a job."""
        changed = self._jobs[job.id] = replace(job, polls=job.polls + 1)
        return changed

    def move(self, job: Job, phase: Phase, now: float) -> Job:
        """Move a job on that has not ended."""
        ended = None if phase in AT_WORK else now
        changed = self._jobs[job.id] = replace(job, phase=phase, ended=ended)
        return changed

    def forget_oldest(self) -> Job:
        """Forget the oldest and return it; KeyError where there is none."""
        _, job = self._jobs.popitem(last=False)
        self._let_go(job)
        return job

    def forget(self, job_id: str) -> Job | None:
        """Forget a job and return it; None where the id is not known."""
        job = self._jobs.pop(job_id, None)
        if job is not None:
            self._let_go(job)
        return job

    def _let_go(self, job: Job) -> None:
        self.weight -= self._weights.pop(job.id)
        for upload in job.order.uploads:
            if len(upload.value) < _LARGE:
                continue
            shared = self._shared[upload.value]
            shared.jobs -= 1
            if not shared.jobs:
                del self._shared[upload.value]
                self.weight -= getsizeof(upload.value)

    def _share(self, order: Order) -> Order:
        if not [each for each in order.uploads if len(each.value) >= _LARGE]:
            return order
        return replace(order, uploads=tuple([self._kept_once(each) for each in order.uploads]))

    def _kept_once(self, upload: Upload) -> Upload:
        if len(upload.value) < _LARGE:
            return upload
        shared = self._shared.get(upload.value)
        if shared is None:
            shared = self._shared[upload.value] = _Shared(upload.value)
            self.weight += getsizeof(upload.value)
        shared.jobs += 1
        if shared.value is upload.value:
            return upload
        return replace(upload, value=shared.value)


def due(job: Job, now: float) -> Phase:
    """Return the phase that a job's policy gives it when it is asked for at `now`.

    One that is to take several polls, or seconds, is queued at first.
    """
    policy = job.policy
    if not job.at_work:
        return job.phase
    if policy.kind in ENDS:
        return ENDS[policy.kind]
    if policy.kind == "at-once":
        return job.order.ending.phase
    done, steps = share_done(job, now), policy.amount if policy.kind == "polls" else 2
    if done >= 1:
        return job.order.ending.phase
    return "queued" if done < _QUEUED and job.phase == "queued" and steps > 1 else "running"


def ends_within(policy: JobPolicy, wait: float) -> bool:
    """Whether a job has ended in the answer to its order, which waits so many seconds for it.

    A wait stands for as many polls as a job needs; no time passes.
    """
    if policy.kind == "seconds":
        return 0 < wait >= policy.amount
    return policy.kind == "at-once" or (wait > 0 and policy.kind != "never")


def share_done(job: Job, now: float) -> float:
    """Return how much of its way a job has gone, by its policy: 0 to 1; 1 once it has ended."""
    policy = job.policy
    if not job.at_work:
        return 1.0
    if policy.kind == "never":
        return 0.5 if job.polls else 0.0
    gone = now - job.created if policy.kind == "seconds" else job.polls
    if policy.kind == "polls" and job.order.origin is not None:
        gone = max(gone, (now - job.created) / _ALONE)
    return min(1.0, gone / policy.amount) if policy.amount else 1.0


def next_change(job: Job) -> float | None:
    """Return when a job moves on that nobody asks after; None for never.

    Time alone moves those whose policy is seconds, and those of which somebody is told: they need
    a second for each poll of theirs, or end at once where the first poll would have ended them.
    """
    policy = job.policy
    if not job.at_work or policy.kind == "never":
        return None
    if policy.kind in ENDS:
        return job.created
    whole = policy.amount * (1.0 if policy.kind == "seconds" else _ALONE)
    if job.phase == "running":
        return job.created + whole
    long = policy.kind == "seconds" or policy.amount > 1
    return job.created + (whole * _QUEUED if long else 0)


def _weight(job: Job) -> int:
    work, uploads = job.order.work, job.order.uploads
    texts = getsizeof(work.prompt) + getsizeof(work.negative_prompt)
    texts += getsizeof(work.scheduler) + getsizeof(work.style)
    texts += sum([getsizeof(each.value) for each in uploads if len(each.value) < _LARGE])
    texts += sum([getsizeof(each) + _OPTION for each, _ in work.weights])
    options = sum(map(getsizeof, chain.from_iterable(work.options))) + _OPTION * len(work.options)
    if job.order.origin is not None:
        texts += _origin_weight(job.order.origin)
    return _FRAME + texts + options + _UPLOAD * len(uploads)


def _origin_weight(origin: Origin) -> int:
    urls = sum(len(each.url) + len(each.secret) for each in origin.subscriptions)
    return _FRAME + weigh(origin.fields) + getsizeof(origin.call.url) + 2 * urls
