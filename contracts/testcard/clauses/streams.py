"""A clause on streams of events: the listed ones, in the listed order, to the end that is promised.

Knows answers as streams of events. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from testcard.clauses.base import name_of
from testcard.common.event_stream import EVENT_STREAM, ServerEvent
from testcard.common.pointer import reply_pointer
from testcard.common.reading import Reading
from testcard.common.spec import Node, evidence, words
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling

_AT: Final = ("content", EVENT_STREAM, "x-testcard", "stream")


def streams(reading: Reading) -> bool:
    """Whether some answer of it is a stream of events whose order is told."""
    answers = (each for operation in reading.operations for each in operation.answers.values())
    return any(_told(node) for node in answers)


def order(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each stream of events: whether it holds what it should, in order, to its end."""
    for each in seen:
        told = _told(each.response or {})
        if told is None or each.media_type != EVENT_STREAM or not each.succeeded:
            continue
        names = _names(each.events, told)
        wanted = " then ".join([*told["order"], *([told["end"]] if "end" in told else [])])
        yield Ruling(
            kept=_in_order(names, told),
            subject=(each.index,),
            seen=", ".join(names) or "no event",
            expected=f"{wanted}, each picture's own after one another",
            evidence=evidence({"x-testcard": told}),
            place=reply_pointer(reading, each.operation, each.reply.status, *_AT),
            detail=name_of(each),
        )


def _told(node: Node) -> Node | None:
    found = words(node.get("content", {}).get(EVENT_STREAM, {})).get("stream")
    return found if isinstance(found, dict) else None


def _names(events: Sequence[ServerEvent], told: Node) -> list[str]:
    """What each event is called; data that is no JSON stands for itself."""
    found = []
    for each in events:
        document = each.document
        named = document.get(told["named-by"]) if isinstance(document, dict) else None
        found.append(named if isinstance(named, str) else each.data[:40])
    return found


def _in_order(names: list[str], told: Node) -> bool:
    """Whether rounds of the order, in which all but the last may come often or not, make it up."""
    if "end" in told:
        if names[-1:] != [told["end"]]:
            return False
        names = names[:-1]
    listed: list[str] = told["order"]
    at = 0
    for name in names:
        if name not in listed:
            return False
        here = listed.index(name)
        if here < at:
            return False
        at = 0 if here == len(listed) - 1 else here
    return bool(names) and names[-1] == listed[-1]


CLAUSES: Final = (
    Clause(
        "wire.events",
        "wire",
        "A stream of events holds the listed ones, in their order, to the end.",
        streams,
        order,
        "a call that is answered with a stream of events",
    ),
)
