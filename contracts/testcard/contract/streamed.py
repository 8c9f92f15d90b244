"""Answers as streams of events: what each event is called, and whether an error broke them off.

Knows how a spec names events. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from testcard.common.event_stream import EVENT_STREAM, ServerEvent
from testcard.common.spec import Node, words


def stream_words(response: Mapping[str, Any]) -> Node | None:
    """Return what a spec says of the stream that an answer may be; None for nothing."""
    found = words(response.get("content", {}).get(EVENT_STREAM, {})).get("stream")
    return found if isinstance(found, dict) else None


def event_names(events: Sequence[ServerEvent], told: Node) -> list[str]:
    """Return what each event is called; data that is no JSON stands for itself."""
    found = []
    for each in events:
        document = each.document
        named = document.get(told["named-by"]) if isinstance(document, dict) else None
        found.append(named if isinstance(named, str) else each.data[:40])
    return found


def broke_off(events: Sequence[ServerEvent], response: Mapping[str, Any] | None) -> bool:
    """Whether an event tells of an error, as the spec has it for this answer."""
    told = stream_words(response or {}) if events else None
    return told is not None and told.get("error") in event_names(events, told)
