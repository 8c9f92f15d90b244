"""Clauses on the wire and on the client: kept by a good trace, broken by a bad one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.traces import (
    Case,
    appypie_error,
    call,
    envelope,
    jpeg,
    json,
    order,
    raw,
    refused,
    rulings,
    segmind,
    several,
)

from testcard.common.message import Headers

CASES = (
    Case("wire.status", "segmind", lambda: (jpeg(), refused()), lambda: (refused(418),)),
    Case(
        "wire.media-type",
        "segmind",
        lambda: (jpeg(), several(1)),
        lambda: (raw(call("segmind", segmind()), 200, b"x", ("content-type", "text/html")),),
    ),
    Case("wire.headers", "segmind", lambda: (jpeg(),), lambda: (jpeg(credits_="plenty"),)),
    Case(
        "wire.headers",
        "segmind",
        lambda: (several(1),),
        lambda: (raw(call("segmind", segmind()), 200, b"x", ("content-type", "image/jpeg")),),
    ),
    Case(
        "wire.body",
        "segmind",
        lambda: (refused(), several(1)),
        lambda: (json(call("segmind", segmind()), 422, {"message": "no"}),),
    ),
    Case(
        "wire.body",
        "imagepipeline",
        lambda: (order(),),
        lambda: (order(""),),
    ),
    Case(
        "wire.echoed-status",
        "appypie-inpainting",
        lambda: (envelope(), appypie_error("t1")),
        lambda: (envelope(says={"status": 201}),),
    ),
    Case(
        "wire.representation",
        "segmind",
        lambda: (jpeg(), several(1)),
        lambda: (replace(jpeg(), call=call("segmind", segmind(base64=True))),),
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


def test_a_breach_points_at_the_place_in_the_spec() -> None:
    (found,) = rulings("wire.body", "segmind", (json(call("segmind", segmind()), 422, {}),))

    assert found.place[:3] == ("components", "schemas", "Error")
    assert found.evidence.grade == "observed"


def test_of_alternatives_the_fitting_one_is_told_of() -> None:
    (found,) = rulings("wire.body", "imagepipeline", (order(""),))

    assert "'id' is required" in found.seen


def _client(*, good: bool) -> Headers:
    return (("User-Agent", "curl/8"), ("x-api-key", "k") if good else ("x-other", "k"))


def test_a_clients_own_calls_are_judged_and_testcards_are_not() -> None:
    own = refused()
    wrong = replace(own, call=replace(own.call, headers=_client(good=False)))
    right = replace(
        own,
        call=replace(own.call, headers=(*_client(good=True), ("Content-Type", "application/json"))),
    )

    assert not rulings("wire.request", "segmind", (own,))
    assert [each.kept for each in rulings("wire.request", "segmind", (right,))] == [True]
    broken = rulings("wire.request", "segmind", (wrong,))
    assert {each.detail.rpartition(":")[2] for each in broken} == {"missing-key", "media-type"}
