"""The hosts of the providers' servers in one run: which calls are ours, and where we listen.

A name is ours at any port: nothing of a vendor's is let out. One of this machine is ours at its
server's port alone, where other programs have theirs; clients call it without a proxy, so that the
run listens there. Knows servers and their providers. Must not know sockets, certificates or
processes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from testcard.common.hosts import address, is_loopback
from testcard.common.reading import Reading
from testcard.common.servers import Server
from testcard.common.spec import SpecError
from testcard.mock.core import Mock


class OwnHosts:
    """Hosts for which a run answers.

    Attributes:
        names: those that a proxy is asked for, of servers without free variables.
        domains: names under which all of them are, for which certificates may be made out.
        listened: address and port of each server on this machine -> ids of its providers.
    """

    def __init__(self, readings: Mapping[str, Reading]) -> None:
        """Take the servers of each provider's operations."""
        every = [server for each in readings.values() for server in each.places.servers]
        asked = [each for each in every if not is_loopback(each.host)]
        self._wide = [each for each in every if each.hosts is not None]
        self.names = frozenset(each.host for each in asked if each.hosts is None)
        named = {each.domain for each in asked if each.domain and address(each.host) is None}
        self.domains = frozenset(named)
        self.listened: dict[tuple[str, int], list[str]] = {}
        for name, reading in readings.items():
            for each in filter(_is_here, reading.places.servers):
                self.listened.setdefault(_listening(each), []).append(name)

    def __contains__(self, host: object) -> bool:
        """Whether a host is ours, whatever the port."""
        wide = isinstance(host, str) and any(each.has_host(host) for each in self._wide)
        return host in self.names or wide


def own_hosts(mock: Mock) -> OwnHosts:
    """Return the hosts for which a mock answers."""
    return OwnHosts({name: each.reading for name, each in mock.dialects.items()})


def require_free(hosts: OwnHosts, elsewhere: Collection[str]) -> None:
    """See that what is recorded can be asked: the real API cannot listen where the run does.

    Args:
        hosts: of the run.
        elsewhere: ids of the providers whose real API is told to be elsewhere.

    Raises:
        SpecError: one is not.
    """
    for (host, port), names in hosts.listened.items():
        for name in names:
            if name not in elsewhere:
                raise SpecError(
                    f"{name} is served by this machine, at {host}:{port}, where the client's calls "
                    "must come to be recorded: have the real one listen at another port, and say "
                    f"--against {name}=http://127.0.0.1:PORT"
                )


def _is_here(server: Server) -> bool:
    return is_loopback(server.host) and server.hosts is None


def _listening(server: Server) -> tuple[str, int]:
    """A name of this machine is listened for at 127.0.0.1, which clients try as well."""
    host = server.host if address(server.host) is not None else "127.0.0.1"
    return host, server.port or 80
