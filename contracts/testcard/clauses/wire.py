"""Clauses on the wire: every answer has the status, headers, media type and body of the spec.

Knows OpenAPI responses. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from testcard.clauses.base import always, asks, has_headers, name_of, replies, role_evidence
from testcard.common.picture import format_of
from testcard.common.pointer import operation_pointer, reply_pointer
from testcard.common.reading import Reading
from testcard.common.schema import Schema, Validator, coerced, shown
from testcard.common.spec import Evidence, evidence
from testcard.contract.flaw import flaws
from testcard.contract.payload import branch_of
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling


def _documented(seen: tuple[ReadExchange, ...]) -> Iterator[ReadExchange]:
    """Those answered by one of the provider's own operations, or in the place of one."""
    return (each for each in seen if each.answered and each.linked is None)


def status(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on the status of each answer."""
    for each in _documented(seen):
        listed = sorted({code for one in _homes(each) for code in one})
        yield Ruling(
            kept=each.response is not None,
            subject=(each.index,),
            seen=f"status {each.reply.status}",
            expected=f"one of {', '.join(listed)}",
            evidence=each.operation.evidence if each.operation else Evidence("assumed", "HTTP"),
            place=operation_pointer(each.reading, each.operation, "responses"),
            detail=f"{name_of(each)}:{each.reply.status}",
        )


def _homes(seen: ReadExchange) -> Iterator[Iterable[str]]:
    for operation in (seen.operation,) if seen.operation else seen.reading.operations:
        yield operation.answers


def media_type(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on the media type of each answer with a documented status."""
    for each in _documented(seen):
        if each.response is None or not each.response.get("content"):
            continue
        status_ = each.reply.status
        yield Ruling(
            kept=each.media_type in each.response["content"],
            subject=(each.index,),
            seen=f"Content-Type {each.media_type or 'missing'}",
            expected=" or ".join(each.response["content"]),
            evidence=evidence(each.response),
            place=reply_pointer(each.reading, each.operation, status_, "content"),
            detail=f"{name_of(each)}:{status_}",
        )


def headers(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each documented header: there if required, and of its schema."""
    for each in _documented(seen):
        for name, node in (each.response or {}).get("headers", {}).items():
            value = each.reply.header(name)
            if value is None and not node.get("required"):
                continue
            place = reply_pointer(each.reading, each.operation, each.reply.status, "headers", name)
            yield Ruling(
                kept=value is not None and _fits(value, node["schema"]),
                subject=(each.index,),
                seen=f"header {name}: {'missing' if value is None else shown(value)}",
                expected=_wanted(node),
                evidence=evidence(node),
                place=place,
                detail=f"{name_of(each)}:{each.reply.status}:{name}",
            )


def _fits(value: str, schema: Schema) -> bool:
    return Validator(schema).accepts(coerced(value, schema))


def _wanted(node: Mapping[str, Any]) -> str:
    schema = node["schema"]
    return f"{'always ' if node.get('required') else ''}a {schema.get('type', 'value')}"


def body(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on the JSON body of each answer whose status and media type are documented."""
    compiled: dict[int, Validator] = {}
    for each in _documented(seen):
        schema = each.schema
        if schema is None or not (each.events or "json" in each.media_type):
            continue
        validator = compiled.setdefault(id(schema), _validator(compiled, schema))
        wrong = [each_ for each_ in each.documents if not validator.accepts(each_)]
        if wrong:
            yield from _breaches(reading, each, schema, validator, wrong[0])
            continue
        said = evidence(schema) if "x-testcard" in schema else evidence(each.response or {})
        detail = f"{name_of(each)}:{each.reply.status}"
        yield Ruling(True, (each.index,), "a body as documented", "", said, detail=detail)


def _validator(compiled: Mapping[int, Validator], schema: Schema) -> Validator:
    return compiled.get(id(schema)) or Validator(schema)


def _breaches(
    reading: Reading, seen: ReadExchange, schema: Schema, validator: Validator, document: Any
) -> Iterator[Ruling]:
    at: tuple[str, ...] = ("content", seen.media_type, "schema")
    breaches = validator.breaches(document)
    branch = branch_of(schema, document)
    if branch is not None:
        schema, at = schema[branch[0]][branch[1]], (*at, branch[0], str(branch[1]))
        breaches = Validator(schema).breaches(document) or breaches
    for breach in breaches:
        where = ".".join(str(step) for step in breach.path)
        node, path = _node(schema, breach.path)
        said = evidence(node, breach.keyword)
        text = f"{where or 'the body'}: {breach.message}"
        yield Ruling(
            kept=False,
            subject=(seen.index,),
            seen="a body that is not JSON" if document is None else text,
            expected=f"the documented body of status {seen.reply.status}",
            evidence=said if said.source else evidence(seen.response or {}),
            place=reply_pointer(reading, seen.operation, seen.reply.status, *at, *path),
            detail=f"{name_of(seen)}:{seen.reply.status}:{where}:{breach.keyword}",
        )


def _node(schema: Schema, path: tuple[str | int, ...]) -> tuple[Schema, tuple[str, ...]]:
    """The schema that stands nearest to a place in a value, and the path to it."""
    node, at = schema, tuple[str, ...]()
    for step in path:
        child = node.get("properties", {}).get(step)
        if child is None:
            break
        node, at = child, (*at, "properties", str(step))
    return node, at


def echoed_status(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each body that says the HTTP status again."""
    for each in _documented(seen):
        value = each.said.get("status")
        if value is None:
            continue
        yield Ruling(
            kept=value == each.reply.status,
            subject=(each.index,),
            seen=f"{value!r} in the body of an answer with status {each.reply.status}",
            expected=f"{each.reply.status}",
            evidence=role_evidence(each, "status"),
            place=reply_pointer(each.reading, each.operation, each.reply.status),
            detail=f"{name_of(each)}:{each.reply.status}",
        )


def representation(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each success of an operation whose caller chooses between bytes and JSON."""
    for each in seen:
        field = each.field("as-base64")
        wanted = each.asked.by_role.get("as-base64")
        offered = (each.response or {}).get("content", {})
        if not any(map(format_of, offered)):
            continue  # it decides between two kinds of JSON
        if field is None or not each.succeeded or not isinstance(wanted, bool) or flaws(each):
            continue
        yield Ruling(
            kept=("json" in each.media_type) == wanted,
            subject=(each.index,),
            seen=f"{each.media_type or 'no media type'} where {field.name} is {wanted}",
            expected="JSON" if wanted else "the picture's bytes",
            evidence=field.evidence(None if field.name in each.fields else "default"),
            place=operation_pointer(each.reading, each.operation, "requestBody"),
            detail=f"{name_of(each)}:{wanted}",
        )


CLAUSES: Final = (
    Clause(
        "wire.status",
        "wire",
        "Every answer has a status that the page lists.",
        always,
        status,
        "any call",
    ),
    Clause(
        "wire.media-type",
        "wire",
        "Every answer has the media type that the page gives its status.",
        always,
        media_type,
        "any call that is answered with a documented status",
    ),
    Clause(
        "wire.headers",
        "wire",
        "The documented headers are there where they must be, and hold what the page says.",
        has_headers,
        headers,
        "a call whose answer has documented headers",
    ),
    Clause(
        "wire.body",
        "wire",
        "Every JSON body has the documented shape.",
        always,
        body,
        "any call that is answered with documented JSON",
    ),
    Clause(
        "wire.echoed-status",
        "wire",
        "The status in the body is the HTTP status.",
        lambda reading: replies(reading, "status"),
        echoed_status,
        "a call whose answer says its status in the body",
    ),
    Clause(
        "wire.representation",
        "wire",
        "The caller's choice between bytes and JSON is kept.",
        lambda reading: asks(reading, "as-base64"),
        representation,
        "a successful call",
    ),
)
