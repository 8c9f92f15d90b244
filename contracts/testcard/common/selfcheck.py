"""Whether a spec is complete: evidence everywhere, examples everywhere, examples that hold.

Knows Specs and Readings. Must not know the mock, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from testcard.common.callbacks import callback_nodes
from testcard.common.fields import Body
from testcard.common.operation import Operation
from testcard.common.place import Field, Holder
from testcard.common.reading import Profile, Reading, read
from testcard.common.schema import Validator, nodes
from testcard.common.spec import Spec, calls_in, words
from testcard.common.taking import Taking

_PROFILES: tuple[Profile, ...] = ("documented", "lenient")
_PAGE_GRADES = ("documented", "sample")
_ON_PAGE = re.compile(r".+, lines? \d+(-\d+)?(, \d+(-\d+)?)*\b.*")
_OF_BODIES = ("malformed", "invalid", "too-large", "no-credits")


def complaints(spec: Spec) -> Iterator[str]:
    """Yield one sentence for each thing that is missing or wrong, with its place.

    What is wrong in several readings is told of the first.
    """
    told: set[tuple[str, str]] = set()
    for place, node in _evidenced(spec.document):
        yield from (f"{spec.path}: at {place}: {text}" for text in _evidence(node))
    for profile, settings in product(_PROFILES, _settings(spec)):
        reading = read(spec, profile, settings)
        named = "".join(f", {name} {value}" for name, value in settings.items())
        for operation in reading.operations:
            for text in (*_defaults(operation), *_examples(reading, operation)):
                if (operation.id, text) not in told:
                    told.add((operation.id, text))
                    yield f"{spec.path}: {operation.id} ({profile}{named}): {text}"


def _settings(spec: Spec) -> list[dict[str, str]]:
    """Return the settings that patch the document: none, and each of them alone."""
    values = (
        (name, value) for name, node in spec.settings.items() for value in node.get("when", ())
    )
    return [{}, *({name: value} for name, value in values)]


def _defaults(operation: Operation) -> Iterator[str]:
    for body in operation.bodies:
        for field in body.fields.values():
            if "default" in field.whole:
                for breach in Validator(field.whole).breaches(field.whole["default"]):
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
        for parameter in item.get("parameters", ()):
            yield f"{path}, parameter {parameter['name']}", parameter
    for path, method, operation in calls_in(document):
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
    for name, _, _, callback in callback_nodes(operation):
        yield f"{place}, callback {name}", callback
        for parameter in callback.get("parameters", ()):
            yield f"{place}, callback {name}, parameter {parameter['name']}", parameter
        for media_type, content in callback["requestBody"]["content"].items():
            yield from _of_schema(f"{place}, callback {name}, {media_type}", content["schema"])


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
            for text in _request_breaches(operation.body_for(media_type), example):
                yield f"request example {name}: {text}"
    for status, response in operation.answers.items():
        for media_type, one in response.get("content", {}).items():
            if not one.get("examples"):
                yield f"the {media_type} answer {status} has no example"
            validator = Validator(one["schema"])
            for name, example in one.get("examples", {}).items():
                for breach in validator.breaches(example["value"]) if "value" in example else ():
                    yield f"answer {status}, example {name}: {breach.path}: {breach.message}"
    for callback in operation.callbacks:
        content = callback.node["requestBody"]["content"]
        for one in content.values():
            if not one.get("examples"):
                yield f"what the callback {callback.name} sends has no example"
            for name, example in one.get("examples", {}).items():
                for breach in Validator(one["schema"]).breaches(example.get("value")):
                    told = f"callback {callback.name}, example {name}"
                    yield f"{told}: {breach.path}: {breach.message}"
    for kind in words(reading.document)["problems"]:
        code = reading.problems_of(operation)[kind]
        needless = operation.body is None and kind in _OF_BODIES
        if operation.response(code) is None and not needless:
            yield f"{kind} is answered with {code}, which the operation does not list"


def _request_breaches(body: Body, example: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(example.get("value"), Mapping):
        return
    taking = Taking(form=False, lenient=False)
    document = taking.taken(example["value"], body.root)
    for breach in body.validator.breaches(_without_files(document, body.root)):
        yield f"{breach.path}: {breach.message}"
    for flaw in taking.unlisted():
        yield f"{flaw.where!r} is no field of the operation"


def _without_files(value: Any, member: Field | Holder | None) -> Any:
    """Return an example with empty texts for files, as a schema sees them."""
    if isinstance(value, list):
        return [_without_files(each, member) for each in value]
    if isinstance(value, Mapping) and isinstance(member, Holder):
        return {
            name: _without_files(each, member.members.get(name)) for name, each in value.items()
        }
    return "" if isinstance(member, Field) and "file" in member.encodings else value
