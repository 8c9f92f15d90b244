"""Where in a spec's file a promise stands, so that a breach can point at its line.

Knows how OpenAPI is laid out. Must not know clauses, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testcard.common.reading import Body, Operation, Reading
from testcard.common.spec import Evidence, Node, evidence, words

Place = tuple[str, ...]


def placed(reading: Reading, *path: str) -> Place:
    """Return the path, as far as the file has it, with references followed to where they lead."""
    node: Any = reading.spec.source
    at: Place = ()
    for step in path:
        node, at = _followed(reading, node, at)
        if not isinstance(node, Mapping) or step not in node:
            return at
        node, at = node[step], (*at, step)
    return _followed(reading, node, at)[1]


def _followed(reading: Reading, node: Any, at: Place) -> tuple[Any, Place]:
    while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
        at = tuple(node["$ref"].removeprefix("#/").split("/"))
        node = reading.spec.source
        for step in at:
            node = node[step]
    return node, at


def operation_place(reading: Reading, operation: Operation | None, *path: str) -> Place:
    """Return the place of something in an operation; of the paths where there is none."""
    if operation is None:
        return ("paths",)
    return placed(reading, "paths", operation.path, operation.method.lower(), *path)


def field_place(reading: Reading, operation: Operation, name: str, keyword: str = "") -> Place:
    """Return the place of a request field, or of one of its keywords."""
    body = operation.body
    schema = ("requestBody", "content", body.media_type if body else "", "schema")
    if keyword == "required":
        return operation_place(reading, operation, *schema, "required")
    found = operation_place(reading, operation, *schema, "properties", name)
    return placed(reading, *found, keyword) if keyword else found


def response_place(reading: Reading, operation: Operation | None, status: int, *path: str) -> Place:
    """Return the place of something in an operation's response."""
    home = operation or reading.operations[0]
    return operation_place(reading, home, "responses", str(status), *path)


def response_evidence(operation: Operation, status: int) -> Evidence:
    """Return where a status stands; the operation's own place where it is not listed."""
    node: Node | None = operation.responses.get(status)
    return evidence(node) if node else operation.evidence


def required_evidence(body: Body, name: str) -> Evidence:
    """Return where it stands that a field is required, or that it may be left out."""
    field = body.fields.get(name)
    if field is not None and "required" in words(field.schema).get("keywords", {}):
        return field.evidence("required")
    return evidence(body.schema, "required")
