"""The respx door: a router with a route for each operation of the spec, for httpx and httpx2.

A door converts and waits; it decides nothing. Knows respx, httpx and httpcore.
Must not know a provider, a profile or what an answer says.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

import anyio
import httpcore
import httpx
import respx
from anyio.to_thread import run_sync
from respx.mocks import HTTPCoreMocker, Mocker
from respx.models import AllMockedAssertionError, PassThrough

from testcard.common.message import Call, Reply
from testcard.doors.inprocess import Inside, OtherHost, patience
from testcard.doors.wire import call_headers, pieces, reply_body, reply_headers

if TYPE_CHECKING:
    from respx.types import RouteResultTypes

    from testcard.common.operation import Operation
    from testcard.common.reading import Reading

_DELAY = "testcard_delay"
_ASYNC = "testcard_async"


class NotServed(OtherHost, AllMockedAssertionError):  # noqa: N818 (as OtherHost)
    """`OtherHost`, as respx says it: another respx router may still answer the call."""


class OperationRoute(respx.Route):
    """A route that the mock answers, unless a return value or side effect is given."""

    def __init__(self, router: RespxRouter, provider: str, operation: str, **lookups: Any) -> None:
        """Stand for an operation's calls, of those that match `lookups`.

        A call that a route of the user's own takes is that route's.
        """
        super().__init__(**lookups)
        self._router = router
        self._stands_for = provider, operation

    def __eq__(self, other: object) -> bool:
        """Whether both are the same operation's: two of one path may be at hosts of their own."""
        return isinstance(other, OperationRoute) and self._stands_for == other._stands_for

    __hash__ = None  # type: ignore[assignment]  # as respx has it: routes are compared, never kept

    def match(self, request: httpx.Request) -> RouteResultTypes:
        """Leave the call to a route of the user's own, wherever that stands."""
        if not self.pattern or not self.pattern.match(request):
            return None
        if self._router.asked_for(request) != self._stands_for:
            return None
        return None if self._router.has_own_route(request) else super().match(request)

    def resolve(self, request: httpx.Request, **kwargs: Any) -> RouteResultTypes:
        """Answer as the user said, else as the mock does."""
        if self.side_effect or self.return_value:
            return super().resolve(request, **kwargs)
        if request.extensions.pop(_ASYNC, False):
            return self._router.answered_aside(request)
        return self._router.answered(request)


class RespxRouter(respx.Router):
    """A respx router built from the specs: each operation's route has its operationId as name.

    Where two providers share an operationId, the names are `provider:operationId`.
    """

    def __init__(self, inside: Inside) -> None:
        """Route to the mock of `inside`."""
        super().__init__(assert_all_called=False)
        self._inside = inside
        self.restock()

    def restock(self) -> None:
        """Begin again: a route for each operation that is now served, no calls, no overrides."""
        self.routes.clear()
        self.reset()
        readings = [dialect.reading for dialect in self._inside.mock.dialects.values()]
        shared = Counter(each.id for reading in readings for each in reading.operations)
        for reading in readings:
            for operation in reading.operations:
                prefix = f"{reading.spec.id}:" if shared[operation.id] > 1 else ""
                self.add(self._route(reading, operation), name=prefix + operation.id)

    def _route(self, reading: Reading, operation: Operation) -> OperationRoute:
        aliases = operation.alias_patterns if reading.profile == "lenient" else ()
        paths = "|".join(_unnamed(each) for each in (operation.pattern, *aliases))
        lookups = {"method": operation.method, "path__regex": rf"^(?:{paths})\Z"}
        return OperationRoute(self, reading.spec.id, operation.id, **lookups)

    def __getitem__(self, name: str) -> respx.Route:
        """Return the route of this name; KeyError, listing the names there are, where none is."""
        try:
            return super().__getitem__(name)
        except KeyError:
            known = ", ".join(str(route.name) for route in self.routes if route.name)
            raise KeyError(f"no route is called {name!r}; there are: {known}") from None

    def asked_for(self, request: httpx.Request) -> tuple[str | None, str | None]:
        """Return provider and operationId of a request, by its host, port, method and path."""
        match = self._inside.mock.route(Call(request.method, str(request.url)))
        return match.provider, match.operation.id if match.operation else None

    def has_own_route(self, request: httpx.Request) -> bool:
        """Whether a route that the user added matches."""
        return any(
            route.pattern.match(request)
            for route in self.routes
            if route.pattern and not isinstance(route, OperationRoute)
        )

    def answered(self, request: httpx.Request) -> httpx.Response:
        """Have the mock answer one request, whose body has been read."""
        return _response(self._inside.answer(_call(request)), request)

    async def answered_aside(self, request: httpx.Request) -> httpx.Response:
        """Answer as `answered` does, painting where it holds no event loop up."""
        step = self._inside.begin(_call(request))
        reply = step if isinstance(step, Reply) else await run_sync(step)
        return _response(reply, request)

    def handler(self, request: httpx.Request) -> httpx.Response:
        """Answer a synchronous client.

        Raises:
            NotServed: the call is for another host.
            PassThrough: the host was allowed.
        """
        try:
            return super().handler(request)
        except AllMockedAssertionError:
            self._require_served(request)
            response = self.answered(request)
            self.record(request, response=response)
            return response

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        """Answer an asynchronous client; raises as `handler` does."""
        request.extensions[_ASYNC] = True
        try:
            return await super().async_handler(request)
        except AllMockedAssertionError:
            self._require_served(request)
            response = await self.answered_aside(request)
            self.record(request, response=response)
            return response
        finally:
            request.extensions.pop(_ASYNC, None)

    def _require_served(self, request: httpx.Request) -> None:
        url = str(request.url)
        if self._inside.takes(url):
            return
        if self._inside.allows(url):
            raise PassThrough(f"{url} was allowed", request=request, origin=respx.Route())
        raise NotServed(self._inside.refusal(request.method, url)) from None


