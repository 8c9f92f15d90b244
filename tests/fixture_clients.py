"""What tests of the fixtures share: both in this process, and one client for each door.

Each client sends a Call as it is and says what came back as a Reply.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import httpx2
import requests
from tests.support import KEY, Api, form

from testcard.common.message import Call, Reply
from testcard.common.spec import bundled, load
from testcard.fixtures.fixtures import Testcard, TestcardServer
from testcard.fixtures.options import FixtureOptions, SpecCache

CACHE = SpecCache()
"""Specs that have been read: they change in no test."""

SERVERS = {path.stem: load(path).server for path in bundled()}
FOLDER = Path(__file__).parent
Sender = Callable[[Call], Reply]


@contextmanager
def in_process(**words: Any) -> Iterator[Testcard]:
    """Yield a Testcard that takes this process's calls, set up as a marker would."""
    card = Testcard(FixtureOptions().changed(words), FOLDER, CACHE)
    with card.intercepting():
        yield card


def call_of(api: Api, key: str = KEY, **fields: Any) -> Call:
    """Return the smallest call to `api` at its real URL, with `fields` put in."""
    said = {**api.smallest, **fields}
    body = form(said) if api.form else json.dumps(said).encode()
    headers = (("Content-Type", api.media_type), (api.key_header, key))
    return Call("POST", SERVERS[api.provider] + api.path, headers, body)


def by_requests(call: Call) -> Reply:
    """Use requests' functions, as most clients do."""
    got = requests.request(
        call.method, call.url, headers=dict(call.headers), data=call.body, timeout=60
    )
    return Reply(got.status_code, tuple(got.headers.items()), got.content)


def _reply(got: httpx.Response | httpx2.Response) -> Reply:
    return Reply(got.status_code, tuple(got.headers.items()), got.content)


def by_httpx(call: Call) -> Reply:
    """Use httpx."""
    with httpx.Client() as client:
        return _reply(
            client.request(call.method, call.url, headers=dict(call.headers), content=call.body)
        )


def by_httpx2(call: Call) -> Reply:
    """Use httpx2."""
    with httpx2.Client() as client:
        return _reply(
            client.request(call.method, call.url, headers=dict(call.headers), content=call.body)
        )


def by_httpx_async(call: Call) -> Reply:
    """Use httpx's asynchronous client."""

    async def send() -> Reply:
        async with httpx.AsyncClient() as client:
            got = await client.request(
                call.method, call.url, headers=dict(call.headers), content=call.body
            )
            return _reply(got)

    return asyncio.run(send())


def by_httpx2_async(call: Call) -> Reply:
    """Use httpx2's asynchronous client."""

    async def send() -> Reply:
        async with httpx2.AsyncClient() as client:
            got = await client.request(
                call.method, call.url, headers=dict(call.headers), content=call.body
            )
            return _reply(got)

    return asyncio.run(send())


def over_http(server: TestcardServer, call: Call) -> Reply:
    """Send over a socket, to the provider's own path with its own host name."""
    there, real = urlsplit(server.base), urlsplit(call.url)
    line = http.client.HTTPConnection(there.hostname or "", there.port, timeout=60)
    line.request(call.method, real.path, call.body, {**dict(call.headers), "Host": real.netloc})
    with line.getresponse() as got:
        reply = Reply(got.status, tuple(got.getheaders()), got.read())
    line.close()
    return reply
