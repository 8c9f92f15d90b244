"""Clauses on what a client sends beside the page: fields and calls that it does not list, advice.

Knows what a page lists and advises. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from testcard.clauses.base import always, name_of
from testcard.common.fields import Body
from testcard.common.operation import Operation
from testcard.common.pointer import flaw_pointer
from testcard.common.reading import Reading
from testcard.common.spec import Evidence
from testcard.contract.calls import OWN_AGENT
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling, Strength, TargetKind

_LISTED: Final = Evidence("documented", "the page's list")
_NOWHERE_BINDING: Final[Mapping[TargetKind, Strength]] = {
    "mock": "unpromised",
    "reference": "unpromised",
    "live": "unpromised",
}
_ASKED_BY_BROWSERS: Final = ("OPTIONS",)
_WANTS: Final = "recorded traffic of a client other than testcard"
_Sent = tuple[ReadExchange, Operation, Body]


def _sent(seen: tuple[ReadExchange, ...]) -> Iterator[_Sent]:
    """The client's own calls to operations that take a body."""
    for each in seen:
        operation = each.operation
        if operation is not None and operation.body is not None and not _ours(each):
            yield each, operation, operation.body


def _ours(seen: ReadExchange) -> bool:
    return (seen.call.header("user-agent") or "").startswith(OWN_AGENT)


def fields(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each call: whether the page lists all fields that it sends."""
    for each, operation, body in _sent(seen):
        found = [note for note in each.request.notes if note.keyword == "unlisted"]
        wanted = f"a field that the page lists: {', '.join(body.fields)}"
        for note in found:
            place = flaw_pointer(reading, operation, note)
            detail = f"{name_of(each)}:{note.where}:unlisted"
            yield Ruling(False, (each.index,), note.told, wanted, note.evidence, place, detail)
        if not found:
            yield Ruling(True, (each.index,), "fields of the page", "", _LISTED, (), name_of(each))


def calls(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each call to the provider's host: whether the page lists it."""
    listed = ", ".join(f"{each.method} {each.path}" for each in reading.operations)
    for each in seen:
        if _ours(each) or each.does or each.call.method in _ASKED_BY_BROWSERS:
            continue
        what = f"{each.call.method} {each.call.parts.path}"
        said, place = _LISTED, ("paths",)
        message = f"{what}: the page knows no such call"
        yield Ruling(False, (each.index,), message, listed, said, place, f"elsewhere:{what}")


def advice(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each call: whether it does as the page advises."""
    for each, operation, body in _sent(seen):
        key = [flaw for flaw in each.key_flaws if not flaw.refused]
        found = [*key, *(note for note in each.request.notes if note.part == "advice")]
        for note in found:
            place = flaw_pointer(reading, operation, note)
            detail = f"{name_of(each)}:{note.where}:advice:{note.keyword}"
            wanted = "what it advises"
            yield Ruling(False, (each.index,), note.told, wanted, note.evidence, place, detail)
        if not found:
            yield Ruling(True, (each.index,), "as advised", "", body.evidence, (), name_of(each))


FIELDS: Final = Clause(
    "wire.fields",
    "wire",
    "The client sends no field that the page does not list.",
    always,
    fields,
    _WANTS,
)
"""A misspelt field has no effect, and no vendor says so."""

CALLS: Final = Clause(
    "wire.calls",
    "wire",
    "The client makes no call that the page does not list.",
    always,
    calls,
    _WANTS,
)
"""For traffic of one client alone: a recording may hold calls to a vendor's other APIs."""

ADVICE: Final = Clause(
    "wire.advice",
    "wire",
    "The client does as the page advises.",
    always,
    advice,
    _WANTS,
    _NOWHERE_BINDING,
)
"""Never more than a finding: advice is no rule."""
