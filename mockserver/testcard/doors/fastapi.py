"""One provider as a FastAPI application: a route for each operation, its spec and its docs.

It can be mounted in an application of a user's own, wherever that likes.

Knows FastAPI and the HTTP door. Must not know a provider, a profile or what an answer says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.requests import Request

from testcard.doors.alternatives import with_alternatives
from testcard.doors.docs import docs_document
from testcard.doors.endpoint import Answering, Door

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from testcard.mock.dialect import Dialect

_PAGE: Mapping[str, Any] = {
    "validatorUrl": None,
    "docExpansion": "list",
    "defaultModelsExpandDepth": 0,
    "persistAuthorization": True,
    "tryItOutEnabled": True,
}
"""How Swagger begins: everything folded, nothing asked of elsewhere, a key kept."""


def provider_application(mock: Answering, dialect: Dialect) -> FastAPI:
    """Return the FastAPI application of one provider: a route for each of its operations.

    What no route takes goes to the mock as well: it answers in the provider's words.
    """
    spec = dialect.reading.spec
    app = FastAPIOffline(
        title=spec.title,
        openapi_url="/docs/openapi.json",  # what the docs page reads: with this server added
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/assets",
        swagger_ui_parameters=dict(_PAGE),
        redirect_slashes=False,
    )
    shown = docs_document(spec)
    app.openapi = lambda: shown  # type: ignore[method-assign]
    data = orjson.dumps(with_alternatives(spec.source))
    _serve_spec(app, spec.path.read_text(encoding="utf-8"), data)
    door = Door(mock, f"/{spec.id}")
    for operation in dialect.reading.operations:
        for base in dict.fromkeys(each.base for each in operation.servers):
            route = _Route(
                base + operation.template,
                door,
                methods=[operation.method],
                operation_id=operation.id,
                name=operation.id,
                summary=operation.node["summary"],
            )
            app.router.routes.append(route)
    app.router.default = door
    return app


class _Route(APIRoute):
    """A FastAPI route that hands the ASGI call over as it is, whatever its method."""

    def __init__(self, path: str, door: Door, **options: Any) -> None:
        super().__init__(path, _declared, **options)
        self._door = door

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._door(scope, receive, send)


async def _declared(_: Request) -> None:
    """Stand where FastAPI wants an endpoint to look at."""


def _serve_spec(app: FastAPI, text: str, data: bytes) -> None:
    async def as_yaml() -> Response:
        return PlainTextResponse(text, media_type="application/yaml")

    async def as_json() -> Response:
        return Response(data, media_type="application/json")

    async def home(request: Request) -> Response:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/docs")

    for path, endpoint in (("/openapi.yaml", as_yaml), ("/openapi.json", as_json), ("/", home)):
        app.add_api_route(path, endpoint, include_in_schema=False, methods=["GET", "HEAD"])
    for route in app.routes:
        if isinstance(route, APIRoute):
            route.methods = {*(route.methods or ()), "HEAD"}
