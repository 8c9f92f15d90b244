"""What schemathesis finds by itself: its default checks and phases, on one mutant.

The mutant answers in this process, as an ASGI application, behind the faithful spec. Two
favours are done to schemathesis: real pictures are registered for the format that specs here
give to pictures, and all keys but one are wrong, so that its check of credentials means something.

Knows schemathesis, which is wanted here alone. Must not know clauses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.engine import from_schema
from schemathesis.engine.events import ScenarioFinished
from tests.mutants.mutant import Around, Mutant, Mutated

from testcard.assembly import find
from testcard.common.reading import Reading, read
from testcard.contract.calls import Links
from testcard.doors.http import application
from testcard.drivers.material import all_encodings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from testcard.common.message import Call, Reply

Failure = tuple[str, str]
"""An operation and the check that failed on it."""

_KEY = "testcard-benchmark"
_SLOWEST = 10.0


class NoAnswerError(TimeoutError):
    """An answer that would come too late for anyone."""


def register_pictures(reading: Reading) -> None:
    """Give schemathesis real pictures for `format: picture`, encoded as this API takes them."""
    fields = [each for one in reading.operations if one.body for each in one.body.fields.values()]
    real = [
        value for each in fields for value in all_encodings(each, Links()) if isinstance(value, str)
    ]
    schemathesis.openapi.format("picture", st.sampled_from(real or ["testcard"]))


def failures(mutant: Mutant, *, examples: int, seed: int) -> frozenset[Failure]:
    """Return what schemathesis reports about `mutant`."""
    reading = read(find(mutant.provider)[0], mutant.profile)
    register_pictures(reading)
    app = rooted(application(guarded(mutant.mock())), mutant.provider)
    headers = dict.fromkeys(reading.operations[0].key_headers[:1], _KEY)
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "headers": headers,
            "generation": {"max-examples": examples},
        }
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    return frozenset(_found(from_schema(schema).execute()))


def _found(events: Any) -> Iterator[Failure]:
    for event in events:
        if isinstance(event, ScenarioFinished):
            for checks in event.recorder.checks.values():
                for check in checks:
                    if check.failure_info is not None:
                        yield event.recorder.label or "", check.name


def guarded(mock: Mutated) -> Mutated:
    """Return `mock` with one key that is right, and with no answer in place of a late one."""
    inner: Around = mock.around or (lambda mutated, call: mutated.faithful(call).reply)

    def around(mutated: Mutated, call: Call) -> Reply:
        reply = inner(mutated, _with_one_key(mutated, call))
        if reply.delay > _SLOWEST:
            raise NoAnswerError("no answer in time")
        return reply

    mock.around = around
    return mock


def _with_one_key(mutated: Mutated, call: Call) -> Call:
    (dialect,) = mutated.dialects.values()
    names = dialect.reading.key_names
    headers = tuple(
        (name, "invalid" if name.lower() in names and value and value != _KEY else value)
        for name, value in call.headers
    )
    return replace(call, headers=headers)


def rooted(app: ASGIApp, provider: str) -> ASGIApp:
    """Return `app` with one provider at its root, as the provider's own server has it."""

    async def at_root(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = f"/{provider}{scope['path']}"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await app(scope, receive, send)

    return at_root
