"""Clauses on money: what a call costs, and that nothing is served for nothing.

Knows balances as answers tell them. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from math import inf
from typing import Final

from testcard.clauses.base import LIVE_UNPROMISED, always, name_of, replies, role_evidence, weakest
from testcard.common.pointer import reply_pointer, response_evidence
from testcard.common.price import Price
from testcard.common.reading import Reading
from testcard.common.states import AT_WORK
from testcard.contract.flaw import flaws
from testcard.contract.results import JobLife, jobs
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling

_PAID: Final = ("pictures", "job")
_PRICE: Final = ("x-testcard", "price", "credits")


@dataclass(frozen=True, slots=True)
class _Span:
    """What lay between two answers that told the balance.

    Attributes:
        before: the first of them.
        after: the second.
        fell: by how many credits.
        paid: successful calls in between, the second one included; each of a known price.
        failed: failed calls in between, the second one included.
    """

    before: ReadExchange
    after: ReadExchange
    fell: Decimal
    paid: tuple[ReadExchange, ...]
    failed: tuple[ReadExchange, ...]


def _balance(seen: ReadExchange) -> Decimal | None:
    return _amount(seen.said.get("remaining-credits"))


def _amount(told: object) -> Decimal | None:
    try:
        value = Decimal(str(told).strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


class _Quiet:
    """The answers at which no job was at work: one is paid when it is ordered, or when it ends."""

    def __init__(self, lives: Iterable[JobLife]) -> None:
        self._at_work = [(each.order.index, _end_of(each)) for each in lives]

    def __contains__(self, index: int) -> bool:
        return not any(begun <= index < ended for begun, ended in self._at_work)


def _end_of(life: JobLife) -> float:
    """The first answer that tells of a job's end; infinite where none does."""
    ends = (each.index for each in life.answers if each.phase and each.phase not in AT_WORK)
    return next(ends, inf)


def _spans(seen: tuple[ReadExchange, ...]) -> Iterator[_Span]:
    """Yield the spans of each account: that of the good key, and that of whoever needs none."""
    for keyed in (True, False):
        yield from _spans_of([each for each in seen if bool(each.key_places) == keyed])


def _spans_of(seen: Sequence[ReadExchange]) -> Iterator[_Span]:
    lives = {each.order.index: each for each in jobs(seen)}
    quiet = _Quiet(lives.values())
    told = [each for each in seen if each.key == "good" and _balance(each) is not None]
    told = [each for each in told if each.index in quiet]
    for before, after in pairwise(told):
        between = [each for each in seen if before.index < each.index <= after.index]
        if any(not each.answered or each.turned_away for each in between):
            continue  # nobody can tell what an unanswered call cost
        paid = tuple(each for each in between if each.succeeded and each.does in _PAID)
        paid = tuple(each for each in paid if each.index not in lives or lives[each.index].success)
        if any(each.price is None for each in paid):
            continue
        failed = tuple(each for each in between if not each.succeeded)
        start, end = _balance(before), _balance(after)
        if start is not None and end is not None:
            yield _Span(before, after, start - end, paid, failed)


def _ruling(reading: Reading, span: _Span, detail: str) -> Ruling:
    prices = [each.price or Decimal(0) for each in span.paid]
    wanted = sum(prices, Decimal(0))
    each_costs = " + ".join(map(str, dict.fromkeys(prices))) or "nothing"
    return Ruling(
        kept=span.fell == wanted,
        subject=(span.before.index, *(each.index for each in span.failed), span.after.index),
        seen=f"the balance fell by {span.fell} over {len(span.paid)} successes and "
        f"{len(span.failed)} failures",
        expected=f"{wanted}: {each_costs} for a success, nothing for a failure",
        evidence=weakest(_price_of(reading, each).evidence for each in span.paid or (span.after,)),
        place=_PRICE,
        detail=detail,
    )


def _price_of(reading: Reading, seen: ReadExchange) -> Price:
    return reading.price_of(seen.operation) if seen.operation else reading.general_price


