"""One Call sent through every door gives one Reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.fixture_clients import (
    CACHE,
    FOLDER,
    Sender,
    by_httpx,
    by_httpx2,
    by_httpx2_async,
    by_httpx_async,
    by_requests,
    call_of,
    in_process,
    over_http,
)
from tests.support import APIS, EVERY_API, IMAGEPIPELINE, STREAM, Api

from testcard.common.message import Call, Reply
from testcard.doors.background import Background
from testcard.fixtures.fixtures import Testcard, TestcardServer
from testcard.fixtures.options import FixtureOptions

DOORS: dict[str, Sender] = {
    "requests": by_requests,
    "respx-httpx": by_httpx,
    "respx-httpx-async": by_httpx_async,
    "respx-httpx2": by_httpx2,
    "respx-httpx2-async": by_httpx2_async,
}
"""Those of a client in this process; "http" is the server's."""

EVERY_DOOR = pytest.mark.parametrize("door", [*DOORS, "http"])


def elsewhere(api: Api) -> Call:
    """A path that no operation has, at the provider's host."""
    call = call_of(api)
    return replace(call, url=call.url + "/nowhere")


def preferring(api: Api) -> Call:
    """A call that picks a documented answer."""
    call = call_of(api)
    return replace(call, headers=(*call.headers, ("Prefer", "code=200")))


CALLS: dict[str, Callable[[Api], Call]] = {
    "good": call_of,
    "wrong key": lambda api: call_of(api, "invalid-key"),
    "no credits": lambda api: call_of(api, "nocredits-key"),
    "no JSON": lambda api: replace(call_of(api), body=b"{"),
    "unknown field": lambda api: call_of(api, no_such_field=1),
    "wrong method": lambda api: replace(call_of(api), method="DELETE"),
    "elsewhere": elsewhere,
    "preferring": preferring,
}
EVERY_CALL = pytest.mark.parametrize("kind", CALLS)


@pytest.fixture(scope="module")
def background() -> Iterator[Background]:
    server = Background()
    yield server
    server.close()


Answers = Callable[..., list[Reply]]


@pytest.fixture
def answers(background: Background) -> Answers:
    """Return what answers calls, one after another, through a door of a fresh mock."""

    def through(door: str, *calls: Call, **words: Any) -> list[Reply]:
        setup = FixtureOptions().changed({"seed": 7, **words})
        if door == "core":
            card = Testcard(setup, FOLDER, CACHE)
            return [card.mock.answer(call) for call in calls]
        if door == "http":
            server = TestcardServer(setup, FOLDER, CACHE, background)
            return [over_http(server, call) for call in calls]
        with in_process(seed=7, **words):
            return [DOORS[door](call) for call in calls]

    return through


def same(seen: Reply, core: Reply) -> None:
    """Assert that a door says what the core said: doors add headers, and change none."""
    assert seen.status == core.status
    assert {name: seen.header(name) for name, _ in core.headers} == dict(core.headers)
    assert seen.body == core.body


@EVERY_DOOR
@EVERY_API
@EVERY_CALL
def test_one_call_gives_one_reply(door: str, api: Api, kind: str, answers: Answers) -> None:
    call = CALLS[kind](api)
    (core,) = answers("core", call)
    (seen,) = answers(door, call)
    same(seen, core)


@EVERY_DOOR
def test_ids_and_seeds_come_in_one_order(door: str, answers: Answers) -> None:
    """The same calls in the same order leave the same world, job ids and pictures with it."""
    calls = [call_of(api) for api in (*APIS, *APIS)]
    for seen, core in zip(answers(door, *calls), answers("core", *calls), strict=True):
        same(seen, core)


@EVERY_DOOR
def test_a_job_is_the_same_job(door: str, answers: Answers) -> None:
    """From its beginning to its picture, which is at the host that the client asked."""
    begin = call_of(IMAGEPIPELINE)
    (begun,) = answers("core", begin, provider="imagepipeline")
    job = json.loads(begun.body)["id"]
    poll = Call("GET", f"{begin.url}/status/{job}", begin.headers)
    fetch = Call("GET", f"https://api.imagepipeline.io/_testcard/pictures/{job}/0.png")
    calls = (begin, poll, poll, fetch)
    core = answers("core", *calls, provider="imagepipeline")
    seen = answers(door, *calls, provider="imagepipeline")
    assert json.loads(core[2].body)["status"] == "SUCCESS"
    assert core[3].body.startswith(b"\x89PNG")
    for got, expected in zip(seen, core, strict=True):
        plain = got.body.replace(b'"http://', b'"https://')  # the server itself speaks no TLS
        same(replace(got, body=plain), expected)


@EVERY_DOOR
def test_a_streamed_answer_has_no_length(door: str, answers: Answers) -> None:
    (core,) = answers("core", call_of(STREAM))
    (seen,) = answers(door, call_of(STREAM))
    assert core.streamed
    assert seen.header("content-length") is None


@EVERY_DOOR
@pytest.mark.parametrize("profile", ["lenient", "documented"])
def test_it_holds_in_both_profiles(door: str, profile: str, answers: Answers) -> None:
    calls = [replace(call_of(api), headers=call_of(api).headers[1:]) for api in APIS]
    seen = answers(door, *calls, profile=profile)
    for got, expected in zip(seen, answers("core", *calls, profile=profile), strict=True):
        same(got, expected)
