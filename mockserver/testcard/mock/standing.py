"""What is known of a job, by the roles that an answer may have places for.

Knows jobs, roles and where operations are. Must not know how an answer is worded, HTTP, or any one
provider.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from itertools import takewhile
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from testcard.common.hosts import authority_of
from testcard.common.operation import Operation
from testcard.common.place import Place
from testcard.common.reading import Reading
from testcard.common.states import Phase
from testcard.mock.dialect import Visit
from testcard.mock.facts import amount, urls_of
from testcard.mock.job import Job
from testcard.mock.jobs import share_done
from testcard.mock.render import each_of
from testcard.mock.world import World

_MOST_LINES: Final = 20
_SAID: Final[Mapping[Phase, str]] = {
    "failed": "the job failed",
    "canceled": "the job was canceled",
    "moderated": "the job was moderated",
    "expired": "the job has expired",
}


class _Told(NamedTuple):
    """A job that an answer tells of.

    Attributes:
        job: the job.
        visit: the call that is answered.
        reading: by which.
        world: that keeps the job.
    """

    job: Job
    visit: Visit
    reading: Reading
    world: World


def _urls(told: _Told) -> list[str]:
    job = told.job
    if job.phase != "succeeded":
        return []
    return urls_of(told.visit, job.id, job.order.work.samples, job.order.format or "png")


def _pictures(told: _Told) -> list[dict[str, Any]]:
    seed = told.job.order.work.seed
    return [
        {
            "picture-url": url,
            "index": index,
            "picture-seed": seed + index,
            "media-type": "image/png",
        }
        for index, url in enumerate(_urls(told))
    ]


def _position(told: _Told) -> int | None:
    """Return how many jobs are before one that is queued."""
    job = told.job
    if job.phase != "queued":
        return None
    ahead = takewhile(lambda each: each.id != job.id, told.world.jobs())
    return sum(each.at_work and each.provider == job.provider for each in ahead)


def _lines(told: _Told) -> list[str]:
    polls = range(1, min(told.job.polls, _MOST_LINES) + 1)
    return ["the job was taken", *(f"poll {poll}" for poll in polls), _word(told)]


def _link(does: str) -> Callable[[_Told], str | None]:
    def found(told: _Told) -> str | None:
        here = told.visit.operation
        there = told.reading.companion(here, does) if here is not None else None
        return None if there is None else _route(there, told)

    return found


def _ahead(there: Operation, visit: Visit) -> str:
    """Return what stands ahead of an operation's path in a URL for this client.

    That is where it called, with what it said there ahead of all; at a host of the provider's own
    where the operation does not stand, that operation's own server.
    """
    servers = there.servers
    if visit.at_own_host:
        here = authority_of(visit.call.parts)
        servers = tuple(each for each in servers if each.stands_at(here))
    if not servers:
        return there.servers[0].url
    shared = visit.operation.servers if visit.operation else ()
    said = [each.base_in(visit.match.path) for each in servers if each in shared]
    bases = [each for each in said if each is not None]
    return visit.home + max(bases, key=len, default=servers[0].base)


def _route(there: Operation, told: _Told) -> str:
    fields = [each for each in there.takes.fields.values() if each.role == "job-id"]
    place = fields[0].place if fields else Place("path", there.param_names[-1:])
    params = dict(told.visit.match.params)
    if place.location == "path":
        params[place.name] = quote(told.job.id, safe="")
    route = there.template
    for name in there.param_names:
        route = route.replace(f"{{{name}}}", params.get(name, name))
    route = _ahead(there, told.visit) + route
    asks = {place.name: told.job.id} if place.location == "query" else {}
    return f"{route}?{urlencode(asks)}" if asks else route


_FACTS: Final[Mapping[str, Callable[[_Told], Any]]] = {
    "job-id": lambda told: told.job.id,
    "created": lambda told: told.job.created,
    "job-state": lambda told: _word(told),
    "expires-at": lambda told: told.job.expires,
    "cost": lambda told: amount(_cost(told.job)),
    "message": lambda told: _SAID.get(told.job.phase),
    "picture-urls": lambda told: _urls(told) or None,
    "picture-url": lambda told: next(iter(_urls(told)), None),
    "queue-position": _position,
    "progress": lambda told: share_done(told.job, told.world.now()),
    "logs": lambda told: "\n".join(_lines(told)),
    "job-url": _link("job-status"),
    "result-url": _link("job-result"),
    "cancel-url": _link("job-cancel"),
}
"""Role -> what is told of a job; None where nothing is."""


def _cost(job: Job) -> Decimal:
    return job.hold.amount if job.at_work or job.phase == "succeeded" else Decimal(0)


def _word(told: _Told) -> str:
    ending = told.job.order.ending
    if ending.word and told.job.phase == ending.phase:
        return ending.word
    return told.reading.states_of(told.visit.operation).word(told.job.phase)


def facts_of(
    job: Job, visit: Visit, reading: Reading, world: World, roles: Collection[str]
) -> dict[str, Any]:
    """Return what an answer may say of a job: role -> value, of those of `roles` that are known."""
    told = _Told(job, visit, reading, world)
    known = {role: _FACTS[role](told) for role in roles if role in _FACTS}
    if job.phase == job.order.ending.phase:
        known |= job.order.ending.facts
    if each := _pictures(told):
        known[each_of("pictures")] = each
    if "log-line" in roles:
        known[each_of("logs")] = [{"log-line": line} for line in _lines(told)]
    return {role: value for role, value in known.items() if value is not None}
