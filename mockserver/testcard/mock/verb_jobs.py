"""What is asked of jobs: how they stand, their results, to cancel them, which there are.

Knows jobs and roles. Must not know how they are painted, HTTP, or a provider's name.
"""

from __future__ import annotations

from typing import Final

from testcard.common.keys import NO_SUCH_JOB
from testcard.common.message import Reply
from testcard.common.trouble import Kind, Trouble
from testcard.mock.errand import Errand
from testcard.mock.job import Job, JobEnded

_MOST_LISTED: Final = 20
_ENDINGS: Final[dict[str, Kind]] = {"moderated": "moderated", "expired": "expired"}


def job_status(errand: Errand) -> Reply:
    """Say how a job stands; to ask moves it on."""
    return errand.dialect.state(errand.visit, errand.world)


def job_result(errand: Errand) -> Reply:
    """Answer with what came of a job; to ask moves it on.

    Raises:
        Trouble: conflict: it is still at work, or ended without pictures, and the spec has no
            answer for that; not-found: there is no such job.
    """
    job = _known(errand.world.poll(errand.dialect.reading.spec.id, _id(errand)))
    if job.phase == "succeeded" or errand.operation.tells(job.phase):
        return errand.dialect.standing(errand.visit, job, errand.world)
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


def _known(job: Job | None) -> Job:
    if job is None:
        raise Trouble("not-found", NO_SUCH_JOB)
    return job


def _id(errand: Errand) -> str:
    named = errand.visit.said("job-id")
    return str(named or next(reversed([*errand.visit.match.params.values()]), ""))
