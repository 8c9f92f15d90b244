"""What schemas of a spec say that testcard would pass over: roles on the wrong side, no values.

Knows what the core does with a schema. Must not know files, or any one provider.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from testcard.common.callbacks import callback_nodes
from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.refusals.vocabulary import roles
from testcard.common.schema import nodes

_SINGLE: Final = frozenset(
    {"width", "height", "size", "samples", "steps", "guidance", "strength", "image-strength",
     "seed", "scheduler", "as-base64", "mask-image", "negative-prompt", "file",
     "output-format", "output-quality"}
)  # fmt: skip
_RANGES: Final = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
)


def _asking(document: Node) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    """Yield each schema of what calls say, whole bodies and parameters, with its place."""
    for path, method, node in calls_in(document):
        at: Keys = ("paths", path, method)
        for index, each in enumerate(node.get("parameters", ())):
            yield (*at, "parameters", index, "schema"), each["schema"]
        for media_type, content in node.get("requestBody", {}).get("content", {}).items():
            yield (*at, "requestBody", "content", media_type, "schema"), content["schema"]


def _telling(document: Node) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    """Yield each schema of what answers and callbacks say, bodies and headers, with its place."""
    for path, method, node in calls_in(document):
        for name, address, way, callback in callback_nodes(node):
            where = ("paths", path, method, "callbacks", name, address, way)
            for index, each in enumerate(callback.get("parameters", ())):
                yield (*where, "parameters", index, "schema"), each["schema"]
            for kind, content in callback["requestBody"]["content"].items():
                yield (*where, "requestBody", "content", kind, "schema"), content["schema"]
        for status, response in node["responses"].items():
            at: Keys = ("paths", path, method, "responses", status)
            for part in ("content", "headers"):
                for name, each in response.get(part, {}).items():
                    yield (*at, part, name, "schema"), each["schema"]


def _inside(
    schemas: Iterator[tuple[Keys, Mapping[str, Any]]],
) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    for at, schema in schemas:
        yield from (((*at, *path), node) for path, node in nodes(schema))


def _sides(document: Node) -> Iterator[SpecRefusal]:
    """A role of answers means nothing in a call, nor one of calls in an answer."""
    for schemas, foreign, side in (
        (_asking(document), roles("answer", "callback"), "answers"),
        (_telling(document), roles("call"), "calls"),
    ):
        for at, node in _inside(schemas):
            role = words(node).get("role")
            if side == "answers" and "expires-in" in words(node):
                seen = "what a call says does not expire"
                yield SpecRefusal((*at, "x-testcard", "expires-in"), seen, "it in an answer")
            if role in foreign:
                yield SpecRefusal((*at, "x-testcard", "role"), f"{role} is a role of {side}")


def _pictures(document: Node) -> Iterator[SpecRefusal]:
    """A picture that is sent has encodings, or it is never decoded."""
    for at, node in _inside(_asking(document)):
        own = words(node)
        means = (
            own.get("role") in ("init-image", "mask-image", "file")
            or node.get("format") == "picture"
        )
        if means and not own.get("encodings") and "items" not in node and not _branches(node):
            seen = "a picture is sent here, and nothing says how"
            yield SpecRefusal(at, seen, "encodings: [base64, data-uri, url, file] under x-testcard")


def _branches(node: Mapping[str, Any]) -> bool:
    return any(word in node for word in ("oneOf", "anyOf"))


def _ranges(document: Node) -> Iterator[SpecRefusal]:
    """No value is in a range that ends before it begins."""
    for at, node in _inside(_all(document)):
        for low, high in _RANGES:
            if low in node and high in node and node[low] > node[high]:
                seen = f"no value is from {node[low]} to {node[high]}"
                yield SpecRefusal((*at, low), seen, f"at most {node[high]}")


def _all(document: Node) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    yield from _asking(document)
    yield from _telling(document)


def _required_strangers(document: Node) -> Iterator[SpecRefusal]:
    """What is required has to be listed: else each call lacks it or has an unknown field."""
    for at, node in _inside(_asking(document)):
        strangers = set(node.get("required", ())) - set(node.get("properties", ()))
        if "properties" in node and not node.get("additionalProperties") and not _branches(node):
            for name in sorted(strangers):
                yield SpecRefusal((*at, "required"), f"{name!r} is none of the properties", "one")


def _one_meaning(document: Node) -> Iterator[SpecRefusal]:
    """Two fields of one meaning: the second would be passed over."""
    for at, schema in _asking(document):
        counted = Counter(words(node).get("role") for path, node in nodes(schema) if _sure(path))
        for role, times in counted.items():
            if times > 1 and role in _SINGLE:
                yield SpecRefusal(at, f"{times} fields have the role {role}", "it at one of them")


def _sure(path: tuple[str, ...]) -> bool:
    """Whether a node is no branch of several, of which one holds."""
    return not {"oneOf", "anyOf"} & set(path)


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (
    _sides,
    _pictures,
    _ranges,
    _required_strangers,
    _one_meaning,
)
