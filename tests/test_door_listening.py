"""What servers listen with, and what they print when they cannot."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest
import uvicorn
from tests.servers import door

from testcard.assembly import build
from testcard.doors.background import Background
from testcard.doors.http import application
from testcard.doors.listening import listening_socket
from testcard.doors.protocol import HttpProtocol
from testcard.doors.server import base_url
from testcard.intercept.guard import Guard
from testcard.intercept.proxy import Gates, proxying

GATES = Gates({}, frozenset(), lambda *_: "", lambda _: None, Guard())


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether Nagle's algorithm was off on each connection that a server took."""
    seen: list[bool] = []
    made = HttpProtocol.connection_made

    def noted(protocol: HttpProtocol, transport: asyncio.Transport) -> None:
        sock = transport.get_extra_info("socket")
        seen.append(bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        made(protocol, transport)

    monkeypatch.setattr(HttpProtocol, "connection_made", noted)
    return seen


@contextmanager
def background() -> Iterator[str]:
    with closing(Background()) as server:
        yield server.base


@contextmanager
def proxy() -> Iterator[str]:
    with proxying(application(build()), GATES) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("server", [lambda: door(build()), background, proxy])
def test_small_answers_leave_at_once(
    accepted: list[bool], server: object, loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On either loop, for every server there is: nothing waits for an acknowledgement."""
    config = uvicorn.Config.__init__

    def chosen(self: uvicorn.Config, *args: object, **options: object) -> None:
        config(self, *args, **{**options, "loop": loop})  # type: ignore[arg-type]

    monkeypatch.setattr(uvicorn.Config, "__init__", chosen)
    with server() as base:  # type: ignore[operator]
        httpx.get(f"{base}/_testcard/health", trust_env=False)
    assert accepted == [True]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_port_is_said_with_what_to_do(host: str) -> None:
    with listening_socket(host) as one:
        port = one.getsockname()[1]
        with pytest.raises(OSError, match=rf"cannot listen on {host}:{port}: .*another --port"):
            listening_socket(host, port)


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),  # noqa: S104
        ("::", "http://[::1]:1"),
        ("::1", "http://[::1]:1"),
        ("box.local", "http://box.local:1"),
    ],
)
def test_the_url_that_is_printed_can_be_called(host: str, base: str) -> None:
    assert base_url(host, 1) == base
