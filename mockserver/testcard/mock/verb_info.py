"""Questions that change nothing: how an account stands, and what an API says of itself.

Knows what is asked. Must not know jobs, pictures, HTTP, or a provider's name.
"""

from __future__ import annotations

from testcard.common.message import Reply
from testcard.mock.errand import Errand


def account(errand: Errand) -> Reply:
    """Say what is left to the account of the key."""
    return errand.dialect.informed(errand.visit, errand.world)


def info(errand: Errand) -> Reply:
    """Answer with what is known; it costs nothing."""
    return errand.dialect.informed(errand.visit, errand.world)
