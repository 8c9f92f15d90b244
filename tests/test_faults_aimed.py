"""A fault may be aimed at one operation or one key, so that tests of one server do not collide."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.fixture_clients import by_httpx, call_of
from tests.support import HOST, IMAGEPIPELINE, INPAINTING, SEGMIND, STREAM, Client, json_of, mock_of

from testcard.common.message import Call, Reply
from testcard.fixtures.fixtures import Testcard
from testcard.mock.core import Mock

JSON = (("Content-Type", "application/json"),)


def order(mock: Mock, **said: Any) -> Reply:
    body = json.dumps(said).encode()
    return mock.answer(Call("POST", f"{HOST}/_testcard/faults", JSON, body))


def waiting(mock: Mock) -> Any:
    return json_of(mock.answer(Call("GET", f"{HOST}/_testcard/faults")))


def test_a_fault_waits_for_its_own_operation(testcard: Testcard) -> None:
    testcard.fail_next("appypie-inpainting", "failed", operation="getImageStream")
    assert by_httpx(call_of(INPAINTING)).status == 200
    assert by_httpx(call_of(STREAM)).status != 200
    assert by_httpx(call_of(STREAM)).status == 200


def test_a_fault_waits_for_its_own_key(testcard: Testcard) -> None:
    """However the client sends it."""
    testcard.fail_next("segmind", "failed", key="mine", times=2)
    assert by_httpx(call_of(SEGMIND, "another")).status == 200
    assert by_httpx(call_of(SEGMIND, "mine")).status == 500
    assert by_httpx(call_of(SEGMIND, "Bearer mine")).status == 500
    assert by_httpx(call_of(SEGMIND, "mine")).status == 200
    testcard.forget()


def test_an_aimed_fault_lets_the_others_pass(testcard: Testcard) -> None:
    testcard.fail_next("segmind", "failed", key="mine")
    testcard.fail_next("segmind", "rate-limited")
    assert by_httpx(call_of(SEGMIND, "another")).status == 429
    assert by_httpx(call_of(SEGMIND, "mine")).status == 500


def test_a_call_without_a_key_meets_no_fault_of_one() -> None:
    mock = mock_of(SEGMIND)
    assert order(mock, provider="segmind", kind="failed", key="mine").status == 200
    assert Client(SEGMIND, mock, key=None).ask().status == 401
    assert len(waiting(mock)) == 1


def test_one_poll_of_a_job_can_fail() -> None:
    mock = mock_of(IMAGEPIPELINE)
    status = mock.dialects["imagepipeline"].reading.operations[1].id
    order(mock, provider="imagepipeline", kind="failed", operation=status)
    client = Client(IMAGEPIPELINE, mock)
    job = json_of(client.ask())["id"]
    assert [client.follow(job).status for _ in range(2)] == [500, 202]


def test_the_list_tells_operation_and_key_but_no_key_whole() -> None:
    mock = mock_of(SEGMIND)
    order(mock, provider="segmind", kind="failed", operation="sd15Img2Img", key="mine", times=2)
    (said,) = waiting(mock)
    assert (said["operation"], said["times"]) == ("sd15Img2Img", 2)
    assert re.fullmatch("[0-9a-f]{12}", said["key_sha256"])
    assert "mine" not in json.dumps(said)


def test_an_operation_that_is_not_there_is_told(testcard: Testcard) -> None:
    message = "segmind has no operation 'img2img'; it has: sd15Img2Img"
    with pytest.raises(ValueError, match=message):
        testcard.fail_next("segmind", "failed", operation="img2img")
    refused = order(testcard.mock, provider="segmind", kind="failed", operation="img2img")
    assert refused.status == 400
    assert message in json_of(refused)["error"]
