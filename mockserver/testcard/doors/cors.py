"""Which pages of other origins may call: all of them the providers, none of them testcard itself.

As Prism has it, by default. What a browser asks beforehand is answered here: it is no call of the
client's own, so no mock sees it.

Knows ASGI and Starlette's CORS. Must not know a mock or a provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.cors import ALL_METHODS, CORSMiddleware

from testcard.common.addresses import ADMIN_PREFIX

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_DAY = 24 * 60 * 60


def sharing(app: ASGIApp) -> ASGIApp:
    """Return `app`, with answers to other origins marked as theirs to read."""
    shared = CORSMiddleware(
        app,
        allow_origin_regex=".*",
        allow_methods=(*ALL_METHODS, "PROPFIND", "TRACE"),
        allow_headers="*",
        allow_credentials=True,
        allow_private_network=True,
        expose_headers="*",
        max_age=_DAY,
    )

    async def by_origin(scope: Scope, receive: Receive, send: Send) -> None:
        foreign = scope["type"] == "http" and _foreign(scope)
        await (shared if foreign else app)(scope, receive, send)

    return by_origin


def _foreign(scope: Scope) -> bool:
    for name, _ in scope["headers"]:
        if name == b"origin":
            return not scope["path"].startswith(ADMIN_PREFIX)
    return False
