"""Clauses under pytest: a test for each, over a provider and whoever answers in its place.

    from testcard.pytest_clauses import clauses

    test_segmind = clauses("segmind", "http://127.0.0.1:4242/segmind", key="k", budget=20)

What a clause needs is sent once, when the first of the tests runs. A clause that did not come up
is skipped, with the reason; a breach of what is weaker than `fail_on` is kept as the test's
property `finding`, for JUnit files and the like.

Knows pytest and `check`. Must not know the mock, or any one provider.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from testcard.clauses.catalogue import CLAUSES
from testcard.common.message import Call, Reply
from testcard.common.reading import Profile, Reading, read
from testcard.common.spec import Grade, SpecError, bundled, load
from testcard.contract.calls import Links
from testcard.contract.session import GOOD_KEY, Budget, Session
from testcard.contract.targets import Http, InProcess, Target
from testcard.contract.verdict import Clause, Ruling, Verdict, fails
from testcard.drivers.check import Driver, check
from testcard.drivers.plan import plan

ClauseTest = Callable[[Clause, pytest.FixtureRequest], None]


def clauses(
    provider: str | Path | Reading,
    against: str | Callable[[Call], Reply] | Target,
    *,
    key: str | None = None,
    budget: float | None = None,
    profile: Profile = "documented",
    drivers: Sequence[Driver] = (plan,),
    thorough: bool = False,
    links: Links | None = None,
    fail_on: Grade = "documented",
) -> ClauseTest:
    """Return a test that pytest runs once for each clause that the provider's reading promises.

    Args:
        provider: the id of one that comes with testcard, the path of a spec, or a Reading.
        against: a URL that stands in place of the provider's server, a function from Call to
            Reply such as a mock's `answer`, or a Target.
        key: of the account that pays; a URL needs one.
        budget: credits that may be spent; a URL needs one.
        profile: that the spec is read by.
        drivers: what sends calls.
        thorough: whether calls cost nothing, so that everything may be tried.
        links: pictures in the web, for APIs that take nothing but URLs.
        fail_on: the weakest grade of evidence whose breach fails a test.

    Raises:
        ValueError: a URL came without a key or a budget.
        SpecError: nothing is called `provider`, or its spec cannot be read.
    """
    reading = _reading(provider, profile)
    target = _target(reading, against)
    if isinstance(against, str) and (not key or budget is None):
        raise ValueError(f"tests against {against} may cost money: give a key= and a budget=")
    spend = Budget(credits=None if budget is None else Decimal(str(budget)))

    @cache
    def verdicts() -> Mapping[str, Verdict]:
        _refuse_many_workers(target)
        session = Session(reading, target, key or GOOD_KEY, spend, thorough, links or Links())
        return {each.clause.id: each for each in check(session, drivers).verdicts}

    promised = [clause for clause in CLAUSES if clause.applies(reading)]

    @pytest.mark.parametrize("clause", promised, ids=lambda clause: clause.id)
    def test(clause: Clause, request: pytest.FixtureRequest) -> None:
        _judge(verdicts()[clause.id], fail_on, request)

    return test


def _judge(verdict: Verdict, fail_on: Grade, request: pytest.FixtureRequest) -> None:
    if verdict.outcome == "not-exercised":
        pytest.skip(f"not exercised: {verdict.reason}")
    broken = [each for each in verdict.rulings if fails(verdict, each, fail_on)]
    for each in verdict.rulings:
        if each not in broken:
            request.node.user_properties.append(("finding", _told(each)))
    if broken:
        pytest.fail("\n".join((verdict.clause.sentence, *map(_told, broken))), pytrace=False)


def _told(ruling: Ruling) -> str:
    said = ruling.evidence
    return f"seen: {ruling.seen}; expected: {ruling.expected} ({said.grade}: {said.source})"


def _reading(provider: str | Path | Reading, profile: Profile) -> Reading:
    if isinstance(provider, Reading):
        return provider
    shipped = {path.stem: path for path in bundled()}
    path = provider if isinstance(provider, Path) else shipped.get(provider)
    if path is None:
        raise SpecError(f"{provider!r} is no provider; there are: {', '.join(shipped)}; or a Path")
    return read(load(path), profile)


def _target(reading: Reading, against: str | Callable[[Call], Reply] | Target) -> Target:
    if isinstance(against, str):
        return Http(against, reading.places.lists, secret=reading.key_names)
    return InProcess(against) if callable(against) else against


def _refuse_many_workers(target: Target) -> None:
    """Keep to the budget: each worker of pytest-xdist would spend it again."""
    if target.kind == "live" and "PYTEST_XDIST_WORKER" in os.environ:
        pytest.fail(f"{target.name}: run these tests without -n; each worker would pay for itself")
