"""Simple calls are answered as soon as they are read; whatever is not simple goes uvicorn's way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from starlette.types import Receive, Scope, Send
from tests.impatient import connected, rest, statuses
from tests.servers import SECONDS, raw, serve
from tests.support import IMAGEPIPELINE, KEY, SEGMIND

from testcard.assembly import Options, build
from testcard.common.message import Call, Reply
from testcard.doors.http import application, at_once
from testcard.mock.core import Mock, Work

JOB = json.dumps(IMAGEPIPELINE.smallest).encode()
JOB_PATH = f"/imagepipeline{IMAGEPIPELINE.path}"


def job(*headers: str, body: bytes = JOB, path: str = JOB_PATH, method: str = "POST") -> bytes:
    """Return a call that orders a job, which needs no waiting."""
    head = [f"{method} {path} HTTP/1.1", "Host: a", f"API-Key: {KEY}", *headers]
    head += ["Content-Type: application/json"]
    if not any("Transfer-Encoding" in each for each in headers):
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


class Counting(Mock):
    """A mock that counts what is begun, and may wait or fail."""

    def __init__(self, made: Callable[[Call], Reply] | None = None) -> None:
        """Answer by `made` where it is given."""
        self.__dict__.update(build(Options()).__dict__)
        self.begun = 0
        self._made = made

    def begin(self, call: Call) -> Reply | Work:
        """Begin one call."""
        self.begun += 1
        return self._made(call) if self._made else super().begin(call)


@dataclass
class Way:
    """Which calls came to the application."""

    base: str = ""
    paths: list[str] = field(default_factory=list)


@contextmanager
def watched(mock: Mock) -> Iterator[Way]:
    """Serve as `testcard serve` does, and see what is left to the application."""
    app, way = application(mock), Way()

    async def seen(scope: Scope, receive: Receive, send: Send) -> None:
        way.paths.append(scope["path"])
        await app(scope, receive, send)

    with serve(seen, at_once=at_once(mock)) as way.base:
        yield way


@pytest.mark.parametrize("sent", [job(), job("X-A: b"), job(body=b"no JSON"), job(path="/none")])
def test_a_simple_call_needs_no_application(sent: bytes) -> None:
    """Its picture is decoded the first time, by work that is left to the application."""
    mock = Counting()
    with watched(mock) as way, connected(way.base, sent) as client:
        first = client.recv(1 << 16)
        way.paths.clear()
        client.sendall(sent[:30])
        client.sendall(sent[30:])
        second = client.recv(1 << 16)
    assert (statuses(first), way.paths, mock.begun) == (statuses(second), [], 2)


@pytest.mark.parametrize(
    "sent",
    [
        job("Origin: https://page.example"),
        job("Expect: 100-continue"),
        job("Connection: close"),
        job("Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(JOB), JOB)),
        job("Upgrade: h2c", "Connection: Upgrade"),
        job(body=JOB[:-1] + b" " * 300_000 + b"}"),
        job(method="PUT"),
        job().replace(b"HTTP/1.1", b"HTTP/1.0"),
        job("Host: b"),
    ],
    ids=["origin", "expect", "close", "chunked", "upgrade", "large", "put", "http1.0", "two hosts"],
)
def test_what_is_not_simple_is_left_to_it(sent: bytes) -> None:
    mock = Counting()
    with watched(mock) as way, connected(way.base, sent) as client:
        seen = client.recv(1 << 16)
        while statuses(seen) in ([], [100]):
            seen += client.recv(1 << 16)
        assert way.paths == [JOB_PATH]
        assert mock.begun == (0 if statuses(seen) == [400] else 1)


def test_a_picture_to_be_painted_is_begun_once() -> None:
    mock = Counting()
    body = json.dumps(SEGMIND.smallest).encode()
    sent = job(f"x-api-key: {KEY}", path=f"/segmind{SEGMIND.path}", body=body)
    with watched(mock) as way, connected(way.base, sent) as client:
        assert statuses(client.recv(1 << 16)) == [200]
        assert (len(way.paths), mock.begun, len(mock.journal.entries())) == (1, 1, 1)


def test_of_many_calls_in_one_piece_the_first_goes_ahead_and_all_are_answered_in_order() -> None:
    """So that a thousand calls sent together do not hold the event loop until the last."""
    mock = Counting(lambda call: Reply(200, (), b"<%s>" % call.body))
    sent = [job(body=b"%d" % each) for each in range(3)] + [job("Connection: close", body=b"3")]
    with watched(mock) as way, connected(way.base, b"".join(sent)) as client:
        seen = rest(client)
    assert re.findall(rb"<(.)>", seen) == [b"0", b"1", b"2", b"3"]
    assert (len(way.paths), mock.begun) == (3, 4)


@pytest.mark.parametrize(
    ("reply", "ways"),
    [
        (Reply(200, (("x-a", "1"),), b"ok"), 0),
        (Reply(200, (), b"x" * 100_000), 0),
        (Reply(204, (), b"that is not to be sent"), 0),
        (Reply(200, (), b"ok", delay=0.01), 1),
        (Reply(200, (), b"ok", streamed=True), 1),
        (Reply(200, (("connection", "close"),), b"ok"), 1),
    ],
)
def test_an_answer_that_needs_more_than_writing_is_left_to_it(reply: Reply, ways: int) -> None:
    mock = Counting(lambda _: reply)
    with watched(mock) as way, connected(way.base, job()) as client:
        first = client.recv(1 << 20)
        assert statuses(first) == [reply.status]
        assert (len(way.paths), mock.begun) == (ways, 1)
    closed = raw if reply.header("connection") else None
    if closed:
        with watched(mock) as way:
            assert closed(way.base, job(), most=None).endswith(b"ok")  # ends by itself


def test_a_mock_that_raises_is_a_plain_500_once(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Call) -> Reply:
        raise RuntimeError("broken on purpose")

    mock = Counting(broken)
    with watched(mock) as way, connected(way.base, job()) as client:
        client.settimeout(SECONDS)
        assert statuses(rest(client)) == [500]
        assert mock.begun == 1
    assert "broken on purpose" in caplog.text


def test_a_body_in_very_many_pieces_is_no_longer_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece counts for more than its bytes: what is read ahead stays bounded."""
    monkeypatch.setattr("testcard.doors.protocol._PIECE", 200_000)
    mock, sent = Counting(), job()
    with watched(mock) as way, connected(way.base) as client:
        for at in range(0, len(sent), 40):
            client.sendall(sent[at : at + 40])
        assert statuses(client.recv(1 << 16)) == [202]
        assert (way.paths, mock.begun) == ([JOB_PATH], 1)
