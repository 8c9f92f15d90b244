"""The mock: Call -> Reply, over a World. Whoever calls it converts and waits.

Knows Calls, Replies, Readings and the Dialect protocol. Must not know a socket, a thread,
a web framework or a provider's name.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.job import Engine
from testcard.common.message import Call, Exchange, Reply, blank
from testcard.common.reading import Operation
from testcard.common.trouble import Trouble
from testcard.mock.access import Access
from testcard.mock.admin import Admin, Administered
from testcard.mock.dialect import Dialect, Visit
from testcard.mock.downloads import PICTURE, picture
from testcard.mock.inputs import Inputs
from testcard.mock.journal import Journal
from testcard.mock.memory_limit import MemoryLimit
from testcard.mock.render import json_bytes
from testcard.mock.studio import Studio
from testcard.mock.summary import brief
from testcard.mock.turn import House, Turn, Work
from testcard.mock.world import World

LARGEST_BODY = 32 << 20
"""Bytes of a request body that are taken, unless told otherwise."""

_ALWAYS_SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})


class Mock:
    """Several providers in one World, as a function from Call to Reply."""

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
    ) -> None:
        """Put a mock together from its parts; `testcard.assembly` does so from options.

        `access` says who may look after it under /_testcard/.
        """
        self.memory = memory or MemoryLimit()
        self.dialects: Mapping[str, Dialect] = {each.reading.spec.id: each for each in dialects}
        self.house = House(world, Studio(engine, memory=self.memory), inputs, largest_body)
        self.journal = journal or Journal(memory=self.memory)
        parts = Administered(self.dialects, world, self.house.studio, self.journal, self.reset)
        self._admin = Admin(parts, access)
        keys = (each.reading.key_headers for each in self.dialects.values())
        self._secret = _ALWAYS_SECRET.union(*keys)  # whoever is asked: a key may go astray

    @property
    def world(self) -> World:
        """The state that calls change."""
        return self.house.world

    @property
    def largest_body(self) -> int:
        """Bytes of a request body that are taken."""
        return self.house.largest_body

    def reset(self) -> None:
        """Begin again: world and journal as at the start, nothing remembered."""
        self.world.reset()
        self.journal.clear()
        self.house.studio.clear()
        self.house.inputs.clear()
        self.memory.trim()

    def answer(self, call: Call) -> Reply:
        """Answer one call, however long it takes."""
        step = self.begin(call)
        return step if isinstance(step, Reply) else step()

    def begin(self, call: Call) -> Reply | Work:
        """Answer one call at once, or return the rest of the work.

        What is returned as work decodes and paints pictures: milliseconds and more, to be
        done where it holds nobody up.
        """
        if call.parts.path.startswith(ADMIN_PREFIX):
            found = PICTURE.fullmatch(call.parts.path.removeprefix(ADMIN_PREFIX))
            if found:
                return picture(self, found["job"], int(found["index"]))
            return self._admin.answer(call)
        at_root = call.parts.path in ("", "/") and call.method in ("GET", "HEAD")
        if at_root and self.route(call)[0] is None:
            return self._admin.root()
        began = time.perf_counter()
        started = self.world.now()
        dialect, operation, params, path_known = self.route(call)
        visit = Visit(call, operation, params)

        def closed(reply: Reply, trouble: Trouble | None) -> None:
            took = time.perf_counter() - began
            self._record(visit, dialect, reply, trouble, started, took)

        if dialect is not None:
            return Turn(self.house, dialect, visit, closed).begin(path_known=path_known)
        reply = self._nobody(call)
        closed(reply, Trouble("not-found", "no provider answers here"))
        return reply

    def route(self, call: Call) -> tuple[Dialect | None, Operation | None, dict[str, str], bool]:
        """Return whom a call is for, what for, its path's parameters, and if its path is known.

        A provider answers under `/{provider}` + its own path, and at its own path where the
        Host is its own.
        """
        parts = call.parts
        first, _, rest = parts.path.removeprefix("/").partition("/")
        if first in self.dialects:
            dialect = self.dialects[first]
            return (dialect, *dialect.reading.match(call.method, f"/{rest}"))
        nobody: tuple[None, dict[str, str], bool] = (None, {}, False)
        best: tuple[Dialect | None, Operation | None, dict[str, str], bool] = (None, *nobody)
        for dialect in self.dialects.values():
            if dialect.reading.spec.server == f"https://{parts.hostname}":
                found = dialect.reading.match(call.method, parts.path)
                if found[2]:
                    return (dialect, *found)
                best = best if best[0] else (dialect, *nobody)
        return best

    def _record(
        self,
        visit: Visit,
        dialect: Dialect | None,
        reply: Reply,
        trouble: Trouble | None,
        started: float,
        took: float,
    ) -> None:
        call = visit.call
        kept = Call(call.method, call.url, blank(call.headers, self._secret), call.body)
        self.journal.write(
            Exchange(kept, reply, started, took),
            provider=dialect.reading.spec.id if dialect else None,
            operation=visit.operation.id if visit.operation else None,
            verdict=trouble.kind if trouble else "ok",
            detail=trouble.message if trouble else "",
            findings=tuple(visit.findings),
            notes=tuple(visit.notes),
            fields=brief(visit.fields),
        )

    def _nobody(self, call: Call) -> Reply:
        body = {
            "error": f"no provider answers at {call.parts.path}",
            "providers": {name: f"/{name}" for name in self.dialects},
            "admin": ADMIN_PREFIX,
        }
        return Reply(404, (("content-type", "application/json"),), json_bytes(body))
