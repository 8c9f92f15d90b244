"""The HTTP door: FastAPI applications around a Mock, one for each provider.

A door converts and waits; it decides nothing. Knows ASGI and FastAPI.
Must not know a provider, a profile or what an answer says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.requests import ClientDisconnect

from testcard.common.message import Call, Reply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from testcard.mock.core import Mock
    from testcard.mock.dialect import Dialect
    from testcard.mock.turn import Work

_CHUNK = 16 << 10
_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def application(mock: Mock) -> ASGIApp:
    """Return one ASGI application that answers for every provider of `mock`.

    `/{provider}/…` goes to that provider's FastAPI application; everything else, calls to a
    provider's own host among it, to the mock as it is.
    """
    apps = {name: provider_application(mock, dialect) for name, dialect in mock.dialects.items()}
    rest = FastAPI(title="testcard", docs_url=None, redoc_url=None, openapi_url=None)
    rest.add_api_route("/{path:path}", _endpoint(mock), methods=_EVERY_METHOD)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await rest(scope, receive, send)
            return
        first = scope["path"].removeprefix("/").partition("/")[0]
        if first in apps:
            scope["root_path"] = f"{scope.get('root_path', '')}/{first}"
            await apps[first](scope, receive, send)
            return
        await rest(scope, receive, send)

    return app


def provider_application(mock: Mock, dialect: Dialect) -> FastAPI:
    """Return the FastAPI application of one provider: a route for each of its operations."""
    spec = dialect.reading.spec
    app = FastAPIOffline(
        title=spec.title,
        openapi_url="/docs/openapi.json",  # what the docs page reads: with this server added
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/assets",
        swagger_ui_parameters={"validatorUrl": None},
    )
    app.openapi = lambda: spec.source  # type: ignore[method-assign]
    text, data = spec.path.read_text(encoding="utf-8"), orjson.dumps(spec.source)

    async def as_yaml() -> Response:
        return PlainTextResponse(text, media_type="application/yaml")

    async def as_json() -> Response:
        return Response(data, media_type="application/json")

    async def home() -> Response:
        return RedirectResponse(f"/{spec.id}/docs")

    app.add_api_route("/openapi.yaml", as_yaml, include_in_schema=False)
    app.add_api_route("/openapi.json", as_json, include_in_schema=False)
    app.add_api_route("/", home, include_in_schema=False)
    endpoint = _endpoint(mock)
    for operation in dialect.reading.operations:
        app.router.add_api_route(
            operation.path,
            endpoint,
            methods=[operation.method],
            operation_id=operation.id,
            name=operation.id,
            summary=operation.node["summary"],
            route_class_override=_Route,
        )
    app.add_api_route(
        "/{path:path}", endpoint, methods=_EVERY_METHOD, include_in_schema=False, name="anything"
    )
    return app


class _Route(APIRoute):
    """A FastAPI route whose endpoint takes the Request itself: no parameters to resolve."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        return self.endpoint


def _endpoint(mock: Mock) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            call = await _call(request, mock.house.largest_body)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except ValueError as error:
            return PlainTextResponse(f"this is no URL: {error}", 400)
        step = mock.begin(call)
        try:
            reply = step if isinstance(step, Reply) else await _done(request, step)
        except asyncio.CancelledError:
            return PlainTextResponse("testcard was stopped amid this call", 503)
        if reply.delay:
            with suppress(asyncio.CancelledError):  # a server that ends waits no longer
                await asyncio.sleep(reply.delay)
        return _response(reply)

    return endpoint


@dataclass
class _Caller:
    """Who waits for an answer: there, or gone."""

    gone: bool = False


_CALLER: ContextVar[_Caller | None] = ContextVar("_CALLER", default=None)


def caller_left() -> bool:
    """Whether the client is gone for whom this thread works; False where no door started it."""
    caller = _CALLER.get()
    return caller is not None and caller.gone


async def _done(request: Request, work: Work) -> Reply:
    """Do the work in a thread, in which `caller_left` tells when the client goes."""
    caller = _Caller()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
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


async def _call(request: Request, most: int) -> Call:
    headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers.raw)
    head = Call(request.method, _url(request.scope), headers)
    if head.body_size > most:  # declared: the mock needs to see no more
        return head
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size > most:  # enough for the mock to see that it is too much
            break
    return replace(head, body=b"".join(chunks))


def _url(scope: Scope) -> str:
    """Return the URL as the client wrote it: escapes in the path as they came.

    Raises:
        ValueError: its host is none.
    """
    host = next((v for k, v in scope["headers"] if k == b"host"), None)
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    here = host.decode("latin-1") if host else ":".join(str(part) for part in scope["server"])
    tail = b"?" + query if query else b""
    url = f"{scope['scheme']}://{here}{(path + tail).decode('latin-1')}"
    urlsplit(url)
    return url


def _response(reply: Reply) -> Response:
    headers = dict(reply.headers)
    if reply.streamed:
        return StreamingResponse(_chunks(reply.body), reply.status, headers)
    return Response(reply.body, reply.status, headers)


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _CHUNK):
        yield body[start : start + _CHUNK]
