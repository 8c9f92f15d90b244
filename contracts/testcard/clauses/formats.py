"""A clause on the format of pictures, where a field of the call asks for one.

Knows paintings: what was asked for and what came. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from testcard.clauses.base import asks, name_of
from testcard.common.picture import sniff
from testcard.common.pointer import field_pointer
from testcard.common.reading import Reading
from testcard.contract.flaw import flaws
from testcard.contract.results import paintings
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling


def as_asked(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer to a call that asks for a format: whether its pictures have it."""
    for each in paintings(seen):
        order, wanted = each.order, each.order.asked.output_format
        field = order.field("output-format")
        if wanted is None or field is None or order.operation is None or flaws(order):
            continue
        sent = order.sent("output-format") is not None
        if not sent and order.call.header("accept") not in (None, "*/*"):
            continue  # the default gives way to what a call accepts
        real = [(sniff(picture.data) or "none").upper() for picture in each.pictures]
        yield Ruling(
            kept=bool(real) and set(real) == {wanted.upper()},
            subject=each.subject,
            seen=f"pictures that are {', '.join(dict.fromkeys(real)) or 'none'}",
            expected=f"{wanted.upper()}, {'as asked' if sent else 'the default'}",
            evidence=field.evidence(None if sent else "default"),
            place=field_pointer(order.reading, order.operation, field.name),
            detail=f"{name_of(order)}:{'asked' if sent else 'default'}",
        )


CLAUSES: Final = (
    Clause(
        "pictures.output-format",
        "pictures",
        "Every picture is of the format that the call asks for.",
        lambda reading: asks(reading, "output-format"),
        as_asked,
        "a call whose format is known and that is answered with a picture",
    ),
)
