"""One call's turn: from its first byte to its answer.

Fault laid in wait? -> key -> body -> schema in the chosen profile -> pictures in ->
credits held -> pictures painted -> credits settled -> the dialect's words.

Knows the order of these steps. Must not know HTTP doors, or a provider's name.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, replace

from testcard.common.job import PictureJob, asked
from testcard.common.message import Reply
from testcard.common.picture import Pixels
from testcard.common.reading import Body, Operation
from testcard.common.schema import Breach
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Dialect, Visit
from testcard.mock.inputs import Inputs
from testcard.mock.intake import key_of, note_path, order_of, pictures_of, read_fields, sentence
from testcard.mock.studio import Studio
from testcard.mock.world import AccountId, World

Work = Callable[[], Reply]
"""The costly rest of a call, to be done where it holds nobody up."""

ASKED_FOR = "this failure was asked for beforehand"
"""What the journal says of a call that met a fault laid in wait."""

_PREFER = re.compile(r'\b(code|example)\s*=\s*"?([\w.-]+)"?')
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """What every turn works with.

    Attributes:
        world: the state that calls change.
        studio: paints.
        inputs: reads the pictures sent.
        largest_body: bytes of a request body that are taken.
        largest_picture: pixels of a picture that is painted.
    """

    world: World
    studio: Studio
    inputs: Inputs
    largest_body: int
    largest_picture: int = 4096 * 4096


class Turn:
    """One call with one dialect. Every way out goes through `_guarded`."""

    def __init__(
        self,
        house: House,
        dialect: Dialect,
        visit: Visit,
        closed: Callable[[Reply, Trouble | None], None],
    ) -> None:
        """Take a call on; `closed` is told the answer, once."""
        self._house = house
        self._dialect = dialect
        self._visit = visit
        self._closed = closed
        self._delay = 0.0

    def begin(self, *, path_known: bool) -> Reply | Work:
        """Answer at once, or return what is left to do."""
        return self._guarded(lambda: self._open(path_known=path_known))

    def _guarded(self, step: Callable[[], Reply | Work]) -> Reply | Work:
        trouble: Trouble | None = None
        try:
            outcome = step()
        except Trouble as raised:
            trouble = raised
        except Exception:
            call = self._visit.call
            _log.exception("testcard failed at %s %s", call.method, call.parts.path)
            trouble = Trouble("failed", "testcard itself failed; its log says how")
        if trouble is not None:
            outcome = self._dialect.failure(self._visit, trouble, self._house.world)
        if not isinstance(outcome, Reply):
            return outcome
        reply = replace(outcome, delay=self._delay) if self._delay else outcome
        self._closed(reply, trouble)
        return reply

    def _later(self, step: Callable[[], Reply]) -> Work:
        def work() -> Reply:
            reply = self._guarded(step)
            assert isinstance(reply, Reply)  # noqa: S101 (a step that is put off ends here)
            return reply

        return work

    def _open(self, *, path_known: bool) -> Reply | Work:
        operation = self._asked_for(path_known=path_known)
        preferred = dict(_PREFER.findall(self._visit.call.header("prefer") or ""))
        if preferred:
            wanted = preferred.get("code"), preferred.get("example")
            return self._dialect.example(self._visit, *wanted)
        self._meet_fault(operation)
        self._unlock(operation)
        if operation.does == "job-status":
            return self._dialect.state(self._visit, self._house.world)
        if operation.body is None:
            raise Trouble("failed", f"{operation.id} takes no body, so it can ask for no picture")
        read_fields(self._visit, self._dialect, operation, operation.body)
        return self._order(operation, operation.body)

    def _order(self, operation: Operation, body: Body) -> Reply | Work:
        house = self._house
        known = pictures_of(self._visit, operation, house.inputs.peek)
        if known is None:
            return self._later(
                lambda: self._serve(
                    operation,
                    self._job(body, pictures_of(self._visit, operation, house.inputs.read) or {}),
                )
            )
        job = self._job(body, known)
        if operation.does == "job" or self._painted(operation, job):
            return self._serve(operation, job)
        return self._later(lambda: self._serve(operation, job))

    def _asked_for(self, *, path_known: bool) -> Operation:
        call = self._visit.call
        most = self._house.largest_body
        if call.body_size > most:
            raise Trouble("too-large", f"the body is larger than the {most} bytes taken")
        if self._visit.operation is not None:
            note_path(self._visit, self._visit.operation, self._dialect.reading.spec.id)
            return self._visit.operation
        if path_known:
            raise Trouble("method-not-allowed", f"{call.method} is not allowed here")
        raise Trouble("not-found", f"there is nothing at {call.parts.path}")

    def _meet_fault(self, operation: Operation) -> None:
        fault = self._house.world.next_fault(self._dialect.reading.spec.id)
        if fault is None:
            return
        self._delay = fault.delay
        if fault.kind is not None:
            with suppress(Trouble):  # who asks is known where the key is good
                self._unlock(operation)
            wait = 1 if fault.kind in ("rate-limited", "overloaded") else None
            raise Trouble(fault.kind, ASKED_FOR, retry_after=wait)

    def _unlock(self, operation: Operation) -> None:
        lenient = self._dialect.reading.profile == "lenient"
        key = key_of(self._visit, operation, lenient=lenient)
        account = AccountId.of(self._dialect.reading.spec.id, key)
        self._visit.account = account
        self._dialect.admit(account, self._house.world)

    def _job(self, body: Body, pictures: Mapping[str, Pixels]) -> PictureJob:
        spec, draw = self._dialect.reading.spec, self._house.world.draw_seed
        job = asked(spec.id, self._visit.fields, body, pictures, draw, spec.family)
        if not 0 < job.width * job.height <= self._house.largest_picture:
            most = self._house.largest_picture
            seen = f"{job.width}x{job.height} pixels are asked for; at most {most} are painted"
            breach = Breach(("size",), "maximum", seen)
            raise Trouble("invalid", sentence([breach]), [breach])
        return job

    def _painted(self, operation: Operation, job: PictureJob) -> bool:
        format_ = self._dialect.picture_format(operation)
        return self._house.studio.known(
            job, format_, self._dialect.pictures_wanted(self._visit, job)
        )

    def _serve(self, operation: Operation, job: PictureJob) -> Reply:
        account = self._visit.account
        price = self._dialect.reading.price
        world = self._house.world
        hold = world.reserve(account, price) if account else None
        if hold is None:
            raise Trouble("no-credits", f"the call costs {price} credits and the account has fewer")
        try:
            self._visit.notes += self._house.studio.notes(job)
            if operation.does == "job":
                return self._dialect.begun(
                    self._visit, order_of(self._visit, operation, job), hold, world
                )
            pictures = self._pictures(operation, job)
        except BaseException:
            world.release(hold)
            raise
        world.settle(hold)
        return self._dialect.success(self._visit, job, pictures, world)

    def _pictures(self, operation: Operation, job: PictureJob) -> list[bytes]:
        try:
            return self._house.studio.pictures(
                job,
                self._dialect.picture_format(operation),
                self._dialect.pictures_wanted(self._visit, job),
            )
        except TimeoutError as busy:
            wait = getattr(busy, "retry_after", 1)
            raise Trouble("overloaded", str(busy), retry_after=wait) from busy
        except CancelledError as left:
            raise Trouble("failed", "the client left before its picture was painted") from left
