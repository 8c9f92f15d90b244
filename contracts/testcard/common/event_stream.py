"""Server-sent events as an answer carries them: written, and read again (WHATWG HTML, 9.2).

Knows `text/event-stream`. Must not know what events mean, who sends them, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

EVENT_STREAM: Final = "text/event-stream"

BROKEN_STREAM: Final = "testcard:broken-stream"
"""Words in a prompt that have a stream break off with its error event, where the spec has one."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event.

    Attributes:
        name: of its `event` field; empty where it has none.
        data: its `data` lines, joined.
    """

    name: str
    data: str

    @property
    def document(self) -> Any:
        """The JSON in its data; None where that is none."""
        try:
            return orjson.loads(self.data)
        except orjson.JSONDecodeError:
            return None


def written(events: Iterable[ServerEvent]) -> bytes:
    """Return events as they go over the wire."""
    lines: list[str] = []
    for each in events:
        lines += [f"event: {each.name}"] if each.name else []
        lines += [f"data: {line}" for line in each.data.split("\n")] + [""]
    return "\n".join([*lines, ""]).encode() if lines else b""


def read_events(body: bytes) -> tuple[ServerEvent, ...]:
    """Return the events of a body; one that breaks off is none."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = []
    name, data = "", list[str]()
    for line in text.split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not line:
            found += [ServerEvent(name, "\n".join(data))] if data else []
            name, data = "", []
    return tuple(found)
