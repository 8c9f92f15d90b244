"""What a spec says of weights of prompts in vain: each is a number, beside the prompt it weighs.

Knows JSON Schema and roles. Must not know files, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.schema import nodes, types

_WEIGHT: Final = "prompt-weight"


def _weights(document: Node) -> Iterator[SpecRefusal]:
    for path, method, node in calls_in(document):
        for kind, content in node.get("requestBody", {}).get("content", {}).items():
            at: Keys = ("paths", path, method, "requestBody", "content", kind, "schema")
            for inner, schema in nodes(content["schema"]):
                yield from _in_object((*at, *inner), schema)
        for index, each in enumerate(node.get("parameters", ())):
            if words(each["schema"]).get("role") == _WEIGHT:
                at = ("paths", path, method, "parameters", index, "schema")
                yield SpecRefusal(at, "a weight stands beside no prompt", "it in a list of prompts")


def _in_object(at: Keys, schema: Mapping[str, Any]) -> Iterator[SpecRefusal]:
    members = schema.get("properties", {})
    for name, each in members.items():
        if words(each).get("role") != _WEIGHT:
            continue
        where = (*at, "properties", name)
        beside = {words(other).get("role") for other in members.values()}
        if at[-1] != "items" or "prompt" not in beside:
            seen = "a weight stands beside no prompt in the objects of a list"
            yield SpecRefusal(where, seen, "it beside the member of role prompt")
        elif not {"number", "integer"} & {*types(each)}:
            yield SpecRefusal(where, "a weight is a number", "type: number")


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (_weights,)
"""Each yields what it finds in a document, references resolved."""
