"""A Mock as an ASGI endpoint: ASGI's messages to a Call, and a Reply to ASGI's messages.

A door converts and waits; it decides nothing. Knows ASGI.
Must not know a provider, a profile or what an answer says.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote, urlsplit

from anyio.to_thread import run_sync

from testcard.common.message import Call, Reply
from testcard.doors.room import Room
from testcard.doors.wire import call_headers, pieces, reply_body, reply_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from testcard.doors.at_once import Answer
    from testcard.mock.core import Work
    from testcard.mock.dialect import Dialect

_HOST: Final = re.compile(rb"(?:[\w.~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_LARGE: Final = 1 << 20  # bytes of a body that needs room, and is put together off the event loop
_LARGEST_AT_ONCE: Final = 3  # of the largest bodies: for so many there is room
_BEGUN: Final = "testcard.begun"  # where a scope holds what `Door.at_once` left
_NOBODY_KNOWN: Final = ""
"""Stands for the peer of a call that came through a pipe, where no address tells who calls."""


class Answering(Protocol):
    """What a door serves: a mock, or whatever answers as one does."""

    @property
    def dialects(self) -> Mapping[str, Dialect]:
        """The providers that have pages, by their ids."""
        ...

    @property
    def largest_body(self) -> int:
        """Bytes of a request body that are taken."""
        ...

    def begin(self, call: Call) -> Reply | Work:
        """Answer one call at once, or return the rest of the work."""
        ...


class Door:
    """A mock as an ASGI endpoint."""

    def __init__(self, mock: Answering, prefix: str = "") -> None:
        """Answer from `mock`, which sees `prefix` ahead of every path."""
        self._mock = mock
        self._prefix, self._ahead = prefix.encode(), prefix
        self._room = Room(_LARGEST_AT_ONCE * mock.largest_body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        try:
            reply = await self._answered(scope, receive)
        except _Left:
            return
        except _NoUrl as error:
            reply = _text(400, str(error))
        except asyncio.CancelledError:
            reply = _text(503, "testcard was stopped amid this call", ("connection", "close"))
        if reply.delay:
            with suppress(asyncio.CancelledError):  # a server that ends waits no longer
                await asyncio.sleep(reply.delay)
        await _send(reply, scope["method"], send)

    def at_once(self, scope: Scope, body: bytes) -> Answer | None:
        """Answer a whole call, where that needs no waiting; else leave it to `__call__`.

        What was begun by then is in the scope, for nothing is done twice.
        """
        if len(body) > self._mock.largest_body:
            return None
        try:
            call = self._call(scope, body)
        except _NoUrl:
            return None
        step = _begun(self._mock, call)
        if isinstance(step, Reply) and _is_plain(step):
            return step.status, reply_headers(step), reply_body(step, call.method)
        scope[_BEGUN] = step
        return None

    async def _answered(self, scope: Scope, receive: Receive) -> Reply:
        place = _Place(self._room)
        try:
            step = scope.get(_BEGUN)
            if step is None:
                head = self._call(scope)
                step = self._mock.begin(await _whole(head, receive, self._mock.largest_body, place))
            return step if isinstance(step, Reply) else await _done(step, receive)
        finally:
            if place.taken:
                self._room.give(place.taken)

    def _call(self, scope: Scope, body: bytes = b"") -> Call:
        peer = scope["client"][0] if scope.get("client") else _NOBODY_KNOWN
        headers, root = call_headers(scope["headers"]), scope.get("root_path", "")
        url, root = self._url(scope), root and quote(root)
        return Call(scope["method"], url, headers, body, peer, root, self._ahead)

    def _url(self, scope: Scope) -> str:
        """Return the URL as the client wrote it: escapes in the path as they came.

        Raises:
            _NoUrl: its host is none.
        """
        hosts, scheme = _addressed(scope)
        if len(hosts) > 1 or (hosts and hosts[0] and not _HOST.fullmatch(hosts[0])):
            seen = ", ".join(ascii(host.decode("latin-1")) for host in hosts)
            raise _NoUrl(f"Host is {seen}; one name or address was expected, with :port or without")
        host = hosts[0].decode() if hosts and hosts[0] else _here(scope)
        path = self._prefix + path_of(scope)
        if scope["query_string"]:
            path += b"?" + scope["query_string"]
        url = f"{scheme}://{host}{path.decode('latin-1')}"
        try:
            urlsplit(url)
        except ValueError as error:
            raise _NoUrl(f"this is no URL: {error}") from error
        return url


def _begun(mock: Answering, call: Call) -> Reply | Work:
    try:
        return mock.begin(call)
    except Exception as error:
        return partial(_raise, error)


def _raise(error: Exception) -> Reply:
    raise error


def _is_plain(reply: Reply) -> bool:
    """Whether a door has but to write it."""
    return not (reply.delay or reply.streamed or reply.header("connection"))


class _Left(Exception):  # noqa: N818 (what happened)
    """The client is gone."""


class _NoUrl(ValueError):  # noqa: N818 (what it is)
    """A call whose parts make no URL."""


def _here(scope: Scope) -> str:
    name, port = scope["server"] or ("localhost", None)
    name = f"[{name}]" if ":" in name else name
    return name if port is None else f"{name}:{port}"


def _addressed(scope: Scope) -> tuple[list[bytes], str]:
    """Return what the client said is the host, and the scheme that it used.

    The scheme may be told by a gateway ahead, which undid TLS.
    """
    headers = scope["headers"]
    hosts = [value for name, value in headers if name == b"host"]
    if b"x-forwarded-proto" not in dict(headers):
        return hosts, scope["scheme"]
    told = (value.strip().lower() for name, value in headers if name == b"x-forwarded-proto")
    known = (each.decode() for each in told if each in (b"http", b"https"))
    return hosts, next(known, scope["scheme"])


def path_of(scope: Scope) -> bytes:
    """Return the path below where the application is mounted."""
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    root: str = scope.get("root_path", "")
    return path.removeprefix(quote(root).encode()) if root else path


@dataclass(slots=True)
class _Place:
    """What one call has of the room for large bodies, in bytes."""

    room: Room
    taken: int = 0


async def _whole(head: Call, receive: Receive, most: int, place: _Place) -> Call:
    """Return the call with its body, or with enough of it for the mock to see it is too large.

    Once much of it has come, the rest is read when there is room for all of it.
    """
    if head.body_size > most:  # declared: the mock needs to see no more
        return head
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Left
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
        if more and size > _LARGE and not place.taken:
            place.taken = await place.room.take(head.body_size or most)
    if size > _LARGE:  # to join 32 MiB takes 17 ms
        body = await run_sync(b"".join, chunks)
    else:
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    return head.with_body(body)


@dataclass
class _Caller:
    """Who waits for an answer: there, or gone."""

    gone: bool = False


_CALLER: ContextVar[_Caller | None] = ContextVar("_CALLER", default=None)


def caller_left() -> bool:
    """Whether the client is gone for whom this thread works; False where no door started it."""
    caller = _CALLER.get()
    return caller is not None and caller.gone


async def _done(work: Work, receive: Receive) -> Reply:
    """Do the work in a thread, in which `caller_left` tells when the client goes."""
    caller = _Caller()

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        caller.gone = True

    _CALLER.set(caller)
    watching = asyncio.create_task(watch())
    try:
        return await run_sync(work)
    except asyncio.CancelledError:  # the server ends
        caller.gone = True
        raise
    finally:
        watching.cancel()


async def _send(reply: Reply, method: str, send: Send) -> None:
    headers, body = reply_headers(reply), reply_body(reply, method)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.streamed:
        for piece in pieces(body):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        body = b""
    await send({"type": "http.response.body", "body": body})


def _text(status: int, said: str, *headers: tuple[str, str]) -> Reply:
    kind = ("content-type", "text/plain; charset=utf-8")
    return Reply(status, (kind, *headers), f"{said}\n".encode())
