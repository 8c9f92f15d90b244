"""Whether a spec is complete: evidence everywhere, examples everywhere, examples that hold.

Knows Specs and Readings. Must not know the mock, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from testcard.common.body import FilePart, checkable
from testcard.common.operation import Operation
from testcard.common.reading import Profile, Reading, read
from testcard.common.schema import Validator, nodes
from testcard.common.spec import Spec, words

_PROFILES: tuple[Profile, ...] = ("documented", "lenient")
_PAGE_GRADES = ("documented", "sample")
_ON_PAGE = re.compile(r".+, lines? \d+(-\d+)?(, \d+(-\d+)?)*\b.*")
_OF_BODIES = ("malformed", "invalid", "too-large", "no-credits")


def complaints(spec: Spec) -> Iterator[str]:
    """Yield one sentence for each thing that is missing or wrong, with its place."""
    for place, node in _evidenced(spec.document):
        yield from (f"{spec.path}: at {place}: {text}" for text in _evidence(node))
    for profile, settings in product(_PROFILES, _settings(spec)):
        reading = read(spec, profile, settings)
        named = "".join(f", {name} {value}" for name, value in settings.items())
        for operation in reading.operations:
            for text in (*_defaults(operation), *_examples(reading, operation)):
                yield f"{spec.path}: {operation.id} ({profile}{named}): {text}"


def _settings(spec: Spec) -> list[dict[str, str]]:
    """Return the settings that patch the document: none, and each of them alone."""
    values = (
        (name, value) for name, node in spec.settings.items() for value in node.get("when", ())
    )
    return [{}, *({name: value} for name, value in values)]


def _defaults(operation: Operation) -> Iterator[str]:
    for field in operation.body.fields.values() if operation.body else ():
        if "default" in field.schema:
            for breach in Validator(field.schema).breaches(field.schema["default"]):
                yield f"the default of {field.name}: {breach.message}"


def _evidence(node: Mapping[str, Any]) -> Iterator[str]:
    own = words(node)
    if "grade" not in own:
        yield "there is no grade"
    for said in (own, *own.get("keywords", {}).values()):
        if said.get("grade") in _PAGE_GRADES and not _ON_PAGE.fullmatch(said["source"]):
            yield f"the source {said['source']!r} names no section and line of the page"


def _evidenced(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every node that has to carry evidence of its own."""
    for name, scheme in document.get("components", {}).get("securitySchemes", {}).items():
        yield f"security scheme {name}", scheme
    for path, item in document["paths"].items():
        for method, operation in item.items():
            place = f"{method.upper()} {path}"
            yield place, operation
            yield from _of_operation(place, operation)


def _of_operation(
    place: str, operation: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for parameter in operation.get("parameters", ()):
        yield f"{place}, parameter {parameter['name']}", parameter
    if "requestBody" in operation:
        yield f"{place}, request body", operation["requestBody"]
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield from _of_schema(f"{place}, {media_type}", content["schema"])
    for status, response in operation["responses"].items():
        here = f"{place}, {status}"
        yield here, response
        for name, header in response.get("headers", {}).items():
            yield f"{here}, header {name}", header
        for media_type, content in response.get("content", {}).items():
            yield from _of_schema(f"{here}, {media_type}", content["schema"])


def _of_schema(place: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, node in nodes(schema):
        inherits = path and (path[-1] == "items" or path[-2] in ("oneOf", "anyOf"))
        if not inherits:
            yield f"{place}, {'/'.join(path) or 'body'}", node


def _examples(reading: Reading, operation: Operation) -> Iterator[str]:
    content = operation.node.get("requestBody", {}).get("content", {})
    for media_type, one in content.items():
        if not one.get("examples"):
            yield f"the {media_type} request has no example"
        for name, example in one.get("examples", {}).items():
            for text in _request_breaches(operation, example):
                yield f"request example {name}: {text}"
    for status, response in operation.responses.items():
        for media_type, one in response.get("content", {}).items():
            if not one.get("examples"):
                yield f"the {media_type} answer {status} has no example"
            validator = Validator(one["schema"])
            for name, example in one.get("examples", {}).items():
                for breach in validator.breaches(example["value"]) if "value" in example else ():
                    yield f"answer {status}, example {name}: {breach.path}: {breach.message}"
    for kind, status in reading.problems.items():
        needless = operation.body is None and kind in _OF_BODIES
        if status not in operation.responses and not needless:
            yield f"{kind} is answered with {status}, which the operation does not list"


def _request_breaches(operation: Operation, example: Mapping[str, Any]) -> Iterator[str]:
    body = operation.body
    if body is None or "value" not in example:
        return
    value = {
        name: FilePart(b"", "example.png") if "file" in field.encodings else example["value"][name]
        for name, field in body.fields.items()
        if name in example["value"]
    }
    for breach in body.validator.breaches(checkable(value)):
        yield f"{breach.path}: {breach.message}"
    for name in example["value"].keys() - body.fields.keys():
        yield f"{name!r} is no field of the operation"
