"""Questions after jobs.

Knows jobs. Must not know how they are painted, HTTP, or a provider's name.
"""

from __future__ import annotations

from testcard.common.message import Reply
from testcard.mock.errand import Errand


def job_status(errand: Errand) -> Reply:
    """Say how a job stands."""
    return errand.dialect.state(errand.visit, errand.world)
