"""The mock: Call -> Reply, over a World. Whoever calls it converts and waits.

Knows Calls, Replies and the Dialect protocol. Must not know a socket, a thread,
a web framework or a provider's name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.job import Engine
from testcard.common.message import Call, Exchange, Reply
from testcard.common.trouble import Trouble
from testcard.mock.access import Access
from testcard.mock.admin import Admin
from testcard.mock.administered import Administered
from testcard.mock.delivery_journal import DeliveryJournal
from testcard.mock.destinations import Destinations
from testcard.mock.dialect import Dialect, Visit
from testcard.mock.discretion import Told, without_secrets
from testcard.mock.inputs import Inputs
from testcard.mock.journal import Journal
from testcard.mock.memory_limit import MemoryLimit
from testcard.mock.outbox import Correspondence, Outbox
from testcard.mock.render import json_bytes
from testcard.mock.routing import FileAt, Match, Router
from testcard.mock.services import Services
from testcard.mock.signing import Signer
from testcard.mock.studio import Studio
from testcard.mock.summary import brief
from testcard.mock.turn import Outcome, Turn
from testcard.mock.verb_info import WEBHOOK_SECRET
from testcard.mock.world import World

Work = Callable[[], Reply]
"""The costly rest of a call, to be done where it holds nobody up."""

LARGEST_BODY = 32 << 20
"""Bytes of a request body that are taken, unless told otherwise."""


class Mock:
    """Several providers in one World, as a function from Call to Reply.

    Attributes:
        dialects: provider id -> how it speaks.
        journal: where calls are written down.
        outbox: what is to be sent of them later.
        tells: whether any provider has callbacks.
    """

    def __init__(
        self,
        dialects: Iterable[Dialect],
        world: World,
        engine: Engine,
        inputs: Inputs,
        *,
        journal: Journal | None = None,
        largest_body: int = LARGEST_BODY,
        memory: MemoryLimit | None = None,
        access: Access = Access(),  # noqa: B008 (frozen)
        signer: Signer | None = None,
        destinations: Destinations = Destinations(),  # noqa: B008 (frozen)
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Put a mock together from its parts; `testcard.assembly` does so from options.

        Args:
            dialects: of the providers that are served.
            world: the state that calls change; calls are dated by its clock.
            engine: paints.
            inputs: reads the pictures sent.
            journal: where calls are written down; one of its own where none is given.
            largest_body: bytes of a request body that are taken.
            memory: what journal, studio and world share; one of its own where none is given.
            access: who may look after the mock under /_testcard/.
            signer: signs what callbacks send; one of the seed 0 where none is given.
            destinations: where they may go.
            stopwatch: tells seconds, of which differences are taken: how long calls took.
        """
        self.dialects: Mapping[str, Dialect] = {each.reading.spec.id: each for each in dialects}
        limit = memory or MemoryLimit()
        signer = signer or Signer()
        self.services = Services(
            world,
            Studio(engine, memory=limit),
            inputs,
            limit,
            largest_body=largest_body,
            signer=signer,
        )
        self.journal = journal or Journal(memory=limit)
        self._router = Router(self.dialects.values())
        self.outbox = Outbox(
            Correspondence(
                self.dialects,
                world,
                self._router.route,
                signer,
                destinations,
                DeliveryJournal(limit),
            ),
            limit,
        )
        operations = [each for one in self.dialects.values() for each in one.reading.operations]
        self.tells = any(each.callbacks for each in operations)
        parts = Administered(
            self.dialects, world, self.services.studio, self.journal, self.reset, self.outbox
        )
        self._admin = Admin(parts, access)
        self._stopwatch = stopwatch
        keys = (each.reading.key_names for each in self.dialects.values())
        self._secret = frozenset().union(*keys)  # whoever is asked: a key may go astray

    @property
    def world(self) -> World:
        """The state that calls change."""
        return self.services.world

    @property
    def largest_body(self) -> int:
        """Bytes of a request body that are taken."""
        return self.services.largest_body

    def reset(self) -> None:
        """Begin again: world and journal as at the start, nothing remembered."""
        self.journal.clear()
        self.services.reset()
        self.outbox.clear()

    def answer(self, call: Call) -> Reply:
        """Answer one call, however long it takes."""
        step = self.begin(call)
        return step if isinstance(step, Reply) else step()

    def begin(self, call: Call) -> Reply | Work:
        """Answer one call at once, or return the rest of the work.

        What is returned as work reads large bodies, decodes and paints pictures, or goes through
        the journal: milliseconds and more, to be done where it holds nobody up.
        """
        began = self._stopwatch()
        match = self.route(call)
        if match.is_admin:
            return self._admin.answer(call)
        if match.dialect is None and match.path in ("", "/") and call.method in ("GET", "HEAD"):
            return self._admin.root()
        visit = Visit(call, match, self.world.arrive())
        started = self.world.now()
        dialect = self._who_answers(match)

        def closed(outcome: Outcome) -> Reply:
            took = self._stopwatch() - began
            self._record(visit, dialect, outcome, started, took)
            if self.tells:
                self.outbox.stir()
            return outcome.reply

        if dialect is None:
            return closed(self._nobody(match))
        step = Turn(self.services, dialect, visit).begin()
        return closed(step) if isinstance(step, Outcome) else lambda: closed(step())

    def route(self, call: Call) -> Match:
        """Find whom a call is for, and what for."""
        return self._router.route(call)

    def whose(self, url: str) -> tuple[str, ...]:
        """Return the ids of the providers whose server is at the host and port of a URL."""
        return self._router.whose(url)

    def _who_answers(self, match: Match) -> Dialect | None:
        """The provider whose address it is; for what is fetched, whose job or file it is."""
        if match.download is None:
            return self.dialects.get(match.provider or "")
        if isinstance(match.download, FileAt):
            file = self.world.files.find(match.download.id)
            return self.dialects.get(file.account.provider if file else match.provider or "")
        job = self.world.find_job(match.download.job)
        return self.dialects.get(job.provider if job else match.provider or "")

    def _record(
        self, visit: Visit, dialect: Dialect | None, outcome: Outcome, started: float, took: float
    ) -> None:
        reply, trouble = outcome
        detail = trouble.message if trouble else ""
        seen = Told(visit.call, reply, detail, tuple(visit.findings), brief(visit.fields))
        secret = visit.facts.get(WEBHOOK_SECRET)
        told = without_secrets(seen, self._secret, also=(secret,) if secret else ())
        self.journal.write(
            Exchange(told.call, told.reply, started, took),
            provider=dialect.reading.spec.id if dialect else None,
            operation=visit.operation.id if visit.operation else None,
            verdict=trouble.kind if trouble else "ok",
            detail=told.detail,
            findings=told.findings,
            notes=tuple(visit.notes),
            fields=told.fields,
        )

    def _nobody(self, match: Match) -> Outcome:
        seen = f"no provider answers at {match.path}"
        if match.download:
            whose = "file" if isinstance(match.download, FileAt) else "job"
            seen = f"no picture is here; its {whose} is unknown"
        said = f"{seen}; {match.hint}" if match.hint else seen
        body = {
            "error": said,
            "providers": {name: f"/{name}" for name in self.dialects},
            "admin": ADMIN_PREFIX,
        }
        reply = Reply(404, (("content-type", "application/json"),), json_bytes(body))
        return Outcome(reply, Trouble("not-found", said))
