"""The generating driver: the same calls for the same seed, good and bad, judged by the clauses."""

from __future__ import annotations

import subprocess
import sys

import pytest
import schemathesis
from tests.mutants.catalogue import PROVIDERS
from tests.mutants.mutant import Mutant, faithful
from tests.mutants.score import known
from tests.spec_clients import SPECS

from testcard.assembly import find
from testcard.common.reading import Profile, Reading, read
from testcard.common.spec import load
from testcard.contract.calls import Links
from testcard.contract.flaw import flaws
from testcard.contract.session import Session
from testcard.contract.targets import InProcess
from testcard.contract.trace import read_trace
from testcard.doors.http import application
from testcard.drivers.drafts import Draft, call_for
from testcard.drivers.fuzz import contract_check, everything, fuzz, shaped

_EVERY = pytest.mark.parametrize("provider", PROVIDERS)
_BOTH: tuple[Profile, ...] = ("documented", "lenient")


def _reading(provider: str, profile: Profile = "documented") -> Reading:
    return read(find(provider)[0], profile)


def _fuzzed(mutant: Mutant, *, thorough: bool = True, examples: int = 10) -> Session:
    reading = _reading(mutant.provider, mutant.profile)
    session = Session(reading, InProcess(mutant.build()), thorough=thorough)
    fuzz(session, examples=examples, seed=3)
    return session


def _values(found: list[Draft]) -> list[str]:
    return [repr((each.operation.id, each.value)) for each in found]


@_EVERY
def test_the_same_seed_draws_the_same_bodies(provider: str) -> None:
    reading = _reading(provider)
    first, again, other = (
        _values(list(everything(reading, Links(), examples=5, seed=seed))) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("profile", _BOTH)
@_EVERY
def test_good_bodies_are_served_and_bad_ones_refused(provider: str, profile: Profile) -> None:
    """By the mock, as the reading has it: both kinds come up, and each is answered as it should."""
    session = _fuzzed(faithful(provider, profile))
    seen = read_trace(session.reading, tuple(session.exchanges))
    good = [each for each in seen if not flaws(each)]
    bad = [each for each in seen if flaws(each)]
    assert len(good) >= 10
    assert len(bad) >= 10
    assert all(each.succeeded for each in good)
    assert not any(each.succeeded for each in bad)


@_EVERY
def test_every_documented_field_is_tried_on_every_operation(provider: str) -> None:
    session = _fuzzed(faithful(provider), examples=1)
    seen = read_trace(session.reading, tuple(session.exchanges))
    for operation in session.reading.operations:
        sent = {name for each in seen if each.operation is operation for name in each.fields}
        assert sent >= set(operation.body.fields if operation.body else ())


def test_nothing_wrong_is_sent_where_calls_cost() -> None:
    """Nobody knows what a provider charges for a call that it ought to refuse."""
    session = _fuzzed(faithful("segmind"), thorough=False)
    seen = read_trace(session.reading, tuple(session.exchanges))
    assert seen
    assert not any(flaws(each) for each in seen)


def test_whole_numbers_are_sent_as_integers() -> None:
    body = _reading("segmind").operations[0].body
    assert body is not None
    value = {"samples": 2.0, "strength": 1.0, "other": 3.0}
    assert repr(shaped(body, value)) == "{'samples': 2, 'strength': 1.0, 'other': 3.0}"


def _checked(mutant: Mutant) -> list[str]:
    """Run schemathesis itself with our check, on an application that answers as `mutant`."""
    reading = _reading(mutant.provider)
    app = application(mutant.mock())
    schema = schemathesis.openapi.from_asgi(f"/{mutant.provider}/openapi.json", app)
    schema.config.update(base_url=f"http://localhost/{mutant.provider}")
    judge = contract_check(reading, prefix=f"/{mutant.provider}")
    operation = reading.operations[0]
    case = schema[operation.path][operation.method].Case(
        body={"image": "iVBORw0KGgo=", "prompt": "x"},
        headers={"x-api-key": "a-key"},
        media_type="application/json",
    )
    try:
        case.call_and_validate(checks=[judge])
    except (AssertionError, BaseExceptionGroup) as error:
        return [str(each) for each in getattr(error, "exceptions", (error,))]
    return []


def test_the_check_for_schemathesis_delegates_to_the_clauses() -> None:
    assert _checked(faithful("segmind")) == []
    (told,) = _checked(known("segmind-other-shape"))
    assert "Every JSON body has the documented shape." in told
    assert "'error' is required" in told


def test_serving_needs_neither_schemathesis_nor_hypothesis() -> None:
    """Heavy ones are imported only where they are used."""
    program = (
        "import sys, testcard.cli.main, testcard.drivers.check, testcard.contract.session\n"
        "import testcard.doors.server\n"
        "print(sorted({'schemathesis', 'hypothesis'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_bodies_that_are_one_picture_are_drawn_as_bytes() -> None:
    reading = read(load(SPECS / "raw.yaml"))
    drawn = list(everything(reading, Links(), examples=1, seed=0))
    whole = [call_for(reading, each, "k") for each in drawn if each.why == "a positive case"]
    assert whole
    assert {each.header("content-type") for each in whole} == {"image/png"}
