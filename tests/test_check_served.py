"""`check` of an API that serves no valid call: exit 3, and which operations they were."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from testcard.assembly import Options, build
from testcard.cli import check_runs as runs
from testcard.cli.words import KEPT, NOTHING
from testcard.common.message import Call, Reply
from testcard.contract.served import Service, services, unserved
from testcard.contract.session import GOOD_KEY, Budget, Session
from testcard.contract.targets import InProcess
from testcard.contract.verdict import ProviderRun, Report
from testcard.drivers.check import check
from testcard.drivers.plan import plan
from testcard.report.terminal import print_report

SPEC = Path(__file__).parent / "specs" / "places.yaml"


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spec of places, whose page no longer promises that valid calls are served."""
    mine = tmp_path_factory.mktemp("specs") / "places.yaml"
    text = SPEC.read_text(encoding="utf-8")
    text = text.replace("pictures, grade: documented", "pictures, grade: assumed")
    mine.write_text(text, encoding="utf-8")
    return mine


def checked(spec: Path, *broken: str) -> Report:
    """A check of the mock, with every success of the paths `broken` turned into a failure."""
    mock = build(Options(providers=(str(spec),), profile="documented", balance=Decimal(10**6)))

    def answer(call: Call) -> Reply:
        reply = mock.answer(call)
        failing = any(each in call.url for each in broken) and reply.status == 200
        headers = (("content-type", "application/json"),)
        return Reply(500, headers, b'{"error": "It broke."}') if failing else reply

    (dialect,) = mock.dialects.values()
    target = InProcess(answer, kind="mock", name="mock", base="http://127.0.0.1:9/places")
    session = Session(dialect.reading, target, GOOD_KEY, Budget())
    return Report("mock", "mock", (check(session, [plan]),), 0.0, 0.0, "0")


@pytest.fixture(scope="module")
def failing(spec: Path) -> Report:
    return checked(spec, "/edits", "/simple", "/models")


@pytest.fixture(scope="module")
def half(spec: Path) -> Report:
    return checked(spec, "/simple")


def code(report: Report) -> int:
    return runs.exit_code(
        report, fail_on="documented", require_exercised=False, require_served=True
    )


def printed(report: Report) -> str:
    console = Console(width=200)
    with console.capture() as taken:
        print_report(report, console)
    return taken.get()


def test_an_api_without_one_valid_success_is_not_kept(failing: Report) -> None:
    assert code(failing) == NOTHING
    assert {each.operation for each in unserved(failing.runs[0])} == {
        "nested",
        "form",
        "urlencoded",
    }
    assert all(each.last == 500 for each in unserved(failing.runs[0]))


def test_one_operation_that_is_served_is_enough_and_the_others_are_told(half: Report) -> None:
    assert code(half) == KEPT
    assert [each.operation for each in unserved(half.runs[0])] == ["urlencoded"]
    said = printed(half)
    assert "No valid call succeeded" in said
    assert "the last was answered 500" in said
    assert "nested" not in said.partition("No valid call succeeded")[2]


def test_calls_that_were_refused_for_a_flaw_prove_nothing(half: Report) -> None:
    (run,) = half.runs
    wrong = [each for each in run.trace if 400 <= each.reply.status < 500]
    refused: ProviderRun = replace(run, trace=tuple(wrong))
    assert wrong
    assert services(refused) == (Service("nested"), Service("form"), Service("urlencoded"))
    assert code(replace(half, runs=(refused,))) == NOTHING


def test_recorded_traffic_may_hold_refusals_alone(failing: Report) -> None:
    assert runs.exit_code(failing, fail_on="documented", require_exercised=False) == KEPT
