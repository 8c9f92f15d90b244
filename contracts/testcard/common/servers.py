"""The servers of an API: where its paths stand, as OpenAPI's `servers` and `variables` say it.

A variable with an enum is each of its words; one without is any one label of a host, any one
segment of a path, or any port. The nearest list counts: an operation's, its path's, the document's.
Knows OpenAPI and URLs. Must not know files, readings, who answers, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from testcard.common.document import Node, calls_in
from testcard.common.hosts import OWN_NAMES, PORTS, Authority

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_URL: Final = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?P<host>\[[^\]]*\]|[^/?#:@\[\]]*)(?::(?P<port>[^/?#:@]*))?)?"
    r"(?P<base>/[^?#]*)?"
)
_LABEL: Final = "[^.]+"
_SEGMENT: Final = "[^/]+"
"""Names of one place: a client may use any of them."""

_UNSAID: Final[Sequence[Node]] = ({"url": "/"},)
"""What stands where no list does (OpenAPI 3.1, 4.8.1)."""

NOWHERE: Final = "invalid"
"""The top-level domain of those whose host no page says (RFC 2606): nobody ever answers there."""


@dataclass(frozen=True, slots=True)
class Server:
    """One place where paths of an API stand; variables have their defaults where it is written.

    Attributes:
        scheme: http or https.
        host: in small letters, IPv6 without brackets.
        port: None for the scheme's own.
        base: what stands ahead of each path: empty, or as `/v2`.
        hosts: what its host may be, where a variable of that is free; None for `host` alone.
        any_port: whether its port is free.
        bases: a regular expression for what may stand ahead of each path, without groups.
        domain: the part of its host that no free variable is in or ahead of.
    """

    scheme: str
    host: str
    port: int | None = None
    base: str = ""
    hosts: re.Pattern[str] | None = None
    any_port: bool = False
    bases: str = ""
    domain: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port, as a URL begins."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port is None else f':{self.port}'}"

    @property
    def url(self) -> str:
        """The same, and what stands ahead of each path."""
        return self.origin + self.base

    @property
    def is_wide(self) -> bool:
        """Whether it is more hosts or ports than can be listed."""
        return self.hosts is not None or self.any_port

    @property
    def names(self) -> frozenset[str]:
        """Names of its host: of this machine, all that it has."""
        return OWN_NAMES if self.host in OWN_NAMES else frozenset({self.host})

    @property
    def authorities(self) -> frozenset[Authority]:
        """Hosts and ports that are it, as `authority_of` gives them, those of variables aside.

        A gateway may undo TLS, and a client may use plain HTTP: the scheme makes no difference.
        """
        return frozenset(product(self.names, self._ports))

    def stands_at(self, there: Authority) -> bool:
        """Whether a host and port are it."""
        host, port = there
        return self.has_host(host) and (self.any_port or port in self._ports)

    def has_host(self, host: str) -> bool:
        """Whether a host is its own, at whichever port."""
        return bool(self.hosts.fullmatch(host)) if self.hosts else host in self.names

    @property
    def _ports(self) -> frozenset[int | None]:
        return frozenset({self.port, self.port or PORTS[self.scheme]})

    def base_in(self, path: str) -> str | None:
        """Return what stands ahead in a path of this server; None where it is none of it."""
        found = re.match(f"(?:{self.bases})(?=/|$)", path)
        return found[0] if found else None


def nowhere(provider: str) -> str:
    """Return the host of a provider whose page says none, by its id."""
    label = re.sub(r"[^a-z0-9]+", "-", provider.lower()).strip("-")
    return f"{label or 'provider'}.{NOWHERE}"


def server_nodes(document: Node, path: str, method: str) -> Sequence[Node]:
    """Return the list that counts for an operation: its own, its path's, or the document's."""
    item = document["paths"][path]
    own = item[method].get("servers") or item.get("servers")
    nodes: Sequence[Node] = own or document.get("servers") or _UNSAID
    return nodes


def servers_of(nodes: Sequence[Node], home: str) -> tuple[Server, ...]:
    """Return the servers of one list, in its order, each once.

    Args:
        nodes: OpenAPI server objects that nothing is wrong with.
        home: host of those whose URL is a path alone.
    """
    found = (_server(url, node, home) for node in nodes for url in urls_of(node))
    return tuple(dict.fromkeys(found))


def lists_of_servers(document: Node) -> Iterator[Sequence[Node]]:
    """Yield each list of servers that operations have, in their order; each once."""
    seen: list[Sequence[Node]] = []
    for path, method, _ in calls_in(document):
        nodes = server_nodes(document, path, method)
        if nodes not in seen:
            seen.append(nodes)
            yield nodes


def all_servers(document: Node, home: str) -> tuple[Server, ...]:
    """Return the servers of all operations, in their order, each once."""
    lists = (servers_of(each, home) for each in lists_of_servers(document))
    return tuple(dict.fromkeys(server for each in lists for server in each))


def urls_of(node: Node) -> Iterator[str]:
    """Yield the URLs of an OpenAPI server object: for each word of each enum, defaults first.

    Variables without one stand in them still.
    """
    choices = {name: _words(each) for name, each in _variables(node).items() if each.get("enum")}
    for chosen in product(*choices.values()):
        told = dict(zip(choices, chosen, strict=True))
        yield _filled(node["url"], told)


def parts_of_url(url: str) -> Mapping[str, str | None] | None:
    """Return `scheme`, `host`, `port` and `base` of a server's URL; None where it is none.

    A path alone has no scheme and host. Variables may stand in any of them.
    """
    found = _URL.fullmatch(url)
    return found.groupdict() if found else None


def free_variables(text: str) -> list[str]:
    """Return the names of the variables in a part of a URL."""
    return _VARIABLE.findall(text)


def with_defaults(text: str, node: Node) -> str:
    """Return a part of a server's URL with the defaults of the variables that stand in it."""
    return _filled(text, {name: str(each["default"]) for name, each in _variables(node).items()})


def _variables(node: Node) -> Mapping[str, Node]:
    variables: Mapping[str, Node] = node.get("variables", {})
    return variables


def _words(variable: Node) -> list[str]:
    return list(dict.fromkeys([str(variable["default"]), *map(str, variable["enum"])]))


def _filled(text: str, told: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: told.get(found[1], found[0]), text)


def _server(url: str, node: Node, home: str) -> Server:
    parts = parts_of_url(url)
    assert parts is not None  # noqa: S101 (refused at load)
    host, port = parts["host"], parts["port"]
    base = (parts["base"] or "").rstrip("/")
    if host is None:
        bases = _regex(base, _SEGMENT)
        return Server("https", home, base=with_defaults(base, node), bases=bases, domain=home)
    scheme = str(parts["scheme"]).lower()
    written = _plain(with_defaults(host, node))
    number = int(with_defaults(port, node)) if port else None
    return Server(
        scheme,
        written,
        None if number == PORTS[scheme] else number,
        with_defaults(base, node),
        re.compile(_regex(host, _LABEL), re.I) if free_variables(host) else None,
        any_port=bool(port and free_variables(port)),
        bases=_regex(base, _SEGMENT),
        domain=_domain(host),
    )


def _domain(host: str) -> str:
    if not free_variables(host):
        return _plain(host)
    return _plain(host.rpartition("}")[2].partition(".")[2])


def _plain(host: str) -> str:
    return host.strip("[]").lower().removesuffix(".")


def _regex(text: str, hole: str) -> str:
    return hole.join(re.escape(piece) for piece in _VARIABLE.split(text)[::2])
