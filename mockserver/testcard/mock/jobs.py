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

from testcard.mock.world import Job, JobState, Order, Upload

_FRAME: Final = 1_600  # bytes of a job's own values, beside those that differ in length
_UPLOAD: Final = 300  # bytes of one mention of a picture
_OPTION: Final = 64  # bytes of an option's pair, beside its name and value
_LARGE: Final = 1_024  # bytes of a picture as it came, or characters, that are worth sharing


@dataclass(slots=True)
class _Shared:
    value: str | bytes
    jobs: int = 0


class Jobs:
    """The latest jobs, oldest first; none goes back from SUCCESS or FAILURE.

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

    def end(self, job: Job, state: JobState) -> Job:
        """End a job that is PENDING."""
        changed = self._jobs[job.id] = replace(job, state=state)
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
        uploads = tuple([self._kept_once(each) for each in order.uploads])
        return Order(order.work, uploads, order.veil)

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
        return Upload(upload.role, shared.value, upload.encodings)


def due(job: Job, now: float) -> JobState:
    """Return the state that a job's policy gives it when it is asked for at `now`."""
    policy = job.policy
    if job.state != "PENDING":
        return job.state
    if policy.kind == "fail":
        return "FAILURE"
    if policy.kind == "polls":
        return "SUCCESS" if job.polls >= policy.amount else "PENDING"
    if policy.kind == "seconds":
        return "SUCCESS" if now - job.created >= policy.amount else "PENDING"
    return "SUCCESS" if policy.kind == "at-once" else "PENDING"


def _weight(job: Job) -> int:
    work, uploads = job.order.work, job.order.uploads
    texts = getsizeof(work.prompt) + getsizeof(work.negative_prompt)
    texts += getsizeof(work.scheduler) + getsizeof(work.style)
    texts += sum([getsizeof(each.value) for each in uploads if len(each.value) < _LARGE])
    options = sum(map(getsizeof, chain.from_iterable(work.options))) + _OPTION * len(work.options)
    return _FRAME + texts + options + _UPLOAD * len(uploads)
