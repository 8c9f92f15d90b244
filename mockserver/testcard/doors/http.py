"""The HTTP door: a Mock as an ASGI application.

Calls go to the mock straight from ASGI; FastAPI comes in for the pages about each provider,
and is imported when the first of these is asked for.

A door converts and waits; it decides nothing. Knows ASGI.
Must not know a provider, a profile or what an answer says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from anyio.to_thread import run_sync

from testcard.doors.cors import sharing
from testcard.doors.endpoint import Answering, Door, path_of
from testcard.mock.routing import normal_path

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from testcard.doors.at_once import AtOnce

_PAGE: Final = re.compile(r"/(?P<provider>[^/]+)(?:/?|/docs(?:/.*)?|/openapi\.(?:json|yaml))")


def application(mock: Answering, *, cors: bool = True) -> ASGIApp:
    """Return one ASGI application that answers for every provider of `mock`.

    The pages about a provider (`/{provider}/docs`, `/{provider}/openapi.yaml`) come from its
    FastAPI application; everything else, calls to a provider's own host among it, goes to the mock.

    Args:
        mock: who answers.
        cors: whether pages of other origins may call the providers.
    """
    door, pages = Door(mock), _Pages(mock)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (pages.find(scope) or door)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            raise ValueError(f"an ASGI scope of type http was expected, {scope['type']!r} came")

    return sharing(app) if cors else app


def at_once(mock: Answering) -> AtOnce:
    """Return what answers for `mock` the calls that need neither `application` nor any waiting."""
    return Door(mock).at_once


class _Pages:
    """The FastAPI applications of the providers, each made when its first page is asked for."""

    def __init__(self, mock: Answering) -> None:
        self._mock = mock
        self._made: dict[str, Any] = {}

    def find(self, scope: Scope) -> ASGIApp | None:
        """Return what answers for a page about a provider; None where a call is none to such."""
        if scope["method"] not in ("GET", "HEAD"):
            return None
        found = _PAGE.fullmatch(normal_path(path_of(scope).decode("latin-1")))
        if found is None or found["provider"] not in self._mock.dialects:
            return None
        name = found["provider"]

        async def page(scope: Scope, receive: Receive, send: Send) -> None:
            if name not in self._made:
                self._made[name] = await run_sync(self._make, name)
            root = f"{scope.get('root_path', '')}/{name}"
            path = scope["path"] + "/" * (scope["path"] == root)
            await self._made[name]({**scope, "root_path": root, "path": path}, receive, send)

        return page

    def _make(self, name: str) -> ASGIApp:
        from testcard.doors.fastapi import provider_application

        return provider_application(self._mock, self._mock.dialects[name])


async def _live(receive: Receive, send: Send) -> None:
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