@contextmanager
def intercepting(router: RespxRouter) -> Iterator[None]:
    """Send what every httpx and httpx2 client of this process asks to `router`.

    Raises:
        ModuleNotFoundError: httpx2 is installed and pytest-httpx2 is not.
    """
    mockers: list[tuple[type[Mocker], type[Exception]]] = [
        (HTTPCoreMocker, httpcore.ReadTimeout),
    ]
    if find_spec("httpcore2"):
        mockers.append(_httpcore2())
    with ExitStack() as stack:
        for mocker, timed_out in mockers:
            patient = cast("respx.Router", _PatientRouter(router, timed_out))
            mocker.register(patient)
            stack.callback(mocker.stop)
            stack.callback(mocker.unregister, patient)
            mocker.start()
        yield


def _httpcore2() -> tuple[type[Mocker], type[Exception]]:
    import httpcore2
    import pytest_httpx2  # noqa: F401 (makes respx see httpcore2)

    return Mocker.registry["httpcore2"], httpcore2.ReadTimeout


class _PatientRouter:
    """A router as one library's clients meet it: with the delays of its answers waited for."""

    def __init__(self, router: RespxRouter, timed_out: type[Exception]) -> None:
        self._router = router
        self._timed_out = timed_out

    def handler(self, request: httpx.Request) -> httpx.Response:
        response = self._router.handler(request)
        seconds, given_up = _patience(request, response)
        time.sleep(seconds)
        return self._kept(response, given_up=given_up)

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        response = await self._router.async_handler(request)
        seconds, given_up = _patience(request, response)
        if seconds:
            await anyio.sleep(seconds)
        return self._kept(response, given_up=given_up)

    def _kept(self, response: httpx.Response, *, given_up: bool) -> httpx.Response:
        if given_up:
            raise self._timed_out("the answer came later than the client waits")
        return response


class _Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that is sent in pieces, to either kind of client."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield from pieces(self._body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


def _unnamed(pattern: re.Pattern[str]) -> str:
    return re.sub(r"\?P<\w+>", "", pattern.pattern)  # respx hands named groups to side effects


def _call(request: httpx.Request) -> Call:
    headers = call_headers(request.headers.raw)
    return Call(request.method, str(request.url), headers, request.content)


def _response(reply: Reply, request: httpx.Request) -> httpx.Response:
    headers, body = reply_headers(reply), reply_body(reply, request.method)
    extensions = {_DELAY: reply.delay} if reply.delay else {}
    if not reply.streamed:
        return httpx.Response(
            reply.status,
            headers=headers,
            content=body,
            request=request,
            extensions=extensions,
        )
    response = httpx.Response(
        reply.status,
        headers=headers,
        stream=_Chunks(body),
        request=request,
        extensions=extensions,
    )
    response.read()  # so that `route.calls.last.response.content` is there to look at
    return response


def _patience(request: httpx.Request, response: httpx.Response) -> tuple[float, bool]:
    limit = request.extensions.get("timeout", {}).get("read")
    return patience(response.extensions.pop(_DELAY, 0.0), limit)
