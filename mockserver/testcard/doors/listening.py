"""What every server of testcard listens with: one socket, one set of uvicorn's options.

Knows sockets and uvicorn. Must not know mocks, providers or what is served.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from testcard.doors.at_once import AtOnce, AtOnceProtocol
from testcard.doors.deadlines import Deadlines
from testcard.doors.protocol import HttpProtocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_BACKLOG = 1024
_LAST_SECONDS = 1.0


def listening_socket(host: str, port: int = 0) -> socket.socket:
    """Return a socket that listens, and says that it speaks TCP.

    asyncio turns Nagle's algorithm off only on such a one. One made by `socket.socket(AF_INET)`
    says 0, and the second of two small writes waits for the client's delayed acknowledgement.

    Args:
        host: address to listen on; with a colon, one of IPv6.
        port: 0 takes a free one.

    Raises:
        OSError: the address cannot be listened on; the message says which.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        todo = "choose another --port (0 takes a free one) or --host"
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}; {todo}") from error
    return listening


def server_config(
    app: ASGIApp,
    *,
    grace: float,
    deadlines: Deadlines = Deadlines(),  # noqa: B008 (frozen)
    http: Callable[..., asyncio.Protocol] | None = None,
    at_once: AtOnce | None = None,
    **options: Any,
) -> uvicorn.Config:
    """Return uvicorn's options.

    Args:
        app: what answers.
        grace: seconds that calls in flight are given when the server ends.
        deadlines: how long clients are waited for.
        http: another protocol; `HttpProtocol` with `deadlines` where none is given.
        at_once: who answers simple calls ahead of `app`.
        options: more of uvicorn's own.
    """
    ours = partial(AtOnceProtocol, at_once=at_once) if at_once else HttpProtocol
    protocol = http or partial(ours, deadlines=deadlines)
    settings = {
        "interface": "asgi3",
        "lifespan": "off",
        "ws": "none",
        "log_config": None,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": grace,
        **options,
    }
    return uvicorn.Config(app, http=cast("type[asyncio.Protocol]", protocol), **settings)


class PatientServer(uvicorn.Server):
    """uvicorn, which ends when the last answer has left: those too of calls that it cut short."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, then wait for calls and connections to end."""
        await super().shutdown(sockets)
        limit = asyncio.get_running_loop().time() + _LAST_SECONDS
        while self.server_state.tasks or self.server_state.connections:
            if asyncio.get_running_loop().time() > limit:
                return
            await asyncio.sleep(0.01)
