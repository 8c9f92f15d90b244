"""Pictures asked for, at once or as a job: what is asked is priced, held, painted, worded, settled.

Pictures in -> credits held -> pictures painted -> the dialect's words -> credits settled.

Knows the order of these steps. Must not know how a call was let in, HTTP, or a provider's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

from testcard.common.asked import asked_in
from testcard.common.event_stream import BROKEN_STREAM
from testcard.common.flaw import sentence
from testcard.common.job import PictureJob, asked
from testcard.common.message import Reply
from testcard.common.moderation import Moderation, moderation_of
from testcard.common.picture import Pixels
from testcard.common.price import PriceError, terms_of
from testcard.common.schema import Breach
from testcard.common.states import Phase
from testcard.common.trouble import Trouble
from testcard.mock.errand import Errand
from testcard.mock.facts import urls_of
from testcard.mock.formats import encoding_asked, note_needless
from testcard.mock.job import Ending
from testcard.mock.services import Step
from testcard.mock.studio import PaintRequest
from testcard.mock.subscription import origin_of
from testcard.mock.uploaded import with_files
from testcard.mock.uploads import (
    Then,
    Uploads,
    decoded_then,
    masked,
    order_of,
    taken,
    uploads_of,
)
from testcard.mock.veil import Veil
from testcard.mock.world import Hold, JobPolicy, Order

_WAIT: Final = re.compile(r"(?i)\bwait\b(?:\s*=\s*\"?([0-9]{1,6})\b)?")
_LONGEST_WAIT: Final = 60  # seconds, where a client only says that it waits
_MOST_SAMPLES: Final = 100  # pictures of a call, whose seeds follow one another
_AT_ONCE: Final = JobPolicy("at-once", 0)


def pictures(errand: Errand) -> Reply | Step:
    """Paint what is asked for, and answer with it."""
    uploads = _uploads(errand)
    return _taken(errand, uploads, partial(_paint, errand, uploads))


def job(errand: Errand) -> Reply | Step:
    """Begin a job that is to paint what is asked for; the pictures sent are kept as they came."""
    uploads = _uploads(errand)
    return _taken(errand, uploads, partial(_begin, errand, uploads))


def _uploads(errand: Errand) -> Uploads:
    uploads = uploads_of(errand.visit, errand.body)
    if len(uploads) > 1:
        _note_further(errand, uploads)
    return with_files(uploads, errand) if errand.dialect.reading.keeps_files else uploads


def _note_further(errand: Errand, uploads: Uploads) -> None:
    """Note pictures beside the first of a role: an engine takes one."""
    first: dict[str, str] = {}
    for name, each in uploads.items():
        if each.role and first.setdefault(each.role, name) != name:
            errand.visit.notes.append((name, f"{first[each.role]} is used, and no other picture"))


def _taken(errand: Errand, uploads: Uploads, then: Then) -> Reply | Step:
    inputs = errand.services.inputs
    sent = taken(uploads, inputs)
    return decoded_then(
        uploads, sent, inputs, lambda pictures: then(masked(pictures, uploads.values()))
    )


def _begin(errand: Errand, uploads: Uploads, sent: Mapping[str, Pixels]) -> Reply:
    later = _job(errand, sent, kept=errand.services.studio.has_notes)
    found = _moderated(errand, later)
    order = order_of(uploads, later, _veil(found), wait_of(errand))
    order = _with_ending(errand, _with_origin(errand, order), found)
    order = _encoded_as_asked(errand, order)
    note_needless(errand.visit, encoding_asked(errand.visit), order.format or "png")
    return _paid(errand, later, lambda hold: _begun(errand, order, hold))


def _paint(errand: Errand, uploads: Uploads, sent: Mapping[str, Pixels]) -> Reply | Step:
    now, dialect = _job(errand, sent), errand.dialect
    found = _moderated(errand, now)
    if found is not None:
        errand.visit.facts |= found.facts
    asked, format_ = encoding_asked(errand.visit), dialect.picture_format_of(errand.visit)
    note_needless(errand.visit, asked, format_)
    wanted = PaintRequest(
        now,
        format_,
        dialect.pictures_wanted(errand.visit, now),
        _veil(found),
        None if format_ == "png" else asked.quality,
    )
    deliver = partial(_painted, errand, wanted)
    linked = dialect.gives_urls(errand.visit)
    if linked or errand.operation.callbacks:
        order = replace(order_of(uploads, now, wanted.veil), policy=_AT_ONCE)
        order = _with_ending(errand, _with_origin(errand, order))
        order = _encoded_as_asked(errand, order)
        if linked:
            wanted = replace(wanted, format=order.format or "png", quality=order.quality)
        if linked or order.origin is not None:
            deliver = partial(_linked, errand, wanted, order, linked)
    if errand.services.studio.known(wanted):
        return _paid(errand, now, deliver)
    return lambda: _paid(errand, now, deliver)


def _with_origin(errand: Errand, order: Order) -> Order:
    """The same with the call that it came from, where that names somebody to be told."""
    origin = origin_of(errand)
    return order if origin is None else replace(order, origin=origin)


def _with_ending(errand: Errand, order: Order, found: Moderation | None = None) -> Order:
    """The same with how it ends: moderated, perhaps, or with URLs that expire."""
    lifetime = errand.dialect.reading.lifetime_of(errand.operation)
    if found is None:
        return order if lifetime is None else replace(order, ending=Ending(lifetime=lifetime))
    phase: Phase = "moderated" if found.how == "state" else "succeeded"
    return replace(order, ending=Ending(phase, found.word, found.facts, lifetime))


def _encoded_as_asked(errand: Errand, order: Order) -> Order:
    """Return an order for pictures in the format that the call asks for, PNG unless it does."""
    asked = encoding_asked(errand.visit)
    if asked.format is None:
        return order
    quality = None if asked.format == "png" else asked.quality
    return replace(order, format=asked.format, quality=quality)


def wait_of(errand: Errand) -> float:
    """Return how many seconds the client waits for a job: `wait=N` of a Prefer, or a field's."""
    asked = errand.visit.said("wait")
    if isinstance(asked, str):
        found = _WAIT.search(asked)
        asked = found and (found[1] or _LONGEST_WAIT)
    return float(_LONGEST_WAIT if asked is True else asked or 0)


