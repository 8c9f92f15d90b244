"""The pictures that jobs lead to. Knows jobs and painting; must not know sockets or frameworks."""

from __future__ import annotations

import re
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

import orjson

from testcard.common.message import Reply
from testcard.mock.intake import job_of
from testcard.mock.turn import Work

if TYPE_CHECKING:
    from testcard.mock.core import Mock

PICTURE = re.compile(r"pictures/(?P<job>[\w-]+)/(?P<index>\d{1,3})\.png")


def picture(mock: Mock, job_id: str, index: int) -> Reply | Work:
    """Return a picture of a job, or the work of painting it."""
    job = mock.world.find_job(job_id)
    if job is None or job.state != "SUCCESS" or index >= job.order.work.samples:
        return _json(404, {"error": "no picture is here; its job is unknown or has not ended"})
    order, inputs = job.order, mock.house.inputs
    known = job_of(order, inputs.peek)

    def paint() -> Reply:
        work = known or job_of(order, inputs.read)
        if work is None:  # `read` has every picture
            raise AssertionError(f"the pictures of job {job_id} are gone")
        try:
            data = mock.house.studio.pictures(work, "png", work.samples)[index]
        except TimeoutError as busy:
            busy_for = (("retry-after", str(getattr(busy, "retry_after", 1))),)
            told = _json(503, {"error": str(busy)})
            return Reply(503, (*told.headers, *busy_for), told.body)
        except CancelledError:
            return _json(503, {"error": "the client left before its picture was painted"})
        return Reply(200, (("content-type", "image/png"),), data)

    if known is not None and mock.house.studio.known(known, "png", known.samples):
        return paint()
    return paint


def _json(status: int, value: Any) -> Reply:
    return Reply(status, (("content-type", "application/json"),), orjson.dumps(value))
