"""Names in a spec that lead nowhere, or to two things.

Knows OpenAPI. Must not know files, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from testcard.common.document import (
    Keys,
    Node,
    SpecError,
    SpecRefusal,
    calls_in,
    references,
    resolved,
)


def ends(source: Node) -> Iterator[SpecRefusal]:
    """Yield each name of a file, as written, that leads nowhere or to two things."""
    lost = list(_references(source))
    yield from lost
    if not lost:
        document = resolved(source, source)
        yield from _schemes(document)
        yield from _ids(document)
        yield from _links(document)


def _references(source: Node) -> Iterator[SpecRefusal]:
    for place, node in references(source):
        try:
            resolved({"$ref": node["$ref"]}, source)
        except SpecError as error:
            yield SpecRefusal((*place, "$ref"), str(error), "the place of a component of this file")


def _schemes(document: Node) -> Iterator[SpecRefusal]:
    schemes = document.get("components", {}).get("securitySchemes", {})
    for where, node in [((), document), *_operations(document)]:
        for name in {name for each in node.get("security", ()) for name in each} - schemes.keys():
            seen = f"{name!r} is no security scheme of the components"
            yield SpecRefusal((*where, "security"), seen, " or ".join(schemes))


def _ids(document: Node) -> Iterator[SpecRefusal]:
    taken: set[str] = set()
    for where, node in _operations(document):
        name = node["operationId"]
        if name in taken:
            seen = f"{name!r} names two operations"
            yield SpecRefusal((*where, "operationId"), seen, "another name")
        taken.add(name)


def _links(document: Node) -> Iterator[SpecRefusal]:
    ids = [node["operationId"] for _, node in _operations(document)]
    for where, node in _operations(document):
        for status, response in node["responses"].items():
            for name, link in response.get("links", {}).items():
                if link["operationId"] not in ids:
                    yield _nowhere((*where, "responses", status, "links", name), link, ids)


def _nowhere(place: Keys, link: Mapping[str, Any], ids: list[str]) -> SpecRefusal:
    name = link["operationId"]
    near = next(iter(get_close_matches(name, ids, 1)), "")
    return SpecRefusal(place, f"{name!r} is no operationId of this file", near)


def _operations(document: Node) -> Iterator[tuple[Keys, Node]]:
    return ((("paths", path, method), node) for path, method, node in calls_in(document))
