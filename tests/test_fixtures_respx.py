"""The respx door: routes from the specs, httpx and httpx2 alike, and nothing leaves the test."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx
import httpx2
import pytest
import respx
from tests.fixture_clients import (
    CACHE,
    FOLDER,
    Sender,
    by_httpx,
    by_httpx2,
    by_httpx2_async,
    by_httpx_async,
    call_of,
)
from tests.support import EVERY_API, IMAGEPIPELINE, SEGMIND, STREAM, Api, photo

from testcard.common.message import Call
from testcard.common.spec import SpecError, bundled, load
from testcard.doors.inprocess import OtherHost
from testcard.fixtures import fixtures
from testcard.fixtures.fixtures import Testcard
from testcard.fixtures.options import FixtureOptions

SENDERS = {
    "httpx": by_httpx,
    "httpx-async": by_httpx_async,
    "httpx2": by_httpx2,
    "httpx2-async": by_httpx2_async,
}
EVERY_CLIENT = pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
OPERATIONS = {
    each["operationId"]
    for path in bundled()
    for item in load(path).document["paths"].values()
    for each in item.values()
}


def test_every_operation_has_a_route_of_its_name(testcard: Testcard) -> None:
    assert {route.name for route in testcard.respx.routes} == OPERATIONS


@EVERY_API
@EVERY_CLIENT
def test_a_route_counts_the_calls_of_any_client(testcard: Testcard, send: Sender, api: Api) -> None:
    call = call_of(api)
    (route,) = [
        each for each in testcard.respx.routes if str(each.name) in _operations(testcard, call)
    ]
    assert not route.called
    reply = send(call)
    assert route.call_count == 1
    assert route.calls.last.request.content == call.body
    assert route.calls.last.response.content == reply.body
    assert [each for each in testcard.respx.routes if each.called] == [route]


def _operations(testcard: Testcard, call: Call) -> set[str]:
    operation = testcard.mock.route(call).operation
    return {operation.id} if operation else set()


def test_a_route_with_a_hole_takes_every_id(testcard: Testcard) -> None:
    begin = call_of(IMAGEPIPELINE)
    by_httpx(Call("GET", f"{begin.url}/status/any-id", begin.headers))
    assert testcard.respx["getImg2ImgStatus"].called


@EVERY_CLIENT
def test_an_answer_can_be_put_in_its_place(testcard: Testcard, send: Sender) -> None:
    testcard.respx["sd15Img2Img"].respond(418, json={"tea": True})
    assert send(call_of(SEGMIND)).status == 418
    assert testcard.calls() == ()
    testcard.respx["sd15Img2Img"].mock()
    assert send(call_of(SEGMIND)).status == 200


def test_a_return_value_is_enough(testcard: Testcard) -> None:
    testcard.respx["sd15Img2Img"].return_value = httpx.Response(418)
    assert by_httpx(call_of(SEGMIND)).status == 418


def test_a_side_effect_can_raise(testcard: Testcard) -> None:
    testcard.respx["sd15Img2Img"].side_effect = httpx.ConnectError
    with pytest.raises(httpx.ConnectError):
        by_httpx(call_of(SEGMIND))
    testcard.respx["sd15Img2Img"].side_effect = httpx2.ConnectError("no route")
    with pytest.raises(httpx2.ConnectError):
        by_httpx2(call_of(SEGMIND))


def test_side_effects_come_in_order(testcard: Testcard) -> None:
    route = testcard.respx["sd15Img2Img"]
    route.side_effect = [httpx.Response(503), httpx.Response(429)]
    assert [by_httpx(call_of(SEGMIND)).status for _ in range(2)] == [503, 429]


def test_a_side_effect_that_passes_leaves_the_call_to_the_mock(testcard: Testcard) -> None:
    testcard.respx["sd15Img2Img"].side_effect = lambda _: None
    assert by_httpx(call_of(SEGMIND)).status == 200
    testcard.assert_called("segmind", times=1)


def test_a_route_of_ones_own_goes_first(testcard: Testcard) -> None:
    call = call_of(SEGMIND)
    mine = testcard.respx.post(call.url).respond(429)
    assert by_httpx(call).status == 429
    assert mine.called
    assert not testcard.respx["sd15Img2Img"].called


def test_a_route_of_ones_own_serves_another_host(testcard: Testcard) -> None:
    testcard.respx.get("https://pictures.example/a.png").respond(content=b"picture")
    assert by_httpx(Call("GET", "https://pictures.example/a.png")).body == b"picture"


def test_another_respx_router_may_serve_another_host(
    testcard: Testcard, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get("https://pictures.example/a.png").respond(content=b"picture")
    assert by_httpx(Call("GET", "https://pictures.example/a.png")).body == b"picture"
    assert by_httpx(call_of(SEGMIND)).status == 200
    testcard.assert_called("segmind", times=1)


def test_an_unknown_name_lists_the_known(testcard: Testcard) -> None:
    with pytest.raises(KeyError, match=r"no route is called 'img2img'; there are: .*sd15Img2Img"):
        testcard.respx["img2img"]


@dataclass(frozen=True)
class Twin:
    """A provider that shares its operationId with the bundled one, from a file of its own."""

    path: str


@pytest.fixture
def twin(tmp_path: Any) -> Twin:
    text = next(path for path in bundled() if path.stem == "segmind").read_text(encoding="utf-8")
    there = tmp_path / "twin.yaml"
    there.write_text(text.replace("https://api.segmind.com", "https://api.twin.example"), "utf-8")
    return Twin(str(there))


def test_a_shared_name_gets_its_providers_before_it(testcard: Testcard, twin: Twin) -> None:
    testcard.begin(provider=["segmind", twin.path])
    names = [route.name for route in testcard.respx.routes]
    assert names == ["segmind:sd15Img2Img", "twin:sd15Img2Img"]
    by_httpx(call_of(SEGMIND))
    assert testcard.respx["segmind:sd15Img2Img"].called
    assert not testcard.respx["twin:sd15Img2Img"].called


@EVERY_CLIENT
@pytest.mark.testcard(provider=["segmind", "aithriving"])
def test_another_host_is_refused_by_name(testcard: Testcard, send: Sender) -> None:
    with pytest.raises(OtherHost) as refused:
        send(Call("GET", "https://api.openai.com/v1/models"))
    message = str(refused.value)
    assert message.startswith("GET https://api.openai.com/v1/models: api.openai.com is not served")
    assert "https://api.segmind.com (segmind)" in message
    assert "https://www.aithriving.com (aithriving)" in message
    assert "testcard.allow('api.openai.com')" in message
    assert testcard.calls() == ()


@EVERY_CLIENT
def test_a_delay_shorter_than_the_patience_is_waited_for(testcard: Testcard, send: Sender) -> None:
    testcard.fail_next("segmind", delay=0.2)
    began = time.perf_counter()
    assert send(call_of(SEGMIND)).status == 200
    assert time.perf_counter() - began >= 0.2


def test_a_client_gives_up_as_it_would_outside(testcard: Testcard) -> None:
    testcard.fail_next("segmind", delay=60, times=4)
    url = call_of(SEGMIND).url
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, timeout=0.05)
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(url, timeout=0.05)
    with pytest.raises(httpx.ReadTimeout):
        asyncio.run(_post(httpx.AsyncClient(timeout=0.05), url))
    with pytest.raises(httpx2.ReadTimeout):
        asyncio.run(_post(httpx2.AsyncClient(timeout=0.05), url))


def test_a_slow_answer_holds_up_no_other(testcard: Testcard) -> None:
    """An asynchronous client's wait is the event loop's, not the process's."""
    testcard.fail_next("segmind", delay=0.6, times=5)
    call = call_of(SEGMIND)

    async def five() -> list[httpx.Response]:
        async with httpx.AsyncClient() as client:
            asked = [
                asyncio.create_task(
                    client.post(call.url, headers=dict(call.headers), content=call.body)
                )
                for _ in range(5)
            ]
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            assert len(testcard.calls("segmind")) == 5, "all wait before the first is answered"
            return await asyncio.gather(*asked)

    assert [each.status_code for each in asyncio.run(five())] == [200] * 5