def _moderated(errand: Errand, job: PictureJob) -> Moderation | None:
    """Return what is made of pictures that the prompt has moderated; None where it does not."""
    said = errand.dialect.reading.moderation(errand.operation)
    found = moderation_of(said, job.prompt)
    if found is None:
        return None
    if found.how == "refused":
        raise Trouble("moderated", found.told)
    errand.visit.notes.append(("prompt", found.told))
    return found


def _veil(found: Moderation | None) -> Veil | None:
    return found.how if found and found.how in ("blurred", "black") else None


def _job(errand: Errand, sent: Mapping[str, Pixels], *, kept: bool = True) -> PictureJob:
    reading, visit = errand.dialect.reading, errand.visit
    told = (visit.fields, errand.body, sent, partial(_drawn_seed, errand), reading.family)
    job = asked(reading.spec.id, *told, kept=kept)
    most = errand.services.largest_picture
    if not 0 < job.width * job.height <= most:
        seen = f"{job.width}x{job.height} pixels are asked for; at most {most} are painted"
        breach = Breach(("size",), "maximum", seen)
        raise Trouble("invalid", sentence([breach]), [breach])
    return job


def _paid(errand: Errand, job: PictureJob, deliver: Callable[[Hold], Reply]) -> Reply:
    """Return what `deliver` answers, which ends the hold; where it raises, nothing is paid."""
    visit, world = errand.visit, errand.world
    price = _price(errand, job)
    hold = world.reserve(visit.account, price) if visit.account else None
    if hold is None:
        raise Trouble("no-credits", f"the call costs {price} credits and the account has fewer")
    visit.cost = price
    try:
        visit.notes += errand.services.studio.notes(job)
        return deliver(hold)
    except BaseException:
        visit.left = visit.cost = None
        world.release(hold)
        raise


def _drawn_seed(errand: Errand) -> int:
    """Return a random seed that calls and answers of the operation have a place for."""
    seed, most = errand.visit.draws.seed(), errand.operation.largest_seed
    if most is None or seed + _MOST_SAMPLES <= most:
        return seed
    return seed % max(1, most - _MOST_SAMPLES if most > 2 * _MOST_SAMPLES else most)


def _price(errand: Errand, job: PictureJob) -> Decimal:
    price = errand.dialect.reading.price_of(errand.operation)
    if price.is_flat:
        return price.of({})
    terms = terms_of(asked_in(errand.body, errand.visit.fields), (job.width, job.height))
    try:
        return price.of(terms)
    except PriceError as error:
        raise Trouble("failed", f"the price cannot be told: {error}") from error


def _begun(errand: Errand, order: Order, hold: Hold) -> Reply:
    world, visit = errand.world, errand.visit
    begun = world.begin_job(visit.draws.id(), order, hold)
    try:
        return errand.dialect.begun(visit, begun, world)
    except BaseException:
        world.withdraw_job(begun.id)
        raise


def _whole(errand: Errand, wanted: PaintRequest) -> list[bytes]:
    """Paint; of a stream that has an event for that, an error may come amid it.

    Raises:
        Trouble: one was asked for; `visit.broken` has what goes ahead of it.
    """
    visit = errand.visit
    if not errand.operation.errs_amid:
        return errand.services.paint(wanted)
    amid = errand.dialect.errs_amid(visit)
    try:
        painted = errand.services.paint(wanted)
    except Trouble:
        raise
    except Exception:
        visit.broken = (wanted.job, ()) if amid else None
        raise
    kind = visit.amid or ("failed" if amid and BROKEN_STREAM in wanted.job.prompt else None)
    if kind is not None:
        visit.broken = (wanted.job, painted) if amid else None
        raise Trouble(kind, "this failure was asked for, amid the answer")
    return painted


def _painted(errand: Errand, wanted: PaintRequest, hold: Hold) -> Reply:
    """Word the answer before its price is taken: what cannot be worded is free."""
    painted = _whole(errand, wanted)
    errand.visit.left = hold.left
    reply = errand.dialect.success(errand.visit, wanted.job, painted, errand.world)
    errand.world.settle(hold)
    return reply


def _linked(errand: Errand, wanted: PaintRequest, order: Order, told: bool, hold: Hold) -> Reply:
    """Answer with pictures that are kept as those of jobs are, and where they are if `told`."""
    world, visit = errand.world, errand.visit
    painted = _whole(errand, wanted)
    visit.left = hold.left
    kept = world.begin_job(visit.draws.id(), order, hold)
    visit.facts["job-id"] = kept.id
    if told:
        urls = urls_of(visit, kept.id, wanted.job.samples, wanted.format)
        visit.facts["picture-urls"] = urls
        visit.facts |= {} if kept.expires is None else {"expires-at": kept.expires}
    try:
        return errand.dialect.success(visit, wanted.job, painted, world)
    except BaseException:
        world.withdraw_job(kept.id)
        raise
