"""What clauses have in common: names, evidence, and whether a reading promises anything at all.

Knows Readings and roles. Must not know any one clause or provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from testcard.common.place import Field
from testcard.common.pointer import reply_pointer
from testcard.common.reading import Reading
from testcard.common.spec import GRADES, Evidence, evidence, words
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Ruling, TargetKind

LIVE_UNPROMISED: Final[Mapping[TargetKind, Any]] = {"live": "unpromised"}
"""Strengths of what no page promises, and testcard's own engines keep."""
_MANY_SEEDS: Final = 100_000


def always(_: Reading) -> bool:
    """Every reading promises it."""
    return True


def name_of(seen: ReadExchange) -> str:
    """Return the operationId, or `elsewhere`."""
    return seen.operation.id if seen.operation else "elsewhere"


def request_fields(reading: Reading) -> Iterable[Field]:
    """Return every request field of every operation."""
    return [field for operation in reading.operations for field in operation.takes.fields.values()]


def asks(reading: Reading, *roles: str) -> bool:
    """Whether some operation's request has a field for one of these roles."""
    return any(field.role in roles for field in request_fields(reading))


def many_seeds(seed: Field | None) -> bool:
    """Whether a field takes so many seeds that chance hardly draws one of them twice in a run."""
    least, most = (seed.schema.get(each) for each in ("minimum", "maximum")) if seed else (0, 0)
    return most is None or most - (least or 0) > _MANY_SEEDS


def replies(reading: Reading, role: str) -> bool:
    """Whether some operation's answers have a place for this role."""
    return any(role in each.roles for each in reading.operations)


def has_headers(reading: Reading) -> bool:
    """Whether some answer has documented headers."""
    return any(
        response.get("headers")
        for operation in reading.operations
        for response in operation.answers.values()
    )


def does(reading: Reading, what: str) -> bool:
    """Whether some operation does this: pictures, job or job-status."""
    return any(operation.does == what for operation in reading.operations)


def role_evidence(seen: ReadExchange, role: str) -> Evidence:
    """Return where the reply's member or header with this role stands."""
    response = seen.response or {}
    for node in response.get("headers", {}).values():
        if words(node["schema"]).get("role") == role:
            return evidence(node)
    return _member_evidence(seen.schema or {}, role) or evidence(response)


def ruling_on(
    seen: ReadExchange,
    role: str,
    *,
    kept: bool,
    told: str,
    expected: str,
    subject: tuple[int, ...] = (),
    detail: str = "",
) -> Ruling:
    """Rule on what an answer says where it has this role.

    Args:
        seen: the exchange.
        role: of a member or header of the answer, whose evidence counts.
        kept: whether the promise is.
        told: what was seen.
        expected: what was promised.
        subject: indices of the exchanges that it is about; this one's alone where none are given.
        detail: what beside the clause tells one ruling from another; the operation's name unless
            told otherwise.
    """
    return Ruling(
        kept=kept,
        subject=subject or (seen.index,),
        seen=told,
        expected=expected,
        evidence=role_evidence(seen, role),
        place=reply_pointer(seen.reading, seen.operation, seen.reply.status),
        detail=detail or name_of(seen),
    )


def _member_evidence(schema: Mapping[str, Any], role: str) -> Evidence | None:
    if words(schema).get("role") == role:
        return evidence(schema)
    inner = [*schema.get("properties", {}).values(), *schema.get("oneOf", ())]
    found = (_member_evidence(node, role) for node in inner)
    return next((each for each in found if each is not None), None)


def weakest(given: Iterable[Evidence]) -> Evidence:
    """Return the least sure of several; assumed where there is none."""
    known = list(given)
    if not known:
        return Evidence("assumed", "no source is named")
    return max(known, key=lambda each: GRADES.index(each.grade))
