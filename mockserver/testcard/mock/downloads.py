"""The pictures that jobs lead to: found, and painted where they are not remembered.

Knows jobs, what they were sent, and who paints. Must not know whose call it is, or money.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from testcard.common.lifetime import Lifetime
from testcard.common.message import Reply
from testcard.common.picture import Pixels, media_type
from testcard.common.trouble import Trouble
from testcard.mock.intake import LARGE_BODY
from testcard.mock.routing import Download
from testcard.mock.services import Services, Step
from testcard.mock.studio import PaintRequest
from testcard.mock.uploads import held, job_of, sent_for
from testcard.mock.world import Order

Wording = Callable[[Sequence[bytes]], Reply]
"""Answers with pictures."""


def picture_of(download: Download, services: Services) -> Reply | Step:
    """Answer with the picture, or return what is left to do.

    Raises:
        Trouble: not-found: no job that has ended has this picture; expired: its URL has.
    """
    job = services.world.find_job(download.job)
    if job is None or job.phase != "succeeded" or download.index >= job.order.work.samples:
        raise Trouble("not-found", "no picture is here; its job is unknown or has not ended")
    order, expires = job.order, job.expires
    if expires is not None and services.world.now() > expires:
        raise _expired(order.ending.lifetime)
    headers = (("content-type", media_type(order.format or "png")),)
    return painted_of(
        order, services, lambda pictures: Reply(200, headers, pictures[download.index])
    )


def painted_of(order: Order, services: Services, worded: Wording) -> Reply | Step:
    """Answer with the pictures of an order, or return what is left to do."""
    if sum(len(each.value) for each in order.uploads) > LARGE_BODY:
        return lambda: _found(order, services, worded)
    return _found(order, services, worded)


def _expired(lifetime: Lifetime | None) -> Trouble:
    seconds, status = (lifetime.seconds, lifetime.status) if lifetime else (0, None)
    told = f"the URL has expired: it was good for {seconds:g} seconds"
    return Trouble("expired", told, status=status)


def _found(order: Order, services: Services, worded: Wording) -> Reply | Step:
    sent = sent_for(order, services.inputs)
    pictures = held(sent, services.inputs)
    if pictures is None:
        read = services.inputs.pixels
        return lambda: worded(
            services.paint(_wanted(order, {role: read(each) for role, each in sent.items()}))
        )
    wanted = _wanted(order, pictures)
    if services.studio.known(wanted):
        return worded(services.paint(wanted))
    return lambda: worded(services.paint(wanted))


def _wanted(order: Order, pictures: Mapping[str, Pixels]) -> PaintRequest:
    """Return all pictures of an order: asked for one by one, they are painted once."""
    work = job_of(order, pictures)
    return PaintRequest(work, order.format or "png", work.samples, order.veil, order.quality)
