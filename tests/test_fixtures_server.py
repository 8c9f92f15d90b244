"""The real server: clients that no door in the process can reach, each with a world of its own."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests
from tests.fixture_clients import by_httpx, by_httpx2, by_requests, call_of
from tests.support import IMAGEPIPELINE, SEGMIND

from testcard.common.message import Call
from testcard.doors.inprocess import OtherHost
from testcard.fixtures.fixtures import Testcard, TestcardServer

CALL = call_of(SEGMIND)
NOBODY_THERE = (requests.ConnectionError, httpx.ConnectError, httpx2.ConnectError)


def urllib_post(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Use urllib."""
    request = urllib.request.Request(url, CALL.body, headers or dict(CALL.headers))  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as got:  # noqa: S310 (a URL of ours)
        return got.status, got.read()


def test_urllib_is_answered(testcard_server: TestcardServer) -> None:
    url = f"{testcard_server.url('segmind')}/v1/sd1.5-img2img"
    status, body = urllib_post(url)
    assert (status, body[:2]) == (200, b"\xff\xd8")
    assert testcard_server.assert_called("segmind", times=1).fields["prompt"] == "a red fox"


def test_urllib_meets_a_wrong_key(testcard_server: TestcardServer) -> None:
    url = f"{testcard_server.url('segmind')}/v1/sd1.5-img2img"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib_post(url, {**dict(CALL.headers), "x-api-key": "invalid"})
    assert refused.value.code == 401
    refused.value.close()


def test_aiohttp_is_answered(testcard_server: TestcardServer) -> None:
    async def post() -> tuple[int, bytes]:
        url = f"{testcard_server.url('segmind')}/v1/sd1.5-img2img"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=CALL.body, headers=dict(CALL.headers)) as got,
        ):
            return got.status, await got.read()

    status, body = asyncio.run(post())
    assert (status, body[:2]) == (200, b"\xff\xd8")
    testcard_server.assert_called("segmind", "sd15Img2Img", times=1)


def test_a_late_answer_is_late(testcard_server: TestcardServer) -> None:
    testcard_server.fail_next("segmind", delay=1)
    url = f"{testcard_server.url('segmind')}/v1/sd1.5-img2img"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, data=CALL.body, headers=dict(CALL.headers), timeout=0.2)


def test_the_world_can_begin_again(testcard_server: TestcardServer) -> None:
    """While the server goes on at the same port, with other providers."""
    base = testcard_server.base
    testcard_server.begin(provider="imagepipeline", jobs="at-once")
    assert testcard_server.base == base
    begin = call_of(IMAGEPIPELINE)
    url = f"{testcard_server.url('imagepipeline')}/sdxl/image2image/v1"
    got = httpx.post(url, content=begin.body, headers=dict(begin.headers))
    assert got.json()["status"] == "SUCCESS"
    (picture,) = got.json()["download_urls"]
    assert picture.startswith(base)
    assert httpx.get(picture).content.startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="'segmind' is not served; served: imagepipeline"):
        testcard_server.url("segmind")


def test_one_test_pays(testcard_server: TestcardServer) -> None:
    _pay(testcard_server)


def test_and_the_next_has_credits_again(testcard_server: TestcardServer) -> None:
    _pay(testcard_server)


def _pay(server: TestcardServer) -> None:
    assert server.calls() == ()
    assert server.balance("segmind", "a-key") == 1000
    urllib_post(f"{server.url('segmind')}/v1/sd1.5-img2img")
    assert server.balance("segmind", "a-key") == 999


def test_both_fixtures_have_worlds_of_their_own(
    testcard: Testcard, testcard_server: TestcardServer
) -> None:
    """The server is let through; what is asked there is not asked here."""
    there = Call(
        "POST", f"{testcard_server.url('segmind')}/v1/sd1.5-img2img", CALL.headers, CALL.body
    )
    for send in (by_requests, by_httpx, by_httpx2):
        assert send(there).status == 200
    testcard_server.assert_called("segmind", times=3)
    testcard.assert_not_called("segmind")
    assert by_httpx(CALL).status == 200
    testcard.assert_called("segmind", times=1)
    testcard_server.assert_called("segmind", times=3)


def test_only_what_is_allowed_is_let_through(testcard: Testcard) -> None:
    testcard.allow("127.0.0.1:9")
    for send in (by_requests, by_httpx, by_httpx2):
        with pytest.raises(NOBODY_THERE):
            send(Call("GET", "http://127.0.0.1:9/"))
        with pytest.raises(OtherHost):
            send(Call("GET", "http://127.0.0.1:8/"))


def test_the_admin_is_there_too(testcard_server: TestcardServer) -> None:
    health: Any = json.loads(
        urllib.request.urlopen(f"{testcard_server.base}/_testcard/health").read()  # noqa: S310
    )
    assert health["providers"] == list(testcard_server.providers)
