"""Who answers a call that came through the proxy, by its host; and what was said, kept.

The mock answers for its providers' hosts, unless a recorder or a recording stands in for it.
Every other host is refused, with a message that says what to do.

Knows hosts, Calls and Replies. Must not know sockets, TLS, or any one provider.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from threading import Lock

import orjson

from testcard.common.addresses import CA_PATH
from testcard.common.hosts import is_loopback
from testcard.common.message import Call, Exchange, Reply, Trace
from testcard.mock.core import Mock, Work
from testcard.mock.dialect import Dialect

Source = Callable[[Call], "Reply | Work"]
"""Answers calls to one host, at once or as work."""

_MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Sources:
    """Who answers for which host.

    Attributes:
        named: host -> who answers, whatever the port.
        own: who answers at hosts and ports of the providers that have no name there: those of
            variables, and those of this machine.
    """

    named: Mapping[str, Source]
    own: Source


class Tape:
    """The exchanges of one run, keys and all, in memory; the oldest go when they are too large."""

    def __init__(self, most_bytes: int | None = _MOST_BYTES) -> None:
        """Begin empty; with None, nothing is ever dropped."""
        self._lock = Lock()
        self._held: list[Exchange] = []
        self._bytes = 0
        self._most = most_bytes
        self.forgotten = 0

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        with self._lock:
            self._held.append(exchange)
            self._bytes += _weight(exchange)
            while self._most is not None and self._bytes > self._most and len(self._held) > 1:
                self._bytes -= _weight(self._held.pop(0))
                self.forgotten += 1

    def trace(self) -> Trace:
        """Return what is kept, in the order begun."""
        with self._lock:
            return tuple(sorted(self._held, key=lambda each: each.started))


class VirtualHosts:
    """Answers by host, as web servers do: each host through a source of its own.

    What it is asked at this server's own address goes to the mock. A door serves it as it would
    serve the mock.
    """

    def __init__(
        self,
        mock: Mock,
        sources: Sources,
        *,
        authority: bytes,
        prepare: Callable[[Call], Call] = lambda call: call,
        allowed: Collection[tuple[str, int]] = (),
        tape: Tape | None = None,
    ) -> None:
        """Stand before `mock`.

        Args:
            mock: what answers at this server's own address.
            sources: who answers for which host.
            authority: what `/_testcard/ca.pem` serves.
            prepare: changes a call before its source gets it and the tape keeps it.
            allowed: hosts and ports that the proxy lets through.
            tape: keeps what was said; a bounded one where none is given.
        """
        self.dialects: Mapping[str, Dialect] = mock.dialects
        self.largest_body = mock.largest_body
        self._mock = mock
        self._sources = sources
        self._authority = authority
        self._prepare = prepare
        self._allowed = allowed
        self.tape = tape or Tape()
        self.refused: Counter[str] = Counter()
        self.opened: set[str] = set()

    def begin(self, call: Call) -> Reply | Work:
        """Answer one call at once, or return the rest of the work."""
        host = (call.parts.hostname or "").rstrip(".")
        source = self._sources.named.get(host)
        if source is None and self._mock.whose(call.url):
            source = self._sources.own
        call = _without_credential(call)
        if call.parts.path == CA_PATH and call.method in ("GET", "HEAD"):
            return Reply(200, (("content-type", "application/x-pem-file"),), self._authority)
        if source is not None:
            return self._kept(source, self._prepare(call))
        if is_loopback(host):
            return self._mock.begin(call)
        said = orjson.dumps({"error": self._refuse_plain(host, call.parts.port or 80)})
        return Reply(403, (("content-type", "application/json"),), said)

    def refuse(self, host: str, port: int = 443) -> str:
        """Note a host that nobody answers for; return what its caller is told."""
        named = host if port == 443 else f"{host}:{port}"
        self.refused[named] += 1
        return (
            f"testcard does not answer for {named}; 'testcard run --allow {named}' lets it through"
        )

    def _refuse_plain(self, host: str, port: int) -> str:
        if (host, 443) in self._allowed or (host, port) in self._allowed:
            return f"testcard lets {host} through by https alone: this call came by plain http"
        return self.refuse(host)

    @property
    def silent(self) -> Iterator[str]:
        """Hosts that were connected to, and then sent no call: the client broke off."""
        called = {exchange.call.parts.hostname for exchange in self.tape.trace()}
        return (host for host in sorted(self.opened) if host not in called)

    def _kept(self, source: Source, call: Call) -> Reply | Work:
        started, began = time.time(), time.perf_counter()

        def keep(reply: Reply) -> Reply:
            self.tape.add(Exchange(call, reply, started, time.perf_counter() - began))
            return reply

        step = source(call)
        return keep(step) if isinstance(step, Reply) else lambda: keep(step())


def _without_credential(call: Call) -> Call:
    """The call without what it says to the proxy alone."""
    kept = tuple(pair for pair in call.headers if not pair[0].lower().startswith("proxy-"))
    return call if len(kept) == len(call.headers) else replace(call, headers=kept)


def _weight(exchange: Exchange) -> int:
    return len(exchange.call.body) + len(exchange.reply.body)
