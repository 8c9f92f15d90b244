"""What a file says is sent later, and as a stream: its callbacks, and its server-sent events.

Knows OpenAPI's callbacks, and the names that image APIs give events. Must not know which
operations are wanted, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from testcard.common.callbacks import METHODS
from testcard.common.document import Keys, Node
from testcard.common.runtime_expression import RuntimeExpression, expressions_in
from testcard.common.schema import nodes
from testcard.importing.choice import Chosen
from testcard.importing.roles import GUESS, normal
from testcard.importing.source import Source

_JSON: Final = "application/json"
_ON_THE_WAY: Final = re.compile(r"partial|progress|preview|intermediate")
_ERROR: Final = re.compile(r"error|fail")
_INDEX: Final = re.compile(r"partial_?(image_?)?index")
Told = Callable[[Node, Keys], Node]
"""Media type object and its place -> the schema of what is told, with its roles."""


def callbacks_in(source: Source, wanted: Chosen, told: Told) -> Node:
    """Return the callbacks of an operation, as far as they can be sent."""
    found: Node = {}
    for name, raw in (wanted.node.get("callbacks") or {}).items():
        callback, at = source.follow(raw, (*wanted.at, "callbacks", name))
        for address, item in callback.items() if isinstance(callback, Mapping) else ():
            here = (*at, address)
            if wanted.does not in ("pictures", "job"):
                source.note("dropped", here, f"{name}: nothing is sent later about {wanted.does}")
            elif not _is_read(address):
                source.note("dropped", here, f"{name}: {address} is no URL of the call")
            elif sent := _sent(source, source.follow(item, here), told):
                found.setdefault(name, {})[address] = sent
                source.note("guessed", here, f"{name} is sent when a call has ended well or not")
            else:
                source.note("dropped", here, f"{name} is not sent as JSON")
    return found


def _is_read(address: str) -> bool:
    try:
        return bool([RuntimeExpression.parse(each) for each in expressions_in(address)])
    except ValueError:
        return False


def _sent(source: Source, item: tuple[Node, Keys], told: Told) -> Node:
    node, at = item
    for way in METHODS:
        if way not in node:
            continue
        body, where = source.follow(node[way].get("requestBody", {}), (*at, way, "requestBody"))
        content = body.get("content", {}).get(_JSON)
        if content is None:
            continue
        answers = {code: {"description": "Taken"} for code in node[way].get("responses", ())}
        return {
            way: {
                "x-testcard": source.cited((*at, way)),
                "requestBody": {
                    "content": {_JSON: {"schema": told(content, (*where, "content", _JSON))}}
                },
                "responses": answers or {"200": {"description": "Taken"}},
            }
        }
    return {}


def stream_of_events(source: Source, schema: Node, at: Keys) -> Node:
    """Return the media type object of a stream of events; empty where it is not clear.

    Args:
        source: the file.
        schema: of one event, with its roles.
        at: where it stands.
    """
    events = [*schema.get("oneOf", ()), *schema.get("anyOf", ())] or [schema]
    by = next(_names_of_all(events), "")
    if not by:
        source.note("dropped", at, "a stream whose events no member tells apart")
        return {}
    names = [_fixed(each["properties"][by]) for each in events]
    errors = [each for each in names if _ERROR.search(each)]
    order = sorted(
        [each for each in names if each not in errors],
        key=lambda each: not _ON_THE_WAY.search(each),
    )
    if (
        len(errors) > 1
        or len({*names}) < len(names)
        or _ON_THE_WAY.search(order[-1] if order else "partial")
    ):
        source.note("dropped", at, f"a stream of {', '.join(names)}, whose order is not clear")
        return {}
    for each in events:
        each["properties"][by] = {**each["properties"][by], "const": _fixed(each["properties"][by])}
        _indices(each)
    source.note("guessed", at, f"events come in the order {', '.join(order)}, named by {by}")
    words = {"named-by": by, "order": order, **({"error": errors[0]} if errors else {}), **GUESS}
    return {"schema": schema, "x-testcard": {"stream": words}}


def _names_of_all(events: list[Node]) -> Iterator[str]:
    """The members that each event has with a word of its own."""
    first = events[0].get("properties", {})
    yield from (
        name
        for name in first
        if all(_fixed(each.get("properties", {}).get(name, {})) for each in events)
    )


def _fixed(node: Mapping[str, Any]) -> str:
    """The one word that a member may be; empty for none."""
    listed = [node["const"]] if "const" in node else node.get("enum", ())
    return listed[0] if len(listed) == 1 and isinstance(listed[0], str) else ""


def _indices(event: Node) -> None:
    for path, node in nodes(event):
        if path[-2:-1] == ("properties",) and _INDEX.fullmatch(normal(path[-1])):
            own = node.setdefault("x-testcard", {})  # type: ignore[attr-defined]
            own |= {"role": "partial-index", "keywords": {**own.get("keywords", {}), "role": GUESS}}
