"""Where in a spec's file a promise stands, so that a breach can point at its line.

Knows how OpenAPI is laid out. Must not know clauses, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from testcard.common.document import Evidence, evidence, words
from testcard.common.fields import Body
from testcard.common.flaw import Flaw
from testcard.common.operation import Operation
from testcard.common.place import Holder
from testcard.common.reading import Reading
from testcard.common.schema import EACH

Pointer = tuple[str, ...]

_MOST_PARAMETERS: Final = 500


def pointer(reading: Reading, *path: str) -> Pointer:
    """Return the path, as far as the file has it, with references followed to where they lead."""
    node: Any = reading.spec.source
    at: Pointer = ()
    for step in path:
        node, at = _followed(reading, node, at)
        if isinstance(node, list) and step.isdecimal() and int(step) < len(node):
            node, at = node[int(step)], (*at, step)
        elif isinstance(node, Mapping) and step in node:
            node, at = node[step], (*at, step)
        else:
            return at
    return _followed(reading, node, at)[1]


def _followed(reading: Reading, node: Any, at: Pointer) -> tuple[Any, Pointer]:
    while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
        at = tuple(node["$ref"].removeprefix("#/").split("/"))
        node = reading.spec.source
        for step in at:
            node = node[step]
    return node, at


def operation_pointer(reading: Reading, operation: Operation | None, *path: str) -> Pointer:
    """Return the place of something in an operation; of the paths where there is none."""
    if operation is None:
        return ("paths",)
    return pointer(reading, "paths", operation.path, operation.method.lower(), *path)


def field_pointer(reading: Reading, operation: Operation, name: str, keyword: str = "") -> Pointer:
    """Return the place of a field or holder of a call, or of one of its keywords."""
    body = operation.takes
    there = body.fields.get(name) or body.holder(name)
    if there is None or there.place.location == "body":
        return _body_pointer(reading, operation, there.place.path if there else (name,), keyword)
    for home in (("paths", operation.path), ("paths", operation.path, operation.method.lower())):
        for index in range(_MOST_PARAMETERS):
            at = pointer(reading, *home, "parameters", str(index))
            node = _node(reading, at)
            if not isinstance(node, Mapping) or "in" not in node:
                break
            if (node["in"], node["name"]) == (there.place.location, there.place.name):
                inner = pointer(reading, *at, "schema", keyword) if keyword else at
                return inner if inner[-1:] == (keyword,) else at
    return operation_pointer(reading, operation)


def _body_pointer(
    reading: Reading, operation: Operation, path: Sequence[str], keyword: str
) -> Pointer:
    found = operation_pointer(
        reading, operation, "requestBody", "content", operation.takes.media_type, "schema"
    )
    for step in path[:-1] if keyword == "required" else path:
        found = pointer(reading, *found, *(("items",) if step == EACH else ("properties", step)))
    return pointer(reading, *found, keyword) if keyword else found


def _node(reading: Reading, at: Pointer) -> Any:
    node: Any = reading.spec.source
    for step in at:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


def reply_pointer(
    reading: Reading, operation: Operation | None, status: int, *path: str
) -> Pointer:
    """Return the place of something in an operation's response."""
    home = operation or reading.operations[0]
    return operation_pointer(reading, home, "responses", home.answer_to(status), *path)


def response_evidence(operation: Operation, status: int) -> Evidence:
    """Return where a status stands; the operation's own place where it is not listed."""
    node = operation.response(status)
    return evidence(node) if node else operation.evidence


def keyword_evidence(body: Body, path: Sequence[str | int], keyword: str) -> Evidence:
    """Return where a keyword stands, of what `path` leads to in a body; of the body for nothing.

    That a member is required stands with what holds it, unless the member says so itself.
    """
    there = body.at(path)
    own = words(there.schema).get("keywords", {}) if there else {}
    if keyword == "required" and keyword not in own:
        holder = body.at(path[:-1])
        return evidence(holder.schema if isinstance(holder, Holder) else body.schema, keyword)
    if isinstance(there, Holder):
        return evidence(there.whole, keyword)
    return there.evidence(keyword) if there else body.evidence


def flaw_pointer(reading: Reading, operation: Operation | None, flaw: Flaw) -> Pointer:
    """Return the place of what a flaw breaks."""
    if operation is None or flaw.part == "route":
        return (
            operation_pointer(reading, operation) if flaw.keyword == "unknown-job" else ("paths",)
        )
    if flaw.part == "key":
        return operation_pointer(reading, operation, "security")
    if flaw.part == "body":
        return operation_pointer(reading, operation, "requestBody")
    unwritten = flaw.part == "advice" or flaw.keyword in ("encodings", "picture", "file-id")
    return field_pointer(
        reading, operation, flaw.field, "x-testcard" if unwritten else flaw.keyword
    )
