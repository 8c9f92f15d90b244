"""Clauses on valid calls: what the page allows is served.

Knows which values a page allows, up to the last of a list and the end of a range. Must not
know who answered, or any one provider.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from testcard.clauses.base import always, name_of, request_fields, weakest
from testcard.common.body import FilePart
from testcard.common.place import Field, items_of
from testcard.common.pointer import field_pointer
from testcard.common.reading import Reading
from testcard.common.schema import Schema, shown
from testcard.common.spec import Evidence
from testcard.common.upload import encoding_of
from testcard.contract.flaw import flaws, hides_values
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling

_CLIENTS_FAULT: Final = (
    "malformed",
    "invalid",
    "unauthorized",
    "not-found",
    "method-not-allowed",
)
_NOBODYS: Final = ("rate-limited", "overloaded", "failed", "no-credits", "too-large")


@dataclass(frozen=True, slots=True)
class _Edge:
    """A value at the end of a range, or of a list."""

    operation: str
    field: str
    keyword: str
    value: Hashable


def _valid(seen: tuple[ReadExchange, ...]) -> list[ReadExchange]:
    """Valid calls for pictures, answered with success or with the client's fault."""
    return [
        each
        for each in seen
        if each.does in ("pictures", "job")
        and each.key == "good"
        and each.answered
        and not flaws(each)
        and (each.succeeded or not hides_values(each))
        and (each.succeeded or _blames(each))
    ]


def _blames(seen: ReadExchange) -> bool:
    """Whether the answer's status says that the client did something wrong."""
    problems = seen.reading.problems_of(seen.operation)
    kinds = {kind for kind, code in problems.items() if code == seen.reply.status}
    return bool(kinds & set(_CLIENTS_FAULT)) or not kinds & set(_NOBODYS)


def _edges(seen: ReadExchange) -> Iterator[tuple[_Edge, Field]]:
    known = seen.operation.takes.fields if seen.operation else {}
    for name, whole in seen.fields.items():
        field = known.get(name)
        if field is not None:
            for keyword, value in product(("minimum", "maximum", "enum"), items_of(whole)):
                if _is_edge(field.schema, keyword, value[1]):
                    yield _Edge(name_of(seen), name, keyword, _plain(value[1])), field


def _is_edge(schema: Schema, keyword: str, value: Any) -> bool:
    limit = schema.get(keyword)
    if limit is None or isinstance(value, FilePart):
        return False
    return bool(value in limit if keyword == "enum" else value == limit)


def _plain(value: Any) -> Hashable:
    return value if isinstance(value, str | int | float | bool) or value is None else repr(value)


def _never_taken(calls: list[ReadExchange]) -> dict[_Edge, tuple[Field, list[ReadExchange]]]:
    """The edges that no served call had, with the refused calls that had them."""
    taken = {edge for each in calls if each.succeeded for edge, _ in _edges(each)}
    refused: dict[_Edge, tuple[Field, list[ReadExchange]]] = {}
    for each in calls:
        for edge, field in _edges(each) if not each.succeeded else ():
            if edge not in taken:
                refused.setdefault(edge, (field, []))[1].append(each)
    return refused


def _accepted(
    keywords: tuple[str, ...], reading: Reading, seen: tuple[ReadExchange, ...]
) -> Iterator[Ruling]:
    calls = _valid(seen)
    refused = _never_taken(calls)
    told: set[_Edge] = set()
    for each in calls:
        for edge, field in _edges(each):
            if edge.keyword not in keywords or edge in told:
                continue
            if each.succeeded == (edge in refused):
                continue
            told.add(edge)
            yield _edge_ruling(reading, each, edge, field, refused)


