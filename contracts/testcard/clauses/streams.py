"""A clause on streams of events: the listed ones, in the listed order, to the end that is promised.

Knows answers as streams of events. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from testcard.clauses.base import name_of
from testcard.common.event_stream import EVENT_STREAM
from testcard.common.pointer import reply_pointer
from testcard.common.reading import Reading
from testcard.common.spec import Node, evidence
from testcard.contract.streamed import broke_off, event_names, stream_words
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling

_AT: Final = ("content", EVENT_STREAM, "x-testcard", "stream")


def streams(reading: Reading) -> bool:
    """Whether some answer of it is a stream of events whose order is told."""
    answers = (each for operation in reading.operations for each in operation.answers.values())
    return any(stream_words(node) for node in answers)


def order(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each stream of events: whether it holds what it should, in order, to its end."""
    for each in seen:
        told = stream_words(each.response or {})
        well = each.succeeded or broke_off(each.events, each.response)
        if told is None or each.media_type != EVENT_STREAM or not well:
            continue
        names = event_names(each.events, told)
        wanted = " then ".join([*told["order"], *([told["end"]] if "end" in told else [])])
        yield Ruling(
            kept=_in_order(names, told),
            subject=(each.index,),
            seen=", ".join(names) or "no event",
            expected=f"{wanted}, each picture's own after one another{_or_error(told)}",
            evidence=evidence({"x-testcard": told}),
            place=reply_pointer(reading, each.operation, each.reply.status, *_AT),
            detail=name_of(each),
        )


def _or_error(told: Node) -> str:
    if "error" not in told:
        return ""
    end = f" and {told['end']}" if told.get("end-after-error") else " alone"
    return f", or broken off by {told['error']}{end}"


def _in_order(names: list[str], told: Node) -> bool:
    """Whether rounds of the order, in which all but the last may come often or not, make it up.

    An event that tells of an error may break them off anywhere.
    """
    end = [told["end"]] if "end" in told else []
    broken = told.get("error") in names
    if broken:
        at = names.index(told["error"])
        names, behind = names[:at], names[at + 1 :]
        end = end if told.get("end-after-error") else []
    else:
        cut = len(names) - len(end)
        names, behind = names[:cut], names[cut:]
    if behind != end or not _rounds(names, told["order"]):
        return False
    return broken or (bool(names) and names[-1] == told["order"][-1])


def _rounds(names: list[str], listed: list[str]) -> bool:
    at = 0
    for name in names:
        if name not in listed:
            return False
        here = listed.index(name)
        if here < at:
            return False
        at = 0 if here == len(listed) - 1 else here
    return True


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