def price(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each success that follows another: whether it cost the price."""
    for span in _spans(seen):
        if span.paid and not span.failed:
            yield _ruling(reading, span, name_of(span.after))


def failures_free(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on failures between two answers that tell the balance: whether they cost nothing."""
    for span in _spans(seen):
        if span.failed:
            kinds = {flaw.kind for each in span.failed for flaw in flaws(each)[:1]}
            yield _ruling(reading, span, "+".join(sorted(kinds)) or "failed")


def never_rises(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each balance after the first: whether it is no higher than the one before."""
    for span in _spans(seen):
        yield Ruling(
            kept=span.fell >= 0,
            subject=(span.before.index, span.after.index),
            seen=f"the balance went from {_balance(span.before)} to {_balance(span.after)}",
            expected="a balance that does not rise by itself",
            evidence=role_evidence(span.after, "remaining-credits"),
            place=reply_pointer(reading, span.after.operation, span.after.reply.status, "headers"),
            detail=name_of(span.after),
        )


def counted(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each success that ought to tell the balance: whether it tells a number."""
    for each in seen:
        due = "remaining-credits" in _due(each)
        if each.succeeded and due and each.operation is not None:
            value = _balance(each)
            name = _due(each)["remaining-credits"]
            yield Ruling(
                kept=value is not None,
                subject=(each.index,),
                seen=f"{name}: {each.reply.header(name)}",
                expected=f"{name} with the number of credits left",
                evidence=role_evidence(each, "remaining-credits"),
                place=reply_pointer(reading, each.operation, each.reply.status, "headers", name),
                detail=name_of(each),
            )


def _due(seen: ReadExchange) -> dict[str, str]:
    """Role -> name of the headers that the answer must have."""
    headers = (seen.response or {}).get("headers", {})
    return {
        node["schema"].get("x-testcard", {}).get("role", ""): name
        for name, node in headers.items()
        if node.get("required")
    }


def empty_refused(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each otherwise good call by an empty account."""
    for each in seen:
        status = reading.problems_of(each.operation)["no-credits"]
        kinds = {flaw.kind for flaw in flaws(each)}
        if kinds != {"no-credits"} or each.operation is None:
            continue
        yield Ruling(
            kept=not each.succeeded and each.reply.status == status,
            subject=(each.index,),
            seen=f"status {each.reply.status}, {'served' if each.succeeded else 'refused'}",
            expected=f"a refusal with status {status}",
            evidence=response_evidence(each.operation, status),
            place=reply_pointer(reading, each.operation, status),
            detail=name_of(each),
        )


def cost_told(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each success that tells what it costs: whether that is its price."""
    for each in seen:
        if not each.succeeded or each.does not in _PAID or "cost" not in each.said:
            continue
        told, wanted = _amount(each.said["cost"]), each.price
        if wanted is not None:
            yield Ruling(
                kept=told == wanted,
                subject=(each.index,),
                seen=f"{each.said['cost']!r} said to be the cost",
                expected=f"{wanted}",
                evidence=weakest((_price_of(reading, each).evidence, role_evidence(each, "cost"))),
                place=_PRICE,
                detail=name_of(each),
            )


def _tells(reading: Reading) -> bool:
    return replies(reading, "remaining-credits")


CLAUSES: Final = (
    Clause(
        "money.counted",
        "money",
        "Where the page says so, a success tells how many credits are left, as a number.",
        _tells,
        counted,
        "a successful call",
    ),
    Clause(
        "money.price",
        "money",
        "A success costs its price.",
        _tells,
        price,
        "two successful calls in a row that tell the balance",
        LIVE_UNPROMISED,
    ),
    Clause(
        "money.failures-free",
        "money",
        "A failure costs nothing.",
        _tells,
        failures_free,
        "a failed call between two answers that tell the balance",
        LIVE_UNPROMISED,
    ),
    Clause(
        "money.never-rises",
        "money",
        "The balance never rises by itself.",
        _tells,
        never_rises,
        "two answers that tell the balance",
    ),
    Clause(
        "money.cost-told",
        "money",
        "What a call is said to cost is its price.",
        lambda reading: replies(reading, "cost"),
        cost_told,
        "a successful call that tells what it costs",
        LIVE_UNPROMISED,
    ),
    Clause(
        "money.empty-refused",
        "money",
        "An empty account is refused, as the page says.",
        always,
        empty_refused,
        "a call by an account without credits, which only testcard's own servers have",
    ),
)
