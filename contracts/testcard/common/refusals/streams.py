"""What a spec says of streams of events that could not be served: names, order, who asks for one.

Knows what the core reads of streams. Must not know files, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.event_stream import EVENT_STREAM
from testcard.common.schema import nodes


def _streams(document: Node) -> Iterator[tuple[Keys, Node, Node]]:
    """Yield where each media type of an answer stands that is or says it is a stream, and whose."""
    for path, method, node in calls_in(document):
        for status, response in node["responses"].items():
            for kind, content in response.get("content", {}).items():
                if kind == EVENT_STREAM or "stream" in words(content):
                    yield (
                        ("paths", path, method, "responses", status, "content", kind),
                        content,
                        node,
                    )


def _told(document: Node) -> Iterator[SpecRefusal]:
    for at, content, _ in _streams(document):
        if at[-1] != EVENT_STREAM:
            yield SpecRefusal((*at, "x-testcard", "stream"), f"{at[-1]} is no stream", EVENT_STREAM)
        elif "stream" not in words(content):
            seen = "nothing says which events there are, and in which order"
            yield SpecRefusal(at, seen, "stream: {named-by: …, order: […]} under x-testcard")


def _asked_for(document: Node) -> Iterator[SpecRefusal]:
    for at, _, node in _streams(document):
        if at[-1] == EVENT_STREAM and "stream" not in _roles(document, node, str(at[1])):
            yield SpecRefusal(at, "no call can ask for a stream", "a field of role stream too")


def _names(document: Node) -> Iterator[SpecRefusal]:
    """Each event has a name, and each name is one."""
    for at, content, _ in _streams(document):
        told, here = words(content).get("stream"), (*at, "x-testcard", "stream")
        if not told:
            continue
        known: list[str] = []
        for where, schema in _events(content["schema"]):
            name = schema.get("properties", {}).get(told["named-by"], {}).get("const")
            known.append(name)
            if not isinstance(name, str):
                seen = f"{told['named-by']} has no const, which would name this event"
                yield SpecRefusal(
                    (*at, "schema", *where), seen, f"{told['named-by']}: {{const: NAME}}"
                )
        listed = " or ".join(filter(None, known))
        for index, name in enumerate(told["order"]):
            if name not in known:
                yield SpecRefusal(
                    (*here, "order", index), f"{name!r} is none of the events", listed
                )
        yield from _error(here, told, known)


def _error(here: Keys, told: Mapping[str, Any], known: list[str]) -> Iterator[SpecRefusal]:
    name, free = told.get("error"), [each for each in known if each not in told["order"]]
    if name is not None and name not in known:
        seen = f"{name!r} is none of the events"
        yield SpecRefusal((*here, "error"), seen, " or ".join(filter(None, free)))
    elif name is not None and name in told["order"]:
        seen = f"{name!r} comes in the order of a success"
        yield SpecRefusal((*here, "error"), seen, " or ".join(filter(None, free)))
    if "end-after-error" in told and ("error" not in told or "end" not in told):
        seen = "there is no error event, or no end"
        yield SpecRefusal((*here, "end-after-error"), seen, "error and end too")


def _events(schema: Mapping[str, Any]) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    for word in ("oneOf", "anyOf"):
        if word in schema:
            yield from (((word, index), each) for index, each in enumerate(schema[word]))
            return
    yield (), schema


def _roles(document: Node, node: Node, path: str) -> set[str]:
    parameters = [*document["paths"][path].get("parameters", ()), *node.get("parameters", ())]
    asked = [*parameters, *node.get("requestBody", {}).get("content", {}).values()]
    return {words(each).get("role", "") for one in asked for _, each in nodes(one["schema"])}


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (_told, _asked_for, _names)
