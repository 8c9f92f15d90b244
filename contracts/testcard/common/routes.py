"""Which operation a method and a path are for: anywhere, or at one host and port alone.

Knows Operations and their servers. Must not know bodies, who answers, or any
one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from testcard.common.hosts import Authority
from testcard.common.operation import Operation
from testcard.common.servers import Server

Found = tuple[Operation | None, dict[str, str], bool]
"""An operation or none, the path's parameters, and whether the path is known at all."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Operations, each with what matches its paths here."""

    entries: tuple[tuple[Operation, tuple[re.Pattern[str], ...]], ...]

    def match(self, method: str, path: str) -> Found:
        """Find what `method` at `path`, without any prefix, is for."""
        path_known = False
        for operation, patterns in self.entries:
            for pattern in patterns:
                found = pattern.fullmatch(path)
                if found and operation.method == method:
                    named = zip(operation.param_names, found.groups(), strict=False)
                    return operation, dict(named), True
                path_known = path_known or found is not None
        return None, {}, path_known

    def knowing(self, path: str) -> Iterator[Operation]:
        """Yield the operations that have a path, whatever their methods."""
        for operation, patterns in self.entries:
            if any(pattern.fullmatch(path) for pattern in patterns):
                yield operation

    def methods(self, path: str) -> tuple[str, ...]:
        """Return the methods that a path is known with, sorted."""
        return tuple(sorted({each.method for each in self.knowing(path)}))


class Places:
    """The routes of an API, at each of its servers and anywhere else.

    Attributes:
        servers: of its operations, in their order, each once.
        lists: the same, as operations have them: those of one are the same operations' elsewhere.
        wide: those with a variable that may be anything.
        anywhere: the routes at no server's host.
    """

    def __init__(self, operations: Sequence[Operation], *, lenient: bool) -> None:
        """Take these, with the paths that only the lenient profile takes or without."""
        self._operations = operations
        self._lenient = lenient
        self.servers = tuple(dict.fromkeys(one for each in operations for one in each.servers))
        self.lists = tuple(dict.fromkeys(each.servers for each in operations))
        self.wide = tuple(each for each in self.servers if each.is_wide)
        self.anywhere = self._routes((each, each.servers) for each in operations)
        self._known: dict[Authority, Routes | None] = {
            there: None for each in self.servers if not each.is_wide for there in each.authorities
        }

    @property
    def authorities(self) -> Iterable[Authority]:
        """Hosts and ports at which operations stand, those of servers with variables aside."""
        return self._known

    def at(self, there: Authority) -> Routes | None:
        """Return the routes at a host and port; None where nothing of this API stands."""
        if there in self._known:
            found = self._known[there]
            if found is None:
                found = self._known[there] = self._at(there)
            return found
        wide = any(each.stands_at(there) for each in self.wide)
        return self._at(there) if wide else None  # kept nowhere: whoever calls chooses the host

    def near(self, there: Authority, path: str) -> bool:
        """Whether a path begins as one of a host does, whether it is one or not."""
        return any(
            server.stands_at(there) and _begins_alike(path, server, operation.template)
            for operation in self._operations
            for server in operation.servers
        )

    def _at(self, there: Authority) -> Routes:
        here = ((each, _standing(each.servers, there)) for each in self._operations)
        return self._routes((operation, servers) for operation, servers in here if servers)

    def _routes(self, placed: Iterable[tuple[Operation, Sequence[Server]]]) -> Routes:
        return Routes(
            tuple((each, each.patterns_at(here, aliases=self._lenient)) for each, here in placed)
        )


def _begins_alike(path: str, server: Server, template: str) -> bool:
    """Whether it has what the server has ahead of all, or where that is nothing, a first step."""
    ahead = server.base_in(path)
    return ahead is not None and (bool(ahead) or path.split("/")[1:2] == template.split("/")[1:2])


def _standing(servers: Iterable[Server], there: Authority) -> tuple[Server, ...]:
    return tuple(each for each in servers if each.stands_at(there))
