"""The chosen operations of a file, written down as a document in the language of specs.

Knows OpenAPI and the frame of a spec. Must not know roles, or any one provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from testcard.common.document import Node
from testcard.importing.calls import Calls
from testcard.importing.choice import Chosen
from testcard.importing.servers import servers_in
from testcard.importing.source import Source
from testcard.importing.telling import state_of

_STATUSES: Final = {
    "malformed": (400, 422),
    "invalid": (422, 400),
    "unauthorized": (401, 403),
    "no-credits": (402, 403, 429),
    "not-found": (404,),
    "method-not-allowed": (405,),
    "too-large": (413,),
    "rate-limited": (429,),
    "overloaded": (503,),
    "failed": (500,),
}
_NOT_SAID: Final = "testcard import guessed it: the file does not say it"


def assembled(source: Source, wanted: Sequence[Chosen]) -> Node:
    """Return a document with the operations that are wanted; its words are not yet checked."""
    problems = _problems(source, wanted)
    calls = Calls(source, problems)
    paths: Node = {}
    for each in wanted:
        written = {**calls.written(each), **_nearer(source, each)}
        paths.setdefault(each.path, {})[each.method] = written
    info = source.document.get("info", {})
    title = str(info.get("title") or source.path.stem)
    own: Node = {
        "vendor": title,
        "page": source.path.name,
        "price": {"credits": 1, "grade": "assumed", "source": _NOT_SAID},
        "problems": problems,
    }
    source.note("guessed", ("info",), "a success costs 1 credit: no price is said")
    if calls.states:
        own["states"] = calls.states
        for word in calls.states:
            if not state_of(word):
                source.note("unknown", ("info",), f"the state {word!r}; it is taken for failed")
    document: Node = {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": str(info.get("version") or "1"),
            "description": _line(info.get("description")) or f"Made of {source.path.name}.",
        },
        "servers": _servers(source),
        "x-testcard": own,
        "components": {"securitySchemes": _schemes(source)},
        "paths": paths,
    }
    if source.document.get("security"):
        document["security"] = source.document["security"]
    return document


def _line(text: Any) -> str:
    return " ".join(str(text or "").split())[:200]


def _servers(source: Source) -> list[Node]:
    """Return the servers of the document, or where none is said or can be kept, a path alone."""
    found = servers_in(source, source.document, ())
    if not found:
        listed = "none can be kept" if source.document.get("servers") else "none is said"
        source.note("unknown", ("servers",), f"the server's host: {listed}")
    return found or [{"url": "/"}]


def _nearer(source: Source, chosen: Chosen) -> Node:
    """Return the servers of an operation's own, or of its path, where there are such."""
    item, at = source.follow(source.document["paths"].get(chosen.path, {}), chosen.at[:-1])
    found = servers_in(source, chosen.node, chosen.at) or servers_in(source, item, at)
    return {"servers": found} if found else {}


def _problems(source: Source, wanted: Sequence[Chosen]) -> Node:
    """Return the status of each kind of trouble: one that is listed, or the usual one."""
    listed = {status for each in wanted for status in each.node.get("responses", {})}
    found: Node = {}
    for kind, usual in _STATUSES.items():
        found[kind] = next((each for each in usual if str(each) in listed), usual[0])
        if str(found[kind]) not in listed:
            seen = f"{kind} is answered with {found[kind]}, which no operation lists"
            source.note("guessed", ("paths",), seen)
    if found["invalid"] == 422 and "422" not in listed:
        found["invalid"] = 400
    return found


def _schemes(source: Source) -> Node:
    listed = source.document.get("components", {}).get("securitySchemes", {})
    found: Node = {}
    for name, raw in listed.items():
        node, at = source.follow(raw, ("components", "securitySchemes", name))
        kind = node.get("type")
        if kind == "apiKey":
            found[name] = {"type": "apiKey", "in": node.get("in"), "name": node.get("name")}
        elif kind == "http" and str(node.get("scheme", "")).lower() in ("bearer", "basic"):
            found[name] = {"type": "http", "scheme": str(node["scheme"]).lower()}
        else:
            found[name] = {"type": "http", "scheme": "bearer"}
            source.note("guessed", at, f"the scheme {name} of type {kind} is taken for bearer")
        found[name]["x-testcard"] = source.cited(at)
    if not found:
        source.note("unknown", ("components",), "how a key is sent; none is asked for")
    return found
