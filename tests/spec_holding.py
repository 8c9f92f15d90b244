"""What a drawn spec is held to: it is served as it says, and a check of it breaks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from testcard.assembly import Options, build
from testcard.cli.rehearsal import rehearsed
from testcard.common.message import Call, Exchange
from testcard.common.moderation import MAGIC_PROMPTS
from testcard.common.reading import Profile, Reading
from testcard.common.spec import load
from testcard.contract.calls import Links, call_of
from testcard.contract.flaw import flaws
from testcard.contract.served import services
from testcard.contract.session import GOOD_KEY, Session
from testcard.contract.targets import InProcess
from testcard.contract.trace import ReadExchange, read_trace
from testcard.drivers.check import Driver, check
from testcard.drivers.drafts import call_for, drafts
from testcard.drivers.plan import plan
from testcard.drivers.values import Values
from testcard.mock.core import Mock

PROFILES: tuple[Profile, ...] = ("documented", "lenient")
_MAKING = ("pictures", "job")


def broken_by(document: dict[str, Any], folder: Path, driving: Iterable[Driver] = ()) -> list[str]:
    """Return what is wrong with a spec as it is served; nothing where all holds.

    Args:
        document: the spec.
        folder: where it may be written.
        driving: what sends calls beside the plan of a check, which is made in both profiles then.
    """
    path = folder / "drawn.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    assert load(path).id == "drawn"
    found = [each.partition(": ")[2] for each in rehearsed(path)]
    more = tuple(driving)
    mock = served(path, "documented")
    found += [*unreached(mock), *misjudged(mock), *unmoderated(mock)]
    for profile in PROFILES if more else PROFILES[:1]:
        found += breaches(path, profile, (plan, *more))
    return found


def served(path: Path, profile: Profile) -> Mock:
    """Return a mock of the spec, in which money is no matter."""
    options = Options(providers=(str(path),), profile=profile, balance=Decimal(1_000_000))
    return build(options)


def reading_of(mock: Mock) -> Reading:
    """Return what a mock of one spec goes by."""
    (dialect,) = mock.dialects.values()
    reading: Reading = dialect.reading
    return reading


def misjudged(mock: Mock, page: Mock | None = None) -> Iterator[str]:
    """Yield each call, flawed in one place, that was not answered as what is wrong with it.

    Args:
        mock: who answers.
        page: by whose reading; by its own where none is given.
    """
    reading = reading_of(page or mock)
    for operation in reading.operations:
        for body in operation.bodies if operation.does in _MAKING else ():
            values = Values(replace(operation, bodies=(body,)), body, True, Links())
            for draft in drafts(values, values.cheapest()):
                seen = answered(mock, reading, call_for(reading, draft, GOOD_KEY))
                wrong = flaws(seen)
                wanted = {reading.problems[flaw.kind] for flaw in wrong}
                status = seen.reply.status
                if not (status in wanted if wrong else 200 <= status < 300):
                    told = wrong[0].told if wrong else "nothing"
                    yield f"{operation.id}: {draft.why}: {status}, though {told} is wrong"
                if draft.breaks not in ("", "media-type") and not wrong:
                    yield f"{operation.id}: {draft.why}: no flaw is seen, not {draft.breaks}"


def unreached(mock: Mock) -> Iterator[str]:
    """Yield each server where an operation of it is not found, or one of another server is."""
    reading = reading_of(mock)
    for operation in reading.operations:
        for server in reading.places.servers:
            match = mock.route(Call(operation.method, server.url + operation.template))
            if (match.operation is operation) != (server in operation.servers):
                yield f"{operation.id} at {server.url}: {match.hint or 'found'}"


def unmoderated(mock: Mock) -> Iterator[str]:
    """Yield each magic prompt that did not bring about what the spec says."""
    reading = reading_of(mock)
    for operation in reading.operations:
        said = reading.moderation(operation)
        for magic, stage in MAGIC_PROMPTS.items() if operation.does == "pictures" else ():
            values = Values(operation, operation.takes, True, Links())
            fields = values.cheapest() | values.put("prompt", magic)
            seen = answered(mock, reading, call_of(reading, operation, fields, key=GOOD_KEY))
            refused = (said or {}).get(stage) == "refused"
            if (
                seen.reply.status == reading.problems["moderated"]
                if not refused
                else seen.succeeded
            ):
                yield f"{operation.id}: {magic}: {seen.reply.status}, and {said} was said"


def breaches(path: Path, profile: Profile, driving: Iterable[Driver]) -> Iterator[str]:
    """Yield each promise that a check of the spec finds broken, and who was never served."""
    mock = served(path, profile)
    session = Session(reading_of(mock), InProcess(mock.answer), thorough=True)
    run = check(session, [*driving])
    for verdict in run.verdicts:
        for ruling in verdict.rulings:
            if not ruling.kept:
                yield f"{profile}: {verdict.clause.id}: {ruling.seen}; not {ruling.expected}"
    yield from (f"{profile}: stopped: {each}" for each in [run.stopped] if each)
    yield from (
        f"{profile}: {each.operation} had no valid success"
        for each in services(run)
        if not each.served
    )


def answered(mock: Mock, reading: Reading, call: Any) -> ReadExchange:
    """Have a call answered, and read it."""
    (seen,) = read_trace(reading, (Exchange(call, mock.answer(call), 0.0, 0.0),))
    return seen
