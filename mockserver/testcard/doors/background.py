"""A real server in a thread of this process, whose mock can be changed while it runs.

Knows threads. Must not know pytest, or any one provider.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from threading import Thread
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from testcard.doors.callbacks import callbacks_sent
from testcard.doors.http import application
from testcard.doors.listening import PatientServer, listening_socket, server_config

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from testcard.mock.core import Mock

_SECONDS = 10.0
_GRACE_SECONDS = 1


class Background:
    """One server on a free port of 127.0.0.1.

    Attributes:
        base: its scheme, host and port.
    """

    def __init__(self) -> None:
        """Begin to listen; calls get 503 until there is a mock.

        Raises:
            RuntimeError: the server does not come up.
        """
        self._app: ASGIApp = _nobody
        self._senders = ExitStack()
        self._listening = listening_socket("127.0.0.1")
        self.base = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._server = PatientServer(server_config(self._serve, grace=_GRACE_SECONDS))
        self._thread = Thread(
            target=self._server.run, args=([self._listening],), name="testcard", daemon=True
        )
        self._thread.start()
        self._wait_until_up()

    def answer_with(self, mock: Mock | None) -> None:
        """Have `mock` answer from now on; nobody where it is None."""
        self._senders.close()
        self._senders.enter_context(callbacks_sent(mock))
        self._app = _nobody if mock is None else application(mock)

    def close(self) -> None:
        """Stop listening and end the thread."""
        self._senders.close()
        self._server.should_exit = True
        self._thread.join(_SECONDS)
        self._listening.close()

    def _wait_until_up(self) -> None:
        limit = time.monotonic() + _SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > limit:
                self.close()
                raise RuntimeError("testcard's server did not come up")
            time.sleep(0.005)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


async def _nobody(scope: Scope, receive: Receive, send: Send) -> None:
    answer = PlainTextResponse("no test that uses testcard_server is running now", 503)
    await answer(scope, receive, send)
