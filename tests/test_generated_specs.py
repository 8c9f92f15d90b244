"""Whatever the language can say is served: specs drawn from it, each held to what it says.

A drawn spec that loads answers its valid calls with the documented success, its errors by their
schemas, and each breach with its documented refusal.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from tests.spec_strategies import Node, documents

from testcard.assembly import Options, build
from testcard.cli.rehearsal import rehearsed
from testcard.common.message import Exchange, Reply
from testcard.common.reading import Reading
from testcard.common.spec import load
from testcard.contract.calls import Links
from testcard.contract.flaw import flaws
from testcard.contract.session import GOOD_KEY
from testcard.contract.trace import read_trace
from testcard.drivers.drafts import call_for, drafts
from testcard.drivers.values import Values
from testcard.mock.core import Mock


def misjudged(mock: Mock, reading: Reading) -> list[str]:
    """Return each call, flawed in one place, that was not refused as its trouble is."""
    found = []
    for operation in reading.operations:
        values = Values(operation, operation.takes, True, Links())
        for draft in drafts(values, values.cheapest()):
            call = call_for(reading, draft, GOOD_KEY)
            (seen,) = read_trace(reading, (Exchange(call, Reply(0), 0.0, 0.0),))
            reply = mock.answer(call)
            wrong = flaws(seen)
            wanted = {reading.problems[flaw.kind] for flaw in wrong}
            right = reply.status in wanted if wrong else 200 <= reply.status < 300
            if not right:
                told = wrong[0].told if wrong else "nothing"
                found.append(f"{operation.id}: {draft.why}: {reply.status}, though {told} is wrong")
    return found


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(document=documents())
def test_what_is_drawn_is_served_and_held_to(document: Node) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        assert load(path).id == "drawn"
        assert [each.partition(": ")[2] for each in rehearsed(path)] == []
        mock = build(Options(providers=(str(path),), profile="documented"))
        (dialect,) = mock.dialects.values()
        assert misjudged(mock, dialect.reading) == []


def test_a_mock_that_takes_too_much_is_caught() -> None:
    """What the lenient profile forgives is not refused as the page has it."""
    spec = str(Path(__file__).parent / "specs" / "places.yaml")
    forgiving = build(Options(providers=(spec,), profile="lenient"))
    strict = build(Options(providers=(spec,), profile="documented"))
    (dialect,) = strict.dialects.values()
    assert misjudged(strict, dialect.reading) == []
    assert misjudged(forgiving, dialect.reading) != []
