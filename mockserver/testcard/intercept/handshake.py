"""The near end of a tunnel that ends here: TLS as the host that was asked for, then HTTP.

Knows how asyncio puts TLS into a connection that is already open. Must not know why it may.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

from testcard.doors.protocol import HttpProtocol

SETTLING_SECONDS: Final = 0.02
"""For the ends of connections that break off to be told."""


class Inner(HttpProtocol):
    """The doors' protocol, for which bytes may come before it is told of its connection.

    asyncio delivers what comes together with the end of a handshake at once, and only then
    returns from `start_tls`.
    """

    _early = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, with what came before."""
        super().connection_made(transport)
        if self._early:
            super().data_received(self._early)

    def data_received(self, data: bytes) -> None:
        """Keep what comes too early."""
        if self.transport is None:
            self._early += data
        else:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End, where it had begun."""
        if self.transport is not None:
            super().connection_lost(exc)


async def shake_hands(
    transport: asyncio.Transport, inner: Inner, context: ssl.SSLContext, early: bytes
) -> None:
    """Speak TLS on `transport`, and hand what is inside to `inner`.

    Args:
        transport: a connection whose client was told to begin.
        inner: told of its connection once hands are shaken; never, where the client does not
            trust the certificate or goes away.
        context: of the host.
        early: what the client has said already: some do not wait to be told.
    """
    loop = asyncio.get_running_loop()
    shaking = loop.create_task(
        loop.start_tls(
            transport, inner, context, server_side=True, ssl_shutdown_timeout=SETTLING_SECONDS
        )
    )
    await asyncio.sleep(0)  # now TLS reads the connection, and is told so in the loop's next turn
    loop.call_soon(_feed, transport.get_protocol(), early)
    try:
        secure = await shaking
    except (OSError, ssl.SSLError):
        transport.close()
        return
    if secure is not None and not secure.is_closing():
        inner.connection_made(secure)


def _feed(protocol: asyncio.BaseProtocol, data: bytes) -> None:
    """Give bytes to a connection's TLS, as if they came from its socket now."""
    if not isinstance(protocol, asyncio.BufferedProtocol):
        return  # the connection was gone before
    while data:
        room = memoryview(protocol.get_buffer(len(data)))
        count = min(len(room), len(data))
        room[:count] = data[:count]
        protocol.buffer_updated(count)
        data = data[count:]
