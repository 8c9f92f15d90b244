"""Answers made to order: documented ones by a header, troubles and delays by faults."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support import (
    AITHRIVING,
    APIS,
    BOTH,
    EVERY_API,
    HOST,
    IMAGEPIPELINE,
    IMG2IMG,
    SEGMIND,
    STREAM,
    Api,
    Client,
    client_of,
    json_of,
    mock_of,
    picture,
)

from testcard.common.message import Call, Reply
from testcard.common.reading import Profile
from testcard.common.schema import Validator
from testcard.mock.fault import Fault


def preferring(api: Api, profile: Profile, wish: str) -> Client:
    return client_of(api, profile).but(headers={"Prefer": wish})


def lay(client: Client, **order: Any) -> None:
    body = json.dumps({"provider": client.api.provider, **order}).encode()
    kind = (("Content-Type", "application/json"),)
    assert client.mock.answer(Call("POST", f"{HOST}/_testcard/faults", kind, body)).status == 200


@BOTH
@EVERY_API
def test_every_documented_answer_can_be_preferred(profile: Profile, api: Api) -> None:
    """It keeps its own schema, and needs neither key nor body."""
    reading = mock_of(api, profile=profile).dialects[api.provider].reading
    (operation,) = (each for each in reading.operations if each.path == api.path)
    for status, response in operation.responses.items():
        reply = preferring(api, profile, f"code={status}").but(key=None).send(b"")
        assert reply.status == status
        content = response["content"][reply.header("content-type")]
        if reply.header("content-type") == "application/json":
            assert Validator(content["schema"]).accepts(json_of(reply))
        for name, header in response.get("headers", {}).items():
            assert (reply.header(name) is not None) or not header["required"]


@BOTH
@pytest.mark.parametrize(
    ("api", "name", "status"),
    [
        (SEGMIND, "several", 200),
        (SEGMIND, "no-credits", 406),
        (IMAGEPIPELINE, "failure", 200),
        (IMAGEPIPELINE, "pending", 202),
        (IMG2IMG, "malformed", 400),
        (AITHRIVING, "no-credits", 200),
    ],
)
def test_an_answer_can_be_preferred_by_name(
    profile: Profile, api: Api, name: str, status: int
) -> None:
    assert preferring(api, profile, f"example={name}").ask().status == status
    assert preferring(api, profile, f'code={status}, example="{name}"').ask().status == status


@BOTH
def test_pictures_can_be_preferred_too(profile: Profile) -> None:
    reply = preferring(SEGMIND, profile, "code=200").ask()
    assert reply.header("x-remaining-credits") == "99"
    picture(reply.body, "jpeg")
    stream = preferring(STREAM, profile, "code=200").ask()
    streamed = profile == "lenient"
    assert stream.header("content-type") == ("image/png" if streamed else "application/json")


def test_preferences_may_stand_in_several_headers() -> None:
    """As a proxy may split them (RFC 7240); of two that say the same, the first counts."""
    client = client_of(SEGMIND)
    url = f"{HOST}/segmind{SEGMIND.path}"
    for wishes, status in [
        (["respond-async", "code=406"], 406),
        (["code=406", "wait=10"], 406),
        (["example=invalid", "code=422"], 422),
        (["code=406", "code=422"], 406),
        (["code=406, code=422"], 406),
    ]:
        headers = tuple(("Prefer" if at else "prefer", wish) for at, wish in enumerate(wishes))
        assert client.mock.answer(Call("POST", url, headers)).status == status, wishes


@BOTH
def test_a_job_can_be_preferred_failed(profile: Profile) -> None:
    client = preferring(IMAGEPIPELINE, profile, "example=failure")
    assert json_of(client.follow("any-id"))["status"] == "FAILURE"


@BOTH
@EVERY_API
@pytest.mark.parametrize(
    "wish", ["code=299", "code=²", "code=ok", "example=sunshine", "code=401, example=invalid"]
)
def test_an_answer_that_is_not_documented_is_404_and_lists_those_that_are(
    profile: Profile, api: Api, wish: str
) -> None:
    client = preferring(api, profile, wish)
    reply = client.ask()
    assert reply.status == 404
    assert "401 unauthorized" in client.entry.detail
    assert "401 unauthorized" in reply.body.decode()
    assert client.balance == 1000


@BOTH
def test_the_status_call_knows_its_own_answers_alone(profile: Profile) -> None:
    client = preferring(IMAGEPIPELINE, profile, "code=422")
    assert client.follow("any-id").status == 404
    assert client.ask().status == 422


@EVERY_API
@pytest.mark.parametrize("wish", ["respond-async", "return=minimal", "wait=10", "", "code"])
def test_other_preferences_are_passed_over(api: Api, wish: str) -> None:
    assert preferring(api, "lenient", wish).ask().status in (200, 202)


@BOTH
@EVERY_API
def test_a_delay_is_told_to_whoever_sends_the_answer(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    lay(client, delay=2.5)
    slow = client.ask()
    assert (slow.status in (200, 202), slow.delay) == (True, 2.5)
    assert client.ask().delay == 0


@BOTH
def test_a_failure_may_be_slow_as_well(profile: Profile) -> None:
    client = client_of(SEGMIND, profile)
    lay(client, kind="overloaded", delay=1)
    reply = client.ask()
    assert (reply.status, reply.delay) == (503, 1)
    assert reply.header("retry-after") == "1"


def test_faults_wait_in_order_and_are_met_once_each() -> None:
    client = client_of(SEGMIND)
    lay(client, kind="failed", times=2)
    lay(client, kind="rate-limited")
    assert [client.ask().status for _ in range(5)] == [500, 500, 429, 200, 200]


def test_a_fault_waits_for_its_own_provider() -> None:
    mock = mock_of(*APIS)
    lay(Client(SEGMIND, mock), kind="failed")
    assert Client(IMG2IMG, mock).ask().status == 200
    assert Client(SEGMIND, mock).ask().status == 500


def test_a_fault_is_met_by_a_call_for_an_operation_only() -> None:
    client = client_of(SEGMIND)
    lay(client, kind="failed")
    assert client.send(b"", "GET").status == 405
    assert client.send(b"{}", path="/nowhere").status == 404
    assert client.but(headers={"Prefer": "code=401"}).ask().status == 401
    assert client.but(key="invalid").ask().status == 500


def test_a_fault_costs_nothing() -> None:
    client = client_of(SEGMIND)
    for kind in ("failed", "overloaded", "rate-limited", "no-credits"):
        client.mock.world.fail_next("segmind", Fault(kind))
        client.ask()
    assert client.balance == 1000


def test_what_was_asked_for_is_said_to_be_so() -> None:
    client = client_of(SEGMIND)
    lay(client, kind="failed")
    reply: Reply = client.ask()
    assert "asked for" in client.entry.detail
    assert "asked for" in json_of(reply)["error"]