def _edge_ruling(
    reading: Reading,
    seen: ReadExchange,
    edge: _Edge,
    field: Field,
    refused: dict[_Edge, tuple[Field, list[ReadExchange]]],
) -> Ruling:
    with_it = refused.get(edge, (field, []))[1]
    others = [
        other.evidence(known.keyword)
        for known, (other, calls) in refused.items()
        if set(map(id, calls)) & set(map(id, with_it))
    ]
    value = shown(edge.value)
    told = f"status {seen.reply.status}: {edge.field} = {value} "
    operation = seen.operation or reading.operations[0]
    return Ruling(
        kept=edge not in refused,
        subject=tuple(each.index for each in with_it) or (seen.index,),
        seen=told + (f"was refused{_words(seen)}" if with_it else "was taken"),
        expected=f"{edge.field} = {value} is allowed ({edge.keyword})",
        evidence=weakest(others) if with_it else field.evidence(edge.keyword),
        place=field_pointer(reading, operation, edge.field, edge.keyword),
        detail=f"{edge.operation}:{edge.field}:{edge.keyword}:{value}",
    )


def _words(seen: ReadExchange) -> str:
    message = seen.said.get("message")
    return f" ({shown(message)})" if message else ""


def bounds(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each value at the end of its range: whether any call with it was served."""
    return _accepted(("minimum", "maximum"), reading, seen)


def enums(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each value of a list: whether any call with it was served."""
    return _accepted(("enum",), reading, seen)


def accepted(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each valid call that has no edge to blame: whether it was served."""
    calls = _valid(seen)
    blamed = {id(each) for _, found in _never_taken(calls).values() for each in found}
    served = {trait for each in calls if each.succeeded for trait in _traits(each)}
    same = {_whole(each) for each in calls if each.succeeded}
    for each in calls:
        if id(each) in blamed or (not each.succeeded and _whole(each) in same):
            continue
        operation = each.operation
        strange = sorted({name for name, value in _traits(each) if (name, value) not in served})
        why = f"; new in it: {', '.join(strange)}" if strange else ""
        yield Ruling(
            kept=each.succeeded,
            subject=(each.index,),
            seen=f"status {each.reply.status}{_words(each)}" + ("" if each.succeeded else why),
            expected="a valid call is served",
            evidence=operation.evidence if operation else Evidence("assumed", "HTTP"),
            detail=f"{name_of(each)}:{'+'.join(strange)}",
        )


def _traits(seen: ReadExchange) -> Iterator[tuple[str, Hashable]]:
    """What may have been the reason for a refusal."""
    for name, field in (seen.operation.takes.fields if seen.operation else {}).items():
        if name not in seen.fields:
            yield f"no {name}", None
        elif field.encodings:
            for _, value in items_of(seen.fields[name]):
                yield f"{name} as {encoding_of(value)}", None
        else:
            yield name, _plain(seen.fields[name])
    yield "Content-Type", seen.call.media_type
    for name in seen.key_places:
        yield f"key in {name}", None


def _whole(seen: ReadExchange) -> Hashable:
    return name_of(seen), seen.call.body, seen.key_places


def comes_to_something(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each operation with several valid calls: whether any of them was served."""
    calls: dict[str, list[ReadExchange]] = defaultdict(list)
    for each in seen:
        if each.does in ("pictures", "job") and each.key == "good" and not flaws(each):
            calls[name_of(each)].append(each)
    for name, found in calls.items():
        if len(found) < 2:
            continue
        good = sum(each.succeeded for each in found)
        yield Ruling(
            kept=good > 0,
            subject=tuple(each.index for each in found),
            seen=f"{good} of {len(found)} valid calls were served",
            expected="valid calls are served",
            evidence=found[0].operation.evidence
            if found[0].operation
            else Evidence("assumed", "HTTP"),
            detail=name,
        )


def _has(*keywords: str) -> Any:
    return lambda reading: any(
        keyword in field.schema for field in request_fields(reading) for keyword in keywords
    )


CLAUSES: Final = (
    Clause(
        "errors.bounds-accepted",
        "errors",
        "Values at the end of a range are taken.",
        _has("minimum", "maximum"),
        bounds,
        "a valid call with a value at the end of its range",
    ),
    Clause(
        "errors.enum-accepted",
        "errors",
        "Every value of a list is taken.",
        _has("enum"),
        enums,
        "a valid call with a value of a list",
    ),
    Clause(
        "errors.valid-accepted",
        "errors",
        "What the page allows is not refused.",
        always,
        accepted,
        "a valid call",
    ),
    Clause(
        "errors.valid-served",
        "errors",
        "Valid calls come to something.",
        always,
        comes_to_something,
        "two valid calls",
    ),
)
