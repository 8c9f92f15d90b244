"""What a spec says of its servers that nobody could call, or that only a guess would honour.

Knows OpenAPI's `servers` and `variables`. Must not know files, who answers, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations
from math import prod
from typing import Final

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.document import Keys, Node, SpecRefusal, calls_in
from testcard.common.hosts import address, is_loopback, is_near
from testcard.common.servers import (
    free_variables,
    nowhere,
    parts_of_url,
    server_nodes,
    servers_of,
    urls_of,
    with_defaults,
)

_MOST_URLS: Final = 256
_MOST_PORTS: Final = 65_535
_LEAST_LABELS: Final = 2
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?")
_PLACEHOLDER: Final = re.compile(r"\{[^{}]+\}")
_EXAMPLE: Final = "https://api.acme.example/v2, or /v2 alone"
Fault = tuple[str, str]
"""What was seen, and what to write instead."""


def _faulty(document: Node) -> Iterator[SpecRefusal]:
    """A server whose URL is none, or leads where nobody may be asked to go."""
    for at, node in _servers(document):
        for seen, instead in server_faults(node):
            yield SpecRefusal((*at, "url"), seen, instead)


def _loose_variables(document: Node) -> Iterator[SpecRefusal]:
    """A variable stands in the URL, its default is among its words, and none of these is empty."""
    for at, node in _servers(document):
        for name, each in node.get("variables", {}).items():
            where: Keys = (*at, "variables", name)
            if name not in free_variables(node["url"]):
                yield SpecRefusal(where, f"{name!r} stands nowhere in the URL", f"{{{name}}} in it")
            words = each.get("enum", [each["default"]])
            if each["default"] not in words:
                seen = f"the default {each['default']!r} is none of the words"
                yield SpecRefusal((*where, "default"), seen, f"one of {', '.join(words)}")
            if "" in words:
                yield SpecRefusal(where, "a word of it is empty", "a server without it beside")


def _same_calls(document: Node) -> Iterator[SpecRefusal]:
    """Of two templates that differ in names or hosts alone, the second is never reached."""
    if any(server_faults(node) for _, node in _servers(document)):
        return
    calls = [(path, method) for path, method, _ in calls_in(document)]
    shapes = {each: _shapes(document, *each) for each in calls}
    for one, other in combinations(calls, 2):
        if one[1] == other[1] and shapes[one] & shapes[other]:
            seen = f"{one[0]} takes the same calls below `/{{provider}}`, if at no host"
            yield SpecRefusal(("paths", *other), seen, "one path for both")


def _shapes(document: Node, path: str, method: str) -> set[str]:
    """Return the whole paths of an operation, names of parameters and variables left out."""
    servers = servers_of(server_nodes(document, path, method), nowhere(""))
    return {each.bases + _PLACEHOLDER.sub("{}", path) for each in servers}


def _servers(document: Node) -> Iterator[tuple[Keys, Node]]:
    """Yield each server of a document: where it stands, and what is said."""
    homes: list[tuple[Keys, Node]] = [((), document)]
    homes += [(("paths", path), item) for path, item in document["paths"].items()]
    homes += [(("paths", path, method), node) for path, method, node in calls_in(document)]
    for at, home in homes:
        for index, node in enumerate(home.get("servers", ())):
            yield (*at, "servers", index), node


def server_faults(node: Node) -> list[Fault]:
    """Return what is wrong with the URL of one OpenAPI server object, whose variables are sound."""
    variables = node.get("variables", {})
    unknown = [name for name in free_variables(node["url"]) if name not in variables]
    if unknown:
        return [(f"{{{unknown[0]}}} is no variable of this server", "it under `variables`")]
    if any(not all(each.get("enum", "x")) for each in variables.values()):
        return []  # said of the variable
    many = prod(len(each.get("enum", "x")) for each in variables.values())
    if many > _MOST_URLS:
        return [
            (f"its words make {many} URLs", f"{_MOST_URLS} at most, or a variable without enum")
        ]
    return list(dict.fromkeys(fault for url in urls_of(node) for fault in _of_url(url, node)))


def _of_url(url: str, node: Node) -> Iterator[Fault]:
    parts = parts_of_url(url)
    if (
        parts is None
        or (parts["scheme"] and not parts["host"])
        or not (parts["scheme"] or parts["base"])
    ):
        yield f"{url!r} is no server's URL", _EXAMPLE
        return
    host, port, base = (parts[name] or "" for name in ("host", "port", "base"))
    if parts["scheme"]:
        yield from _of_scheme(parts["scheme"].lower(), with_defaults(host, node))
        yield from _of_host(host, node)
        yield from _of_port(port, node)
    yield from _of_base(base, node)


def _of_scheme(scheme: str, host: str) -> Iterator[Fault]:
    name = host.strip("[]").lower().removesuffix(".")
    if scheme not in ("http", "https"):
        yield f"{scheme}:// is no scheme of such an API", f"https://{host}"
    elif scheme == "http" and not is_near(name):
        yield f"http://{host} would send keys over the web for all to read", f"https://{host}"
    elif scheme == "https" and (address(name) is not None or is_loopback(name)):
        near = is_near(name)
        instead = f"http://{host}" if near else "the name of the host"
        yield f"no certificate can be made out for {host}", instead


def _of_host(host: str, node: Node) -> Iterator[Fault]:
    free = free_variables(host)
    told = with_defaults(host, node).lower().removesuffix(".")
    for name in free:
        default = node["variables"][name]["default"]
        if "." in default or not default:
            instead = f"an enum of it, or {default}" if default else "an enum of it"
            yield f"{{{name}}} is not one label of the host", instead
            return
    if free and not is_near(told):
        fixed = host.rpartition("}")[2].split(".")[1:]
        if len([each for each in fixed if each]) < _LEAST_LABELS:
            yield f"{host} may be anybody's host", f"{told}, or an enum of {{{free[-1]}}}"
    if address(told.strip("[]")) is None and not _NAME.fullmatch(told):
        yield f"{told!r} is no host", "its name in small ASCII letters, or an address"


def _of_port(port: str, node: Node) -> Iterator[Fault]:
    told = with_defaults(port, node)
    whole = len(free_variables(port)) == (1 if port.startswith("{") else 0)
    if port and (not told.isdecimal() or not 0 < int(told) <= _MOST_PORTS or not whole):
        yield f"{told!r} is no port", f"a number from 1 to {_MOST_PORTS}"


def _of_base(base: str, node: Node) -> Iterator[Fault]:
    told = with_defaults(base, node)
    for name in free_variables(base):
        default = node["variables"][name]["default"]
        if "/" in default or not default:
            yield f"{{{name}}} is not one segment of the path", "an enum of it"
            return
    steps = told.split("/")
    if not _PATH.fullmatch(told) or {".", ".."} & set(steps):
        yield f"{told!r} is no path to stand ahead of others", "plain segments, such as /v2"
    elif f"{told}/".startswith(ADMIN_PREFIX):
        yield f"{told} is where testcard itself answers", "another path"


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (
    _faulty,
    _loose_variables,
    _same_calls,
)
