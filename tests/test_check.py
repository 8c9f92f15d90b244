"""Checks as a whole: drivers, limits, secrets, verdicts, exit codes and commands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.test_plan import session
from tests.test_targets import say, server
from tests.traces import asked, jpeg, order, reading, refused

from testcard.assembly import Options, build
from testcard.clauses.catalogue import CLAUSES
from testcard.clauses.judging import audit, judge
from testcard.common.message import Call, Exchange, Reply
from testcard.common.spec import Evidence
from testcard.contract.session import Session, Stop
from testcard.contract.targets import Http, InProcess, Unreachable
from testcard.contract.verdict import Outcome, ProviderRun, Ruling, Verdict, fails
from testcard.drivers.check import check
from testcard.drivers.plan import plan

REAL = "https://api.imagepipeline.io"
SECRET = "sk-secret-8Jq2Lw91"


def _outcomes(run: ProviderRun) -> dict[str, str]:
    return {each.clause.id: each.outcome for each in run.verdicts}


def test_ctrl_c_ends_a_run_and_what_was_seen_is_judged() -> None:
    mock = build(Options(providers=("segmind",), profile="documented"))
    left = iter(range(30))

    def answer(call: Call) -> Reply:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return mock.answer(call)

    run = check(Session(reading("segmind"), InProcess(answer)), [plan])

    assert run.stopped == "stopped by Ctrl-C"
    assert len(run.trace) == 30
    assert {each.outcome for each in run.verdicts} == {"kept", "not-exercised"}


def test_a_finding_is_a_breach_of_what_no_page_says() -> None:
    (found,) = [
        each
        for each in judge(reading("segmind"), (refused(500, samples=5),), "mock")
        if each.clause.id == "errors.no-breakdown"
    ]

    assert found.rulings[0].evidence.grade == "observed"
    assert found.outcome == "finding"


def test_a_live_api_that_is_not_deterministic_is_a_finding() -> None:
    trace = (jpeg(1, seed=7), jpeg(2, seed=7))
    name = "pictures.same-seed"
    found = {
        kind: {each.clause.id: each.outcome for each in judge(reading("segmind"), trace, kind)}
        for kind in ("mock", "live")
    }

    assert (found["mock"][name], found["live"][name]) == ("broken", "finding")


def test_each_detail_is_told_once() -> None:
    trace = (refused(500, samples=5), refused(500, samples=6))
    (found,) = [
        each
        for each in judge(reading("segmind"), trace, "mock")
        if each.clause.id == "errors.no-breakdown"
    ]

    assert len(found.rulings) == 1
    assert found.exercised == 2


def test_a_call_for_a_certain_answer_says_nothing_of_the_rules() -> None:
    sent = refused(500)
    asked_for = replace(sent, call=replace(sent.call, headers=(("Prefer", "code=500"),)))

    assert all(
        each.outcome == "not-exercised" for each in judge(reading("segmind"), (asked_for,), "mock")
    )


def test_a_key_is_in_nothing_that_a_run_leaves() -> None:
    mock = build(Options(providers=("segmind",), profile="documented"))

    def echoing(call: Call) -> Reply:
        reply = mock.answer(call)
        return replace(reply, headers=(*reply.headers, ("x-echo", call.header("x-api-key") or "")))

    ready = Session(reading("segmind"), InProcess(echoing), key=SECRET)
    run = check(ready, [plan])

    assert SECRET not in repr(run.trace)
    assert SECRET not in repr([each.rulings for each in run.verdicts])
    assert _outcomes(run)["errors.wrong-key"] == "kept"


def test_an_audit_gives_the_verdicts_of_the_run() -> None:
    run = check(session("imagepipeline"), [plan])
    again = audit(run.reading, run.trace, "mock")

    assert again.trace == run.trace
    assert _outcomes(run).items() <= _outcomes(again).items()


def test_an_audit_takes_what_concerns_the_provider() -> None:
    trace = (jpeg(), order(), asked("SUCCESS", "https://a.example/1.png"), refused())

    assert len(audit(reading("segmind"), trace).trace) == 2
    assert len(audit(reading("imagepipeline"), trace).trace) == 2
    assert not audit(reading("aithriving"), trace).trace


def test_too_many_calls_are_waited_for_and_tried_again() -> None:
    replies = iter((Reply(429, (("retry-after", "7"),)), Reply(429), Reply(401)))
    waits: list[float] = []
    ready = Session(reading("segmind"), InProcess(lambda _: next(replies)), sleep=waits.append)

    exchange = ready.send(ready.call(reading("segmind").operations[0], {"image": "x"}))

    assert exchange.reply.status == 429
    assert waits == []  # the call is wrong: nothing is gained by sending it again
    assert len(ready.exchanges) == 1

    good = ready.send(jpeg().call)
    assert good.reply.status == 401
    assert waits == [20.0]


def test_a_long_wait_ends_the_run() -> None:
    ready = Session(reading("segmind"), InProcess(lambda _: Reply(429, (("retry-after", "3600"),))))

    with pytest.raises(Stop, match="asks to wait 3600 s"):
        ready.send(jpeg().call)


def test_a_call_that_was_not_answered_is_kept_as_such_and_stays_paid() -> None:
    def moody(call: Call) -> Reply:
        if call.body:
            raise RuntimeError
        return Reply(401)

    ready = Session(reading("segmind"), InProcess(moody))
    ready.send(Call("PUT", jpeg().call.url))
    exchange = ready.send(jpeg().call)

    assert exchange.reply.status == 0
    assert ready.spent == 1


def test_a_target_that_answers_with_pages_is_a_wrong_address() -> None:
    with server(say(200, b"<html>Hello", "text/html; charset=utf-8")) as base:
        target = Http(base, reading("segmind").spec.server)
        run = check(Session(reading("segmind"), target, SECRET), [plan])
        target.close()

    assert "answers with pages for people" in run.stopped
    assert "https://api.segmind.com" in run.stopped
    assert not any(each.exercised for each in run.verdicts)


def test_a_wrong_address_never_sees_the_key() -> None:
    seen: list[Call] = []

    def pages(call: Call) -> Reply:
        seen.append(call)
        return Reply(200, (("content-type", "text/html"),), b"<html>")

    check(Session(reading("segmind"), InProcess(pages, kind="live"), SECRET), [plan])

    assert len(seen) == 3
    assert SECRET not in repr(seen)


def test_a_target_out_of_reach_exercises_nothing() -> None:
    class Dead(InProcess):
        def send(self, call: Call, timeout: float) -> Exchange:
            raise Unreachable(f"{call.method} cannot be reached in {timeout}")

    run = check(Session(reading("segmind"), Dead(lambda _: Reply(200))), [plan])

    assert "cannot be reached" in run.stopped
    assert len(run.trace) == 1
    assert not any(each.exercised for each in run.verdicts)


@pytest.mark.parametrize(
    ("weakest", "counted"),
    [
        ("documented", ["broken"]),
        ("sample", ["broken", "sample"]),
        ("observed", ["broken", "sample", "observed"]),
        ("assumed", ["broken", "sample", "observed", "assumed"]),
    ],
)
def test_what_counts_as_a_failure_goes_by_the_grade(weakest: str, counted: list[str]) -> None:
    """The same for the command line and under pytest, which both ask here."""
    found = {
        "broken": _graded("broken", "documented"),
        **{grade: _graded("finding", grade) for grade in ("sample", "observed", "assumed")},
    }
    assert [name for name, one in found.items() if fails(*one, weakest)] == counted


def _graded(outcome: Outcome, grade: str) -> tuple[Verdict, Ruling]:
    ruling = Ruling(False, (0,), "a", "b", Evidence(grade, "x"))
    return Verdict("segmind", CLAUSES[0], outcome, (ruling,), 1), ruling
