"""Which answer an operation gives: by status, by its class, by default, and for a job's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from testcard.common.operation import Operation, operations_in

OK: Mapping[str, Any] = {"description": "well"}
WAIT: Mapping[str, Any] = {"description": "wait"}
BAD: Mapping[str, Any] = {"description": "badly"}


def operation(answers: Mapping[str, Any]) -> Operation:
    node = {"operationId": "paint", "x-testcard": {"does": "job"}, "responses": answers}
    (found,) = operations_in({"paths": {"/paint": {"post": node}}}, "acme.invalid")
    return found


@pytest.mark.parametrize(
    ("answers", "state", "status"),
    [
        ({"200": OK}, None, 200),
        ({"400": BAD, "201": OK, "200": WAIT}, None, 201),
        ({"201": OK}, "queued", 201),
        ({"200": OK, "202": WAIT}, "running", 202),
        ({"202": WAIT, "200": OK}, "succeeded", 200),
        ({"202": OK}, "failed", 202),
        ({"2XX": OK}, None, 200),
        ({"400": BAD, "default": OK}, "running", 200),
        ({"200": OK, "206": {**WAIT, "x-testcard": {"when": ["queued"]}}}, "queued", 206),
        ({"206": {**WAIT, "x-testcard": {"when": ["queued"]}}, "200": OK}, "failed", 200),
    ],
)
def test_a_success_is_the_first_listed_or_that_of_a_state(
    answers: Mapping[str, Any], state: str | None, status: int
) -> None:
    found, node = operation(answers).success(state)
    assert found == status
    assert node["description"] in ("well", "wait")


def test_an_operation_that_lists_no_success_has_none() -> None:
    with pytest.raises(KeyError):
        operation({"400": BAD}).success()


@pytest.mark.parametrize(
    ("status", "answer"), [(404, "404"), (422, "4XX"), (503, "default"), (200, "200")]
)
def test_a_status_is_answered_by_its_own_then_its_class_then_the_default(
    status: int, answer: str
) -> None:
    one = operation({"200": OK, "404": BAD, "4XX": BAD, "default": WAIT})
    assert (one.answer_to(status), one.response(status)) == (answer, one.answers[answer])


def test_a_status_that_is_not_listed_has_no_answer() -> None:
    assert operation({"200": OK}).response(404) is None
