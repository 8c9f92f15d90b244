"""A success told as a stream of events: which, in which order, and how it ends, by the spec.

Knows schemas of events, roles and what is known of an answer. Must not know HTTP, or any one
provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from testcard.common.event_stream import ServerEvent
from testcard.common.schema import Schema, nodes
from testcard.common.spec import Node, words
from testcard.mock.render import json_bytes, render


def events_of(
    content: Node, known: Mapping[str, Any], pictures: Sequence[str], partials: int
) -> Iterator[ServerEvent]:
    """Yield the events of a success.

    Args:
        content: of the media type `text/event-stream`; its schema is that of one event.
        known: role -> value, of the whole answer.
        pictures: in base64.
        partials: how many pictures on the way each one has, 0 for none.
    """
    told = words(content)["stream"]
    schemas = event_schemas(content)
    for index, picture in enumerate(pictures):
        for name in told["order"]:
            schema = schemas[name]
            on_the_way = any(
                words(node).get("role") == "partial-index" for _, node in nodes(schema)
            )
            for number in range(partials if on_the_way else 1):
                facts = {**known, "picture": picture, "partial-index": number, "index": index}
                yield ServerEvent(name, json_bytes(render(schema, facts)).decode())
    if "end" in told:
        yield ServerEvent("", told["end"])


def event_schemas(content: Node) -> dict[str, Schema]:
    """Return name -> schema of each event that a media type's schema allows."""
    by, schema = words(content)["stream"]["named-by"], content["schema"]
    branches = schema.get("oneOf") or schema.get("anyOf") or [schema]
    return {each["properties"][by]["const"]: each for each in branches}
