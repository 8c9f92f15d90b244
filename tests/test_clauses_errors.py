"""Clauses on jobs, money and refusals: kept by a good trace, broken by a bad one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests import test_clauses_pictures, test_clauses_wire
from tests.traces import (
    Case,
    appypie_error,
    asked,
    call,
    download,
    jpeg,
    json,
    order,
    raw,
    refused,
    rulings,
    segmind,
)

from testcard.clauses.catalogue import CLAUSES
from testcard.common.message import Call, Exchange, Reply

URL = "https://a.example/0.png"
NOT_FOUND = {"detail": "no such job"}


def _unknown(status: int) -> Exchange:
    sent = call("imagepipeline", at=1, job="unknown-1")
    return json(sent, status, NOT_FOUND if status == 404 else {"status": "PENDING", "id": "x"})


def _without(name: str, status: int = 422) -> Exchange:
    body = {key: value for key, value in segmind().items() if key != name}
    return json(call("segmind", body), status, {"error": "no"})


def _elsewhere(status: int, method: str = "POST", path: str = "/v1/nowhere") -> Exchange:
    return json(Call(method, f"https://api.segmind.com{path}"), status, {"error": "no"})


def _malformed(status: int) -> Exchange:
    sent = call("segmind", segmind())
    return json(replace(sent, body=b"{"), status, {"error": "no"})


def _served(**fields: Any) -> Exchange:
    sent = jpeg()
    return replace(sent, call=call("segmind", segmind(**fields)))


def _keyless(status: int, key: str | None = None) -> Exchange:
    served = jpeg()
    sent = call("segmind", segmind(), key=key)
    return replace(served, call=sent) if status == 200 else refused(status, key=key)


def _silent() -> Exchange:
    return Exchange(call("segmind", segmind()), Reply(0), 0.0, 9.0)


_OPEN = (order(), *(asked("PENDING", at=float(each)) for each in range(20)))

CASES = (
    Case(
        "jobs.no-return",
        "imagepipeline",
        lambda: (order(), asked("SUCCESS", URL), asked("SUCCESS", URL)),
        lambda: (order(), asked("SUCCESS", URL), asked("PENDING")),
    ),
    Case("jobs.ends", "imagepipeline", lambda: (order(), asked("FAILURE")), lambda: _OPEN),
    Case(
        "jobs.succeeds",
        "imagepipeline",
        lambda: (order(), asked("SUCCESS", URL), order("j2"), asked("FAILURE", job="j2")),
        lambda: (order(), asked("FAILURE"), order("j2"), asked("FAILURE", job="j2")),
    ),
    Case(
        "jobs.id",
        "imagepipeline",
        lambda: (order(), asked("PENDING")),
        lambda: (order(), asked("PENDING", says="j9")),
    ),
    Case(
        "jobs.known",
        "imagepipeline",
        lambda: (order(), asked("PENDING")),
        lambda: (order(), json(call("imagepipeline", at=1, job="j1"), 404, NOT_FOUND)),
    ),
    Case("jobs.unknown", "imagepipeline", lambda: (_unknown(404),), lambda: (_unknown(202),)),
    Case(
        "jobs.urls",
        "imagepipeline",
        lambda: (order(samples=2), asked("SUCCESS", URL, URL + "?2")),
        lambda: (order(samples=2), asked("SUCCESS", URL)),
    ),
    Case(
        "jobs.urls",
        "imagepipeline",
        lambda: (order(), asked("SUCCESS", URL)),
        lambda: (order(samples=2), asked("SUCCESS", URL, URL)),
    ),
    Case(
        "jobs.fetches",
        "imagepipeline",
        lambda: (order(), asked("SUCCESS", URL), download(URL)),
        lambda: (order(), asked("SUCCESS", URL), download(URL, b"<html>", 200, "text/html")),
    ),
    Case(
        "jobs.state-word",
        "imagepipeline",
        lambda: (order(), asked("PENDING")),
        lambda: (order(), asked("DONE")),
    ),
    Case(
        "jobs.failure-bare",
        "imagepipeline",
        lambda: (order(), asked("FAILURE")),
        lambda: (order(), asked("FAILURE", URL)),
    ),
    Case(
        "money.counted",
        "segmind",
        lambda: (jpeg(),),
        lambda: (raw(call("segmind", segmind()), 200, b"x", ("content-type", "image/jpeg")),),
    ),
    Case(
        "money.price",
        "segmind",
        lambda: (jpeg(credits_="9"), jpeg(credits_="8")),
        lambda: (jpeg(credits_="9"), jpeg(credits_="7")),
    ),
    Case(
        "money.failures-free",
        "segmind",
        lambda: (jpeg(credits_="9"), refused(), jpeg(credits_="8")),
        lambda: (jpeg(credits_="9"), refused(), jpeg(credits_="7")),
    ),
    Case(
        "money.never-rises",
        "segmind",
        lambda: (jpeg(credits_="9"), jpeg(credits_="8")),
        lambda: (jpeg(credits_="9"), jpeg(credits_="10")),
    ),
    Case(
        "money.empty-refused",
        "segmind",
        lambda: (refused(406, key="nocredits-1"),),
        lambda: (refused(402, key="nocredits-1"),),
    ),
    Case("errors.missing-key", "segmind", lambda: (_keyless(401),), lambda: (_keyless(200),)),
    Case(
        "errors.wrong-key",
        "segmind",
        lambda: (_keyless(401, "invalid-1"),),
        lambda: (_keyless(200, "invalid-1"),),
    ),
    Case("errors.unknown-route", "segmind", lambda: (_elsewhere(404),), lambda: (_elsewhere(200),)),
    Case(
        "errors.wrong-method",
        "segmind",
        lambda: (_elsewhere(405, "PUT", "/v1/sd1.5-img2img"),),
        lambda: (_elsewhere(200, "PUT", "/v1/sd1.5-img2img"),),
    ),
    Case("errors.malformed", "segmind", lambda: (_malformed(422),), lambda: (_malformed(200),)),
    Case(
        "errors.required",
        "segmind",
        lambda: (_without("image"),),
        lambda: (_without("image", 200),),
    ),
    Case(
        "errors.bounds-refused",
        "segmind",
        lambda: (refused(samples=5),),
        lambda: (_served(samples=5),),
    ),
    Case(
        "errors.enum-refused",
        "segmind",
        lambda: (refused(scheduler="none"),),
        lambda: (_served(scheduler="none"),),
    ),
    Case(
        "errors.type-refused", "segmind", lambda: (refused(prompt=1),), lambda: (_served(prompt=1),)
    ),
    Case(
        "errors.picture-refused",
        "segmind",
        lambda: (refused(image="bm8="), refused(image="https://a.example/a.png")),
        lambda: (_served(image="bm8="),),
    ),
    Case(
        "errors.status",
        "segmind",
        lambda: (refused(samples=5),),
        lambda: (refused(404, samples=5),),
    ),
    Case(
        "errors.no-breakdown",
        "segmind",
        lambda: (refused(samples=5),),
        lambda: (refused(500, samples=5),),
    ),
    Case("errors.answered", "segmind", lambda: (refused(),), lambda: (_silent(),)),
    Case(
        "errors.trace-id",
        "appypie-inpainting",
        lambda: (appypie_error("a"), appypie_error("b")),
        lambda: (appypie_error("a"), appypie_error("a")),
    ),
    Case(
        "errors.bounds-accepted",
        "segmind",
        lambda: (_served(samples=4), refused(samples=4)),
        lambda: (refused(samples=4),),
    ),
    Case(
        "errors.enum-accepted",
        "segmind",
        lambda: (_served(scheduler="DDPM"),),
        lambda: (refused(scheduler="DDPM"),),
    ),
    Case(
        "errors.valid-accepted",
        "segmind",
        lambda: (jpeg(), refused(503)),
        lambda: (jpeg(), refused(negative_prompt="fog")),
    ),
    Case(
        "errors.valid-served",
        "segmind",
        lambda: (jpeg(), refused(500)),
        lambda: (refused(500), refused(500)),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_clause_is_kept_and_broken(case: Case) -> None:
    good = rulings(case.clause, case.provider, case.good(), case.profile)
    bad = rulings(case.clause, case.provider, case.bad(), case.profile)

    assert good
    assert all(each.kept for each in good)
    assert any(not each.kept for each in bad)
    assert all(each.evidence.source and each.detail for each in (*good, *bad))


def test_every_clause_has_a_case() -> None:
    cases = (*CASES, *test_clauses_wire.CASES, *test_clauses_pictures.CASES)
    elsewhere = {  # on specs of the tests: files, formats, jobs, limits, prompts, streams
        "jobs.canceled", "money.cost-told", "pictures.file-counted", "pictures.file-known",
        "pictures.file-served", "pictures.output-format", "pictures.style-matters",
        "pictures.weight-matters", "wire.events", "wire.rate-limit",
    }  # fmt: skip
    covered = {case.clause for case in cases} | elsewhere

    assert {clause.id for clause in CLAUSES} == covered


def test_clause_ids_begin_with_their_group_and_are_unique() -> None:
    ids = [clause.id for clause in CLAUSES]

    assert len(set(ids)) == len(ids)
    assert all(clause.id.startswith(f"{clause.group}.") for clause in CLAUSES)


def test_a_refusal_is_blamed_on_what_is_new_in_the_call() -> None:
    trace = (jpeg(), refused(negative_prompt="fog"))
    broken = [each for each in rulings("errors.valid-accepted", "segmind", trace) if not each.kept]

    assert [each.detail for each in broken] == ["sd15Img2Img:negative_prompt"]


def test_several_edges_in_one_refused_call_weigh_as_the_least_sure_of_them() -> None:
    found = rulings("errors.bounds-accepted", "segmind", (refused(samples=4, strength=1.0),))

    assert {each.detail.split(":")[1] for each in found} == {"samples", "strength"}
    assert {each.evidence.grade for each in found} == {"documented"}


def test_what_an_unanswered_call_cost_is_not_judged() -> None:
    trace = (jpeg(credits_="9"), _silent(), jpeg(credits_="3"))

    assert not rulings("money.failures-free", "segmind", trace)
