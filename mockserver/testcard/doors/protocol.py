"""HTTP/1.1 on one connection: uvicorn's protocol, made to bear with every kind of client.

What it does otherwise than uvicorn's own, on httptools:

- A call that offers an upgrade (`Upgrade: h2c`, `Upgrade: websocket`) is answered as the call it
  is, with its body: nothing here speaks another protocol, and RFC 9110 (7.8) lets a server pass
  an offer over.
- Whoever ends its side after its calls is answered still; who is gone is noticed.
- Nonsense behind a whole call does not take that call's answer away.
- A head or a body that does not come is waited for no longer than `Deadlines` say.

Knows HTTP/1.1, uvicorn and httptools. Must not know ASGI applications, mocks or providers.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.protocols.utils import is_ssl

from testcard.doors.deadlines import Deadlines
from testcard.doors.transport import Corked, Flow, SoftEnd

if TYPE_CHECKING:
    from uvicorn.server import ServerState

_MOST_HEAD: Final = 64 << 10
_MOST_WAITING: Final = 256 << 10  # bytes of a body that are read ahead of the application
_PIECE: Final = 64  # bytes that each piece counts for beside its own
_STILL_THERE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Awaiting(Enum):
    """Which part of a call comes next."""

    NOTHING = "nothing"
    HEAD = "head"
    BODY = "body"


class HttpProtocol(HttpToolsProtocol):
    """One connection of a server, plain or within TLS."""

    def __init__(
        self,
        config: Any,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        deadlines: Deadlines = Deadlines(),  # noqa: B008 (frozen)
    ) -> None:
        """Take what uvicorn gives to every protocol of a server."""
        super().__init__(config, server_state, app_state, _loop)
        self._deadlines = deadlines
        self._step = min(deadlines.head, deadlines.body, deadlines.idle)
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._reading = Awaiting.NOTHING
        self._head_size = 0
        self._around = 0  # bytes since the last of a body
        self._measured = False  # whether the body's length is declared
        self._pieces: list[bytes] = []  # of the body, not handed over yet
        self._waiting = 0  # bytes of these
        self._declined: list[tuple[bytes, bytes]] | None = None
        self._deaf = False  # whether what still comes is passed over
        self._running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a call."""
        super().connection_made(transport)
        self.flow = Flow(transport, lambda: not self.pipeline)
        self._corked = Corked(transport, self._answering)
        self._end = SoftEnd(transport, self.loop, self._deadlines.linger)
        self._expect(self._deadlines.head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who works for this client that it is gone."""
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, through offers of an upgrade."""
        self._around += (size := len(data))
        while data and not self._deaf:
            try:
                self.parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as offer:
                data = self._decline(data[offer.args[0] :])
            except httptools.HttpParserError as error:
                self._give_up(400, f"this is no HTTP/1.1 call: {error}")
        if self._deaf:
            return
        if self._pieces and not self._measured:
            self._hand_over()
        if self._reading is Awaiting.HEAD:
            self._head_size += size
            if self._head_size > _MOST_HEAD:
                self._give_up(431, f"the head of this call is longer than {_MOST_HEAD} bytes")
        elif self._reading is Awaiting.BODY and self._around > _MOST_HEAD:
            self._give_up(431, f"more than {_MOST_HEAD} bytes came that are none of the body's")

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer what was asked, though the client says no more; asyncio's TLS cannot."""
        if is_ssl(self.transport):
            return False
        if not self._deaf:
            self._give_up(400, "the call ended before it was whole")
        if self._end.ended or self.transport.is_closing():
            return False
        self.loop.call_later(self._deadlines.probe, self._probe)
        return True

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._reading = Awaiting.HEAD
        self._expect(self._deadlines.head)
        self._measured = False
        self._head_size = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one header; what stands behind a body is passed over (RFC 9110, 6.5.1)."""
        if self._reading is Awaiting.BODY:
            return
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Hand the call over, unless it offers an upgrade: then it is read again without."""
        if self.parser.should_upgrade():
            return
        if self._declined is not None:
            self.headers[:], self._declined = self._declined, None
        headers = dict(self.headers)
        self._measured = b"content-length" in headers
        self.expect_100_continue = headers.get(b"expect", b"").lower() == b"100-continue"
        self._reading = Awaiting.BODY
        self._around = 0
        self._pieces, self._waiting = [], 0
        self._due = self.loop.time() + self._deadlines.body
        self._begin_cycle()

    def _begin_cycle(self) -> None:
        super().on_headers_complete()  # the application reads the body as it comes

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body; what came is handed over once a read, or where it is much."""
        self._due = self.loop.time() + self._deadlines.body
        self._around = 0
        if self._is_unwanted():
            return
        self._pieces.append(body)
        self._waiting += len(body) + _PIECE
        if self._waiting > _MOST_WAITING:
            self._hand_over()
            self.flow.pause_reading()

    def _is_unwanted(self) -> bool:  # the body: its call is answered
        return bool(self.cycle.response_complete)

    def on_message_complete(self) -> None:
        """Wait for nothing more of this call."""
        if self.parser.should_upgrade():
            return
        self._reading = Awaiting.NOTHING
        self._due = None
        self._hand_over()
        if self.cycle.response_complete:  # it was refused before it was read
            self._expect(self._deadlines.idle)
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        if cycle.transport is self.transport:
            self._corked.begin()
            cycle.transport = cast("asyncio.Transport", self._corked)
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on to the next call, or wait for one."""
        self.server_state.total_requests += 1
        self._corked.flush()
        if self._end.ended or self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._reading is Awaiting.NOTHING:
            self._expect(self._deadlines.idle)
        self.flow.resume_reading()

    def _hand_over(self) -> None:
        """Let the application read what came: as it came where that is one piece, uncopied."""
        cycle, pieces = self.cycle, self._pieces
        self._pieces, self._waiting = [], 0
        if not pieces:
            return
        if cycle.body:
            pieces.insert(0, bytes(cycle.body))
        whole = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        cycle.body = cast("bytearray", whole)  # which uvicorn reads, and puts another in its place
        cycle.message_event.set()
        if len(whole) > _MOST_WAITING:
            self.flow.pause_reading()

    def _decline(self, rest: bytes) -> bytes:
        """Return the call as it would stand without its offer, and a parser to read it with."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if method == b"CONNECT":
            self._give_up(400, "this server is no proxy; CONNECT is not answered")
            return b""
        lines = [b"%s %s HTTP/%s" % (method, self.url, version.encode())]
        lines += [b"%s: %s" % each for each in self.headers if each[0] != b"upgrade"]
        self._declined = self.headers
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"\r\n".join([*lines, b"", rest])

    def _give_up(self, status: int, said: str) -> None:
        """Hear no more of this client: its whole calls are answered, a part of one is refused."""
        self._deaf, self._due = True, None
        last = self.cycle
        if last is not None and not last.response_complete:
            if not last.more_body:
                self._end_after(last)
                return
            if self.pipeline:  # what is not whole stands behind whole calls
                self.pipeline.popleft()
                ahead = self.pipeline[0][0] if self.pipeline else cast("Any", self._running)
                self._end_after(ahead)
                return
            last.disconnected = True
            last.message_event.set()
        began = last is not None and last.more_body and last.response_started
        if self._reading is not Awaiting.NOTHING and not began:
            self._say(status, said)
            self._end.close()
        else:
            self.transport.close()

    def _answering(self) -> bool:
        return self._running is not None and self._running.response_started

    def _end_after(self, cycle: RequestResponseCycle) -> None:
        self.cycle = cycle
        cycle.keep_alive = False
        self._corked.flush()
        cycle.transport = cast("asyncio.Transport", self._end)

    def _say(self, status: int, said: str) -> None:
        body = f"{said}\n".encode("ascii", "replace")
        self.transport.write(
            b"%scontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%s" % (STATUS_LINE[status], len(body), body)
        )

    def _expect(self, seconds: float) -> None:
        self._due = self.loop.time() + seconds
        if self._timer is None:
            self._timer = self.loop.call_later(self._step, self._look)

    def _look(self) -> None:
        """See whether what is waited for is late; one timer a connection, not one a call."""
        self._timer = None
        if self._due is None or self.transport.is_closing():
            return
        now = self.loop.time()
        if self.flow.read_paused:  # it is we who do not read
            self._due = max(self._due, now + self._step)
        if self._due > now:
            self._timer = self.loop.call_later(min(self._due - now, self._step), self._look)
        else:
            self._give_up(408, f"the {self._reading.value} of this call did not come in time")

    def _probe(self) -> None:
        """Find out if a client that says no more still listens; every client passes over a 100."""
        cycle = self._running
        if cycle is None or self.transport.is_closing():
            return
        if not cycle.response_started and cycle.scope["http_version"] == "1.1":
            self.transport.write(_STILL_THERE)
        self.loop.call_later(self._deadlines.probe, self._probe)
