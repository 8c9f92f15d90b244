"""A clause on what answers tell of a rate limit.

Knows the roles of replies. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from testcard.clauses.base import name_of, replies, ruling_on
from testcard.common.reading import Reading
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling

_LIMIT: Final = "rate-limit"
_LEFT: Final = "rate-limit-remaining"


def within(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer that tells what is left of a limit: whether that can be."""
    for each in seen:
        if _LEFT not in each.said:
            continue
        left, most = _number(each.said[_LEFT]), _number(each.said.get(_LIMIT))
        busy = reading.problems_of(each.operation)["rate-limited"]
        limited = each.reply.status == busy >= 400
        top = 0 if limited else most
        kept = left is not None and left >= 0 and (top is None or left <= top)
        wanted = "nothing" if limited else f"0 to {most:g}" if most is not None else "0 or more"
        yield ruling_on(
            each,
            _LEFT,
            kept=kept,
            told=f"{each.said[_LEFT]!r} calls left of {each.said.get(_LIMIT, 'some')}",
            expected=wanted,
            detail=f"{name_of(each)}:{'limited' if limited else 'let in'}",
        )


def _number(told: object) -> float | None:
    try:
        return float(str(told))
    except ValueError:
        return None


CLAUSES: Final = (
    Clause(
        "wire.rate-limit",
        "wire",
        "What is left of a rate limit is no more than the limit, and nothing once it is reached.",
        lambda reading: replies(reading, _LEFT),
        within,
        "an answer that tells what is left of a rate limit",
    ),
)
