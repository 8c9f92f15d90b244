"""The ways of a call to a mock: one client for each door, which sends what is asked.

Each is opened around a mock, and yields what asks it: Asked -> status, headers, body.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from http.client import HTTPConnection, HTTPSConnection

import anyio
import httpx
import httpx2
import requests
from fastapi import FastAPI
from tests.servers import SECONDS, address, door, serve
from tests.support import KEY

from testcard.common.message import Call
from testcard.doors import requests as requests_door
from testcard.doors import respx as respx_door
from testcard.doors.fastapi import provider_application
from testcard.doors.http import application
from testcard.doors.inprocess import Inside
from testcard.intercept import authority
from testcard.intercept.guard import Guard
from testcard.intercept.proxy import Gates, proxying
from testcard.mock.core import Mock

HOST = "api.segmind.com"
STREAM_HOST = "gateway.appypie.com"
HEADERS = {"x-api-key": KEY, "content-type": "application/json"}


@dataclass(frozen=True)
class Asked:
    """One call of the comparison."""

    method: str
    path: str
    host: str = HOST
    body: bytes = b""

    @property
    def url(self) -> str:
        """Where a client of the provider sends it."""
        return f"https://{self.host}{self.path}"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


Ask = Callable[[Asked], tuple[int, list[tuple[str, str]], bytes]]

Opened = Callable[[Mock], AbstractContextManager[Ask]]


def headers_of(asked: Asked) -> dict[str, str]:
    return {**HEADERS, "Ocp-Apim-Subscription-Key": KEY} if asked.body else dict(HEADERS)


def over(connection: HTTPConnection) -> Ask:
    """Ask by http.client, which adds nothing and hides nothing."""

    def ask(asked: Asked) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = {"Host": asked.host, **headers_of(asked)}
        connection.request(asked.method, asked.path, asked.body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    return ask


@contextmanager
def plainly(mock: Mock) -> Iterator[Ask]:
    def ask(asked: Asked) -> tuple[int, list[tuple[str, str]], bytes]:
        reply = mock.answer(
            Call(asked.method, asked.url, tuple(headers_of(asked).items()), asked.body)
        )
        bodiless = asked.method == "HEAD" or reply.status == 204
        length = [("content-length", str(len(reply.body)))]
        length *= not reply.streamed and reply.status != 204
        framing = ("content-length", "transfer-encoding")
        own = [each for each in reply.headers if each[0] not in framing]
        raw = [(name, latin(value).replace("\r\n", "  ")) for name, value in (*own, *length)]
        return reply.status, raw, b"" if bodiless else reply.body

    yield ask


def latin(text: str) -> str:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode().decode("latin-1")
    return text


@contextmanager
def served(mock: Mock) -> Iterator[Ask]:
    with door(mock) as base, closing(HTTPConnection(*address(base), timeout=SECONDS)) as client:
        yield over(client)


@contextmanager
def mounted(mock: Mock) -> Iterator[Ask]:
    """Each provider's FastAPI application, within one of a user's own."""
    own = FastAPI()

    @own.get("/mine")
    def mine() -> str:
        return "mine"

    for name, dialect in mock.dialects.items():
        own.mount(f"/fakes/{name}", provider_application(mock, dialect))
    prefixes = {HOST: "/fakes/segmind", STREAM_HOST: "/fakes/appypie-inpainting"}
    with serve(own) as base:
        assert httpx.get(f"{base}/mine", trust_env=False).json() == "mine"
        with closing(HTTPConnection(*address(base), timeout=SECONDS)) as client:
            ask = over(client)
            yield lambda asked: ask(
                replace(asked, path=prefixes[asked.host] + asked.path, host="127.0.0.1")
            )


@contextmanager
def tunnelled(mock: Mock) -> Iterator[Ask]:
    own = authority.fresh([HOST, STREAM_HOST])
    gates = Gates(own.contexts(), (), lambda *_: "", lambda _: None, Guard())
    trusting = ssl.create_default_context(cadata=own.pem.decode())
    with proxying(application(mock), gates) as port, ExitStack() as opened:

        @cache
        def to(host: str) -> Ask:
            connection = HTTPSConnection("127.0.0.1", port, context=trusting, timeout=SECONDS)
            connection.set_tunnel(host)
            opened.callback(connection.close)
            return over(connection)

        yield lambda asked: to(asked.host)(asked)


def _httpx(library: object, mock: Mock) -> Iterator[Ask]:
    def ask(asked: Asked) -> tuple[int, list[tuple[str, str]], bytes]:
        answer = library.request(  # type: ignore[attr-defined]
            asked.method, asked.url, content=asked.body or None, headers=headers_of(asked)
        )
        raw = [(k.decode(), v.decode("latin-1")) for k, v in answer.headers.raw]
        return answer.status_code, raw, answer.content

    with respx_door.intercepting(respx_door.RespxRouter(Inside(lambda: mock))):
        yield ask


@contextmanager
def by_httpx(mock: Mock) -> Iterator[Ask]:
    yield from _httpx(httpx, mock)


@contextmanager
def by_httpx2(mock: Mock) -> Iterator[Ask]:
    yield from _httpx(httpx2, mock)


@contextmanager
def by_async_httpx(mock: Mock) -> Iterator[Ask]:
    class Library:
        @staticmethod
        def request(method: str, url: str, **options: object) -> httpx.Response:
            async def call() -> httpx.Response:
                async with httpx.AsyncClient() as client:
                    return await client.request(method, url, **options)  # type: ignore[arg-type]

            return anyio.run(call)

    yield from _httpx(Library, mock)


@contextmanager
def by_requests(mock: Mock) -> Iterator[Ask]:
    def ask(asked: Asked) -> tuple[int, list[tuple[str, str]], bytes]:
        answer = requests.request(
            asked.method, asked.url, data=asked.body or None, headers=headers_of(asked), timeout=60
        )
        return answer.status_code, list(answer.raw.headers.items()), answer.content

    with requests_door.intercepting(Inside(lambda: mock)):
        yield ask


@contextmanager
def alone(mock: Mock) -> Iterator[Ask]:
    """One provider's FastAPI application, at the root of a server."""
    with (
        serve(provider_application(mock, mock.dialects["segmind"])) as base,
        closing(HTTPConnection(*address(base), timeout=SECONDS)) as client,
    ):
        yield over(client)
