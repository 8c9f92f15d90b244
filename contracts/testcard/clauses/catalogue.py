"""Every clause, in the order of reports.

Knows the modules of clauses. Must not know how a clause is judged or exercised.
"""

from __future__ import annotations

from typing import Final

from testcard.clauses import (
    accepted,
    client,
    files,
    formats,
    jobs,
    limits,
    metamorphic,
    money,
    pictures,
    refused,
    states,
    streams,
    strength_mask,
    unlisted,
    wire,
)
from testcard.contract.verdict import Clause

CLAUSES: Final[tuple[Clause, ...]] = (
    *wire.CLAUSES,
    *streams.CLAUSES,
    *limits.CLAUSES,
    *pictures.CLAUSES,
    *formats.CLAUSES,
    *metamorphic.CLAUSES,
    *strength_mask.CLAUSES,
    *files.CLAUSES,
    *jobs.CLAUSES,
    *states.CLAUSES,
    *money.CLAUSES,
    *refused.CLAUSES,
    *accepted.CLAUSES,
)
"""What a provider is held to."""

CLIENT_CLAUSES: Final[tuple[Clause, ...]] = (client.REQUEST, unlisted.FIELDS, unlisted.ADVICE)
"""What a client is held to, in recorded traffic."""
