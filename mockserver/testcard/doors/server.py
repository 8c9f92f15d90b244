"""A mock on a port: socket and uvicorn.

Knows uvicorn. Must not know providers, the terminal, or decide anything.
"""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from testcard.doors.callbacks import callbacks_sent
from testcard.doors.http import application, at_once
from testcard.doors.listening import PatientServer, listening_socket, server_config

if TYPE_CHECKING:
    from testcard.mock.core import Mock

_GRACE_SECONDS = 3
_ALL = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 (to tell it)


def serve_until_stopped(
    mock: Mock,
    host: str,
    port: int,
    ready: Callable[[str], None],
    stopped: Callable[[], None] = lambda: None,
    *,
    cors: bool = True,
) -> None:
    """Serve `mock` until SIGINT or SIGTERM.

    Args:
        mock: what answers.
        host: address to listen on.
        port: 0 takes a free one.
        ready: called with the base URL once the port is open.
        stopped: called once the last call is answered; a signal may end the process after it.
        cors: whether pages of other origins may call the providers.

    Raises:
        OSError: the address cannot be listened on; the message says which.
    """
    listening = listening_socket(host, port)
    app = application(mock, cors=cors)
    config = server_config(app, grace=_GRACE_SECONDS, at_once=at_once(mock))
    gc.freeze()  # what is imported stays, and looking through it would hold up every call
    ready(base_url(host, listening.getsockname()[1]))
    with suppress(KeyboardInterrupt), listening, callbacks_sent(mock):
        _Server(config, stopped).run(sockets=[listening])


def base_url(host: str, port: int) -> str:
    """Return a URL at which a server that listens on `host` can be called from this machine.

    An address that stands for all of a machine's (`0.0.0.0`, `::`) is none to call.
    """
    name = _ALL.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


class _Server(PatientServer):
    """A server that tells when its last call is answered, before a signal ends the process."""

    def __init__(self, config: uvicorn.Config, stopped: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopped = stopped

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self._stopped()
