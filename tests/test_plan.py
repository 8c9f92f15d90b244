"""The plan: what it sends, what it costs, and what it finds with that."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.spec_clients import mock_of_spec
from tests.traces import reading

from testcard.assembly import Options, build
from testcard.common.message import Exchange
from testcard.common.reading import Profile
from testcard.contract.session import Budget, Session
from testcard.contract.targets import InProcess
from testcard.contract.verdict import ProviderRun
from testcard.drivers.check import check
from testcard.drivers.plan import plan, planned
from testcard.mock.world import JobPolicy

PROVIDERS = ("aithriving", "appypie-img2img", "appypie-inpainting", "imagepipeline", "segmind")


def session(
    provider: str,
    profile: Profile = "documented",
    *,
    thorough: bool = False,
    jobs: str = "polls:1",
    budget: Budget | None = None,
) -> Session:
    """Return a session with a mock of its own."""
    mock = build(Options(providers=(provider,), profile=profile, policy=JobPolicy.parse(jobs)))
    target = InProcess(mock.answer)
    return Session(reading(provider, profile), target, budget=budget or Budget(), thorough=thorough)


def _bad(run: ProviderRun) -> list[str]:
    return [
        f"{verdict.clause.id}: {ruling.detail}: {ruling.seen}"
        for verdict in run.verdicts
        for ruling in verdict.rulings
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_live_plan_has_about_ten_paid_calls(provider: str) -> None:
    calls = planned(session(provider))
    paid = [step for step in calls if step.cost]

    assert 8 <= len(paid) <= 12
    assert len(calls) <= 70


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_live_plan_costs_what_it_says_and_a_faithful_mock_breaks_nothing(
    provider: str,
) -> None:
    ready = session(provider)
    run = check(ready, [plan])

    assert not run.stopped
    assert _bad(run) == []
    assert run.spent == sum((step.cost for step in planned(ready)), Decimal(0))


@pytest.mark.parametrize("profile", ["documented", "lenient"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_thorough_plan_exercises_all_that_can_be_and_breaks_nothing(
    provider: str, profile: Profile
) -> None:
    run = check(session(provider, profile, thorough=True), [plan])
    idle = {verdict.clause.id for verdict in run.verdicts if verdict.outcome == "not-exercised"}

    assert _bad(run) == []
    assert idle <= {"jobs.failure-bare"}


def test_the_plan_is_the_same_each_time() -> None:
    assert planned(session("segmind")) == planned(session("segmind"))


def test_nothing_is_sent_by_looking_at_the_plan() -> None:
    ready = session("segmind")

    assert planned(ready)
    assert ready.exchanges == []


def test_a_job_that_never_ends_is_given_up_and_found() -> None:
    run = check(session("imagepipeline", jobs="never"), [plan])
    found = {verdict.clause.id: verdict.outcome for verdict in run.verdicts}

    assert found["jobs.ends"] == "broken"
    assert len(run.trace) < 200


def test_jobs_that_fail_cost_nothing_in_the_end() -> None:
    ready = session("imagepipeline", jobs="fail")
    run = check(ready, [plan])
    found = {verdict.clause.id: verdict.outcome for verdict in run.verdicts}

    assert found["jobs.failure-bare"] == "kept"
    assert found["jobs.succeeds"] == "broken"
    assert run.spent == 0


def test_the_run_stops_at_the_budget_before_it_is_passed() -> None:
    ready = session("segmind", budget=Budget(credits=Decimal(3)))
    run = check(ready, [plan])
    paid = [each for each in run.trace if each.reply.status == 200]

    assert run.spent == 3
    assert len(paid) == 3
    assert "budget of 3 credits" in run.stopped
    idle = [verdict for verdict in run.verdicts if verdict.outcome == "not-exercised"]
    assert idle
    assert all("budget of 3 credits" in verdict.reason for verdict in idle)


def test_the_run_stops_at_the_limit_of_requests() -> None:
    run = check(session("segmind", budget=Budget(requests=5)), [plan])

    assert len(run.trace) == 5
    assert "limit of 5 requests" in run.stopped


def test_each_exchange_is_told_as_it_comes() -> None:
    told: list[Exchange] = []
    ready = session("segmind")
    ready.watch = told.append
    check(ready, [plan])

    assert told == ready.exchanges


@pytest.mark.parametrize(("operation", "kinds"), [("open", []), ("header", ["without", "wrong"])])
def test_what_takes_no_key_is_not_called_without_one(operation: str, kinds: list[str]) -> None:
    mock = mock_of_spec("keys")
    (dialect,) = mock.dialects.values()
    steps = planned(Session(dialect.reading, InProcess(mock.answer)))
    said = [step.purpose for step in steps if step.purpose.startswith(f"{operation}: ")]
    assert len(said) > 3
    of_keys = " ".join(each for each in said if each.endswith(" key") or "wrong key" in each)
    assert [word for word in ("without", "wrong") if word in of_keys] == kinds
