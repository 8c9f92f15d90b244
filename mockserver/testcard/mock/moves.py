"""How jobs have moved of which somebody is to be told: each step, until somebody takes them.

Knows jobs and their states. Must not know who is told, locks (whoever keeps Moves has one), or any
one provider.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from testcard.common.states import AT_WORK
from testcard.mock.job import Job
from testcard.mock.jobs import next_change

_MOST: Final = 1_000  # steps that nobody has taken; the oldest are forgotten
_A_MOMENT: Final = 0.001  # seconds; behind it, no rounding leaves a job where it was


class Moves:
    """Steps of jobs that came from a call which names somebody to tell."""

    def __init__(self) -> None:
        """Begin with none."""
        self._steps: deque[Job] = deque(maxlen=_MOST)
        self._at_work: dict[str, None] = {}

    def clear(self) -> None:
        """Forget them."""
        self._steps.clear()
        self._at_work.clear()

    def began(self, job: Job) -> None:
        """Note that a job has begun."""
        if job.order.origin is not None:
            self._steps.append(job)
            self._at_work[job.id] = None

    def went(self, before: Job, after: Job) -> None:
        """Note that a job went on; one that ends by itself has been running."""
        if after.order.origin is None:
            return
        if before.phase == "queued" and after.phase not in ("running", "canceled"):
            self._steps.append(replace(after, phase="running", ended=None))
        self._steps.append(after)
        if after.phase not in AT_WORK:
            self._at_work.pop(after.id, None)

    def withdrawn(self, job_id: str) -> None:
        """Forget a job that nobody was told of."""
        self._at_work.pop(job_id, None)
        kept = [each for each in self._steps if each.id != job_id]
        self._steps = deque(kept, maxlen=_MOST)

    def take(self) -> tuple[Job, ...]:
        """Return the steps in their order, each job as it was then, and forget them."""
        taken = tuple(self._steps)
        self._steps.clear()
        return taken

    def due(self, find: Callable[[str], Job | None], now: float) -> Iterable[Job]:
        """Return the jobs that time has moved on by now."""
        return [job for job, at in self._changes(find) if at <= now]

    def next(self, find: Callable[[str], Job | None]) -> float | None:
        """Return when there is something to take: 0 for now, None for never."""
        if self._steps:
            return 0.0
        return min((at for _, at in self._changes(find)), default=None)

    def _changes(self, find: Callable[[str], Job | None]) -> Iterator[tuple[Job, float]]:
        for job_id in list(self._at_work):
            job = find(job_id)
            if job is None:
                del self._at_work[job_id]
            elif (at := next_change(job)) is not None:
                yield job, at + _A_MOMENT
