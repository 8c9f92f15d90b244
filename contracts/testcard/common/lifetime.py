"""How long the URLs of pictures are good, and how they are refused afterwards.

A spec says it at the URL, under `expires-in`. Knows specs. Must not know who answers, time, or any
one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from testcard.common.callbacks import callback_nodes
from testcard.common.document import Node, words
from testcard.common.schema import Schema, nodes

URL_ROLES: Final = frozenset({"picture-url", "picture-urls"})
"""Roles of what may expire."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a URL is good.

    Attributes:
        seconds: from when it is told.
        status: of the answer afterwards; None for that of the trouble `expired`.
    """

    seconds: float
    status: int | None = None


def lifetime_in(operation: Node) -> Lifetime | None:
    """Return how long the URLs are good that an operation, or a callback of it, tells of."""
    for schema in _telling(operation):
        for _, node in nodes(schema):
            said = words(node).get("expires-in")
            if isinstance(said, Mapping):
                return Lifetime(said["seconds"], said["status"])
            if said is not None:
                return Lifetime(said)
    return None


def _telling(operation: Mapping[str, Any]) -> Iterator[Schema]:
    bodies = [*operation["responses"].values()]
    bodies += [each["requestBody"] for *_, each in callback_nodes(operation)]
    for body in bodies:
        yield from (each["schema"] for each in body.get("content", {}).values())
