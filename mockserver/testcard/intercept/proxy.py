"""The intercepting proxy: calls to chosen hosts, by HTTPS or HTTP, end here and are answered.

A client asks by CONNECT for a tunnel to `api.example:443`. The tunnel's other end is in this
process: TLS with a certificate for that host, then the doors' HTTP protocol over the same
application that serves a port. Nothing is relayed. Calls by plain HTTP come to the application
as they are.

Knows TLS, uvicorn and the CONNECT method. Must not know any one provider.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import uvicorn

from testcard.common.message import Headers
from testcard.doors.deadlines import Deadlines
from testcard.doors.listening import PatientServer, listening_socket, server_config
from testcard.doors.protocol import HttpProtocol
from testcard.intercept.guard import CHALLENGE, REFUSAL, Guard
from testcard.intercept.handshake import SETTLING_SECONDS, Inner, shake_hands
from testcard.intercept.tunnel import dig

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn.server import ServerState

ADDRESS: Final = "127.0.0.1"

_MOST_HEAD: Final = 16 << 10
_DEADLINES: Final = Deadlines(idle=75)  # a kept tunnel saves its next call a handshake
_GRACE_SECONDS: Final = 1
_START_SECONDS: Final = 20
_CONNECT: Final = b"CONNECT "
_END: Final = b"\r\n\r\n"
_OPEN: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Contexts(Protocol):
    """Gives a host's TLS context, as a mapping does."""

    def get(self, host: str, /) -> ssl.SSLContext | None:
        """Return it; None where tunnels to the host do not end here."""
        ...


@dataclass(frozen=True, slots=True)
class Gates:
    """Where tunnels lead.

    Attributes:
        contexts: gives the TLS context of a host whose tunnels end here.
        allowed: hosts and ports to which tunnels go out.
        refuse: told host and port of every other tunnel; returns what the client is told.
        opened: told the host of every tunnel that ends here.
        guard: says who may come in at all.
    """

    contexts: Contexts
    allowed: Collection[tuple[str, int]]
    refuse: Callable[[str, int], str]
    opened: Callable[[str], None]
    guard: Guard


