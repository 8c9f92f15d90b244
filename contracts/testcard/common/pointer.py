"""Where in a spec's file a promise stands, so that a breach can point at its line.

Knows how OpenAPI is laid out. Must not know clauses, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testcard.common.fields import Body
from testcard.common.flaw import Flaw
from testcard.common.operation import Operation
from testcard.common.reading import Reading
from testcard.common.spec import Evidence, Node, evidence, words

Pointer = tuple[str, ...]


def pointer(reading: Reading, *path: str) -> Pointer:
    """Return the path, as far as the file has it, with references followed to where they lead."""
    node: Any = reading.spec.source
    at: Pointer = ()
    for step in path:
        node, at = _followed(reading, node, at)
        if not isinstance(node, Mapping) or step not in node:
            return at
        node, at = node[step], (*at, step)
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
    """Return the place of a request field, or of one of its keywords."""
    body = operation.body
    schema = ("requestBody", "content", body.media_type if body else "", "schema")
    if keyword == "required":
        return operation_pointer(reading, operation, *schema, "required")
    found = operation_pointer(reading, operation, *schema, "properties", name)
    return pointer(reading, *found, keyword) if keyword else found


def reply_pointer(
    reading: Reading, operation: Operation | None, status: int, *path: str
) -> Pointer:
    """Return the place of something in an operation's response."""
    home = operation or reading.operations[0]
    return operation_pointer(reading, home, "responses", str(status), *path)


def response_evidence(operation: Operation, status: int) -> Evidence:
    """Return where a status stands; the operation's own place where it is not listed."""
    node: Node | None = operation.responses.get(status)
    return evidence(node) if node else operation.evidence


def keyword_evidence(body: Body, name: str, keyword: str) -> Evidence:
    """Return where a keyword of a field stands; of the body where it has no such field.

    That a field is required stands with the body, unless the field says so itself.
    """
    field = body.fields.get(name)
    own = words(field.schema).get("keywords", {}) if field else {}
    if keyword == "required" and keyword not in own:
        return evidence(body.schema, keyword)
    return field.evidence(keyword) if field else body.evidence


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
    unwritten = flaw.part == "advice" or flaw.keyword in ("encodings", "picture")
    return field_pointer(
        reading, operation, flaw.where, "x-testcard" if unwritten else flaw.keyword
    )
