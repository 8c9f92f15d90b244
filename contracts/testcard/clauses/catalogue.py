"""Every clause, in the order of reports.

Knows the modules of clauses. Must not know how a clause is judged or exercised.
"""

from __future__ import annotations

from typing import Final

from testcard.clauses import client, errors, inputs, jobs, looks, money, pictures, valid, wire
from testcard.verdict import Clause

CLAUSES: Final[tuple[Clause, ...]] = (
    *wire.CLAUSES,
    *pictures.CLAUSES,
    *looks.CLAUSES,
    *inputs.CLAUSES,
    *jobs.CLAUSES,
    *money.CLAUSES,
    *errors.CLAUSES,
    *valid.CLAUSES,
)
"""What a provider is held to."""

CLIENT_CLAUSES: Final[tuple[Clause, ...]] = (client.REQUEST,)
"""What a client is held to, in recorded traffic."""
