"""The servers of a file, kept as far as the language can say them; the rest is told.

Knows OpenAPI's `servers` and what is refused of them. Must not know operations, or any one
provider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from testcard.common.document import Keys, Node
from testcard.common.refusals.servers import server_faults
from testcard.common.servers import free_variables, parts_of_url
from testcard.importing.source import Source

_NOWHERE: Final = re.compile(r"[?#].*")
_Repair = Callable[[Node], tuple[Node, str]]
"""A server, put right in one way, and what to say of it."""


def servers_in(source: Source, holder: Mapping[str, Any], at: Keys) -> list[Node]:
    """Return the servers that a document, a path or an operation lists, those that can be kept."""
    listed = holder.get("servers")
    nodes = listed if isinstance(listed, list) else []
    found = (
        _kept(source, each, (*at, "servers", index))
        for index, node in enumerate(nodes)
        if isinstance(node, Mapping)
        for each in _without_blanks(_plain(node))
    )
    kept = [each for each in found if each is not None]
    for node in kept:
        if (parts_of_url(node["url"]) or {}).get("scheme") is None:
            seen = f"the server's host: {node['url']} alone is said; it is taken for ID.invalid"
            source.note("unknown", (*at, "servers"), seen)
    return [each for index, each in enumerate(kept) if each not in kept[:index]]


def _kept(source: Source, found: Node, at: Keys) -> Node | None:
    """Return one server as the language has it, or nothing, with a note of what was changed."""
    for repair in _REPAIRS:
        if not server_faults(found):
            return found
        found, told = repair(found)
        if told:
            source.note("guessed", at, told)
    faults = server_faults(found)
    for seen, _ in faults[:1]:
        source.note("dropped", at, f"a server: {seen}")
    return None if faults else found


def _without_blanks(node: Node) -> Iterator[Node]:
    """Yield a server, or where a word of a variable is empty, one without that variable beside."""
    for name, each in node.get("variables", {}).items():
        words = each.get("enum", [each["default"]])
        if "" in words:
            left = [word for word in words if word]
            parts = [_filled(node, name, "")]
            if left:
                told = {
                    **node["variables"],
                    name: {**each, "default": each["default"] or left[0], "enum": left},
                }
                parts.append({**node, "variables": told})
            first = 0 if each["default"] == "" else -1
            for one in (parts[first], *(part for part in parts if part is not parts[first])):
                yield from _without_blanks(one)
            return
    yield node


def _plain(node: Mapping[str, Any]) -> Node:
    """Return the words of a server that the language has, each of the type that it has there."""
    found: Node = {"url": str(node.get("url") or "/")}
    if isinstance(node.get("description"), str) and node["description"].strip():
        found["description"] = " ".join(node["description"].split())
    named = free_variables(found["url"])
    told = {name: _variable(each) for name, each in _listed(node).items() if name in named}
    return {**found, "variables": told} if told else found


def _listed(node: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    told = node.get("variables")
    listed = told.items() if isinstance(told, Mapping) else ()
    return {str(name): each for name, each in listed if isinstance(each, Mapping)}


def _variable(node: Mapping[str, Any]) -> Node:
    words = [str(each) for each in node.get("enum") or ()]
    default = str(node.get("default", words[0] if words else ""))
    found: Node = {"default": default}
    if words:
        found["enum"] = words if default in words else [default, *words]
    if isinstance(node.get("description"), str) and node["description"].strip():
        found["description"] = " ".join(node["description"].split())
    return found


def _without_query(node: Node) -> tuple[Node, str]:
    url = _NOWHERE.sub("", node["url"])
    url = url if re.match(r"[A-Za-z{][^/]*://|/", url) else f"/{url}"
    told = f"a server's URL is {url}: {node['url']} is said"
    return {**node, "url": url}, told if url != node["url"] else ""


def _over_tls(node: Node) -> tuple[Node, str]:
    """A scheme that is a variable is https where it may be, and so is http in the web."""
    url = node["url"]
    scheme = free_variables(url.partition("://")[0])
    for name in scheme:
        words = node["variables"][name].get("enum", [])
        chosen = "https" if "https" in words else node["variables"][name]["default"]
        node = _filled(node, name, chosen)
    secure = re.sub(r"(?i)^http://", "https://", node["url"])
    if server_faults({**node, "url": secure}):
        secure = node["url"]
    return {**node, "url": secure}, f"a server's URL is {secure}: {url} is said" * (secure != url)


def _with_defaults(node: Node) -> tuple[Node, str]:
    """Variables that may be anything have their defaults, where anything is too much."""
    free = [name for name, each in node.get("variables", {}).items() if "enum" not in each]
    names = ", ".join(f"{{{name}}}" for name in free)
    before = node["url"]
    for name in free:
        node = _filled(node, name, node["variables"][name]["default"])
    told = f"a server's {names} is its default: {node['url']} where {before} is said"
    return node, told if free else ""


def _filled(node: Node, name: str, value: str) -> Node:
    url = node["url"].replace(f"{{{name}}}", value)
    url = re.sub(r"(?<!:)//+", "/", url)
    rest = {key: each for key, each in node.get("variables", {}).items() if key != name}
    plain = {key: each for key, each in node.items() if key != "variables"}
    return {**plain, "url": url, **({"variables": rest} if rest else {})}


_REPAIRS: Final[tuple[_Repair, ...]] = (_without_query, _over_tls, _with_defaults, _over_tls)
