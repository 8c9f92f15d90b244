"""The same calls get the same answers through every door."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from tests.doors import (
    STREAM_HOST,
    Ask,
    Asked,
    Opened,
    alone,
    by_async_httpx,
    by_httpx,
    by_httpx2,
    by_requests,
    mounted,
    plainly,
    served,
    tunnelled,
)
from tests.support import SEGMIND, STREAM

from testcard.assembly import Options, build
from testcard.common.message import Call, Reply
from testcard.mock.core import Mock, Work

JSON = (("content-type", "application/json"),)
ODD = {
    "/odd/cookies": Reply(200, (*JSON, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")), b"{}"),
    "/odd/words": Reply(200, (*JSON, ("x-name", "猫 und Füchse")), b"{}"),
    "/odd/latin": Reply(200, (*JSON, ("x-name", "Füchse")), b"{}"),
    "/odd/lines": Reply(200, (*JSON, ("x-name", "a\r\nset-cookie: b")), b"{}"),
    "/odd/nothing": Reply(204, (), b"that is not to be sent"),
    "/odd/length": Reply(200, (*JSON, ("content-length", "7"), ("transfer-encoding", "x")), b"{}"),
    "/odd/stream": Reply(200, (("content-type", "image/png"),), b"p" * 70_000, streamed=True),
    "/odd/empty": Reply(200, (("content-type", "image/png"),), b"", streamed=True),
}
BODY = json.dumps(SEGMIND.smallest).encode()


CALLS = [
    Asked("POST", SEGMIND.path, body=BODY),
    Asked("POST", f"{SEGMIND.path}?a=1%262&b=%E2%82%AC", body=BODY),
    Asked("POST", SEGMIND.path, body=b"no JSON"),
    *(Asked(each, SEGMIND.path) for each in ("GET", "HEAD", "OPTIONS", "PUT", "PROPFIND")),
    *(Asked(each, "/nowhere") for each in ("GET", "POST", "DELETE", "OPTIONS")),
    Asked("PROPFIND", "/v1/a%2Fb"),
    Asked("POST", STREAM.path, STREAM_HOST, json.dumps(STREAM.smallest).encode()),
    *(Asked("GET", path) for path in ODD),
    *(Asked("HEAD", path) for path in ODD),
    *(Asked("POST", path, body=b"{}") for path in ODD),
]


class Odd(Mock):
    """A mock that gives some answers no dialect would, and remembers what it was asked."""

    def __init__(self, mock: Mock) -> None:
        """Answer as `mock` does, but for the odd ones."""
        self.__dict__.update(mock.__dict__)
        self.seen: Call | None = None

    def begin(self, call: Call) -> Reply | Work:
        """Answer one call."""
        self.seen = call
        odd = ODD.get(call.parts.path.removeprefix("/segmind"))
        return odd or super().begin(call)


@dataclass(frozen=True)
class Got:
    """What a client got: names in small letters and values in latin-1, repeated ones too."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seen: tuple[str, str, bytes]


def answers(opened: Opened, calls: Sequence[Asked] = CALLS) -> list[Got]:
    mock = Odd(build(Options()))
    with opened(mock) as ask:
        return [_got(ask, asked, mock) for asked in calls]


def _got(ask: Ask, asked: Asked, mock: Odd) -> Got:
    status, headers, body = ask(asked)
    passing = ("date", "connection", "transfer-encoding")
    longer = len(body) - len(body := body.replace(b" /segmind/", b" /"))
    told = sorted(
        (k.lower(), str(int(v) - longer) if k.lower() == "content-length" else v)
        for k, v in headers
        if k.lower() not in passing
    )
    assert mock.seen is not None
    parts = urlsplit(mock.seen.url)
    path = parts.path.removeprefix("/segmind").removeprefix("/appypie-inpainting")
    seen = (mock.seen.method, f"{path}?{parts.query}", mock.seen.body)
    mock.seen = None
    return Got(status, told, body, seen)


@pytest.fixture(scope="module")
def core() -> list[Got]:
    return answers(plainly)


@pytest.mark.parametrize(
    "opened",
    [served, mounted, tunnelled, by_httpx, by_httpx2, by_async_httpx, by_requests],
    ids=lambda each: each.__name__,
)
def test_every_door_gives_the_mocks_own_answers(core: list[Got], opened: Opened) -> None:
    """Status, headers (repeated ones too), body; and the mock sees the same call."""
    for asked, got, own in zip(CALLS, answers(opened), core, strict=True):
        assert got == own, str(asked)


def test_the_calls_compared_differ(core: list[Got]) -> None:
    """What is compared holds pictures, refusals and repeated headers."""
    assert {200, 204, 404, 405, 422} <= {got.status for got in core}
    cookies = [value for got in core for name, value in got.headers if name == "set-cookie"]
    assert cookies == ["a=1", "b=2"] * 3


@pytest.mark.parametrize(
    "opened",
    [served, alone, tunnelled, by_httpx, by_async_httpx, by_requests],
    ids=lambda each: each.__name__,
)
def test_a_line_break_in_a_path_is_the_providers_to_answer(opened: Opened) -> None:
    """No framework's pattern stands in between, unless it is one of a user's own that mounts it."""
    calls = [Asked("GET", "/v1/%0A/a"), Asked("POST", "/%0Av1", body=b"{}")]
    own = answers(plainly, calls)
    assert answers(opened, calls) == own
    assert {got.status for got in own} == {404}
    assert all(b"there is nothing at" in got.body for got in own)
