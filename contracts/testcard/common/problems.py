"""How kinds of trouble are answered: the file's word for each, and over it an operation's own.

Knows `x-testcard` and kinds of trouble. Must not know readings, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping

from testcard.common.document import Node, words
from testcard.common.schema import merged
from testcard.common.trouble import FALLBACKS


def problems_in(document: Node, operation: Node | None = None) -> dict[str, Node]:
    """Return kind of trouble -> `status` and `words`, of an operation, or of all others."""
    own = words(operation).get("problems", {}) if operation is not None else {}
    found: dict[str, Node] = {}
    for said in (words(document)["problems"], own):
        for kind, each in said.items():
            told = {"status": each} if isinstance(each, int) else each
            found[kind] = merged(found.get(kind, {}), told)
    return {**{kind: found[other] for kind, other in FALLBACKS.items()}, **found}


def statuses(problems: Mapping[str, Node]) -> Mapping[str, int]:
    """Return kind of trouble -> HTTP status."""
    return {kind: each["status"] for kind, each in problems.items()}
