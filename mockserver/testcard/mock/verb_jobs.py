"""What is asked of jobs: how they stand, their results, to cancel them, which there are.

Knows jobs and roles. Must not know how pictures are encoded, HTTP, or a provider's name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from testcard.common.keys import NO_SUCH_JOB
from testcard.common.message import Reply
from testcard.common.picture import format_of
from testcard.common.trouble import Kind, Trouble
from testcard.mock.downloads import painted_of
from testcard.mock.errand import Errand
from testcard.mock.job import Job, JobEnded
from testcard.mock.services import Step

_MOST_LISTED: Final = 20
_ENDINGS: Final[dict[str, Kind]] = {"moderated": "moderated", "expired": "expired"}


def job_status(errand: Errand) -> Reply | Step:
    """Say how a job stands, with its pictures where the answer has them; to ask moves it on.

    Raises:
        Trouble: not-found: there is no such job; conflict, failed and the like: it has no picture,
            and the spec has no other answer.
    """
    if not errand.operation.carries_pictures:
        return errand.dialect.state(errand.visit, errand.world)
    job = _known(errand.world.poll(errand.dialect.reading.spec.id, _id(errand)))
    content = errand.operation.success(job.phase)[1].get("content", {})
    if job.phase == "succeeded" or not content or not all(map(format_of, content)):
        return _told(errand, job)
    kind: Kind = "conflict" if job.at_work else _ENDINGS.get(job.phase, "failed")
    raise Trouble(kind, f"the job has no picture: it is {job.phase}")


def job_result(errand: Errand) -> Reply | Step:
    """Answer with what came of a job; to ask moves it on.

    Raises:
        Trouble: conflict: it is still at work, or ended without pictures, and the spec has no
            answer for that; not-found: there is no such job.
    """
    job = _known(errand.world.poll(errand.dialect.reading.spec.id, _id(errand)))
    if job.phase == "succeeded" or errand.operation.tells(job.phase):
        return _told(errand, job)
    if job.at_work:
        raise Trouble("conflict", f"the job is {job.phase}: it has no result yet")
    kind = _ENDINGS.get(job.phase, "conflict")
    raise Trouble(kind, f"the job ended without a result: it is {job.phase}")


def job_cancel(errand: Errand) -> Reply:
    """Cancel a job that is at work; what it held is given back.

    Raises:
        Trouble: conflict: it has ended already; not-found: there is no such job.
    """
    try:
        job = errand.world.cancel(errand.dialect.reading.spec.id, _id(errand))
    except JobEnded as ended:
        raise Trouble("conflict", str(ended)) from ended
    return errand.dialect.standing(errand.visit, _known(job), errand.world)


def job_list(errand: Errand) -> Reply:
    """List the account's latest jobs, the youngest first, a page of them at a time."""
    account = errand.visit.account
    most, after = errand.visit.said("page-size"), errand.visit.said("cursor")
    size = most if isinstance(most, int) and most > 0 else _MOST_LISTED
    found = errand.world.jobs_of(account, size, str(after) if after else None) if account else ()
    return errand.dialect.listing(errand.visit, found, errand.world)


def _told(errand: Errand, job: Job) -> Reply | Step:
    """Say how a job stands, with its pictures where the answer has a place for them."""
    dialect, visit, world = errand.dialect, errand.visit, errand.world
    form = dialect.carried(visit, job) if errand.operation.carries_pictures else None
    if form is None:
        return dialect.standing(visit, job, world)
    quality = None if form == "png" else job.order.quality
    order = replace(job.order, format=form, quality=quality)
    return painted_of(
        order, errand.services, lambda painted: dialect.delivered(visit, job, painted, world)
    )


def _known(job: Job | None) -> Job:
    if job is None:
        raise Trouble("not-found", NO_SUCH_JOB)
    return job


def _id(errand: Errand) -> str:
    named = errand.visit.said("job-id")
    return str(named or next(reversed([*errand.visit.match.params.values()]), ""))
