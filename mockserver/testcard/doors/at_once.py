"""Calls that are answered as soon as they are read, without an application around them.

Most calls to a mock are small, come whole and need no waiting. For such a one uvicorn's way (a task
that begins with the head, an event for its body, a message for each half of the answer) costs more
than the answer does. Here its head waits for its body, both are handed over in one go, and the
answer is written. Whatever is not so simple goes uvicorn's way, from the same bytes.

Knows HTTP/1.1 and uvicorn. Must not know mocks or providers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from testcard.doors.protocol import Awaiting, HttpProtocol

if TYPE_CHECKING:
    from starlette.types import Scope

    from testcard.doors.wire import RawHeaders

Answer = tuple[int, "RawHeaders", bytes]
"""Status, headers and body; the connection is kept."""

AtOnce = Callable[["Scope", bytes], Answer | None]
"""Answers a whole call, or leaves it, and what it put into the scope, to the application."""

_LONGEST: Final = 200_000  # bytes of a body
_SMALL: Final = 16 << 10  # bytes that are rather copied than written by themselves
_DIGITS: Final = 7  # of a length that is short enough
_OF_ITS_OWN: Final = frozenset({b"origin", b"expect", b"transfer-encoding", b"upgrade"})


class AtOnceProtocol(HttpProtocol):
    """One connection of a server, whose simple calls are answered at once."""

    def __init__(self, *given: Any, at_once: AtOnce, **named: Any) -> None:
        """Take what an `HttpProtocol` takes, and who answers simple calls."""
        super().__init__(*given, **named)
        self._at_once = at_once
        self._held = False  # whether a head waits for its body
        self._fresh = True  # whether nothing was answered at once since bytes were last read

    def data_received(self, data: bytes) -> None:
        """Read on; of many calls in one piece the first alone is answered at once."""
        self._fresh = True
        super().data_received(data)

    def on_message_complete(self) -> None:
        """Answer the call whose head waited, or let the application do so."""
        if not self._held:
            super().on_message_complete()
            return
        self._held = self._fresh = False
        pieces, self._pieces = self._pieces, []
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        answer = self._at_once(self._whole_scope(), body)
        if answer is None:
            self._pieces = [body] if body else []
            super()._begin_cycle()
            super().on_message_complete()
            return
        self._reading, self._waiting = Awaiting.NOTHING, 0
        self.server_state.total_requests += 1
        self._expect(self._deadlines.idle)
        self._write(*answer)

    def shutdown(self) -> None:
        """End once what came so far is answered."""
        self._let_go()
        super().shutdown()

    def _begin_cycle(self) -> None:
        self._held = self._is_simple()
        if not self._held:
            super()._begin_cycle()

    def _is_unwanted(self) -> bool:
        return not self._held and super()._is_unwanted()

    def _hand_over(self) -> None:
        self._let_go()
        super()._hand_over()

    def _let_go(self) -> None:
        """Let the application begin with a head that waited."""
        if self._held:
            self._held = False
            super()._begin_cycle()

    def _is_simple(self) -> bool:
        """Whether the call is alone, small, of a declared length, and asks nothing of HTTP."""
        idle = self.cycle is None or self.cycle.response_complete
        if not (idle and self._fresh) or self.pipeline or self.flow.write_paused:
            return False
        parser = self.parser
        if parser.get_method() != b"POST" or parser.get_http_version() != "1.1":
            return False
        headers = dict(self.headers)
        if not _OF_ITS_OWN.isdisjoint(headers):
            return False
        length = headers.get(b"content-length", b"")
        return 0 < len(length) < _DIGITS and int(length) <= _LONGEST and parser.should_keep_alive()

    def _whole_scope(self) -> Scope:
        scope, url = cast("Scope", self.scope), httptools.parse_url(self.url)
        scope["method"] = "POST"
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        return scope

    def _write(self, status: int, headers: RawHeaders, body: bytes) -> None:
        lines = [STATUS_LINE[status]]
        for name, value in (*self.server_state.default_headers, *headers):
            lines += (name, b": ", value, b"\r\n")
        lines.append(b"\r\n")
        if len(body) <= _SMALL:
            lines.append(body)
            self.transport.write(b"".join(lines))
        else:
            self.transport.write(b"".join(lines))
            self.transport.write(body)
