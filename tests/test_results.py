"""Jobs whose answers are the pictures, in bytes or in JSON: tests/specs/results.yaml."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.spec_clients import broken, changed_spec, client_at, mock_of_spec, planned_run, told
from tests.support import data_uri, photo
from tests.traces import call, json, rulings

from testcard.common.message import Exchange
from testcard.common.picture import decode, sniff
from testcard.common.spec import SpecError, load
from testcard.mock.core import Mock

ASK: dict[str, Any] = {"prompt": "a fox", "seed": 7}


@pytest.fixture
def mock() -> Mock:
    return mock_of_spec("results")


@pytest.fixture(params=["http", "in process"])
def client(mock: Mock, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with client_at(mock, request.param) as client:
        yield client


def ordered(client: httpx.Client, **fields: Any) -> str:
    answer = client.post("/jobs", json={**ASK, **fields})
    assert answer.status_code == 202, answer.text
    return f"/jobs/{answer.json()['id']}"


def test_a_result_is_the_picture_once_there_is_one(client: httpx.Client) -> None:
    job = ordered(client, image=data_uri(photo(64, 48)))
    early = client.get(f"{job}/result")
    assert (early.status_code, early.json()["status"]) == (202, "PENDING")
    late = client.get(f"{job}/result")
    assert (late.status_code, late.headers["content-type"]) == (200, "image/png")
    assert late.headers["x-seed"] == "7"
    assert (decode(late.content).width, sniff(late.content)) == (64, "png")
    assert client.get(f"{job}/result").content == late.content


def test_an_operation_may_answer_to_trouble_otherwise(client: httpx.Client) -> None:
    gone, missing = (client.get(f"/jobs/unknown-1{path}") for path in ("/result", ""))
    assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    client.headers["X-Key"] = ""
    assert client.get("/jobs/unknown-1/result").status_code == 403
    assert client.get("/jobs/unknown-1").status_code == 401


def test_its_format_is_the_one_that_was_ordered(mock: Mock) -> None:
    with client_at(mock, "in process") as client:
        job = ordered(client, format="webp")
        client.get(f"{job}/result")
        late = client.get(f"{job}/result")
        assert (late.headers["content-type"], sniff(late.content)) == ("image/webp", "webp")
        other = client.get(f"{job}/result", headers={"Accept": "image/png"})
        assert sniff(other.content) == "png", "what a client accepts comes before the order"


def test_a_state_is_told_with_the_pictures_in_json(client: httpx.Client) -> None:
    job = ordered(client, n=2)
    assert client.get(job).json() == {"status": "PENDING"}
    answer = client.get(job).json()
    assert answer["status"] == "SUCCESS"
    assert [each["seed"] for each in answer["images"]] == [7, 8]
    files = [base64.b64decode(each["data"]) for each in answer["images"]]
    assert [sniff(each) for each in files] == ["webp"] * 2, "as the schema names them"
    assert len(set(files)) == 2


def test_what_was_ordered_is_in_json_too(mock: Mock) -> None:
    with client_at(mock, "in process") as client:
        job = ordered(client, format="png")
        client.get(job)
        (one,) = client.get(job).json()["images"]
        assert sniff(base64.b64decode(one["data"])) == "png"


def test_a_check_follows_jobs_to_their_pictures(mock: Mock) -> None:
    run = planned_run(mock)
    assert broken(run) == []
    found = told(run)
    assert found["pictures.decodes"] == found["pictures.output-format"] == "kept"
    assert found["jobs.unknown"] == "kept", "each operation by its own word for it"
    assert found["money.price"] == "kept", "of a job, when it has ended"


@pytest.mark.parametrize(("status", "kept"), [(410, True), (404, False)])
def test_a_check_goes_by_the_word_of_the_operation(status: int, kept: bool) -> None:
    asked = json(call("results", at=1, job="unknown-1"), status, {"error": "gone"})
    (ruling,) = rulings("jobs.unknown", "results", (asked,))
    assert ruling.kept is kept
    (ruling,) = rulings("errors.status", "results", (asked,))
    assert ruling.kept is kept


def test_a_kind_that_there_is_not_is_refused(tmp_path: Path) -> None:
    def changed(document: dict[str, Any]) -> None:
        said = document["paths"]["/jobs/{id}/result"]["get"]["x-testcard"]
        said["problems"] = {"gone": 410}

    with pytest.raises(SpecError, match=r"problems.*gone"):
        load(changed_spec("results", tmp_path, changed))


# What jobs cost


def told_of(job: str, status: str, left: int) -> Exchange:
    asked = call("results", at=2, job=job)
    return json(asked, 200, {"status": status, "images": []}, ("x-credits", str(left)))


def order(job: str) -> Exchange:
    return json(call("results", ASK), 202, {"id": job, "status": "PENDING"})


@pytest.mark.parametrize(
    ("between", "end", "kept"),
    [
        (9, 9, [True]),  # paid when it was ordered
        (10, 9, [True]),  # paid when it has ended
        (9, 8, [False]),  # paid twice
        (10, 10, [False]),  # not paid
    ],
)
def test_a_job_is_paid_once_whenever_that_is(between: int, end: int, kept: list[bool]) -> None:
    trace = (order("a"), told_of("a", "SUCCESS", 10), order("b"), told_of("b", "PENDING", between),
             told_of("b", "SUCCESS", end))  # fmt: skip
    assert [each.kept for each in rulings("money.price", "results", trace)] == kept


def test_a_lost_job_costs_nothing_and_one_at_work_is_not_judged() -> None:
    first = (order("a"), told_of("a", "SUCCESS", 10), order("b"))
    for left, kept in ((10, True), (9, False)):
        lost = (*first, told_of("b", "PENDING", 9), told_of("b", "FAILURE", left))
        found = rulings("money.failures-free", "results", lost)
        assert [each.kept for each in found] == [kept]
    assert rulings("money.price", "results", (*first, told_of("b", "PENDING", 3))) == []
