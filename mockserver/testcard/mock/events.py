"""A success told as a stream of events: which, in which order, and how it ends or breaks off.

Knows schemas of events, roles and what is known of an answer. Must not know HTTP, or any one
provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pybase64

from testcard.common.event_stream import ServerEvent, written
from testcard.common.schema import Schema, nodes
from testcard.common.spec import Node, words
from testcard.mock.render import json_bytes, render


def stream_of(
    content: Node,
    known: Mapping[str, Any],
    pictures: Sequence[bytes],
    partials: int,
    *,
    broken: bool = False,
) -> bytes:
    """Return a success as a stream, or one that an error breaks off behind its first events.

    Args:
        content: of the media type `text/event-stream`; its schema is that of one event.
        known: role -> value, of the whole answer.
        pictures: encoded; of a stream that is broken off, perhaps none.
        partials: how many pictures on the way each one has, 0 for none.
        broken: whether the last event does not come, but that of an error.
    """
    told = words(content)["stream"]
    events = [*_events(content, known, pictures, partials)]
    end = [told["end"]] if "end" in told else []
    if broken:
        error = render(event_schemas(content)[told["error"]], known)
        events = [*events[:-1], ServerEvent(told["error"], json_bytes(error).decode())]
        end = end if told.get("end-after-error") else []
    return written([*events, *(ServerEvent("", each) for each in end)])


def _events(
    content: Node, known: Mapping[str, Any], pictures: Sequence[bytes], partials: int
) -> Iterator[ServerEvent]:
    schemas = event_schemas(content)
    for index, data in enumerate(pictures):
        picture = pybase64.b64encode(data).decode("ascii")
        for name in words(content)["stream"]["order"]:
            schema = schemas[name]
            on_the_way = any(
                words(node).get("role") == "partial-index" for _, node in nodes(schema)
            )
            for number in range(partials if on_the_way else 1):
                facts = {**known, "picture": picture, "partial-index": number, "index": index}
                yield ServerEvent(name, json_bytes(render(schema, facts)).decode())


def event_schemas(content: Node) -> dict[str, Schema]:
    """Return name -> schema of each event that a media type's schema allows."""
    by, schema = words(content)["stream"]["named-by"], content["schema"]
    branches = schema.get("oneOf") or schema.get("anyOf") or [schema]
    return {each["properties"][by]["const"]: each for each in branches}
