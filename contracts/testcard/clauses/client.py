"""Clauses on the client's side: judged in recorded traffic alone.

Knows what a page takes. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from testcard.clauses.base import always, name_of
from testcard.common.pointer import flaw_pointer
from testcard.common.reading import Reading
from testcard.common.spec import Evidence
from testcard.contract.calls import OWN_AGENT
from testcard.contract.flaw import flaws
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling


def request(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each call of a client: whether it keeps to the page."""
    for each in seen:
        agent = each.call.header("user-agent") or ""
        if agent.startswith(OWN_AGENT) or (each.operation is None and not each.path_known):
            continue
        found = [flaw for flaw in flaws(each) if flaw.kind not in ("no-credits", "not-found")]
        for flaw in found:
            detail = f"{name_of(each)}:{flaw.where}:{flaw.keyword}"
            wanted = "a call as the page describes it"
            said, place = flaw.evidence, flaw_pointer(each.reading, each.operation, flaw)
            yield Ruling(False, (each.index,), flaw.told, wanted, said, place, detail)
        if not found:
            said = each.operation.evidence if each.operation else Evidence("assumed", "HTTP")
            yield Ruling(True, (each.index,), "a call as described", "", said, (), name_of(each))


REQUEST: Final = Clause(
    "wire.request",
    "wire",
    "The client's calls are such as the page describes.",
    always,
    request,
    "recorded traffic of a client other than testcard",
)
"""Judged in recorded traffic alone: `testcard check` sends wrong calls on purpose."""