@contextmanager
def proxying(
    app: ASGIApp, gates: Gates, also: Mapping[tuple[str, int], Collection[str]] | None = None
) -> Iterator[int]:
    """Run the proxy on a free port of 127.0.0.1, in a thread; yield the port.

    Its ports are closed when the block ends, however it does.

    Args:
        app: what answers.
        gates: where tunnels lead, and who may come in.
        also: further addresses and ports that are listened on -> whose they are.

    Raises:
        OSError: it did not start, or cannot listen there.
    """
    transports: set[asyncio.Transport] = set()
    server = _Server(_config(app, gates, transports), transports)
    with ExitStack() as open_:
        listening = open_.enter_context(listening_socket(ADDRESS))
        more = [open_.enter_context(_in_place_of(*each)) for each in (also or {}).items()]
        sockets = [listening, *more]
        thread = Thread(target=server.run, args=(sockets,), name="testcard proxy", daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(_GRACE_SECONDS + 2)


def _in_place_of(there: tuple[str, int], whose: Collection[str]) -> socket.socket:
    try:
        return listening_socket(*there)
    except OSError as error:
        told = f"{' and '.join(whose)} is served at {there[0]}:{there[1]}, and this run cannot be"
        todo = "end what listens there, or leave the spec out"
        raise OSError(f"{told} ({error.__cause__ or error}): {todo}") from error


class _Server(PatientServer):
    """A server that leaves no connection behind, not even one that its client keeps open."""

    def __init__(self, config: uvicorn.Config, transports: set[asyncio.Transport]) -> None:
        super().__init__(config)
        self._transports = transports

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for transport in tuple(self._transports):
            transport.abort()
        await asyncio.sleep(SETTLING_SECONDS)


def _config(app: ASGIApp, gates: Gates, transports: set[asyncio.Transport]) -> uvicorn.Config:
    class Gate(_Gate):
        of_run = gates
        of_server = transports

    return server_config(
        app,
        grace=_GRACE_SECONDS,
        http=Gate,
        loop="asyncio",  # of the two, the faster one over TLS
    )


def _wait_until_started(server: uvicorn.Server, thread: Thread) -> None:
    waited = 0.0
    while not server.started:
        thread.join(0.005)
        waited += 0.005
        if not thread.is_alive() or waited > _START_SECONDS:
            raise OSError("the proxy did not start")


class _Gate(asyncio.Protocol):
    """The first bytes of one connection: the head of a tunnel, or HTTP as ever.

    What comes after is another protocol's: the doors', or a tunnel's.
    """

    of_run: Gates
    of_server: set[asyncio.Transport]

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Take what uvicorn gives to every protocol of a server."""
        self._loop = _loop or asyncio.get_event_loop()
        self._parts = (config, server_state, app_state, self._loop)
        self._connections = cast("set[Any]", server_state.connections)
        self._transport: asyncio.Transport
        self._head = b""
        self._opening: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See that small answers do not wait."""
        self._transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.add(self)
        self.of_server.difference_update([each for each in self.of_server if each.is_closing()])
        self.of_server.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        del exc
        self._connections.discard(self)

    def shutdown(self) -> None:
        """Close, as uvicorn asks of every connection when a server ends."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Look at the first bytes until it is clear what they are, and whose."""
        self._head += data
        if self._opening is not None:
            return
        head, end, _ = self._head.partition(_END)
        if not self._head.lstrip(b"\r\n")[:1].isalpha():
            self._say(400, "this is no HTTP call: one for an https:// URL begins with CONNECT")
        elif len(head) > _MOST_HEAD:
            self._say(431, "the head of this call is too long")
        elif end:
            self._on_head(head + end)

    def _on_head(self, head: bytes) -> None:
        ends = (self._transport.get_extra_info(name)[:2] for name in ("peername", "sockname"))
        if not self.of_run.guard.admits(head, *ends):
            self._say(407, REFUSAL, CHALLENGE)
        elif head.startswith(_CONNECT):
            self._on_connect(head.split(b" ", 2)[1].decode("latin-1"))
        else:
            self._serve_plainly()

    def _serve_plainly(self) -> None:
        protocol = HttpProtocol(*self._parts, deadlines=_DEADLINES)
        self._connections.discard(self)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(self._head)

    def _on_connect(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        if not host or not port.isdecimal():
            self._say(400, f"{target!r} is no host:port to connect to")
            return
        self._transport.pause_reading()
        name = host.strip("[]").rstrip(".").lower()
        self._opening = self._loop.create_task(self._open(name, int(port)))

    @property
    def _early(self) -> bytes:
        """What came behind the head: the first bytes for the tunnel's other end."""
        return self._head.partition(_END)[2]

    async def _open(self, host: str, port: int) -> None:
        context = self.of_run.contexts.get(host)
        if context is not None:
            self.of_run.opened(host)
            await self._answer_as(context)
        elif (host, port) in self.of_run.allowed:
            await self._let_through(host, port)
        else:
            self._say(403, self.of_run.refuse(host, port))

    async def _answer_as(self, context: ssl.SSLContext) -> None:
        """Speak TLS as the host, and hand the connection to one of the doors' protocols."""
        inner = Inner(*self._parts, deadlines=_DEADLINES)
        self._transport.write(_OPEN)
        try:
            await shake_hands(self._transport, inner, context, self._early)
        finally:
            self._connections.discard(self)

    async def _let_through(self, host: str, port: int) -> None:
        try:
            await dig(self._transport, host, port, _OPEN, self._early)
        except OSError as error:
            self._say(502, f"{host}:{port} cannot be reached: {error.strerror or error}")
        else:
            self._connections.discard(self)

    def _say(self, status: int, message: str, headers: Headers = ()) -> None:
        """Refuse a tunnel; the message stands in the status line too, which most clients show."""
        phrase = message.encode("ascii", "replace").replace(b"\r", b" ").replace(b"\n", b" ")
        more = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
        self._transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n%s"
            b"connection: close\r\n\r\n%s\n" % (status, phrase, len(phrase) + 1, more, phrase)
        )
        self._transport.close()
