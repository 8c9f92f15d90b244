"""The chosen operations of a file, written down as a document in the language of specs.

Knows OpenAPI and the frame of a spec. Must not know roles, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from testcard.common.document import Node
from testcard.importing.calls import Calls
from testcard.importing.choice import Chosen
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
    origin, before = _server(source)
    problems = _problems(source, wanted)
    calls = Calls(source, problems)
    paths: Node = {}
    for each in wanted:
        paths.setdefault(before + each.path, {})[each.method] = calls.written(each)
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
        "servers": [{"url": origin}],
        "x-testcard": own,
        "components": {"securitySchemes": _schemes(source)},
        "paths": paths,
    }
    if source.document.get("security"):
        document["security"] = source.document["security"]
    return document


def _line(text: Any) -> str:
    return " ".join(str(text or "").split())[:200]


def _server(source: Source) -> tuple[str, str]:
    """Return the origin of the first server, its variables filled in, and the path before all."""
    servers = source.document.get("servers") or [{}]
    url = str(servers[0].get("url", ""))
    for name, variable in servers[0].get("variables", {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    parts = urlsplit(url)
    if not parts.hostname:
        source.note("unknown", ("servers",), f"the server's host; {url or 'nothing'} is said")
        return f"https://api.{_host(source.path.stem)}.example", parts.path.rstrip("/")
    if len(servers) > 1:
        source.note("dropped", ("servers", 1), "servers after the first")
    return f"https://{parts.netloc}", parts.path.rstrip("/")


def _host(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "imported"


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
