"""What a spec says of limits and times that no answer could tell.

Knows the roles of rate limits, and how times are written. Must not know files, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.schema import nodes

_TOLD: Final = frozenset({"rate-limit", "rate-limit-remaining", "rate-limit-reset"})


def _limits(document: Node) -> Iterator[SpecRefusal]:
    """What is told of a limit is that of `rate`."""
    if "rate" in words(document):
        return
    for at, schema in _answers(document):
        if words(schema).get("role") in _TOLD:
            yield SpecRefusal(at, "no rate says how many calls there may be", "rate at the top")


def _seconds(document: Node) -> Iterator[SpecRefusal]:
    """A time is written as one, and a span in seconds."""
    for at, schema in _answers(document):
        own = words(schema)
        if own.get("as") == "seconds" and own.get("role") != "rate-limit-reset":
            seen = "seconds from now are told of rate-limit-reset alone"
            yield SpecRefusal((*at, "x-testcard", "as"), seen, "unix, iso or dotted")


def _answers(document: Node) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    for path, method, node in calls_in(document):
        for status, response in node["responses"].items():
            for part in ("content", "headers"):
                for name, each in response.get(part, {}).items():
                    at = ("paths", path, method, "responses", status, part, name, "schema")
                    yield from (((*at, *inner), one) for inner, one in nodes(each["schema"]))


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (_limits, _seconds)
"""Each yields what it finds in a document, references resolved."""
