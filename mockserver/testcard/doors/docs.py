"""What the docs page of a provider reads: its spec, as a browser can show and try it.

Knows OpenAPI's examples and descriptions. Must not know a provider, a mock or a web framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pybase64

from testcard.common.keys import MAGIC_KEYS
from testcard.common.spec import METHODS, Node, Spec, calls_in, words
from testcard.doors.alternatives import with_alternatives

_DATA = "data:"
_TOLD = ("responses", "parameters")


def docs_document(spec: Spec) -> dict[str, Any]:
    """Return the spec with what the page needs said, and without what it cannot show.

    Swagger fetches an `externalValue` as it would a link, and cannot where that is a data URI: the
    page then shows an error as wide as the URI is long. An extension it shows as code: the evidence
    of answers and parameters stands in their descriptions instead.
    """
    shown = _shown(with_alternatives(_at_one_host(spec)))
    info = shown["info"]
    servers = ", ".join(each.url for each in spec.servers)
    said = [_how_to_try(servers), _page(words(spec.source)), info.get("description", "")]
    return {**shown, "info": {**info, "description": "\n\n".join(each for each in said if each)}}


def _at_one_host(spec: Spec) -> Node:
    """Return the spec with whole paths, and no servers of single ones: all is tried here.

    Where no server has anything ahead of its paths, it is as it was written.
    """
    source = spec.source
    if all(each.url == each.origin for each in spec.servers) and not _nested(source):
        return source
    urls = [url for _, _, url in spec.calls()]
    paths: Node = {}
    for (template, method, _), url in zip(calls_in(spec.document), urls, strict=True):
        item = source["paths"][template]
        shared = {key: each for key, each in item.items() if key not in (*METHODS, "servers")}
        own = {key: each for key, each in item[method].items() if key != "servers"}
        paths.setdefault(f"/{url.split('/', 3)[3]}", shared)[method] = own
    origins = dict.fromkeys(each.origin for each in spec.servers)
    return {**source, "servers": [{"url": each} for each in origins], "paths": paths}


def _nested(source: Node) -> bool:
    items = source["paths"].values()
    operations = (node for item in items for name, node in item.items() if name in METHODS)
    return any("servers" in node for node in (*items, *operations))


def _how_to_try(server: str) -> str:
    magic = "\n".join(f"| `{key}` | {effect} |" for key, effect in MAGIC_KEYS)
    return (
        f"**This is testcard, which stands in for {server}.** Nothing leaves this machine and "
        "nothing is paid. *Authorize* with any key, say `demo`, then *Try it out*. "
        f"Some keys are magic:\n\n| key | what it does |\n| --- | --- |\n{magic}"
    )


def _page(own: Node) -> str:
    """Where the facts are from: the vendor's page, a link to it, and the day it was read."""
    page = f"[{own['page']}]({own['page-url']})" if "page-url" in own else own["page"]
    return f"Its facts are from: {page}" + (f", read on {own['read']}." if "read" in own else ".")


def _shown(node: Any) -> Any:
    if isinstance(node, list):
        return [_shown(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    external = node.get("externalValue")
    if isinstance(external, str) and external.startswith(_DATA):
        rest = {name: value for name, value in node.items() if name != "externalValue"}
        return {**rest, "value": _described(external)}
    return {
        name: _each_told(_shown(value)) if name in _TOLD else _shown(value)
        for name, value in node.items()
    }


def _each_told(nodes: Any) -> Any:
    if isinstance(nodes, list):
        return [_told(each) for each in nodes]
    if isinstance(nodes, Mapping):
        return {name: _told(each) for name, each in nodes.items()}
    return nodes


def _told(node: Any) -> Any:
    """Return an answer or a parameter with its evidence in words."""
    own = words(node) if isinstance(node, Mapping) else {}
    if "grade" not in own:
        return node
    said = [node.get("description", ""), f"*{own['grade']}: {own['source']}*"]
    rest = {name: each for name, each in node.items() if name != "x-testcard"}
    return {**rest, "description": "\n\n".join(filter(None, said))}


def _described(uri: str) -> str:
    head, _, data = uri.removeprefix(_DATA).partition(",")
    size = len(pybase64.b64decode(data)) if head.endswith(";base64") else len(data)
    return f"({size:,} bytes of {head.partition(';')[0]})"