async def _post(client: httpx.AsyncClient | httpx2.AsyncClient, url: str) -> None:
    async with client:
        await client.post(url)


def test_a_streamed_answer_comes_in_pieces(testcard: Testcard) -> None:
    assert testcard.providers
    call = call_of(STREAM, size="512x512")
    with httpx.stream(
        "POST", call.url, headers=dict(call.headers), content=call.body, timeout=60
    ) as got:
        pieces = list(got.iter_raw())
    assert len(pieces) > 1
    with httpx2.stream(
        "POST", call.url, headers=dict(call.headers), content=call.body, timeout=60
    ) as again:
        assert len(list(again.iter_raw())) > 1


def test_a_real_file_upload_is_read(testcard: Testcard) -> None:
    """As a client writes it: httpx builds the multipart body, from a generator."""
    got = httpx.post(
        f"{testcard.url('aithriving')}/api/generate/basic/imageToImage",
        headers={"Authentication": "a-key"},
        data={"prompt": "a red fox", "width": "320", "height": "320"},
        files={"init_image": ("in.png", photo(), "image/png")},
    )
    assert got.status_code == 200
    testcard.assert_called("aithriving", prompt="a red fox", width=320)


def test_a_client_library_that_cannot_be_stood_in_for_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else its calls would reach the network, unseen."""
    monkeypatch.setattr(fixtures, "find_spec", lambda name: name != "pytest_httpx2")
    with (
        pytest.raises(ModuleNotFoundError, match=r"httpx2 is installed and pytest_httpx2 is not.*"),
        Testcard(FixtureOptions(), FOLDER, CACHE).intercepting(),
    ):
        raise AssertionError("nothing is taken")


def test_an_unknown_provider_is_an_error_of_the_tests(testcard: Testcard) -> None:
    with pytest.raises(SpecError, match="'dall-e' is no provider; there are: aithriving"):
        testcard.begin(provider="dall-e")
