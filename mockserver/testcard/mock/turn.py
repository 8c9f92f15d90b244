"""One call's turn: from its first byte to its answer.

Fault laid in wait? -> key -> body -> schema in the chosen profile -> pictures in ->
credits held -> pictures painted -> the dialect's words -> credits settled.

Knows the order of these steps. Must not know HTTP doors, or a provider's name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from testcard.common.asked import asked_in
from testcard.common.fields import Body
from testcard.common.flaw import sentence
from testcard.common.job import PictureJob, asked
from testcard.common.message import Reply
from testcard.common.moderation import moderation_of
from testcard.common.operation import Operation
from testcard.common.picture import Pixels
from testcard.common.price import PriceError, terms_of
from testcard.common.schema import Breach
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Dialect, Visit
from testcard.mock.discretion import discreet
from testcard.mock.downloads import picture_of
from testcard.mock.intake import (
    holds_up,
    key_of,
    meets,
    note_path,
    preferences,
    read_fields,
)
from testcard.mock.render import json_bytes
from testcard.mock.routing import Download
from testcard.mock.services import Services, Step
from testcard.mock.studio import PaintRequest
from testcard.mock.uploads import Uploads, decoded, held, order_of, taken, uploads_of
from testcard.mock.veil import Veil
from testcard.mock.world import AccountId, Hold, Order

ASKED_FOR = "this failure was asked for beforehand"
"""What the journal says of a call that met a fault laid in wait."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended.

    Attributes:
        reply: what is answered.
        trouble: why it did not succeed; None where it did.
    """

    reply: Reply
    trouble: Trouble | None = None


Rest = Callable[[], Outcome]
"""What is left of a turn, to be done where it holds nobody up."""


class Turn:
    """One call with one dialect: every way through it ends in an Outcome."""

    def __init__(self, services: Services, dialect: Dialect, visit: Visit) -> None:
        """Take a call on."""
        self._services = services
        self._dialect = dialect
        self._visit = visit
        self._delay = 0.0

    def begin(self) -> Outcome | Rest:
        """Answer at once, or return what is left to do."""
        return self._guarded(self._open)

    def _guarded(self, step: Step) -> Outcome | Rest:
        try:
            made = step()
        except Trouble as trouble:
            return self._failed(_bare(trouble))
        except Exception:
            self._log("testcard failed at")
            return self._failed(Trouble("failed", "testcard itself failed; its log says how"))
        if isinstance(made, Reply):
            return Outcome(self._delayed(made))
        return lambda: self._finished(made)

    def _finished(self, step: Step) -> Outcome:
        ended = self._guarded(step)
        return ended if isinstance(ended, Outcome) else ended()

    def _failed(self, trouble: Trouble) -> Outcome:
        reading = self._dialect.reading
        trouble = discreet(trouble, self._visit.call, reading.key_headers)
        try:
            reply = self._dialect.failure(self._visit, trouble, self._services.world)
        except Exception:
            self._log(f"testcard has no words for {trouble.kind!r} at")
            seen = f"testcard itself failed to word {trouble.kind!r}; its log says how"
            trouble = Trouble("failed", f"{seen} ({trouble.message})")
            reply = Reply(500, (("content-type", "application/json"),), _error(seen))
        return Outcome(self._delayed(reply), trouble)

    def _delayed(self, reply: Reply) -> Reply:
        return replace(reply, delay=self._delay) if self._delay else reply

    def _log(self, what: str) -> None:
        call = self._visit.call
        _log.exception("%s %s %s", what, call.method, call.parts.path)

    def _open(self) -> Reply | Step:
        most = self._services.largest_body
        if self._visit.call.body_size > most:
            raise Trouble("too-large", f"the body is larger than the {most} bytes taken")
        if self._visit.match.download is not None:
            return self._fetch(self._visit.match.download)
        operation = self._asked_for()
        preferred = preferences(self._visit.call)
        if preferred:
            wanted = preferred.get("code"), preferred.get("example")
            return self._dialect.example(self._visit, *wanted)
        self._meet_fault()
        self._unlock(operation)
        if holds_up(self._visit.call):
            return lambda: self._read(operation)
        return self._read(operation)

    def _asked_for(self) -> Operation:
        call, match = self._visit.call, self._visit.match
        if match.operation is not None:
            note_path(self._visit, match.operation)
            return match.operation
        if match.path_known:
            raise _not_allowed(self._visit)
        hint = f"; {match.hint}" if match.hint else ""
        raise Trouble("not-found", f"there is nothing at {call.parts.path}{hint}")

    def _meet_fault(self) -> None:
        fault = self._services.world.next_fault(
            self._dialect.reading.spec.id, partial(meets, self._visit, self._dialect)
        )
        if fault is None:
            return
        self._delay = fault.delay
        if fault.kind is not None:
            if self._visit.operation is not None:
                with suppress(Trouble):  # who asks is known where the key is good
                    self._unlock(self._visit.operation)
            wait = 1 if fault.kind in ("rate-limited", "overloaded") else None
            raise Trouble(fault.kind, ASKED_FOR, retry_after=wait)

    def _unlock(self, operation: Operation) -> None:
        lenient = self._dialect.reading.profile == "lenient"
        key = key_of(self._visit, operation, lenient=lenient)
        account = AccountId.of(self._dialect.reading.spec.id, key)
        self._visit.account = account
        self._dialect.admit(account, self._services.world)

    # Pictures asked for

    def _read(self, operation: Operation) -> Reply | Step:
        read_fields(self._visit, self._dialect, operation)
        if operation.does == "job-status":
            return self._dialect.state(self._visit, self._services.world)
        body = operation.body_for(self._visit.call.media_type)
        uploads, inputs = uploads_of(self._visit, body), self._services.inputs
        sent = taken(uploads, inputs)
        pictures = held(sent, inputs)
        if pictures is None:
            return lambda: self._order(operation, body, uploads, decoded(uploads, sent, inputs))
        return self._order(operation, body, uploads, pictures)

    def _order(
        self, operation: Operation, body: Body, uploads: Uploads, pictures: Mapping[str, Pixels]
    ) -> Reply | Step:
        if operation.does == "job":  # its pictures are kept as they came
            later = self._job(body, pictures, kept=self._services.studio.has_notes)
            order = order_of(uploads, later, self._moderated(operation, later))
            return self._paid(later, lambda hold: self._begun(order, hold))
        job = self._job(body, pictures)
        wanted = PaintRequest(
            job,
            self._dialect.picture_format(operation),
            self._dialect.pictures_wanted(self._visit, job),
            self._moderated(operation, job),
        )
        if self._services.studio.known(wanted):
            return self._paid(job, lambda hold: self._painted(wanted, hold))
        return lambda: self._paid(job, lambda hold: self._painted(wanted, hold))

    def _moderated(self, operation: Operation, job: PictureJob) -> Veil | None:
        """Return how the pictures are veiled, where the prompt provokes that."""
        found = moderation_of(self._dialect.reading.moderation(operation), job.prompt)
        if found is None:
            return None
        if found.how == "refused":
            raise Trouble("moderated", found.told)
        self._visit.facts |= found.facts
        self._visit.notes.append(("prompt", found.told))
        return found.how

    def _job(self, body: Body, pictures: Mapping[str, Pixels], *, kept: bool = True) -> PictureJob:
        spec, draw = self._dialect.reading.spec, self._visit.draws.seed
        job = asked(spec.id, self._visit.fields, body, pictures, draw, spec.family, kept=kept)
        if not 0 < job.width * job.height <= self._services.largest_picture:
            most = self._services.largest_picture
            seen = f"{job.width}x{job.height} pixels are asked for; at most {most} are painted"
            breach = Breach(("size",), "maximum", seen)
            raise Trouble("invalid", sentence([breach]), [breach])
        return job

    def _paid(self, job: PictureJob, deliver: Callable[[Hold], Reply]) -> Reply:
        """Return what `deliver` answers, which ends the hold; where it raises, nothing is paid."""
        account, world = self._visit.account, self._services.world
        price = self._price(job)
        hold = world.reserve(account, price) if account else None
        if hold is None:
            raise Trouble("no-credits", f"the call costs {price} credits and the account has fewer")
        try:
            self._visit.notes += self._services.studio.notes(job)
            return deliver(hold)
        except BaseException:
            self._visit.left = None
            world.release(hold)
            raise

    def _price(self, job: PictureJob) -> Decimal:
        operation = self._visit.operation
        assert operation is not None  # noqa: S101 (a job was asked for)
        price = self._dialect.reading.price_of(operation)
        if price.is_flat:
            return price.of({})
        body = operation.body_for(self._visit.call.media_type)
        terms = terms_of(asked_in(body, self._visit.fields), (job.width, job.height))
        try:
            return price.of(terms)
        except PriceError as error:
            raise Trouble("failed", f"the price cannot be told: {error}") from error

    def _begun(self, order: Order, hold: Hold) -> Reply:
        world = self._services.world
        begun = world.begin_job(self._visit.draws.id(), order, hold)
        try:
            return self._dialect.begun(self._visit, begun, world)
        except BaseException:
            world.withdraw_job(begun.id)
            raise

    def _painted(self, wanted: PaintRequest, hold: Hold) -> Reply:
        """Word the answer before its price is taken: what cannot be worded is free."""
        world = self._services.world
        pictures = self._services.paint(wanted)
        self._visit.left = hold.left
        reply = self._dialect.success(self._visit, wanted.job, pictures, world)
        world.settle(hold)
        return reply

    # Pictures that jobs led to

    def _fetch(self, download: Download) -> Reply | Step:
        """Answer with the picture; it needs no key and costs nothing, for its job is paid."""
        if self._visit.call.method not in self._visit.match.allowed:
            raise _not_allowed(self._visit)
        self._meet_fault()
        return picture_of(download, self._services)


def _not_allowed(visit: Visit) -> Trouble:
    allowed = " or ".join(visit.match.allowed)
    seen = f"{visit.call.method} is not allowed here"
    return Trouble("method-not-allowed", f"{seen}; {allowed} is")


def _error(message: str) -> bytes:
    return json_bytes({"error": message})


def _bare(trouble: Trouble) -> Trouble:
    """Take off what led to it: its frames hold the call, and each other, in a circle."""
    trouble.__cause__ = trouble.__context__ = None
    return trouble.with_traceback(None)
