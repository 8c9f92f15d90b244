"""The pictures that jobs lead to: found, and painted where they are not remembered.

Knows jobs, what they were sent, and who paints. Must not know whose call it is, or money.
"""

from __future__ import annotations

from testcard.common.job import PictureJob
from testcard.common.message import Reply
from testcard.common.trouble import Trouble
from testcard.mock.intake import LARGE_BODY
from testcard.mock.routing import Download
from testcard.mock.services import Services, Step
from testcard.mock.studio import PaintRequest
from testcard.mock.uploads import held, job_of, sent_for
from testcard.mock.world import Order


def picture_of(download: Download, services: Services) -> Reply | Step:
    """Answer with the picture, or return what is left to do.

    Raises:
        Trouble: not-found: no job that has ended has this picture.
    """
    job = services.world.find_job(download.job)
    if job is None or job.state != "SUCCESS" or download.index >= job.order.work.samples:
        raise Trouble("not-found", "no picture is here; its job is unknown or has not ended")
    order = job.order
    if sum(len(each.value) for each in order.uploads) > LARGE_BODY:
        return lambda: _found(order, download.index, services)
    return _found(order, download.index, services)


def _found(order: Order, index: int, services: Services) -> Reply | Step:
    sent = sent_for(order, services.inputs)
    pictures = held(sent, services.inputs)
    if pictures is None:
        read = services.inputs.pixels
        return lambda: _painted(
            job_of(order, {role: read(each) for role, each in sent.items()}), index, services
        )
    work = job_of(order, pictures)
    if services.studio.known(_all_of(work)):
        return _painted(work, index, services)
    return lambda: _painted(work, index, services)


def _painted(work: PictureJob, index: int, services: Services) -> Reply:
    data = services.paint(_all_of(work))[index]
    return Reply(200, (("content-type", "image/png"),), data)


def _all_of(work: PictureJob) -> PaintRequest:
    return PaintRequest(work, "png", work.samples)  # asked for one by one, they are painted once
